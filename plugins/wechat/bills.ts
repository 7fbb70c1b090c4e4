import * as z from 'zod'
import type { Bill, BillInput, BillOutcome, Operation, Result } from '../../core/plugin/api.ts'
import { fetchBill } from './bill-file.ts'
import { CALL_TIMEOUT_MS, callWechat } from './call.ts'
import type { WechatConfig } from './config.ts'
import { outcomeOf } from './endings.ts'
import { readFundFlowBill } from './fund-flow-bill.ts'
import { misfitOf } from './misfit.ts'
import { isPartner, subMerchant } from './mode.ts'
import { BILL_ENDINGS } from './money-out-endings.ts'
import { readTradeBill } from './trade-bill.ts'

/**
 * Brings the bill of a day: asks WeChat for it, fetches the file, and reads it. A bill that cannot be
 * read as a whole is not read at all.
 *
 * @see WeChat Pay APIv3 "trade bill", "fund-flow bill" (reference §14)
 */
export const bills: Operation<WechatConfig, BillInput, BillOutcome> = async (
  ports,
  config,
  { kind, date },
) => {
  const bill = BILLS.get(kind)
  if (bill === undefined) return { kind: 'not_sent', reason: `there is no bill ${kind}` }
  if (kind === 'fund_flow' && isPartner(config)) {
    // WeChat answers the provider's own account, which is none of the sub-merchant's.
    return { kind: 'not_sent', reason: 'the fund flow of a sub-merchant is not read yet' }
  }
  const asked = new URLSearchParams({ bill_date: date, ...bill.query(config), tar_type: 'GZIP' })
  const answer = await callWechat(ports, config, {
    method: 'GET',
    path: `${bill.path}?${asked}`,
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(BILL_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  const place = placeSchema.safeParse(answer.body)
  if (!place.success) return { kind: 'unknown', evidence: `answered, but ${misfitOf(place.error)}` }

  const { download_url: url, hash_value: sha1 } = place.data
  const file = await fetchBill(ports, config, { url, sha1 })
  if (file.kind !== 'text') return file
  const read = bill.read(file.text)
  if (!read.ok) return { kind: 'unknown', evidence: `the bill: ${read.refusal}` }
  return { kind: 'ready', ...read.value }
}

interface KindOfBill {
  readonly path: string
  query(config: WechatConfig): Readonly<Record<string, string>>
  read(text: string): Result<Bill, string>
}

const BILLS: ReadonlyMap<string, KindOfBill> = new Map<string, KindOfBill>([
  [
    'trade',
    {
      path: '/v3/bill/tradebill',
      // A provider that names nobody gets everybody's.
      query: (config) => ({ bill_type: 'ALL', ...subMerchant(config) }),
      read: readTradeBill,
    },
  ],
  [
    'fund_flow',
    {
      path: '/v3/bill/fundflowbill',
      query: () => ({ account_type: 'BASIC' }),
      read: readFundFlowBill,
    },
  ],
])

const placeSchema = z.object({
  hash_type: z.literal('SHA1'),
  hash_value: z.string().regex(/^[0-9A-Fa-f]{40}$/),
  download_url: z.url().max(2048),
})
