import type {
  Bill,
  BillInput,
  BillOutcome,
  ChannelPorts,
  Operation,
  Result,
} from '../../core/plugin/api.ts'
import { billPlaceSchema, type FetchedBill, fetchBill } from './bill-file.ts'
import { CALL_TIMEOUT_MS, callWechat } from './call.ts'
import type { WechatConfig } from './config.ts'
import { outcomeOf } from './endings.ts'
import { readFundFlowBill } from './fund-flow-bill.ts'
import { misfitOf } from './misfit.ts'
import { isPartner, subMerchant } from './mode.ts'
import { BILL_ENDINGS } from './money-out-endings.ts'
import { queryOf } from './request.ts'
import { fetchSubFundFlowBill } from './sub-fund-flow.ts'
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
  const fetched = await bill.fetch(ports, config, date)
  if (fetched.kind !== 'text') return fetched
  const read = bill.read(fetched.text)
  if (!read.ok) return { kind: 'unknown', evidence: `the bill: ${read.refusal}` }
  return { kind: 'ready', ...read.value }
}

interface KindOfBill {
  fetch(ports: ChannelPorts, config: WechatConfig, date: string): Promise<FetchedBill>
  read(text: string): Result<Bill, string>
}

const BILLS: ReadonlyMap<string, KindOfBill> = new Map<string, KindOfBill>([
  ['trade', { fetch: fetchTradeBill, read: readTradeBill }],
  ['fund_flow', { fetch: fetchFundFlowBill, read: readFundFlowBill }],
])

function fetchTradeBill(
  ports: ChannelPorts,
  config: WechatConfig,
  date: string,
): Promise<FetchedBill> {
  // A provider that names nobody gets everybody's.
  const of = { bill_date: date, bill_type: 'ALL', ...subMerchant(config) }
  return fetchPlain(ports, config, `/v3/bill/tradebill${queryOf({ ...of, tar_type: 'GZIP' })}`)
}

/** A provider asks for a sub-merchant's by another call: this one would answer the provider's own. */
function fetchFundFlowBill(
  ports: ChannelPorts,
  config: WechatConfig,
  date: string,
): Promise<FetchedBill> {
  if (isPartner(config)) return fetchSubFundFlowBill(ports, config, date)
  const of = { bill_date: date, account_type: 'BASIC', tar_type: 'GZIP' }
  return fetchPlain(ports, config, `/v3/bill/fundflowbill${queryOf(of)}`)
}

async function fetchPlain(
  ports: ChannelPorts,
  config: WechatConfig,
  path: string,
): Promise<FetchedBill> {
  const call = { method: 'GET', path, timeoutMs: CALL_TIMEOUT_MS } as const
  const answer = await callWechat(ports, config, call)
  if (answer.kind === 'error') return outcomeOf(BILL_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  const place = billPlaceSchema.safeParse(answer.body)
  if (!place.success) return { kind: 'unknown', evidence: `answered, but ${misfitOf(place.error)}` }
  const { download_url: url, hash_value: sha1 } = place.data
  return fetchBill(ports, config, { url, sha1 })
}
