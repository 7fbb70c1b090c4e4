import type { PayerAction, SimulatedPayment } from '../../../core/plugin/simulator.ts'
import { strike } from './faults.ts'
import { listMerchants } from './merchants.ts'
import { type Order, orderId, orders, tradeState, whyNotPayable } from './order.ts'
import { pay } from './paying.ts'
import type { Wechat } from './settings.ts'
import { failAtTill } from './till/charge.ts'
import { actAsPayee, listTransfers } from './transfer/payee.ts'
import { transferId, transfers } from './transfer/standing.ts'

type Refused = { readonly refused?: string }

/** All payments and transfers, for a page on which somebody plays who pays or is paid. */
export async function listPayments(wechat: Wechat): Promise<readonly SimulatedPayment[]> {
  const nowMs = wechat.clock.now()
  const payments = (await orders(wechat.books).list()).map(({ document: order }) => ({
    number: order.outTradeNo,
    channelPaymentNo: order.payment?.transactionId,
    way: order.product,
    subject: order.description,
    amount: order.amount,
    state: tradeState(order),
    createdAtMs: order.createdAtMs,
    actions: whyNotPayable(order, nowMs) === undefined ? ALL_BUT_PASSWORD : [],
  }))
  return [...payments, ...(await listTransfers(wechat))]
}

const ALL_BUT_PASSWORD = ['pay', 'cancel', 'insufficient_balance', 'fail'] as const

/** Plays who pays, or is paid, under this number, whichever merchant's it is. */
export async function act(wechat: Wechat, number: string, action: PayerAction): Promise<Refused> {
  const found = await thingsOfNumber(wechat, number)
  const [one] = found
  if (one === undefined) return { refused: `there is no order ${number}` }
  if (found.length > 1) return { refused: `several merchants have an order ${number}` }
  if (one.order === undefined) return actAsPayee(wechat, one.id, action)
  if (action === 'pay') return pay(wechat, one.id)
  if (action === 'password') return { refused: 'only a scanned payment code waits for a password' }
  // A till is told of a failure, and the order is over.
  if (one.order.till !== null) return failAtTill(wechat, one.id, action)

  // WeChat says nothing of a try that failed: the order stays as it is and can still be paid.
  const refused = whyNotPayable(one.order, wechat.clock.now())
  return refused === undefined ? {} : { refused }
}

/** Under the fault `early` the payer has paid, and that is told, before the prepay is answered. */
export async function payEarly(wechat: Wechat, id: string): Promise<void> {
  if ((await strike(wechat, 'callback', ['early'])) !== undefined) await pay(wechat, id)
}

interface Found {
  readonly id: string
  /** A transfer has none. */
  readonly order: Order | undefined
}

async function thingsOfNumber(wechat: Wechat, number: string): Promise<readonly Found[]> {
  const { books } = wechat
  const found: Found[] = []
  for (const { mchid } of await listMerchants(wechat)) {
    const id = orderId(mchid, number)
    const order = await orders(books).get(id)
    if (order !== undefined) found.push({ id, order })
    const transfer = await transfers(books).get(transferId(mchid, number))
    if (transfer !== undefined) found.push({ id: transferId(mchid, number), order: undefined })
  }
  return found
}
