import { ok, type Result, refuse, SECOND_MS } from '../../../../core/plugin/api.ts'
import type { Refusal } from '../door/refusals.ts'
import type { Settings } from '../settings.ts'
import { isOpened, isSplitFinished, sharedFen, unsharedFen } from '../trade/standing.ts'
import type { OpenedTrade, Split, Trade } from '../trade/trade.ts'

/** How long after the payment money can be shared out. */
const NOT_BEFORE_MS = 30 * SECOND_MS

export interface SettlePlan {
  readonly trade: OpenedTrade
  /** The one that was asked for, or the earlier one of the same number. */
  readonly split: Split
  readonly isNew: boolean
}

/** Decides whether shares may go out. Pure. */
export function planSettle(
  trade: Trade | undefined,
  asked: Split,
  { splitCeilingPercent }: Settings,
): Result<SettlePlan, Refusal> {
  if (!isOpened(trade)) return refuse('ACQ.TRADE_NOT_EXIST')
  const earlier = trade.splits.find(({ outRequestNo }) => outRequestNo === asked.outRequestNo)
  if (earlier !== undefined) {
    return earlier.fingerprint === asked.fingerprint
      ? ok({ trade, split: earlier, isNew: false })
      : refuse('ACQ.DISCORDANT_REPEAT_REQUEST')
  }
  if (trade.paidAtMs === null) return refuse('ACQ.ILLEGAL_SETTLE_STATE')
  // The money is not on the account yet: the one refusal here that passes with time.
  if (asked.askedAtMs < trade.paidAtMs + NOT_BEFORE_MS) return refuse('ACQ.TRADE_SETTLE_ERROR')
  if (isSplitFinished(trade)) return refuse('ACQ.ALREADY_FINISH_ALLOC')
  if (trade.splits.some(({ mode }) => mode !== asked.mode)) return refuse('ACQ.INVALID_PARAMETER')

  const fen = asked.shares.reduce((sum, share) => sum + share.fen, 0)
  const ceilingFen = Math.floor((trade.fen * splitCeilingPercent) / 100)
  if (fen > unsharedFen(trade) || sharedFen(trade) + fen > ceilingFen) {
    return refuse('ACQ.ALLOC_AMOUNT_VALIDATE_ERROR')
  }
  return ok({
    trade: { ...trade, splits: [...trade.splits, asked] },
    split: asked,
    isNew: true,
  })
}
