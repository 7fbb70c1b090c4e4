import * as z from 'zod'
import {
  DAY_MS,
  type Milliseconds,
  minor,
  ok,
  type Result,
  refuse,
} from '../../../../core/plugin/api.ts'
import { tellSoon } from '../callback/tell.ts'
import { type Handler, readContent } from '../door/call.ts'
import { namesTrade, TRADE_KEY_MISSING, tradeKey } from '../door/fields.ts'
import { accepted, type Refusal, refusal } from '../door/refusals.ts'
import { newOrderNo } from '../numbers.ts'
import type { Settings } from '../settings.ts'
import { nameTrade } from './descriptions.ts'
import { findTrade } from './finding.ts'
import { tellTrade } from './paying.ts'
import { closedAt, isOpened, promisedBackFen, tradeStatus } from './standing.ts'
import { type OpenedTrade, type Trade, trades } from './trade.ts'

const cancelBody = z.strictObject(tradeKey).refine(namesTrade, TRADE_KEY_MISSING)

/** How long after it came into being a trade may be cancelled. */
const CANCEL_WINDOW_MS = DAY_MS

/**
 * `alipay.trade.cancel`: undoes what nobody knows the end of. Closes a trade that is not paid, pays
 * back one that is. Of a number that it does not know it says that there is nothing to do.
 */
export const cancel: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, cancelBody, 'ACQ.INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const found = await findTrade(alipay, call, body.value)
  if (found === undefined) {
    const { out_trade_no = '' } = body.value
    return accepted({ out_trade_no, retry_flag: 'N' })
  }

  const nowMs = alipay.clock.now()
  const settlementNo = newOrderNo(alipay.random, nowMs)
  const planned = await trades(alipay.books).change(found.id, (trade) => {
    const plan = planCancel(trade, alipay.settings, { nowMs, settlementNo })
    return { document: plan.ok ? plan.value.trade : trade, outcome: plan }
  })
  if (!planned.ok) return refusal(planned.refusal)
  const { trade, did } = planned.value
  if (did === 'nothing') return accepted({ ...nameTrade(trade), retry_flag: 'Y' })
  if (did === 'refunded') {
    await tellTrade(alipay, trade, { what: 'refunded', number: null, atMs: nowMs }, tellSoon)
  }
  const isPaid = trade.paidAtMs !== null
  return accepted({
    ...nameTrade(trade),
    retry_flag: 'N',
    action: isPaid ? 'refund' : 'close',
    ...(did === 'refunded' && { refund_settlement_id: settlementNo }),
  })
}

interface CancelPlan {
  readonly trade: OpenedTrade
  /** `nothing`: this time. `done_before`: a repeat, which is answered as the first time was. */
  readonly did: 'nothing' | 'closed' | 'refunded' | 'done_before'
}

/** Pure. */
function planCancel(
  trade: Trade | undefined,
  settings: Settings,
  { nowMs, settlementNo }: { readonly nowMs: Milliseconds; readonly settlementNo: string },
): Result<CancelPlan, Refusal> {
  if (!isOpened(trade)) return refuse('ACQ.TRADE_NOT_EXIST')
  const counted = { ...trade, cancels: trade.cancels + 1 }
  const isOver = closedAt(trade, nowMs) !== undefined || promisedBackFen(trade) === trade.fen
  if (isOver) return ok({ trade: counted, did: 'done_before' })
  if (tradeStatus(trade, settings, nowMs) === 'TRADE_FINISHED') {
    return refuse('ACQ.TRADE_HAS_FINISHED')
  }
  if (nowMs >= trade.opened.createdAtMs + CANCEL_WINDOW_MS) {
    return refuse('ACQ.TRADE_CANCEL_TIME_OUT')
  }
  if (settings.cancel === 'retry_first' && trade.cancels === 0) {
    return ok({ trade: counted, did: 'nothing' })
  }
  if (trade.paidAtMs === null) {
    return ok({ trade: { ...counted, closedAtMs: nowMs }, did: 'closed' })
  }
  const refund = {
    // A refund without a number of its own is found under the trade's.
    outRequestNo: trade.outTradeNo,
    fen: minor(trade.fen - promisedBackFen(trade)),
    reason: null,
    askedAtMs: nowMs,
    arrivesAtMs: nowMs,
    takenBack: [],
    settlementNo,
  }
  return ok({ trade: { ...counted, refunds: [...trade.refunds, refund] }, did: 'refunded' })
}
