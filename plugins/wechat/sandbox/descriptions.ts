/** How orders and refunds look in answers and callbacks. */
import type { Json } from '../../../core/plugin/simulator.ts'
import { beijingTime } from './beijing-time.ts'
import type { Order, Payment, Product, Refund } from './order.ts'
import type { Party } from './parties.ts'

type Members = Readonly<Record<string, Json>>

export const TRADE_TYPES = {
  jsapi: 'JSAPI',
  native: 'NATIVE',
  app: 'APP',
  h5: 'MWEB',
  codepay: 'MICROPAY',
} as const satisfies Record<Product, string>

export function nameParty(party: Party): Members {
  if (party.kind === 'direct') return { mchid: party.mchid, appid: party.appid }
  return {
    sp_mchid: party.spMchid,
    sp_appid: party.spAppid,
    sub_mchid: party.subMchid,
    ...(party.subAppid !== null && { sub_appid: party.subAppid }),
  }
}

/** Without the apps. */
export function nameMerchants(party: Party): Members {
  return party.kind === 'direct'
    ? { mchid: party.mchid }
    : { sp_mchid: party.spMchid, sub_mchid: party.subMchid }
}

/** A paid order, the same in a query's answer and in a callback. */
export function describePayment(
  order: Order,
  payment: Payment,
  shown: { readonly state: string; readonly stateText: string },
): Members {
  const { minor, currency } = order.amount
  return {
    ...nameParty(order.party),
    out_trade_no: order.outTradeNo,
    transaction_id: payment.transactionId,
    trade_type: TRADE_TYPES[order.product],
    trade_state: shown.state,
    trade_state_desc: shown.stateText,
    bank_type: 'OTHERS',
    attach: order.attach,
    success_time: beijingTime(payment.paidAtMs),
    payer: namePayer(order.party, payment),
    amount: { total: minor, payer_total: minor, currency, payer_currency: currency },
  }
}

function namePayer({ kind }: Party, { openid, subOpenid }: Payment): Members {
  if (kind === 'direct') return { openid }
  return { sp_openid: openid, ...(subOpenid !== null && { sub_openid: subOpenid }) }
}

/** What the answers to a refund and to its query show. */
export function describeRefund(order: Order, payment: Payment, refund: Refund): Members {
  const { minor, currency } = refund.amount
  return {
    refund_id: refund.refundId,
    out_refund_no: refund.outRefundNo,
    transaction_id: payment.transactionId,
    out_trade_no: order.outTradeNo,
    channel: refund.redirectedTo === null ? 'ORIGINAL' : 'OTHER_BANKCARD',
    user_received_account: refund.redirectedTo ?? RECEIVED_BY,
    ...successTime(refund),
    create_time: beijingTime(refund.acceptedAtMs),
    status: refund.status,
    funds_account: refund.fundsAccount,
    amount: {
      ...totals(order, refund),
      from: refund.from,
      settlement_refund: minor,
      settlement_total: order.amount.minor,
      discount_refund: 0,
      currency,
    },
    promotion_detail: [],
  }
}

/** What a callback about a refund says: `refund_status` where the answers say `status`. */
export function describeRefundEnd(order: Order, payment: Payment, refund: Refund): Members {
  return {
    ...nameMerchants(order.party),
    out_trade_no: order.outTradeNo,
    transaction_id: payment.transactionId,
    out_refund_no: refund.outRefundNo,
    refund_id: refund.refundId,
    refund_status: refund.status,
    ...successTime(refund),
    user_received_account: refund.redirectedTo ?? RECEIVED_BY,
    amount: totals(order, refund),
  }
}

const RECEIVED_BY = '支付用户零钱'

function totals({ amount }: Order, refund: Refund) {
  return {
    total: amount.minor,
    refund: refund.amount.minor,
    payer_total: amount.minor,
    payer_refund: refund.amount.minor,
  }
}

function successTime({ succeededAtMs }: Refund): Members {
  return succeededAtMs === null ? {} : { success_time: beijingTime(succeededAtMs) }
}
