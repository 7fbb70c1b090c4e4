import * as z from 'zod'
import {
  type AttemptId,
  type Money,
  ok,
  type Paid,
  type Result,
  refuse,
} from '../../core/plugin/api.ts'
import { timeSchema } from './beijing-time.ts'
import { misfitOf } from './json.ts'
import { manifest } from './manifest.ts'
import { moneySchema } from './yuan.ts'

/** Where a trade stands, in our words. */
export type TradeState = 'succeeded' | 'pending' | 'closed'

/**
 * Reference §16. A status that is not listed is no end, so it counts as pending.
 *
 * TRADE_CLOSED is what is left of a trade that nobody paid, and of one that was paid and given back
 * in full. Neither can be paid any more, and nobody's money is with the merchant.
 */
export function stateOfTrade(status: string): TradeState {
  return STATES.get(status) ?? 'pending'
}

const STATES: ReadonlyMap<string, TradeState> = new Map([
  ['TRADE_SUCCESS', 'succeeded'],
  // Paid, and its refund period is over.
  ['TRADE_FINISHED', 'succeeded'],
  ['WAIT_BUYER_PAY', 'pending'],
  ['TRADE_CLOSED', 'closed'],
])

/** Our number, as Alipay repeats it. Its shape is checked; whether we have it, the core finds out. */
export const attemptIdSchema = z
  .string()
  .regex(manifest.numbers.payment)
  .transform((number) => number as AttemptId)

/** What an answer says of a trade that was paid. */
const paidSchema = z.object({
  trade_no: z.string().min(1).max(64),
  // What we asked for; `buyer_pay_amount` is less by coupons.
  total_amount: moneySchema,
  gmt_payment: timeSchema.optional(),
  send_pay_date: timeSchema.optional(),
  buyer_user_id: z.string().min(1).optional(),
  buyer_open_id: z.string().min(1).optional(),
})

/**
 * Reads what was paid out of an answer, which names no payee: it was given to a call that was signed
 * for this account.
 *
 * @param observedAtMs counts as the time of payment where Alipay gives none
 */
export function readPaid(body: unknown, payee: string, observedAtMs: number): Result<Paid, string> {
  const paid = paidSchema.safeParse(body)
  if (!paid.success) return refuse(misfitOf(paid.error))
  const { trade_no, total_amount, gmt_payment, send_pay_date } = paid.data
  const payer = paid.data.buyer_open_id ?? paid.data.buyer_user_id
  return ok(
    paidOf({
      channelPaymentNo: trade_no,
      paid: total_amount,
      paidAtMs: gmt_payment ?? send_pay_date ?? observedAtMs,
      payee,
      payer,
    }),
  )
}

export function paidOf({
  payer,
  ...paid
}: {
  readonly channelPaymentNo: string
  readonly paid: Money
  readonly paidAtMs: number
  readonly payee: string
  readonly payer: string | undefined
}): Paid {
  return { ...paid, ...(payer !== undefined && { payer }) }
}
