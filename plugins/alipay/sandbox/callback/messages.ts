/** Messages of the application gateway: what happened to settlements and transfers. */
import * as z from 'zod'
import type { Members } from '../door/refusals.ts'
import type { Alipay } from '../settings.ts'
import { type Shelf, shelf } from '../shelf.ts'
import { tell, type tellSoon } from './tell.ts'

/** Where an app's messages go, which its owner sets in the console. */
const gateways = ({ books }: Alipay): Shelf<string> => shelf(books, 'gateway', z.string())

/** Sets an app's gateway address; from then on it gets messages. */
export function setGateway(alipay: Alipay, appId: string, url: string): Promise<void> {
  return gateways(alipay).put(appId, url)
}

export type MessageMethod = 'alipay.trade.order.settle.notify' | 'alipay.fund.trans.order.changed'

/** Sends a message, if the app has an address for it. */
export async function sendMessage(
  alipay: Alipay,
  appId: string,
  method: MessageMethod,
  content: Members,
  when: typeof tell | typeof tellSoon = tell,
): Promise<void> {
  const url = await gateways(alipay).get(appId)
  if (url === undefined) return
  await when(alipay, {
    appId,
    family: 'message',
    url,
    charset: 'utf-8',
    signType: 'RSA2',
    fields: {
      app_id: appId,
      charset: 'UTF-8',
      version: '1.1',
      msg_method: method,
      msg_type: 'sys',
      biz_content: JSON.stringify(content),
    },
  })
}
