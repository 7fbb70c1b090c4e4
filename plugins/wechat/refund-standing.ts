import * as z from 'zod'
import {
  type ErrorRule,
  type Failed,
  money,
  ok,
  type Refunded,
  type RefundId,
  type Result,
  refuse,
} from '../../core/plugin/api.ts'
import { timeSchema } from './beijing-time.ts'
import { manifest } from './manifest.ts'
import { misfitOf } from './misfit.ts'
import { payeeSchema } from './payee.ts'

/** Where a refund stands by WeChat's signed word. */
export type RefundStanding =
  | ({ readonly kind: 'succeeded' } & Refunded)
  | {
      readonly kind: 'pending'
      readonly channelRefundNo: string
      readonly needs?: 'operator'
    }
  | Failed

export interface Refund {
  readonly refundId: RefundId
  readonly standing: RefundStanding
}

export interface ToldRefund extends Refund {
  readonly payee: string
}

/**
 * Reads a refund as an answer brings it.
 *
 * @returns a refusal that names the member that is missing or odd
 * @see WeChat Pay APIv3 "refund" (reference §9)
 */
export function readRefund(value: unknown): Result<Refund, string> {
  const answer = answerSchema.safeParse(value)
  if (!answer.success) return refuse(misfitOf(answer.error))
  return standingOf(value, answer.data.status)
}

/** Reads a refund as a callback brings it, where the status has another name (reference §10). */
export function readToldRefund(value: unknown): Result<ToldRefund, string> {
  const told = toldSchema.safeParse(value)
  if (!told.success) return refuse(misfitOf(told.error))
  const payee = payeeSchema.safeParse(value)
  if (!payee.success) return refuse('its payee is missing or odd')
  const refund = standingOf(value, told.data.refund_status)
  return refund.ok ? ok({ ...refund.value, payee: payee.data }) : refund
}

function standingOf(value: unknown, status: string): Result<Refund, string> {
  const refund = refundSchema.safeParse(value)
  if (!refund.success) return refuse(misfitOf(refund.error))
  const { out_refund_no: refundId, refund_id: channelRefundNo } = refund.data
  switch (status) {
    case 'SUCCESS': {
      const refunded = refundedSchema.safeParse(value)
      if (!refunded.success) return refuse(misfitOf(refunded.error))
      const { amount, success_time: refundedAtMs } = refunded.data
      const standing = {
        channelRefundNo,
        refunded: money(amount.refund, amount.currency),
        refundedAtMs,
      }
      return ok({ refundId, standing: { kind: 'succeeded', ...standing } })
    }
    case 'CLOSED': {
      const message = 'WeChat Pay closed the refund; no money moved'
      const error = { ...CLOSED, code: status, message }
      return ok({ refundId, standing: { kind: 'failed', error } })
    }
    // The payer's account refused the money. Not failed: somebody sends it elsewhere in the console,
    // and a second refund under another number would then pay twice.
    case 'ABNORMAL':
      return ok({ refundId, standing: { kind: 'pending', channelRefundNo, needs: 'operator' } })
    // PROCESSING, and whatever else WeChat may come to say: not an end.
    default:
      return ok({ refundId, standing: { kind: 'pending', channelRefundNo } })
  }
}

const CLOSED: ErrorRule = { class: 'already_closed', retry: 'new_attempt', fault: 'channel' }

const answerSchema = z.object({ status: z.string() })
const toldSchema = z.object({ refund_status: z.string() })

const refundSchema = z.object({
  out_refund_no: z
    .string()
    .regex(manifest.numbers.refund)
    // The shape is checked; whether we have such a refund is for the core to find out.
    .transform((number) => number as RefundId),
  refund_id: z.string().min(1).max(64),
})

const refundedSchema = z.object({
  success_time: timeSchema,
  amount: z.object({
    refund: z.int().nonnegative(),
    // Callbacks leave it out.
    currency: z.string().default('CNY'),
  }),
})
