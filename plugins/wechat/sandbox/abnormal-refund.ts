import * as z from 'zod'
import { ok, type Result, refuse } from '../../../core/plugin/api.ts'
import { plan } from './agenda.ts'
import { type Call, type Handler, permitted, readBody } from './calls.ts'
import { describeRefund } from './descriptions.ts'
import { outRefundNo, requiredTextUpTo, textUpTo } from './fields.ts'
import { type Order, orderId, orders, type Payment, type Refund, refundNumbers } from './order.ts'
import { refuseOwner, whoOf } from './parties.ts'
import { accepted, type Refusal, type Reply, refusal } from './refusals.ts'
import { openSecret } from './sensitive.ts'

const body = z
  .strictObject({
    sub_mchid: requiredTextUpTo(32).optional(),
    out_refund_no: outRefundNo,
    type: z.enum(['USER_BANK_CARD', 'MERCHANT_BANK_CARD']),
    bank_type: textUpTo(16).optional(),
    /** These two are encrypted. */
    bank_account: textUpTo(1_024).optional(),
    real_name: textUpTo(1_024).optional(),
  })
  .refine(
    ({ type, bank_type, bank_account, real_name }) =>
      type !== 'USER_BANK_CARD' || (bank_type && bank_account && real_name),
    { path: ['bank_account'], message: 'with bank_type and real_name is required' },
  )

type Body = z.output<typeof body>

/**
 * `POST /v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund`: sends a refund that the
 * payer's account refused to another card. It is on its way again then, and arrives.
 */
export const applyAbnormalRefund: Handler = async (wechat, call) => {
  const read = readBody(call, body)
  if (!read.ok) return read.refusal
  const { parsed } = read.value
  const { merchant, captured } = call
  const who = permitted(merchant, whoOf(merchant.mchid, parsed.sub_mchid))
  if (!who.ok) return who.refusal
  const target = await targetOf(call, parsed)
  if (!target.ok) return target.refusal

  const { books, clock, settings } = wechat
  const id = await refundNumbers(books).get(orderId(merchant.mchid, parsed.out_refund_no))
  if (id === undefined) return refusal('refund_unknown')
  const planned = await orders(books).change(id, (order) => {
    const why = order && refuseOwner(order.party, who.value)
    const plan: Result<Plan, Refusal> = why
      ? refuse('refund_unknown')
      : planAgain(order, captured, parsed.out_refund_no, target.value)
    return { document: plan.ok ? plan.value.order : order, outcome: plan }
  })
  if (!planned.ok) return refusal(planned.refusal)

  const { order, payment, refund } = planned.value
  const task = { kind: 'refund', orderId: id, outRefundNo: refund.outRefundNo } as const
  await plan(wechat, { ...task, end: 'SUCCESS' }, clock.now() + settings.refundTakesMs)
  return accepted(describeRefund(order, payment, refund))
}

/** What the payer will see the money on. */
async function targetOf(call: Call, parsed: Body): Promise<Result<string, Reply>> {
  const { bank_account, real_name, bank_type } = parsed
  if (parsed.type === 'MERCHANT_BANK_CARD') return ok('商户银行卡')
  const account = await openSecret(call, bank_account ?? '')
  const name = await openSecret(call, real_name ?? '')
  if (account === undefined || name === undefined) return refuse(refusal('name_unreadable'))
  return ok(`${bank_type}${account.slice(-4)}`)
}

interface Plan {
  readonly order: Order
  readonly payment: Payment
  readonly refund: Refund
}

/** Pure. */
function planAgain(
  order: Order | undefined,
  refundId: string,
  outRefundNo: string,
  redirectedTo: string,
): Result<Plan, Refusal> {
  const refund = order?.refunds.find((one) => one.outRefundNo === outRefundNo)
  if (!order?.payment || refund?.refundId !== refundId) return refuse('refund_unknown')
  if (refund.status !== 'ABNORMAL') return refuse('refund_not_abnormal')
  const again: Refund = { ...refund, status: 'PROCESSING', redirectedTo }
  const refunds = order.refunds.map((one) => (one === refund ? again : one))
  return ok({ order: { ...order, refunds }, payment: order.payment, refund: again })
}
