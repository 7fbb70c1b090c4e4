import * as z from 'zod'
import {
  type AttemptId,
  type ErrorRule,
  type Failed,
  money,
  ok,
  type Paid,
  type PayOutcome,
  type Result,
  refuse,
} from '../../core/plugin/api.ts'
import { timeSchema } from './beijing-time.ts'
import { PAYER_AT_IT } from './endings.ts'
import { channelError } from './errors.ts'
import { manifest } from './manifest.ts'
import { misfitOf } from './misfit.ts'
import { payeeSchema } from './payee.ts'

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
 * Reads a transaction as a query, a callback or the charge of a code brings it.
 *
 * @returns a refusal that names the member that is missing or odd
 * @see WeChat Pay APIv3 "query an order" (reference §7)
 */
export function readTransaction(value: unknown): Result<Transaction, string> {
  return readWith(paidSchema, value)
}

/** Reads one state, and what was paid by the schema of its API. */
export function readWith(paid: z.ZodType<Paid>, value: unknown): Result<Transaction, string> {
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
      const read = paid.safeParse(value)
      if (!read.success) return refuse(misfitOf(read.error))
      return ok({ attemptId, standing: { kind: 'succeeded', ...read.data } })
    }
  }
}

/** What the charge of a code came to: closed at once is failed, for it was never paid. */
export function payOutcomeOf({ attemptId, standing }: Transaction, asked: AttemptId): PayOutcome {
  if (attemptId !== asked) return { kind: 'unknown', evidence: 'answered about another payment' }
  switch (standing.kind) {
    case 'succeeded':
    case 'failed':
      return standing
    case 'pending':
      return PAYER_AT_IT
    case 'closed': {
      const error = channelError({ code: 'ORDER_CLOSED', message: 'the order is closed' })
      return { kind: 'failed', error }
    }
  }
}

/**
 * Reference §16. A state that is not listed is no end, so it counts as pending; ACCEPT, which APIv2
 * seldom says, among them.
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

const openid = z.string().min(1).optional()

const paidSchema = z
  .object({
    transaction_id: z.string().min(1).max(64),
    success_time: timeSchema,
    // `total` is what we asked for; `payer_total` is less by WeChat's coupons.
    amount: z.object({
      total: z.int().nonnegative(),
      currency: z.string().default('CNY'),
    }),
    payer: z.object({ openid, sp_openid: openid, sub_openid: openid }).optional(),
  })
  .transform(({ transaction_id, success_time, amount, payer }) => {
    // Of two openids the one of the sub-merchant's own app: that merchant has no use for the other.
    const id = payer?.openid ?? payer?.sub_openid ?? payer?.sp_openid
    return {
      channelPaymentNo: transaction_id,
      paid: money(amount.total, amount.currency),
      paidAtMs: success_time,
      ...(id !== undefined && { payer: id }),
    }
  })
  .and(payeeSchema.transform((payee) => ({ payee })))
