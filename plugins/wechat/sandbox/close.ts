import * as z from 'zod'
import { type Milliseconds, ok, type Result, refuse } from '../../../core/plugin/api.ts'
import { type Handler, readBody } from './calls.ts'
import { requiredTextUpTo } from './fields.ts'
import { type Order, orderId, orders } from './order.ts'
import { DONE, refusal } from './refusals.ts'

const closeBody = z.strictObject({ mchid: requiredTextUpTo(32) })

/**
 * `POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close`: from now on nobody can pay it.
 *
 * Closing again is answered as the first time was.
 */
export const close: Handler = async (wechat, call) => {
  const body = readBody(call, closeBody)
  if (!body.ok) return body.refusal
  if (body.value.parsed.mchid !== call.merchant.mchid) return refusal('not_signer')

  const id = orderId(call.merchant.mchid, call.captured)
  const nowMs = wechat.clock.now()
  const planned = await orders(wechat.books).change(id, (current) => {
    const plan = planClose(current, nowMs)
    return { document: plan.ok ? plan.value : current, outcome: plan }
  })
  return planned.ok ? DONE : refusal(planned.refusal)
}

function planClose(
  order: Order | undefined,
  nowMs: Milliseconds,
): Result<Order, 'order_unknown' | 'order_paid'> {
  if (order === undefined || order.party.kind !== 'direct') return refuse('order_unknown')
  if (order.payment !== null) return refuse('order_paid')
  return ok(order.closedAtMs === null ? { ...order, closedAtMs: nowMs } : order)
}
