import type { Handler } from './calls.ts'
import { describeRefund } from './descriptions.ts'
import { orderId, orders, refundNumbers } from './order.ts'
import { accepted, refusal } from './refusals.ts'

/** `GET /v3/refund/domestic/refunds/{out_refund_no}` */
export const queryRefund: Handler = async ({ books }, { merchant, captured }) => {
  const id = await refundNumbers(books).get(orderId(merchant.mchid, captured))
  const order = id === undefined ? undefined : await orders(books).get(id)
  const refund = order?.refunds.find(({ outRefundNo }) => outRefundNo === captured)
  if (!order?.payment || refund === undefined) return refusal('refund_unknown')
  return accepted(describeRefund(order, order.payment, refund))
}
