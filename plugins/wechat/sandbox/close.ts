import * as z from 'zod'
import { type Milliseconds, ok, type Result, refuse } from '../../../core/plugin/api.ts'
import { type Handler, permitted, readBody } from './calls.ts'
import { requiredTextUpTo } from './fields.ts'
import { type Order, orderId, orders } from './order.ts'
import { refuseOwner, type Who } from './parties.ts'
import type { Mode } from './prepay-body.ts'
import { DONE, type Refusal, refusal } from './refusals.ts'

const mchid = requiredTextUpTo(32)

const CLOSE_BODIES = {
  direct: z
    .strictObject({ mchid })
    .transform((body): Who => ({ kind: 'direct', mchid: body.mchid })),
  partner: z
    .strictObject({ sp_mchid: mchid, sub_mchid: mchid })
    .transform(
      (body): Who => ({ kind: 'partner', spMchid: body.sp_mchid, subMchid: body.sub_mchid }),
    ),
} as const satisfies Record<Mode, z.ZodType<Who>>

/**
 * `POST /v3/pay/[partner/]transactions/out-trade-no/{out_trade_no}/close`: from now on nobody can
 * pay it.
 *
 * Closing again is answered as the first time was.
 */
export function close(mode: Mode): Handler {
  return async (wechat, call) => {
    const body = readBody<Who>(call, CLOSE_BODIES[mode])
    if (!body.ok) return body.refusal
    const who = permitted(call.merchant, body.value.parsed)
    if (!who.ok) return who.refusal

    const id = orderId(call.merchant.mchid, call.captured)
    const nowMs = wechat.clock.now()
    const planned = await orders(wechat.books).change(id, (current) => {
      const plan = planClose(current, who.value, nowMs)
      return { document: plan.ok ? plan.value : current, outcome: plan }
    })
    return planned.ok ? DONE : refusal(planned.refusal)
  }
}

function planClose(
  order: Order | undefined,
  who: Who,
  nowMs: Milliseconds,
): Result<Order, Refusal> {
  if (order === undefined) return refuse('order_unknown')
  const why = refuseOwner(order.party, who)
  if (why !== undefined) return refuse(why)
  if (order.product === 'codepay') return refuse('close_by_reversing')
  if (order.payment !== null) return refuse('order_paid')
  return ok(order.closedAtMs === null ? { ...order, closedAtMs: nowMs } : order)
}
