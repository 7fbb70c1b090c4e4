/** What a payer's browser or client brings: links, forms and order strings that merchants signed. */
import type * as z from 'zod'
import { DAY_MS, ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import { type Call, readContent } from '../door/call.ts'
import { readCallContent } from '../door/content.ts'
import { letIn } from '../door/let-in.ts'
import type { Parameters } from '../door/parameters.ts'
import { type Reply, refusal } from '../door/refusals.ts'
import { escapeHtml, gbkPage } from '../encoding/html.ts'
import { newTicket } from '../numbers.ts'
import type { Alipay } from '../settings.ts'
import { ask } from '../trade/asking.ts'
import { appBody, pageBody, type TradeBody, wapBody } from '../trade/body.ts'
import { openTrade } from '../trade/paying.ts'
import type { OpenedTrade, Product } from '../trade/trade.ts'
import { cashier } from './cashier.ts'

const PAGES = {
  'alipay.trade.page.pay': { product: 'page', body: pageBody },
  'alipay.trade.wap.pay': { product: 'wap', body: wapBody },
  'alipay.trade.app.pay': { product: 'app', body: appBody },
} as const satisfies Record<string, { product: Product; body: z.ZodType<TradeBody> }>

export function isPage(method: string): method is keyof typeof PAGES {
  return Object.hasOwn(PAGES, method)
}

/** A link can be opened as long as a trade can be open. */
const LINK_AGE_MS = 15 * DAY_MS

/** `/gateway.do` in a browser: the cashier, or a page that says why not. */
export async function servePage(alipay: Alipay, parameters: Parameters): Promise<Response> {
  const opened = await openSigned(alipay, parameters)
  return opened.ok ? cashier(opened.value) : errorPage(opened.refusal)
}

/** Makes the trade of which the signed parameters are the order. Opening it again finds it again. */
export async function openSigned(
  alipay: Alipay,
  parameters: Parameters,
): Promise<Result<OpenedTrade, Reply>> {
  const { fields, charset } = parameters
  const { method = '' } = fields
  if (!isPage(method)) return refuse(refusal('isv.invalid-method'))
  const caller = await letIn(alipay, parameters, LINK_AGE_MS)
  if (!caller.ok) return refuse(caller.refusal.reply)
  const content = await readCallContent(fields, caller.value.app)
  if (!content.ok) return content

  const call: Call = {
    ...caller.value,
    charset,
    notifyUrl: fields.notify_url || null,
    returnUrl: fields.return_url || null,
    content: content.value,
  }
  return makeTrade(alipay, call, method)
}

async function makeTrade(
  alipay: Alipay,
  call: Call,
  method: keyof typeof PAGES,
): Promise<Result<OpenedTrade, Reply>> {
  const { product, body: schema } = PAGES[method]
  const body = readContent<TradeBody>(alipay, call, schema, 'ACQ.INVALID_PARAMETER')
  if (!body.ok) return body
  const asked = await ask(alipay, call, {
    product,
    body: body.value,
    ...('quit_url' in body.value && { quitUrl: String(body.value.quit_url) }),
    opening: { key: newTicket(alipay.random), validForMs: LINK_AGE_MS },
  })
  if (!asked.ok) return asked
  const opened = await openTrade(alipay, asked.value.id)
  return opened.ok ? ok(opened.value) : refuse(refusal('ACQ.TRADE_HAS_SUCCESS'))
}

/** Errors of these interfaces reach nobody but the payer. */
function errorPage({ subCode = '', subMessage = '' }: Reply): Response {
  const code = escapeHtml(subCode.replace(/^(isv|aop|isp)\./, ''))
  return gbkPage(
    '支付宝 - 错误提示',
    `<h1>调试错误，请回到请求来源地，重新发起请求。</h1>
<p>错误代码 ${code}</p><p>错误原因: ${escapeHtml(subMessage)}</p>`,
  )
}
