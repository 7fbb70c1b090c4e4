import type { Order } from './order.ts'
import { standingRefunds } from './order.ts'

/** WeChat's fee on a payment, rounded half up to the fen. */
export function feeOn(minor: number, partsPerMillion: number): number {
  return Math.round((minor * partsPerMillion) / 1_000_000)
}

/**
 * The part of the fee that comes back with a refund: what is left of a payment costs what it would
 * have cost, and a payment that is refunded in full costs nothing.
 */
export function feeBackFor(order: Order, refundMinor: number, partsPerMillion: number): number {
  const paidFee = order.payment?.feeMinor ?? 0
  const standing = standingRefunds(order)
  const refunded = standing.reduce((sum, { amount }) => sum + amount.minor, 0)
  const returned = standing.reduce((sum, { feeBackMinor }) => sum + feeBackMinor, 0)
  const left = order.amount.minor - refunded - refundMinor
  return Math.max(0, paidFee - returned - feeOn(left, partsPerMillion))
}
