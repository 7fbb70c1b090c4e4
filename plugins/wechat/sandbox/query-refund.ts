import { type Handler, permitted } from './calls.ts'
import { describeRefund } from './descriptions.ts'
import { orderId, orders, refundNumbers } from './order.ts'
import { refuseOwner, whoOf } from './parties.ts'
import { accepted, refusal } from './refusals.ts'

/** `GET /v3/refund/domestic/refunds/{out_refund_no}[?sub_mchid=…]` */
export const queryRefund: Handler = async ({ books }, { merchant, captured, query }) => {
  const who = permitted(merchant, whoOf(merchant.mchid, query.get('sub_mchid') ?? undefined))
  if (!who.ok) return who.refusal
  const id = await refundNumbers(books).get(orderId(merchant.mchid, captured))
  const order = id === undefined ? undefined : await orders(books).get(id)
  const refund = order?.refunds.find(({ outRefundNo }) => outRefundNo === captured)
  if (!order?.payment || refund === undefined) return refusal('refund_unknown')
  // Also when it is another sub-merchant's, or nobody was named for a sub-merchant's.
  if (refuseOwner(order.party, who.value) !== undefined) return refusal('refund_unknown')
  return accepted(describeRefund(order, order.payment, refund))
}
