import type { Json } from '../../../core/plugin/simulator.ts'
import { type Call, directWho, type Handler, partnerWho } from './calls.ts'
import { describePayment, nameParty } from './descriptions.ts'
import { type Order, orderId, orders, type TradeState, tradeState, transactions } from './order.ts'
import { refuseOwner } from './parties.ts'
import type { Mode } from './prepay-body.ts'
import { accepted, type Reply, refusal } from './refusals.ts'
import type { Wechat } from './settings.ts'

/** `GET /v3/pay/[partner/]transactions/out-trade-no/{out_trade_no}` */
export function queryByNumber(mode: Mode): Handler {
  return async (wechat, call) => {
    const { merchant, captured } = call
    return answerQuery(
      mode,
      call,
      await orders(wechat.books).get(orderId(merchant.mchid, captured)),
    )
  }
}

/** `GET /v3/pay/[partner/]transactions/id/{transaction_id}`: finds an order only once it is paid. */
export function queryByTransaction(mode: Mode): Handler {
  return async (wechat, call) =>
    answerQuery(mode, call, await orderOfTransaction(wechat, call.captured))
}

export async function orderOfTransaction(
  { books }: Wechat,
  transactionId: string,
): Promise<Order | undefined> {
  const id = await transactions(books).get(transactionId)
  const order = id === undefined ? undefined : await orders(books).get(id)
  return order?.payment?.transactionId === transactionId ? order : undefined
}

const WHO = { direct: directWho, partner: partnerWho } as const satisfies Record<Mode, unknown>

function answerQuery(mode: Mode, call: Call, order: Order | undefined): Reply {
  const who = WHO[mode](call)
  if (!who.ok) return who.refusal
  if (order === undefined) return refusal('order_unknown')
  const why = refuseOwner(order.party, who.value)
  return why === undefined ? accepted(describeOrder(order)) : refusal(why)
}

export const STATE_TEXTS = {
  SUCCESS: '支付成功',
  REFUND: '订单发生过退款，退款详情请查询退款单',
  NOTPAY: '订单未支付',
  CLOSED: '订单已关闭',
  REVOKED: '订单已撤销',
  USERPAYING: '需要用户输入支付密码',
  PAYERROR: '支付失败，请撤销订单',
} as const satisfies Record<TradeState, string>

/** What a query shows, and the answer to a payment code that was charged at once. */
export function describeOrder(order: Order): Json {
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
