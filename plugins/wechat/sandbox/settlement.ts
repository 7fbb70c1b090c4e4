import * as z from 'zod'
import { type Milliseconds, ok, type Result, refuse } from '../../../core/plugin/api.ts'
import type { Books } from '../../../core/plugin/simulator.ts'
import { tell } from './callbacks.ts'
import { strike } from './faults.ts'
import { type Order, orders, type Refund } from './order.ts'
import type { RefundEnd, Wechat } from './settings.ts'
import { type Shelf, shelf } from './shelf.ts'

const settlement = z.object({ orderId: z.string(), outRefundNo: z.string(), dueAtMs: z.number() })

/** Refunds on their way, and when they arrive. */
const settlements = (books: Books): Shelf<z.output<typeof settlement>> =>
  shelf(books, 'settlement', settlement)

export async function settleLater(
  { books, settings }: Wechat,
  orderId: string,
  { outRefundNo, status, acceptedAtMs }: Refund,
): Promise<void> {
  if (status !== 'PROCESSING') return
  const dueAtMs = acceptedAtMs + settings.refundTakesMs
  await settlements(books).put(`${orderId}/${outRefundNo}`, { orderId, outRefundNo, dueAtMs })
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

export async function settleWhatIsDue(wechat: Wechat): Promise<void> {
  const nowMs = wechat.clock.now()
  for (const { id, document } of await settlements(wechat.books).list()) {
    if (document.dueAtMs > nowMs) continue
    const { orderId, outRefundNo } = document
    await endRefund(wechat, orderId, outRefundNo, wechat.settings.refundEnds)
    await settlements(wechat.books).remove(id)
  }
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
  await settlements(wechat.books).remove(`${orderId}/${outRefundNo}`)
  const { notifyUrl } = planned.value.refund
  if (notifyUrl !== null) {
    await tell(wechat, { kind: 'refund', orderId, outRefundNo, end }, notifyUrl)
  }
  return {}
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
  const ended: Refund = { ...refund, status: end, succeededAtMs }
  const refunds = order.refunds.map((one) => (one === refund ? ended : one))
  return ok({ order: { ...order, refunds }, refund: ended })
}
