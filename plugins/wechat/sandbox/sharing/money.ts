import type { Order } from '../order.ts'
import { standingRefunds } from '../order.ts'
import type { Sharing } from './standing.ts'

/** Whether what was left has been freed, or is about to be: nothing can be shared any more. */
export function hasEnded({ splits, releasedAtMs }: Sharing): boolean {
  return releasedAtMs !== null || splits.some(({ unfreezes }) => unfreezes)
}

/**
 * Fen of an order that are frozen and promised to nobody. WeChat takes its fee first; a share that
 * was closed does not come back here, it goes to the merchant.
 */
export function unsplitMinor(order: Order): number {
  const { sharing, payment, amount } = order
  if (sharing === null || payment === null || hasEnded(sharing)) return 0
  if (order.till?.reversal) return 0
  const shared = sharing.splits
    .flatMap(({ shares }) => shares)
    .reduce((sum, { amountMinor }) => sum + amountMinor, 0)
  const refunded = standingRefunds(order).reduce((sum, { frozenMinor }) => sum + frozenMinor, 0)
  return amount.minor - payment.feeMinor - shared - refunded
}
