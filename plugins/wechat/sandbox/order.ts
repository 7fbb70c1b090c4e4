/** An order as WeChat has it: one document, so that every rule about its money is one atomic step. */
import * as z from 'zod'
import { isMinor, type Milliseconds, type Minor } from '../../../core/plugin/api.ts'
import type { Books } from '../../../core/plugin/simulator.ts'
import { type Shelf, shelf } from './shelf.ts'

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
  /** Of all its parameters: the same number may only come again with the same ones. */
  fingerprint: z.string(),
  acceptedAtMs: z.number(),
  status: z.enum(['PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL']),
  succeededAtMs: z.number().nullable(),
})

const order = z.object({
  /** Whose order it is: they sign, and their number is unique among theirs. */
  party: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('direct'), mchid: z.string(), appid: z.string() }),
    z.object({
      kind: z.literal('partner'),
      spMchid: z.string(),
      spAppid: z.string(),
      subMchid: z.string(),
      subAppid: z.string().nullable(),
    }),
  ]),
  outTradeNo: z.string(),
  product: z.enum(['jsapi', 'native', 'app', 'h5']),
  description: z.string(),
  attach: z.string(),
  deviceId: z.string(),
  amount: money,
  /** Named when the order was made (JSAPI), else whoever pays. */
  openid: z.string().nullable(),
  notifyUrl: z.string(),
  fingerprint: z.string(),
  createdAtMs: z.number(),
  /** `time_expire`, or seven days. The order stays NOTPAY after it, only nobody can pay any more. */
  payableUntilMs: z.number(),
  /** By what the payer's client opens the order: the answer to the latest prepay. */
  ticket: z.object({ prepayId: z.string(), link: z.string().nullable(), validUntilMs: z.number() }),
  payment: z
    .object({ transactionId: z.string(), openid: z.string(), paidAtMs: z.number() })
    .nullable(),
  closedAtMs: z.number().nullable(),
  refunds: z.array(refund),
})

export type Order = z.output<typeof order>
export type Refund = z.output<typeof refund>
export type Product = Order['product']

/** By signing merchant and their number. */
export const orders = (books: Books): Shelf<Order> => shelf(books, 'order', order)
export const orderId = (mchid: string, outTradeNo: string) => `${mchid}/${outTradeNo}`

/** transaction_id → order. Written before the order says so: who follows it checks the order. */
export const transactions = (books: Books): Shelf<string> => shelf(books, 'transaction', z.string())

/** Merchant and out_refund_no → order. */
export const refundNumbers = (books: Books): Shelf<string> =>
  shelf(books, 'refund_number', z.string())

/** `REFUND` once any refund was accepted, and for ever: it says "paid", not "paid back". */
export function tradeState(order: Order): 'SUCCESS' | 'REFUND' | 'CLOSED' | 'NOTPAY' {
  if (order.payment !== null) return order.refunds.length > 0 ? 'REFUND' : 'SUCCESS'
  return order.closedAtMs === null ? 'NOTPAY' : 'CLOSED'
}

/** Why nobody can pay it now. */
export function whyNotPayable(order: Order, nowMs: Milliseconds): string | undefined {
  if (order.payment !== null) return 'already paid'
  if (order.closedAtMs !== null) return 'closed by the merchant'
  if (nowMs >= order.payableUntilMs) return 'its time_expire has passed'
  if (nowMs >= order.ticket.validUntilMs) return 'what opened it has expired: ask for prepay again'
  return undefined
}

/** What has been or may yet be paid back. A CLOSED refund never will be; an ABNORMAL one may. */
export function refundedMinor(order: Order): number {
  return order.refunds
    .filter(({ status }) => status !== 'CLOSED')
    .reduce((sum, { amount }) => sum + amount.minor, 0)
}

export const signerOf = ({ party }: Order): string =>
  party.kind === 'direct' ? party.mchid : party.spMchid
