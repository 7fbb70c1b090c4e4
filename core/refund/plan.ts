import type { Minor } from '../money.ts'
import type { PaymentRow } from '../payment/case.ts'
import type { Capabilities } from '../plugin/api.ts'
import { ok, type Result, refuse } from '../result.ts'
import { DAY_MS, type Milliseconds } from '../time.ts'

export type PlanRefusal =
  | { readonly code: 'payment_not_succeeded' }
  | { readonly code: 'payment_frozen' }
  | { readonly code: 'currency_differs'; readonly currency: string }
  | { readonly code: 'already_refunded' }
  | { readonly code: 'exceeds_refundable'; readonly refundableMinor: number }
  | { readonly code: 'channel_cannot_refund' }
  | { readonly code: 'channel_refunds_whole_only' }
  | { readonly code: 'too_many_refunds'; readonly maxCount: number }
  | { readonly code: 'too_late'; readonly windowDays: number }

/** What of a payment the decision is made on; the guarded write checks the same again. */
export type Refundable = Pick<
  PaymentRow,
  | 'state'
  | 'amountMinor'
  | 'currency'
  | 'refundReservedMinor'
  | 'refundedMinor'
  | 'refundCount'
  | 'frozenBecause'
  | 'lateDecision'
  | 'paidAtMs'
>

/**
 * Decides whether a refund may start. Pure: stores nothing, calls no channel.
 *
 * A refund that is still on its way counts as spent, since the channel may yet pay it out.
 *
 * @param amountMinor in the payment's minor unit (fen for CNY), above zero
 */
export function planRefund(
  payment: Refundable,
  channel: Capabilities['refund'],
  asked: { readonly amountMinor: Minor; readonly currency: string },
  nowMs: Milliseconds,
): Result<undefined, PlanRefusal> {
  if (payment.state !== 'succeeded' || isWithheld(payment)) {
    return refuse({ code: 'payment_not_succeeded' })
  }
  if (payment.frozenBecause !== null) return refuse({ code: 'payment_frozen' })
  if (asked.currency !== payment.currency) {
    return refuse({ code: 'currency_differs', currency: payment.currency })
  }
  const refundableMinor = payment.amountMinor - payment.refundReservedMinor
  if (payment.refundedMinor === payment.amountMinor) return refuse({ code: 'already_refunded' })
  if (asked.amountMinor > refundableMinor) {
    return refuse({ code: 'exceeds_refundable', refundableMinor })
  }
  return withinChannelLimits(payment, channel, asked.amountMinor, nowMs)
}

/** Whether the channel takes a refund of this amount at this time. */
export function withinChannelLimits(
  payment: Pick<Refundable, 'amountMinor' | 'refundCount' | 'paidAtMs'>,
  channel: Capabilities['refund'],
  amountMinor: Minor,
  nowMs: Milliseconds,
): Result<undefined, PlanRefusal> {
  if (channel === undefined) return refuse({ code: 'channel_cannot_refund' })
  const { partial, maxCount, windowDays } = channel
  if (!partial && amountMinor !== payment.amountMinor) {
    return refuse({ code: 'channel_refunds_whole_only' })
  }
  if (payment.refundCount >= maxCount) return refuse({ code: 'too_many_refunds', maxCount })
  const ageMs = nowMs - (payment.paidAtMs ?? nowMs)
  return ageMs > windowDays * DAY_MS ? refuse({ code: 'too_late', windowDays }) : ok(undefined)
}

/** Money that came after the close and that the merchant has not been told of. */
export function isWithheld({ lateDecision }: Pick<PaymentRow, 'lateDecision'>): boolean {
  return lateDecision === 'held' || lateDecision === 'refunding'
}
