import { type Milliseconds, ok, type Result, refuse } from '../../../core/plugin/api.ts'
import { credit } from './accounts.ts'
import { plan, unplan } from './agenda.ts'
import { tell } from './callbacks.ts'
import { strike } from './faults.ts'
import { type Order, orders, type Refund, refundCostMinor } from './order.ts'
import { payeeOf } from './parties.ts'
import type { RefundEnd, Wechat } from './settings.ts'
import { hasEnded } from './sharing/money.ts'

/** Puts the end of a refund on the agenda. */
export async function settleLater(
  wechat: Wechat,
  orderId: string,
  { outRefundNo, status, acceptedAtMs }: Refund,
): Promise<void> {
  if (status !== 'PROCESSING') return
  const { refundEnds, refundTakesMs } = wechat.settings
  const task = { kind: 'refund', orderId, outRefundNo, end: refundEnds } as const
  await plan(wechat, task, acceptedAtMs + refundTakesMs)
}

/** Under the fault `early` a refund arrives, and that is told, before the call for it is answered. */
export async function settleEarly(
  wechat: Wechat,
  orderId: string,
  { outRefundNo, status }: Refund,
): Promise<void> {
  if (status !== 'PROCESSING') return
  if ((await strike(wechat, 'callback', ['early'])) === undefined) return
  await endRefund(wechat, orderId, outRefundNo, 'SUCCESS')
}

/** Ends a refund and tells the merchant, if the refund has an address for that. */
export async function endRefund(
  wechat: Wechat,
  orderId: string,
  outRefundNo: string,
  end: RefundEnd,
): Promise<{ readonly refused?: string }> {
  const nowMs = wechat.clock.now()
  const planned = await orders(wechat.books).change(orderId, (order) => {
    const plan = planEnd(order, outRefundNo, end, nowMs)
    return { document: plan.ok ? plan.value.order : order, outcome: plan }
  })
  if (!planned.ok) return { refused: planned.refusal }
  // However it ended, the clock has no more say in it.
  await unplan(wechat, { kind: 'refund', orderId, outRefundNo, end })
  const { order, refund } = planned.value
  if (end === 'CLOSED') await giveBack(wechat, order, refund)
  const { notifyUrl } = refund
  if (notifyUrl !== null) {
    await tell(wechat, { kind: 'refund', orderId, outRefundNo, end }, notifyUrl)
  }
  return {}
}

/** The merchant has the money again: in the account, unless it is still frozen in the order. */
async function giveBack(wechat: Wechat, { party, sharing }: Order, refund: Refund): Promise<void> {
  const stillFrozen = sharing !== null && !hasEnded(sharing)
  const minor = refundCostMinor(refund) - (stillFrozen ? refund.frozenMinor : 0)
  await credit(wechat, payeeOf(party), 'basic', minor)
}

/** An ABNORMAL refund may still end in success or be closed; the other two ends are final. Pure. */
function planEnd(
  order: Order | undefined,
  outRefundNo: string,
  end: RefundEnd,
  nowMs: Milliseconds,
): Result<{ readonly order: Order; readonly refund: Refund }, string> {
  const refund = order?.refunds.find((one) => one.outRefundNo === outRefundNo)
  if (order === undefined || refund === undefined) return refuse('there is no such refund')
  if (refund.status === end) return refuse(`it is ${end} already`)
  if (refund.status === 'SUCCESS' || refund.status === 'CLOSED') {
    return refuse(`it has ended as ${refund.status}`)
  }

  const succeededAtMs = end === 'SUCCESS' ? nowMs : null
  const ended: Refund = { ...refund, status: end, succeededAtMs, endedAtMs: nowMs }
  const refunds = order.refunds.map((one) => (one === refund ? ended : one))
  return ok({ order: { ...order, refunds }, refund: ended })
}
