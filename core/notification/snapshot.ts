import * as z from 'zod'
import type { PaymentRow } from '../payment/case.ts'
import type { RefundRow } from '../refund/case.ts'

/**
 * What a notification tells, frozen at the version that it tells of. The columns are named one by
 * one: a column that is added later does not leave the house by itself.
 */
export const paymentSnapshot = z.object({
  paymentId: z.string(),
  merchantNo: z.string(),
  appId: z.string(),
  merchantPaymentNo: z.string(),
  channel: z.string(),
  way: z.string(),
  amountMinor: z.number(),
  refundedMinor: z.number(),
  currencyAsGiven: z.string(),
  state: z.enum(['created', 'pending', 'succeeded', 'failed', 'closed']),
  lateDecision: z.enum(['accepted', 'refunding', 'held']).nullable(),
  clientIp: z.string(),
  subject: z.string(),
  body: z.string(),
  channelPaymentNo: z.string().nullable(),
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  extParam: z.string().nullable(),
  paidAtMs: z.number().nullable(),
  createdAtMs: z.number(),
})
export type PaymentSnapshot = z.output<typeof paymentSnapshot>

export const refundSnapshot = z.object({
  refundId: z.string(),
  paymentId: z.string(),
  merchantNo: z.string(),
  appId: z.string(),
  merchantRefundNo: z.string(),
  paymentAmountMinor: z.number(),
  amountMinor: z.number(),
  currencyAsGiven: z.string(),
  state: z.enum(['created', 'pending', 'succeeded', 'failed']),
  channelRefundNo: z.string().nullable(),
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  extParam: z.string().nullable(),
  refundedAtMs: z.number().nullable(),
  createdAtMs: z.number(),
})
export type RefundSnapshot = z.output<typeof refundSnapshot>

export function snapshotOfPayment(payment: PaymentRow): string {
  return JSON.stringify(paymentSnapshot.parse(payment))
}

export function snapshotOfRefund(refund: RefundRow): string {
  return JSON.stringify(refundSnapshot.parse(refund))
}
