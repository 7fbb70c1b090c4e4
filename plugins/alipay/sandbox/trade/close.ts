import * as z from 'zod'
import { type Milliseconds, ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import { type Handler, readContent } from '../door/call.ts'
import { namesTrade, TRADE_KEY_MISSING, textUpTo, tradeKey } from '../door/fields.ts'
import { accepted, type Refusal, refusal } from '../door/refusals.ts'
import { nameTrade } from './descriptions.ts'
import { findTrade } from './finding.ts'
import { closedAt, isOpened } from './standing.ts'
import { type OpenedTrade, type Trade, trades } from './trade.ts'

const closeBody = z
  .strictObject({ ...tradeKey, operator_id: textUpTo(28).optional() })
  .refine(namesTrade, TRADE_KEY_MISSING)

/**
 * `alipay.trade.close`: from now on nobody can pay it. A code or link that nobody has opened cannot
 * be closed: to Alipay there is nothing, and it can still be opened and paid.
 */
export const close: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, closeBody, 'ACQ.INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const found = await findTrade(alipay, call, body.value)
  if (found === undefined) return refusal('ACQ.TRADE_NOT_EXIST')

  const nowMs = alipay.clock.now()
  const planned = await trades(alipay.books).change(found.id, (trade) => {
    const plan = planClose(trade, nowMs)
    return { document: plan.ok ? plan.value : trade, outcome: plan }
  })
  return planned.ok ? accepted(nameTrade(planned.value)) : refusal(planned.refusal)
}

function planClose(trade: Trade | undefined, nowMs: Milliseconds): Result<OpenedTrade, Refusal> {
  if (!isOpened(trade)) return refuse('ACQ.TRADE_NOT_EXIST')
  if (trade.paidAtMs !== null) return refuse('ACQ.TRADE_STATUS_ERROR')
  if (closedAt(trade, nowMs) !== undefined) return refuse('ACQ.REASON_TRADE_STATUS_INVALID')
  return ok({ ...trade, closedAtMs: nowMs })
}
