import { DAY_MS, type Milliseconds, ok, type Result, refuse } from '../../../core/plugin/api.ts'
import { credit } from './accounts.ts'
import { plan } from './agenda.ts'
import { tell } from './callbacks.ts'
import { feeOn } from './fees.ts'
import { newTransactionId } from './numbers.ts'
import { ANYBODY, openidUnder } from './openids.ts'
import { type Order, orders, type Payment, transactions, whyNotPayable } from './order.ts'
import { payeeOf } from './parties.ts'
import type { Wechat } from './settings.ts'

/** The payer pays, if they still can: the money is the merchant's, and the merchant is told. */
export async function pay(wechat: Wechat, id: string): Promise<{ readonly refused?: string }> {
  const nowMs = wechat.clock.now()
  const transactionId = newTransactionId(wechat.random, nowMs)
  await transactions(wechat.books).put(transactionId, id)
  const planned = await orders(wechat.books).change(id, (order) => {
    const plan = planPayment(order, transactionId, wechat.settings.feePartsPerMillion, nowMs)
    return { document: plan.ok ? plan.value : order, outcome: plan }
  })
  if (!planned.ok) {
    await transactions(wechat.books).remove(transactionId)
    return { refused: planned.refusal }
  }

  await receive(wechat, id, planned.value)
  const { notifyUrl } = planned.value
  if (notifyUrl !== null) await tell(wechat, { kind: 'payment', orderId: id }, notifyUrl)
  return {}
}

/** What the payment means for the merchant's account. */
export async function receive(wechat: Wechat, id: string, order: Order): Promise<void> {
  const { payment, party, amount, sharing } = order
  if (payment === null) return
  if (sharing === null) {
    await credit(wechat, payeeOf(party), 'basic', amount.minor - payment.feeMinor)
    return
  }
  // Frozen until it has been shared out; what nobody shares is freed in the end.
  await plan(wechat, { kind: 'release', orderId: id }, payment.paidAtMs + 30 * DAY_MS)
}

/** Pure. */
function planPayment(
  order: Order | undefined,
  transactionId: string,
  feePartsPerMillion: number,
  nowMs: Milliseconds,
): Result<Order, string> {
  if (order === undefined) return refuse('there is no such order')
  const why = whyNotPayable(order, nowMs)
  if (why !== undefined) return refuse(why)
  return ok(paidOrder(order, transactionId, feePartsPerMillion, nowMs))
}

export function paidOrder(
  order: Order,
  transactionId: string,
  feePartsPerMillion: number,
  nowMs: Milliseconds,
): Order {
  const feeMinor = feeOn(order.amount.minor, feePartsPerMillion)
  return {
    ...order,
    payment: { transactionId, ...payerOf(order), paidAtMs: nowMs, feeMinor },
    till: order.till && { ...order.till, waiting: false },
  }
}

function payerOf({ party, openid, openidApp }: Order): Pick<Payment, 'openid' | 'subOpenid'> {
  const known = openid ?? ANYBODY
  if (party.kind === 'direct') return { openid: known, subOpenid: null }
  if (openidApp === 'sub_app')
    return { openid: openidUnder(known, party.spAppid), subOpenid: known }
  const { subAppid } = party
  return { openid: known, subOpenid: subAppid === null ? null : openidUnder(known, subAppid) }
}
