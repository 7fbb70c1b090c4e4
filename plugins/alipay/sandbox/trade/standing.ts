/** Where a trade stands: what follows from its document and the clock, and is stored nowhere. */
import type { Milliseconds } from '../../../../core/plugin/api.ts'
import type { Settings } from '../settings.ts'
import type { OpenedTrade, Refund, Share, Trade } from './trade.ts'

export type TradeStatus = 'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_CLOSED' | 'TRADE_FINISHED'

/** As the interfaces and callbacks say it; to them a trade that nobody opened does not exist. */
export function tradeStatus(
  trade: OpenedTrade,
  { refundWindowMs }: Settings,
  nowMs: Milliseconds,
): TradeStatus {
  if (trade.paidAtMs === null) {
    return closedAt(trade, nowMs) === undefined ? 'WAIT_BUYER_PAY' : 'TRADE_CLOSED'
  }
  if (refundedFen(trade, nowMs) === trade.fen) return 'TRADE_CLOSED'
  return nowMs >= trade.paidAtMs + refundWindowMs ? 'TRADE_FINISHED' : 'TRADE_SUCCESS'
}

/** When it was closed without having been paid: by the merchant, or because nobody paid in time. */
export function closedAt(trade: OpenedTrade, nowMs: Milliseconds): Milliseconds | undefined {
  if (trade.paidAtMs !== null) return undefined
  if (trade.closedAtMs !== null) return trade.closedAtMs
  const { expiresAtMs } = trade.opened
  return nowMs >= expiresAtMs ? expiresAtMs : undefined
}

/** Why nobody can pay it now. */
export function whyNotPayable(trade: Trade, nowMs: Milliseconds): string | undefined {
  if (trade.paidAtMs !== null) return 'already paid'
  if (isOpened(trade)) {
    return closedAt(trade, nowMs) === undefined ? undefined : 'the trade is closed'
  }
  if (trade.opening !== null && nowMs >= trade.opening.validUntilMs) return 'its code has expired'
  const { payableUntilMs } = trade
  return payableUntilMs !== null && nowMs >= payableUntilMs ? 'its time has passed' : undefined
}

export function isOpened(trade: Trade | undefined): trade is OpenedTrade {
  return trade !== undefined && trade.opened !== null
}

export function hasArrived({ arrivesAtMs }: Refund, nowMs: Milliseconds): boolean {
  return nowMs >= arrivesAtMs
}

/** What is back with the payer. */
export function refundedFen({ refunds }: Trade, nowMs: Milliseconds): number {
  return sum(refunds.filter((refund) => hasArrived(refund, nowMs)))
}

/** What has been or will be paid back. */
export function promisedBackFen({ refunds }: Trade): number {
  return sum(refunds)
}

export function sharesOf({ splits }: Trade): readonly Share[] {
  return splits.flatMap(({ shares }) => shares)
}

/** What was shared out, or is about to be, and did not come back. */
export function sharedFen(trade: Trade): number {
  const out = sum(sharesOf(trade).filter(({ state }) => state !== 'FAIL'))
  return out - sum(trade.refunds.flatMap(({ takenBack }) => takenBack))
}

/** What could still be shared out, before any ceiling. */
export function unsharedFen(trade: Trade): number {
  return Math.max(0, trade.fen - promisedBackFen(trade) - sharedFen(trade))
}

/** What waits, frozen, to be shared out. */
export function frozenFen(trade: Trade): number {
  const isFrozen = trade.freezes && trade.paidAtMs !== null && !isSplitFinished(trade)
  return isFrozen ? unsharedFen(trade) : 0
}

export function isSplitFinished({ splits }: Trade): boolean {
  return splits.some(({ finishes }) => finishes)
}

function sum(amounts: readonly { readonly fen: number }[]): number {
  return amounts.reduce((total, { fen }) => total + fen, 0)
}
