import * as z from 'zod'
import { type Fact, ok, type Result, refuse } from '../../core/plugin/api.ts'
import type { WechatConfig } from './config.ts'
import { payeeOf } from './mode.ts'
import { payeeSchema } from './payee.ts'
import { readToldRefund } from './refund-standing.ts'
import { readToldShare } from './split-standing.ts'
import { readTransaction } from './transaction.ts'
import { readTransfer } from './transfer-standing.ts'

/** What the envelope of a callback says of its contents. */
export interface Envelope {
  readonly event_type: string
  readonly summary: string
  readonly resource: { readonly original_type?: string | undefined }
}

/**
 * What a callback is about. Not by its event alone: sharing is told under the name of a payment, and
 * has been seen with a payment's type too (reference §10), so the contents have the last word. A
 * share that was taken back is told in the same form as one that arrived.
 */
export function aboutOf({ event_type, summary, resource }: Envelope, contents: unknown): string {
  const [product = '', event] = event_type.split('.')
  const type = resource.original_type ?? EVENT_TYPES.get(product) ?? product.toLowerCase()
  const isShare = type === 'profitsharing' || shareSchema.safeParse(contents).success
  if (!isShare) return type
  return event === 'RETURN' || summary.includes('回退') ? 'profitsharing return' : 'profitsharing'
}

const EVENT_TYPES: ReadonlyMap<string, string> = new Map([['MCHTRANSFER', 'mch_payment']])

const shareSchema = z.object({
  out_trade_no: z.never().optional(),
  out_order_no: z.string(),
  receiver: z.object({}),
})

/** Reads one kind of contents. Nothing where they are true and none of this account's business. */
type Reader = (contents: unknown, config: WechatConfig) => Result<Fact | undefined, string>

export const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['transaction', readPaymentFact],
  ['refund', readRefundFact],
  ['mch_payment', readTransferFact],
  ['profitsharing', readShareFact],
])

function readPaymentFact(contents: unknown): Result<Fact, string> {
  const transaction = readTransaction(contents)
  if (!transaction.ok) return transaction
  const { attemptId, standing } = transaction.value
  return ok({ about: 'payment', attemptId, ...standing })
}

function readRefundFact(contents: unknown): Result<Fact, string> {
  const refund = readToldRefund(contents)
  if (!refund.ok) return refund
  const { refundId, payee, standing } = refund.value
  return ok({ about: 'refund', refundId, payee, ...standing })
}

function readTransferFact(contents: unknown): Result<Fact, string> {
  const transfer = readTransfer(contents)
  if (!transfer.ok) return transfer
  const payee = payeeSchema.safeParse(contents)
  if (!payee.success) return refuse('its payee is missing or odd')
  const { transferId, standing } = transfer.value
  return ok({ about: 'transfer', transferId, payee: payee.data, ...standing })
}

/** Ours only if this very account shared: most receivers are told of what others shared with them. */
function readShareFact(contents: unknown, config: WechatConfig): Result<Fact | undefined, string> {
  const payee = payeeSchema.safeParse(contents)
  if (!payee.success) return refuse('its payee is missing or odd')
  if (payee.data !== payeeOf(config)) return ok(undefined)
  const share = readToldShare(contents)
  if (!share.ok) return share
  if (share.value === undefined) return ok(undefined)
  const { splitId, standing } = share.value
  return ok({ about: 'split', splitId, payee: payee.data, ...standing })
}
