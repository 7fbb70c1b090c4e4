import { DAY_MS, ok, type Result, refuse } from '../../../core/plugin/api.ts'
import { credit, debit } from './accounts.ts'
import { type Call, type Handler, permitted, readBody } from './calls.ts'
import { describeRefund } from './descriptions.ts'
import { feeBackFor } from './fees.ts'
import { callbackUrlProblem } from './fields.ts'
import { newRefundId } from './numbers.ts'
import {
  type Order,
  orderId,
  orders,
  type Payment,
  type Refund,
  refundCostMinor,
  refundedMinor,
  refundNumbers,
} from './order.ts'
import { payeeOf, refuseOwner, signerOf, type Who, whoOf } from './parties.ts'
import { orderOfTransaction } from './query.ts'
import { type RefundBody, refundBody } from './refund-body.ts'
import {
  accepted,
  parameterRefusal,
  type Refusal,
  type Reply,
  refusal,
  SUB_MCHID_MISSING,
} from './refusals.ts'
import type { Wechat } from './settings.ts'
import { settleEarly, settleLater } from './settlement.ts'
import { unsplitMinor } from './sharing/money.ts'

/**
 * `POST /v3/refund/domestic/refunds`: accepts a refund. The money is on its way then, not there.
 *
 * The same number with the same parameters is the same refund, and shows where it stands.
 */
export const refund: Handler = async (wechat, call) => {
  const body = readBody(call, refundBody)
  if (!body.ok) return body.refusal
  const { parsed, fingerprint } = body.value
  const { notify_url } = parsed
  const problem = notify_url && callbackUrlProblem(notify_url, wechat.settings)
  if (problem) return parameterRefusal(problem)
  const who = permitted(call.merchant, whoOf(call.merchant.mchid, parsed.sub_mchid))
  if (!who.ok) return who.refusal

  const id = await findOrder(wechat, call, parsed)
  if (id === undefined) return refusal('not_refundable')
  const number = orderId(call.merchant.mchid, parsed.out_refund_no)
  const takenBy = await refundNumbers(wechat.books).get(number)
  if (takenBy !== undefined && takenBy !== id) return refusal('refund_differs')

  const asked = newRefund(wechat, parsed, fingerprint)
  const decide = (current: Order | undefined) =>
    planRefund(wechat, current, who.value, asked, parsed.amount.total)
  const first = decide(await orders(wechat.books).get(id))
  if (!first.ok) return refuseRefund(first.refusal)
  const payee = payeeOf(first.value.order.party)
  const reservedMinor = first.value.isNew ? fromAccountMinor(first.value.refund) : 0
  if (!(await debit(wechat, payee, 'basic', reservedMinor))) return refusal('balance_too_low')

  const planned = await orders(wechat.books).change(id, (current) => {
    const plan = decide(current)
    return { document: plan.ok ? plan.value.order : current, outcome: plan }
  })
  const spentMinor = planned.ok && planned.value.isNew ? fromAccountMinor(planned.value.refund) : 0
  await credit(wechat, payee, 'basic', reservedMinor - spentMinor)
  if (!planned.ok) return refuseRefund(planned.refusal)
  const { order, payment, refund: taken } = planned.value
  // Also for one that was accepted before: that time may have ended half way.
  if (!(await claimNumber(wechat, number, id))) {
    await takeBack(wechat, id, taken)
    await credit(wechat, payee, 'basic', spentMinor)
    return refusal('refund_differs')
  }
  await settleLater(wechat, id, taken)

  // What is answered is what stood when the refund was accepted, even if its end is told first.
  const answer = accepted(describeRefund(order, payment, taken))
  await settleEarly(wechat, id, taken)
  return answer
}

type RefundRefusal = Refusal | 'sub_mchid_missing'

interface RefundPlan {
  readonly order: Order
  readonly payment: Payment
  /** The one that was asked for, or the earlier one of the same number. */
  readonly refund: Refund
  readonly isNew: boolean
}

/** Decides whether a refund is accepted, and what of it comes out of frozen money. Pure. */
function planRefund(
  { settings }: Wechat,
  order: Order | undefined,
  who: Who,
  asked: Refund,
  totalMinor: number,
): Result<RefundPlan, RefundRefusal> {
  if (order === undefined) return refuse('not_refundable')
  const why = refuseOwner(order.party, who)
  if (why === 'order_unknown') {
    return refuse(who.kind === 'direct' ? 'sub_mchid_missing' : 'not_refundable')
  }
  if (why !== undefined) return refuse(why)
  const { payment } = order
  if (payment === null || order.till?.reversal) return refuse('not_refundable')
  const earlier = order.refunds.find(({ outRefundNo }) => outRefundNo === asked.outRefundNo)
  if (earlier !== undefined) {
    return earlier.fingerprint === asked.fingerprint
      ? ok({ order, payment, refund: earlier, isNew: false })
      : refuse('refund_differs')
  }

  if (asked.acceptedAtMs >= payment.paidAtMs + 365 * DAY_MS) return refuse('too_late_to_refund')
  if (totalMinor !== order.amount.minor) return refuse('total_differs')
  if (order.refunds.length >= 50) return refuse('too_many_refunds')
  const leftMinor = order.amount.minor - refundedMinor(order)
  if (leftMinor === 0) return refuse('refunded_in_full')
  if (asked.amount.minor > leftMinor) return refuse('refund_exceeds')
  const feeBackMinor = feeBackFor(order, asked.amount.minor, settings.feePartsPerMillion)
  const frozenMinor = Math.min(unsplitMinor(order), asked.amount.minor - feeBackMinor)
  const refund = { ...asked, feeBackMinor, frozenMinor }
  return ok({
    order: { ...order, refunds: [...order.refunds, refund] },
    payment,
    refund,
    isNew: true,
  })
}

function refuseRefund(why: RefundRefusal): Reply {
  if (why !== 'sub_mchid_missing') return refusal(why)
  const issue = 'is required for the order of a sub-merchant'
  return parameterRefusal({
    location: 'body',
    field: '/sub_mchid',
    issue,
    suffix: SUB_MCHID_MISSING,
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
  if (order === undefined || signerOf(order.party) !== merchant.mchid) return undefined
  return orderId(merchant.mchid, order.outTradeNo)
}

/** Out of the merchant's account goes what was not frozen in the order itself. */
function fromAccountMinor(refund: Refund): number {
  return refundCostMinor(refund) - refund.frozenMinor
}

/** Binds a refund number to its order: a number is one refund, over all orders of a merchant. */
async function claimNumber({ books }: Wechat, number: string, id: string): Promise<boolean> {
  const holder = await refundNumbers(books).change(number, (current) => {
    const document = current ?? id
    return { document, outcome: document }
  })
  return holder === id
}

/** As if it had never been accepted. */
async function takeBack({ books }: Wechat, id: string, { outRefundNo }: Refund): Promise<void> {
  await orders(books).change(id, (order) => ({
    document: order && {
      ...order,
      refunds: order.refunds.filter((refund) => refund.outRefundNo !== outRefundNo),
    },
    outcome: undefined,
  }))
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
    reason: body.reason ?? '',
    fingerprint,
    acceptedAtMs: nowMs,
    status: 'PROCESSING',
    succeededAtMs: null,
    endedAtMs: null,
    feeBackMinor: 0,
    frozenMinor: 0,
    redirectedTo: null,
  }
}
