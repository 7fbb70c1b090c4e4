import { beijingDigits } from '../beijing-time.ts'
import { TRADE_TYPES } from '../descriptions.ts'
import { type Order, type Payment, tradeState } from '../order.ts'
import { STATE_TEXTS } from '../query.ts'
import type { V2Members } from './xml.ts'

/** A paid order, the same in the answer to a charge and to a query. */
export function describePaid(order: Order, payment: Payment): V2Members {
  const fen = String(order.amount.minor)
  return {
    openid: payment.openid,
    is_subscribe: 'N',
    ...(payment.subOpenid !== null && { sub_openid: payment.subOpenid, sub_is_subscribe: 'N' }),
    trade_type: TRADE_TYPES[order.product],
    bank_type: 'OTHERS',
    fee_type: order.amount.currency,
    total_fee: fen,
    settlement_total_fee: fen,
    cash_fee: fen,
    cash_fee_type: order.amount.currency,
    transaction_id: payment.transactionId,
    out_trade_no: order.outTradeNo,
    attach: order.attach,
    time_end: beijingDigits(payment.paidAtMs),
  }
}

/** What a query shows. Of an order that was never paid there is little to show. */
export function describeOrderV2(order: Order): V2Members {
  const state = tradeState(order)
  const standing = { trade_state: state, trade_state_desc: STATE_TEXTS[state] }
  const device = order.deviceId === '' ? {} : { device_info: order.deviceId }
  if (order.payment === null) {
    return { ...device, out_trade_no: order.outTradeNo, attach: order.attach, ...standing }
  }
  return { ...device, ...describePaid(order, order.payment), ...standing }
}
