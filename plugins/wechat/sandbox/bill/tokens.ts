import * as z from 'zod'
import { MINUTE_MS } from '../../../../core/plugin/api.ts'
import { alphanumeric } from '../numbers.ts'
import type { Wechat } from '../settings.ts'
import { type Shelf, shelf } from '../shelf.ts'

/** A bill that was asked for. Its file is made again when it is fetched: a day that is over stays. */
const asked = z.object({
  /** Who asked, and may fetch it. */
  signer: z.string(),
  date: z.string(),
  gzip: z.boolean(),
  of: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('trade'),
      type: z.enum(['ALL', 'SUCCESS', 'REFUND']),
      /** Of a provider's sub-merchant alone; without it of everything that the signer has. */
      subMchid: z.string().nullable(),
    }),
    z.object({
      kind: z.literal('fund_flow'),
      mchid: z.string(),
      account: z.enum(['basic', 'operation']),
      /** Of a sub-merchant's bill: which lines of it, and what they are encrypted with. */
      sealed: z
        .object({ part: z.number(), key: z.string(), nonce: z.string() })
        .nullable()
        .default(null),
    }),
  ]),
})

export type AskedBill = z.output<typeof asked>

const ticket = z.object({ asked, validUntilMs: z.number() })

const tickets = ({ books }: Wechat): Shelf<z.output<typeof ticket>> =>
  shelf(books, 'bill_token', ticket)

/** @returns what its address is good for, for five minutes */
export async function issueToken(wechat: Wechat, asked: AskedBill): Promise<string> {
  const token = alphanumeric(wechat.random, 48)
  const validUntilMs = wechat.clock.now() + 5 * MINUTE_MS
  await tickets(wechat).put(token, { asked, validUntilMs })
  return token
}

export async function billOfToken(wechat: Wechat, token: string): Promise<AskedBill | undefined> {
  const found = await tickets(wechat).get(token)
  return found !== undefined && wechat.clock.now() < found.validUntilMs ? found.asked : undefined
}
