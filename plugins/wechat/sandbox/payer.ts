import { type Milliseconds, ok, type Result, refuse } from '../../../core/plugin/api.ts'
import type { PayerAction, SimulatedPayment } from '../../../core/plugin/simulator.ts'
import { tell } from './callbacks.ts'
import { strike } from './faults.ts'
import { listMerchants } from './merchants.ts'
import { newTransactionId } from './numbers.ts'
import { type Order, orderId, orders, tradeState, transactions, whyNotPayable } from './order.ts'
import type { Wechat } from './settings.ts'

/** What somebody pays with who was not named when the order was made. */
const ANYBODY = 'oSimulatedPayer0000000000001'

/** All payments, for a page on which somebody plays the payer. */
export async function listPayments(wechat: Wechat): Promise<readonly SimulatedPayment[]> {
  const nowMs = wechat.clock.now()
  return (await orders(wechat.books).list()).map(({ document: order }) => ({
    number: order.outTradeNo,
    channelPaymentNo: order.payment?.transactionId,
    way: order.product,
    subject: order.description,
    amount: order.amount,
    state: tradeState(order),
    createdAtMs: order.createdAtMs,
    actions:
      whyNotPayable(order, nowMs) === undefined
        ? ['pay', 'cancel', 'insufficient_balance', 'fail']
        : [],
  }))
}

/** Plays the payer of the order with this number, whichever merchant's it is. */
export async function act(
  wechat: Wechat,
  number: string,
  action: PayerAction,
): Promise<{ readonly refused?: string }> {
  const ids = await idsOfNumber(wechat, number)
  const [id] = ids
  if (id === undefined) return { refused: `there is no order ${number}` }
  if (ids.length > 1) return { refused: `several merchants have an order ${number}` }
  switch (action) {
    case 'pay':
      return pay(wechat, id)
    case 'cancel':
    case 'insufficient_balance':
    case 'fail': {
      // WeChat says nothing of a try that failed: the order stays as it is and can still be paid.
      const order = await orders(wechat.books).get(id)
      const refused = order && whyNotPayable(order, wechat.clock.now())
      return refused === undefined ? {} : { refused }
    }
    case 'password':
      return { refused: 'only a scanned payment code waits for a password' }
  }
}

/** Under the fault `early` the payer has paid, and that is told, before the prepay is answered. */
export async function payEarly(wechat: Wechat, id: string): Promise<void> {
  if ((await strike(wechat, 'callback', ['early'])) !== undefined) await pay(wechat, id)
}

async function pay(wechat: Wechat, id: string): Promise<{ readonly refused?: string }> {
  const nowMs = wechat.clock.now()
  const transactionId = newTransactionId(wechat.random, nowMs)
  await transactions(wechat.books).put(transactionId, id)
  const planned = await orders(wechat.books).change(id, (order) => {
    const plan = planPayment(order, transactionId, nowMs)
    return { document: plan.ok ? plan.value : order, outcome: plan }
  })
  if (!planned.ok) {
    await transactions(wechat.books).remove(transactionId)
    return { refused: planned.refusal }
  }

  await tell(wechat, { kind: 'payment', orderId: id }, planned.value.notifyUrl)
  return {}
}

/** Pure. */
function planPayment(
  order: Order | undefined,
  transactionId: string,
  nowMs: Milliseconds,
): Result<Order, string> {
  if (order === undefined) return refuse('there is no such order')
  const why = whyNotPayable(order, nowMs)
  if (why !== undefined) return refuse(why)
  return ok({
    ...order,
    payment: { transactionId, openid: order.openid ?? ANYBODY, paidAtMs: nowMs },
  })
}

async function idsOfNumber(wechat: Wechat, number: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const { mchid } of await listMerchants(wechat)) {
    const id = orderId(mchid, number)
    if ((await orders(wechat.books).get(id)) !== undefined) found.push(id)
  }
  return found
}
