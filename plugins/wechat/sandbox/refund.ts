import { DAY_MS, ok, type Result, refuse } from '../../../core/plugin/api.ts'
import { type Call, type Handler, readBody } from './calls.ts'
import { describeRefund } from './descriptions.ts'
import { callbackUrlProblem } from './fields.ts'
import { newRefundId } from './numbers.ts'
import {
  type Order,
  orderId,
  orders,
  type Refund,
  refundedMinor,
  refundNumbers,
  signerOf,
} from './order.ts'
import { orderOfTransaction } from './query.ts'
import { type RefundBody, refundBody } from './refund-body.ts'
import { accepted, parameterRefusal, type Refusal, refusal } from './refusals.ts'
import type { Wechat } from './settings.ts'
import { settleEarly, settleLater } from './settlement.ts'

/**
 * `POST /v3/refund/domestic/refunds`: accepts a refund. The money is on its way then, not there.
 *
 * The same number with the same parameters is the same refund, and shows where it stands.
 */
export const refund: Handler = async (wechat, call) => {
  const body = readBody(call, refundBody)
  if (!body.ok) return body.refusal
  const { parsed, fingerprint } = body.value
  const problem =
    parsed.notify_url === undefined
      ? undefined
      : callbackUrlProblem(parsed.notify_url, wechat.settings)
  if (problem !== undefined) return parameterRefusal(problem)

  const id = await findOrder(wechat, call, parsed)
  if (id === undefined) return refusal('not_refundable')
  const number = orderId(call.merchant.mchid, parsed.out_refund_no)
  const takenBy = await refundNumbers(wechat.books).get(number)
  if (takenBy !== undefined && takenBy !== id) return refusal('refund_differs')

  const asked = newRefund(wechat, parsed, fingerprint)
  const planned = await orders(wechat.books).change(id, (current) => {
    const plan = planRefund(current, asked, parsed.amount.total)
    return { document: plan.ok ? plan.value.order : current, outcome: plan }
  })
  if (!planned.ok) return refusal(planned.refusal)
  const { order, payment, refund: taken } = planned.value
  // Also for one that was accepted before: that time may have ended half way.
  if (!(await claimNumber(wechat, number, id, taken))) return refusal('refund_differs')
  await settleLater(wechat, id, taken)

  // What is answered is what stood when the refund was accepted, even if its end is told first.
  const answer = accepted(describeRefund(order, payment, taken))
  await settleEarly(wechat, id, taken)
  return answer
}

interface RefundPlan {
  readonly order: Order
  readonly payment: NonNullable<Order['payment']>
  /** The one that was asked for, or the earlier one of the same number. */
  readonly refund: Refund
}

/** Decides whether a refund is accepted. Pure. */
function planRefund(
  order: Order | undefined,
  asked: Refund,
  totalMinor: number,
): Result<RefundPlan, Refusal> {
  if (order === undefined || order.payment === null) return refuse('not_refundable')
  const { payment } = order
  const earlier = order.refunds.find(({ outRefundNo }) => outRefundNo === asked.outRefundNo)
  if (earlier !== undefined) {
    return earlier.fingerprint === asked.fingerprint
      ? ok({ order, payment, refund: earlier })
      : refuse('refund_differs')
  }

  if (asked.acceptedAtMs >= payment.paidAtMs + 365 * DAY_MS) return refuse('too_late_to_refund')
  if (totalMinor !== order.amount.minor) return refuse('total_differs')
  if (order.refunds.length >= 50) return refuse('too_many_refunds')
  const leftMinor = order.amount.minor - refundedMinor(order)
  if (leftMinor === 0) return refuse('refunded_in_full')
  if (asked.amount.minor > leftMinor) return refuse('refund_exceeds')
  return ok({
    order: { ...order, refunds: [...order.refunds, asked] },
    payment,
    refund: asked,
  })
}

/** The order's id, if it is the caller's. `transaction_id` wins over `out_trade_no`. */
async function findOrder(
  wechat: Wechat,
  { merchant }: Call,
  body: RefundBody,
): Promise<string | undefined> {
  if (body.transaction_id === undefined) return orderId(merchant.mchid, body.out_trade_no ?? '')
  const order = await orderOfTransaction(wechat, body.transaction_id)
  if (order === undefined || signerOf(order) !== merchant.mchid) return undefined
  return orderId(merchant.mchid, order.outTradeNo)
}

/**
 * Binds a refund number to its order. When another order took the number in the same moment, the
 * refund is taken back: a number is one refund, over all orders of a merchant.
 */
async function claimNumber(
  { books }: Wechat,
  number: string,
  id: string,
  { outRefundNo }: Refund,
): Promise<boolean> {
  const holder = await refundNumbers(books).change(number, (current) => {
    const document = current ?? id
    return { document, outcome: document }
  })
  if (holder === id) return true
  await orders(books).change(id, (order) => ({
    document: order && {
      ...order,
      refunds: order.refunds.filter((refund) => refund.outRefundNo !== outRefundNo),
    },
    outcome: undefined,
  }))
  return false
}

function newRefund(wechat: Wechat, body: RefundBody, fingerprint: string): Refund {
  const nowMs = wechat.clock.now()
  return {
    outRefundNo: body.out_refund_no,
    refundId: newRefundId(wechat.random, nowMs),
    amount: { minor: body.amount.refund, currency: body.amount.currency },
    fundsAccount: body.funds_account ?? 'UNSETTLED',
    from: [...(body.amount.from ?? [])],
    notifyUrl: body.notify_url ?? null,
    fingerprint,
    acceptedAtMs: nowMs,
    status: 'PROCESSING',
    succeededAtMs: null,
  }
}
