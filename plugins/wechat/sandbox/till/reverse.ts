import * as z from 'zod'
import {
  DAY_MS,
  type Milliseconds,
  ok,
  type Result,
  refuse,
  SECOND_MS,
} from '../../../../core/plugin/api.ts'
import { credit, debit } from '../accounts.ts'
import { unplan } from '../agenda.ts'
import { type Handler, readBody } from '../calls.ts'
import { nameParty } from '../descriptions.ts'
import { newRefundId } from '../numbers.ts'
import { type Order, orderId, orders } from '../order.ts'
import {
  directIds,
  type Party,
  partnerIds,
  partyOf,
  payeeOf,
  refuseOwner,
  refuseParty,
  signerOf,
} from '../parties.ts'
import type { Mode } from '../prepay-body.ts'
import { accepted, type Refusal, refusal } from '../refusals.ts'
import type { Wechat } from '../settings.ts'

const BODIES = {
  direct: z.strictObject(directIds).transform((body): Party => partyOf(body)),
  partner: z.strictObject(partnerIds).transform((body): Party => partyOf(body)),
} as const satisfies Record<Mode, z.ZodType<Party>>

/** `POST /v3/pay/[partner/]transactions/out-trade-no/{out_trade_no}/reverse` */
export function reverseV3(mode: Mode): Handler {
  return async (wechat, call) => {
    const body = readBody<Party>(call, BODIES[mode])
    if (!body.ok) return body.refusal
    const party = body.value.parsed
    const why = refuseParty(call.merchant, party)
    if (why !== undefined) return refusal(why)
    const reversed = await reverse(wechat, party, call.captured)
    if (!reversed.ok) return refusal(reversed.refusal)
    return accepted({ ...nameParty(party), out_trade_no: call.captured })
  }
}

/**
 * Takes an order back: nobody can pay it any more, and what was paid goes back to the payer.
 *
 * Reversing again is answered as the first time was.
 */
export async function reverse(
  wechat: Wechat,
  party: Party,
  outTradeNo: string,
): Promise<Result<Order, Refusal>> {
  const nowMs = wechat.clock.now()
  const refundId = newRefundId(wechat.random, nowMs)
  const id = orderId(signerOf(party), outTradeNo)
  const decide = (order: Order | undefined) => planReversal(order, party, refundId, nowMs)
  const first = decide(await orders(wechat.books).get(id))
  if (!first.ok) return first
  const payee = payeeOf(party)
  const reservedMinor = first.value.costMinor
  if (!(await debit(wechat, payee, 'basic', reservedMinor))) return refuse('balance_too_low')

  const planned = await orders(wechat.books).change(id, (current) => {
    const plan = decide(current)
    return { document: plan.ok ? plan.value.order : current, outcome: plan }
  })
  const spentMinor = planned.ok ? planned.value.costMinor : 0
  await credit(wechat, payee, 'basic', reservedMinor - spentMinor)
  if (!planned.ok) return planned
  await unplan(wechat, { kind: 'till', orderId: id, next: 'cancel' })
  await unplan(wechat, { kind: 'release', orderId: id })
  return ok(planned.value.order)
}

interface ReversalPlan {
  readonly order: Order
  /** What it takes out of the merchant's account. */
  readonly costMinor: number
}

/** Pure. */
function planReversal(
  order: Order | undefined,
  party: Party,
  refundId: string,
  nowMs: Milliseconds,
): Result<ReversalPlan, Refusal> {
  if (order === undefined) return refuse('order_unknown')
  const why = refuseOwner(order.party, party)
  if (why !== undefined) return refuse(why)
  const { till, payment, sharing } = order
  if (till === null) return refuse('not_reversible')
  if (till.reversal !== null) return ok({ order, costMinor: 0 })
  if (nowMs < order.createdAtMs + 15 * SECOND_MS) return refuse('reverse_too_early')
  if (nowMs >= order.createdAtMs + 7 * DAY_MS) return refuse('reverse_too_late')
  if (order.refunds.length > 0 || (sharing?.splits.length ?? 0) > 0) return refuse('already_moved')

  const reversal = { atMs: nowMs, refundId }
  const reversed = { ...order, till: { ...till, waiting: false, reversal } }
  const netMinor = payment === null ? 0 : order.amount.minor - payment.feeMinor
  // What is frozen was never in the account, unless the clock has put it there.
  const isFrozen = sharing !== null && sharing.releasedAtMs === null
  return ok({ order: reversed, costMinor: isFrozen ? 0 : netMinor })
}
