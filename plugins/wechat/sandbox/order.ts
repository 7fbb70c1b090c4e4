/** An order as WeChat has it: one document, so that every rule about its money is one atomic step. */
import * as z from 'zod'
import { isMinor, type Milliseconds, type Minor } from '../../../core/plugin/api.ts'
import type { Books } from '../../../core/plugin/simulator.ts'
import { party } from './parties.ts'
import { sharing } from './sharing/standing.ts'
import { type Shelf, shelf } from './shelf.ts'
import { till } from './till/standing.ts'

const money = z.object({
  minor: z.custom<Minor>((value) => typeof value === 'number' && isMinor(value)),
  currency: z.string(),
})

const refund = z.object({
  outRefundNo: z.string(),
  refundId: z.string(),
  amount: money,
  fundsAccount: z.string(),
  /** Accounts that the money was asked to come from. */
  from: z.array(z.object({ account: z.string(), amount: z.number() })),
  notifyUrl: z.string().nullable(),
  reason: z.string().default(''),
  /** Of all its parameters: the same number may only come again with the same ones. */
  fingerprint: z.string(),
  acceptedAtMs: z.number(),
  status: z.enum(['PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL']),
  succeededAtMs: z.number().nullable(),
  /** When its status last changed. */
  endedAtMs: z.number().nullable().default(null),
  /** Fee that WeChat gives back with it. */
  feeBackMinor: z.number().default(0),
  /** How much of it came out of what was frozen for sharing. */
  frozenMinor: z.number().default(0),
  /** Where an abnormal refund was sent instead. */
  redirectedTo: z.string().nullable().default(null),
})

const order = z.object({
  /** Whose order it is: they sign, and their number is unique among theirs. */
  party,
  outTradeNo: z.string(),
  product: z.enum(['jsapi', 'native', 'app', 'h5', 'codepay']),
  description: z.string(),
  attach: z.string(),
  deviceId: z.string(),
  amount: money,
  /** Named when the order was made (JSAPI), else whoever pays. */
  openid: z.string().nullable(),
  /** Whose openid that is: a provider may name the payer by the sub-merchant's app. */
  openidApp: z.enum(['app', 'sub_app']).default('app'),
  notifyUrl: z.string().nullable(),
  fingerprint: z.string(),
  createdAtMs: z.number(),
  /** `time_expire`, or seven days. The order stays NOTPAY after it, only nobody can pay any more. */
  payableUntilMs: z.number(),
  /** By what the payer's client opens the order: the answer to the latest prepay. */
  ticket: z
    .object({ prepayId: z.string(), link: z.string().nullable(), validUntilMs: z.number() })
    .nullable(),
  payment: z
    .object({
      transactionId: z.string(),
      openid: z.string(),
      /** The same person, as the sub-merchant's app knows them. */
      subOpenid: z.string().nullable().default(null),
      paidAtMs: z.number(),
      feeMinor: z.number().default(0),
    })
    .nullable(),
  closedAtMs: z.number().nullable(),
  refunds: z.array(refund),
  /** Of an order that a scanned payment code made. */
  till: till.nullable().default(null),
  /** Of an order whose money is kept for sharing. */
  sharing: sharing.nullable().default(null),
})

export type Order = z.output<typeof order>
export type Refund = z.output<typeof refund>
export type Payment = NonNullable<Order['payment']>
export type Product = Order['product']
/** Ways in which the payer opens an order that was made before. */
export type PrepayProduct = Exclude<Product, 'codepay'>

/** By signing merchant and their number. */
export const orders = (books: Books): Shelf<Order> => shelf(books, 'order', order)
export const orderId = (mchid: string, outTradeNo: string) => `${mchid}/${outTradeNo}`

/** transaction_id → order. Written before the order says so: who follows it checks the order. */
export const transactions = (books: Books): Shelf<string> => shelf(books, 'transaction', z.string())

/** Merchant and out_refund_no → order. */
export const refundNumbers = (books: Books): Shelf<string> =>
  shelf(books, 'refund_number', z.string())

export type TradeState =
  | 'SUCCESS'
  | 'REFUND'
  | 'NOTPAY'
  | 'CLOSED'
  | 'REVOKED'
  | 'USERPAYING'
  | 'PAYERROR'

/** `REFUND` once any refund was accepted, and for ever: it says "paid", not "paid back". */
export function tradeState(order: Order): TradeState {
  if (order.till?.reversal) return 'REVOKED'
  if (order.payment !== null) return order.refunds.length > 0 ? 'REFUND' : 'SUCCESS'
  if (order.till?.failure) return 'PAYERROR'
  if (order.till?.waiting) return 'USERPAYING'
  return order.closedAtMs === null ? 'NOTPAY' : 'CLOSED'
}

/** Why nobody can pay it now. */
export function whyNotPayable(order: Order, nowMs: Milliseconds): string | undefined {
  if (order.till?.reversal) return 'reversed by the merchant'
  if (order.payment !== null) return 'already paid'
  if (order.till?.failure) return 'the payment code could not be charged'
  if (order.closedAtMs !== null) return 'closed by the merchant'
  if (nowMs >= order.payableUntilMs) return 'its time_expire has passed'
  if (order.ticket !== null && nowMs >= order.ticket.validUntilMs) {
    return 'what opened it has expired: ask for prepay again'
  }
  return undefined
}

/** What has been or may yet be paid back. A CLOSED refund never will be; an ABNORMAL one may. */
export function refundedMinor(order: Order): number {
  return standingRefunds(order).reduce((sum, { amount }) => sum + amount.minor, 0)
}

export function standingRefunds({ refunds }: Order): readonly Refund[] {
  return refunds.filter(({ status }) => status !== 'CLOSED')
}

/** What all refunds of it took from the merchant: a fee comes back with the money it was for. */
export function refundCostMinor({ amount, feeBackMinor }: Refund): number {
  return amount.minor - feeBackMinor
}
