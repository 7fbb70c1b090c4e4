import * as z from 'zod'
import type { PaymentRow } from '../payment/case.ts'
import type { RefundRow } from '../refund/case.ts'
import type { SplitCase, SplitReturnRow } from '../split/case.ts'
import type { TransferRow } from '../transfer/apply.ts'

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

export const transferSnapshot = z.object({
  transferId: z.string(),
  merchantNo: z.string(),
  appId: z.string(),
  merchantTransferNo: z.string(),
  channel: z.string(),
  entry: z.string(),
  amountMinor: z.number(),
  currencyAsGiven: z.string(),
  account: z.string(),
  accountName: z.string().nullable(),
  bankName: z.string().nullable(),
  description: z.string(),
  state: z.enum(['created', 'pending', 'succeeded', 'failed', 'closed']),
  extraAsGiven: z.string().nullable(),
  channelTransferNo: z.string().nullable(),
  clientData: z.string().nullable(),
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  extParam: z.string().nullable(),
  transferredAtMs: z.number().nullable(),
  createdAtMs: z.number(),
})
export type TransferSnapshot = z.output<typeof transferSnapshot>

const share = z.object({
  receiverId: z.number(),
  account: z.string(),
  amountMinor: z.number(),
  state: z.enum(['pending', 'succeeded', 'failed']),
  channelShareNo: z.string().nullable(),
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  returnReservedMinor: z.number(),
})

export const splitSnapshot = z.object({
  splitId: z.string(),
  paymentId: z.string(),
  merchantNo: z.string(),
  appId: z.string(),
  channel: z.string(),
  amountMinor: z.number(),
  state: z.enum(['created', 'pending', 'finished', 'failed']),
  channelSplitNo: z.string().nullable(),
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  createdAtMs: z.number(),
  shares: z.array(share),
})
export type SplitSnapshot = z.output<typeof splitSnapshot>

export const splitReturnSnapshot = z.object({
  splitReturnId: z.string(),
  splitId: z.string(),
  paymentId: z.string(),
  merchantNo: z.string(),
  appId: z.string(),
  merchantReturnNo: z.string(),
  channel: z.string(),
  account: z.string(),
  amountMinor: z.number(),
  state: z.enum(['created', 'pending', 'succeeded', 'failed']),
  channelReturnNo: z.string().nullable(),
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  returnedAtMs: z.number().nullable(),
  createdAtMs: z.number(),
})
export type SplitReturnSnapshot = z.output<typeof splitReturnSnapshot>

export function snapshotOfPayment(payment: PaymentRow): string {
  return JSON.stringify(paymentSnapshot.parse(payment))
}

export function snapshotOfRefund(refund: RefundRow): string {
  return JSON.stringify(refundSnapshot.parse(refund))
}

export function snapshotOfTransfer(transfer: TransferRow): string {
  return JSON.stringify(transferSnapshot.parse(transfer))
}

export function snapshotOfSplit({ split, shares }: SplitCase): string {
  return JSON.stringify(splitSnapshot.parse({ ...split, shares }))
}

export function snapshotOfSplitReturn(splitReturn: SplitReturnRow): string {
  return JSON.stringify(splitReturnSnapshot.parse(splitReturn))
}
