import { type Milliseconds, ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import type { Refusal } from '../door/refusals.ts'
import type { Settings } from '../settings.ts'
import { isOpened, promisedBackFen, sharesOf, tradeStatus } from './standing.ts'
import type { OpenedTrade, Refund, Trade } from './trade.ts'

export interface RefundPlan {
  readonly trade: OpenedTrade
  /** The one that was asked for, or the earlier one of the same number. */
  readonly refund: Refund
  readonly isNew: boolean
}

/**
 * Decides whether a refund is accepted. Pure.
 *
 * A repeat is answered whatever has become of the trade since; with another amount it is refused.
 */
export function planRefund(
  trade: Trade | undefined,
  asked: Refund,
  settings: Settings,
  nowMs: Milliseconds,
): Result<RefundPlan, Refusal> {
  if (!isOpened(trade)) return refuse('ACQ.TRADE_NOT_EXIST')
  const earlier = trade.refunds.find(({ outRequestNo }) => outRequestNo === asked.outRequestNo)
  if (earlier !== undefined) {
    return earlier.fen === asked.fen
      ? ok({ trade, refund: earlier, isNew: false })
      : refuse('ACQ.DISCORDANT_REPEAT_REQUEST')
  }
  const refused = whyNotRefundable(trade, asked, settings, nowMs)
  if (refused !== undefined) return refuse(refused)
  return ok({
    trade: { ...trade, refunds: [...trade.refunds, asked] },
    refund: asked,
    isNew: true,
  })
}

function whyNotRefundable(
  trade: OpenedTrade,
  asked: Refund,
  settings: Settings,
  nowMs: Milliseconds,
): Refusal | undefined {
  const status = tradeStatus(trade, settings, nowMs)
  if (status === 'TRADE_CLOSED') return 'ACQ.TRADE_HAS_CLOSE'
  if (status === 'TRADE_FINISHED') return 'ACQ.TRADE_HAS_FINISHED'
  if (status === 'WAIT_BUYER_PAY') return 'ACQ.TRADE_STATUS_ERROR'
  if (asked.fen > trade.fen - promisedBackFen(trade)) return 'ACQ.REASON_TRADE_REFUND_FEE_ERR'
  return whyNotTakenBack(trade, asked)
}

/** A receiver gives back no more than it got, and all of that goes to the payer. */
function whyNotTakenBack(trade: OpenedTrade, { takenBack, fen }: Refund): Refusal | undefined {
  const total = takenBack.reduce((sum, one) => sum + one.fen, 0)
  if (total > fen) return 'ACQ.REASON_TRADE_REFUND_FEE_ERR'
  for (const { transOut } of takenBack) {
    const got = sharesOf(trade)
      .filter(({ transIn, state }) => transIn === transOut && state === 'SUCCESS')
      .reduce((sum, share) => sum + share.fen, 0)
    if (got === 0) return 'ACQ.REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST'
    const gave = [...trade.refunds.flatMap((refund) => refund.takenBack), ...takenBack]
      .filter((one) => one.transOut === transOut)
      .reduce((sum, one) => sum + one.fen, 0)
    if (gave > got) return 'ACQ.REASON_TRADE_REFUND_FEE_ERR'
  }
  return undefined
}
