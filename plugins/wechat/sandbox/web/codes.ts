import * as z from 'zod'
import { MINUTE_MS } from '../../../../core/plugin/api.ts'
import { alphanumeric } from '../numbers.ts'
import { ANYBODY } from '../openids.ts'
import type { Wechat } from '../settings.ts'
import { type Shelf, shelf } from '../shelf.ts'

const code = z.object({
  appid: z.string(),
  openid: z.string(),
  scope: z.string(),
  validUntilMs: z.number(),
  isUsed: z.boolean(),
})

type Code = z.output<typeof code>

const codes = ({ books }: Wechat): Shelf<Code> => shelf(books, 'oauth_code', code)

/** Good once, for five minutes. */
export async function issueCode(wechat: Wechat, appid: string, scope: string): Promise<string> {
  const text = `0${alphanumeric(wechat.random, 31)}`
  const validUntilMs = wechat.clock.now() + 5 * MINUTE_MS
  await codes(wechat).put(text, { appid, openid: ANYBODY, scope, validUntilMs, isUsed: false })
  return text
}

/** @returns who it was issued for, or WeChat's number for why it is no good */
export function redeem(wechat: Wechat, text: string, appid: string): Promise<Code | number> {
  const nowMs = wechat.clock.now()
  return codes(wechat).change<Code | number>(text, (known) => {
    if (known === undefined || known.appid !== appid) return { document: known, outcome: 40029 }
    if (known.isUsed) return { document: known, outcome: 40163 }
    if (nowMs >= known.validUntilMs) return { document: known, outcome: 42003 }
    return { document: { ...known, isUsed: true }, outcome: known }
  })
}
