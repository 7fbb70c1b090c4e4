import * as z from 'zod'
import {
  type AttemptId,
  type ErrorRule,
  type Failed,
  money,
  ok,
  type Paid,
  type Result,
  refuse,
} from '../../core/plugin/api.ts'
import { timeSchema } from './beijing-time.ts'
import { manifest } from './manifest.ts'
import { misfitOf } from './misfit.ts'

/** Where a payment stands by WeChat's signed word. */
export type Standing =
  | ({ readonly kind: 'succeeded' } & Paid)
  | { readonly kind: 'pending' }
  | { readonly kind: 'closed' }
  | Failed

export interface Transaction {
  readonly attemptId: AttemptId
  readonly standing: Standing
}

/**
 * Reads a transaction as a query or a callback brings it.
 *
 * @returns a refusal that names the member that is missing or odd
 * @see WeChat Pay APIv3 "query an order" (reference §7)
 */
export function readTransaction(value: unknown): Result<Transaction, string> {
  const transaction = transactionSchema.safeParse(value)
  if (!transaction.success) return refuse(misfitOf(transaction.error))
  const { out_trade_no: attemptId, trade_state: state, trade_state_desc } = transaction.data
  const standing = STANDINGS.get(state) ?? 'pending'
  switch (standing) {
    case 'pending':
    case 'closed':
      return ok({ attemptId, standing: { kind: standing } })
    case 'failed': {
      const error = { ...PAY_ERROR, code: state, message: trade_state_desc.slice(0, 256) }
      return ok({ attemptId, standing: { kind: 'failed', error } })
    }
    case 'succeeded': {
      const paid = paidSchema.safeParse(value)
      if (!paid.success) return refuse(misfitOf(paid.error))
      return ok({ attemptId, standing: { kind: 'succeeded', ...paid.data } })
    }
  }
}

/**
 * Reference §16. A state that is not listed is no end, so it counts as pending.
 *
 * REFUND says that a refund was accepted, even a partial one: it proves that the payment was made.
 */
const STANDINGS: ReadonlyMap<string, Standing['kind']> = new Map([
  ['SUCCESS', 'succeeded'],
  ['REFUND', 'succeeded'],
  ['NOTPAY', 'pending'],
  ['USERPAYING', 'pending'],
  ['CLOSED', 'closed'],
  ['REVOKED', 'closed'],
  ['PAYERROR', 'failed'],
])

const PAY_ERROR: ErrorRule = { class: 'payer_declined', retry: 'new_attempt', fault: 'payer' }

/** Of an order that nobody has paid yet, this may be all there is. */
const transactionSchema = z.object({
  out_trade_no: z
    .string()
    .regex(manifest.numbers.payment)
    // The shape is checked; whether we have such an attempt is for the core to find out.
    .transform((number) => number as AttemptId),
  trade_state: z.string(),
  trade_state_desc: z.string().default(''),
})

const paidSchema = z
  .object({
    mchid: z.string().min(1),
    transaction_id: z.string().min(1).max(64),
    success_time: timeSchema,
    // `total` is what we asked for; `payer_total` is less by WeChat's coupons.
    amount: z.object({
      total: z.int().nonnegative(),
      currency: z.string().default('CNY'),
    }),
    payer: z.object({ openid: z.string().min(1).optional() }).optional(),
  })
  .transform(
    (paid): Paid => ({
      channelPaymentNo: paid.transaction_id,
      paid: money(paid.amount.total, paid.amount.currency),
      paidAtMs: paid.success_time,
      payee: paid.mchid,
      ...(paid.payer?.openid !== undefined && { payer: paid.payer.openid }),
    }),
  )
