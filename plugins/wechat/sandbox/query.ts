import type { Json } from '../../../core/plugin/simulator.ts'
import { type Call, type Handler, wrongMerchant } from './calls.ts'
import { describePayment, nameParty } from './descriptions.ts'
import { type Order, orderId, orders, signerOf, tradeState, transactions } from './order.ts'
import { accepted, refusal } from './refusals.ts'
import type { Wechat } from './settings.ts'

/** `GET /v3/pay/transactions/out-trade-no/{out_trade_no}` */
export const queryByNumber: Handler = async (wechat, call) =>
  answerQuery(call, await orders(wechat.books).get(orderId(call.merchant.mchid, call.captured)))

/** `GET /v3/pay/transactions/id/{transaction_id}`: finds an order only once it is paid. */
export const queryByTransaction: Handler = async (wechat, call) =>
  answerQuery(call, await orderOfTransaction(wechat, call.captured))

export async function orderOfTransaction(
  { books }: Wechat,
  transactionId: string,
): Promise<Order | undefined> {
  const id = await transactions(books).get(transactionId)
  const order = id === undefined ? undefined : await orders(books).get(id)
  return order?.payment?.transactionId === transactionId ? order : undefined
}

function answerQuery(call: Call, order: Order | undefined) {
  const wrong = wrongMerchant(call)
  if (wrong !== undefined) return wrong
  if (order === undefined || signerOf(order) !== call.merchant.mchid) {
    return refusal('order_unknown')
  }
  // The direct paths do not show a service provider's orders.
  if (order.party.kind !== 'direct') return refusal('order_unknown')
  return accepted(describeOrder(order))
}

const STATE_TEXTS = {
  SUCCESS: '支付成功',
  REFUND: '订单发生过退款，退款详情请查询退款单',
  NOTPAY: '订单未支付',
  CLOSED: '订单已关闭',
} as const

function describeOrder(order: Order): Json {
  const state = tradeState(order)
  const stateText = STATE_TEXTS[state]
  if (order.payment !== null) {
    return {
      ...describePayment(order, order.payment, { state, stateText }),
      promotion_detail: [],
    }
  }
  // An unpaid order shows little, and half an amount: as recorded from the live service.
  return {
    ...nameParty(order.party),
    out_trade_no: order.outTradeNo,
    amount: { payer_currency: order.amount.currency, total: order.amount.minor },
    promotion_detail: [],
    scene_info: { device_id: order.deviceId },
    trade_state: state,
    trade_state_desc: stateText,
  }
}
