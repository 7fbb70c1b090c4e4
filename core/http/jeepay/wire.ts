/** Our words in JeePay's: numbers of states, names of fields. @see reference §7, 8, 9, 17 */
import type { PaymentSnapshot, RefundSnapshot } from '../../notification/snapshot.ts'
import type { PaymentState } from '../../payment/state.ts'
import type { PresentationKind } from '../../plugin/api.ts'
import { isWithheld } from '../../refund/plan.ts'
import type { RefundState } from '../../refund/state.ts'
import type { JeepayData } from './envelope.ts'

const PAYMENT_STATES = {
  created: 0,
  pending: 1,
  succeeded: 2,
  failed: 3,
  closed: 6,
} as const satisfies Record<PaymentState, number>

const REFUNDED_IN_FULL = 5

export const REFUND_STATES = {
  created: 0,
  pending: 1,
  succeeded: 2,
  failed: 3,
} as const satisfies Record<RefundState, number>

export const PAY_DATA_TYPES = {
  qr_text: 'codeUrl',
  redirect_url: 'payurl',
  html_form: 'form',
  wechat_client: 'wxapp',
  alipay_client: 'aliapp',
  unionpay_client: 'ysfapp',
  nothing: 'none',
} as const satisfies Record<PresentationKind, string>

/**
 * The one number by which answers, queries and notifications show where a payment stands. Late money
 * that is held or on its way back is no success that a merchant may act on: the payment stays closed.
 */
export function stateNumber(
  payment: Pick<PaymentSnapshot, 'state' | 'lateDecision' | 'refundedMinor' | 'amountMinor'>,
): number {
  if (isWithheld(payment)) return PAYMENT_STATES.closed
  const isRefundedInFull =
    payment.state === 'succeeded' && payment.refundedMinor === payment.amountMinor
  return isRefundedInFull ? REFUNDED_IN_FULL : PAYMENT_STATES[payment.state]
}

export function answeredStateNumber(state: PaymentState): number {
  return PAYMENT_STATES[state]
}

export function paymentFields(payment: PaymentSnapshot): JeepayData {
  const shown = isWithheld(payment)
    ? { ...payment, channelPaymentNo: null, paidAtMs: null }
    : payment
  return {
    payOrderId: shown.paymentId,
    mchNo: shown.merchantNo,
    appId: shown.appId,
    mchOrderNo: shown.merchantPaymentNo,
    ifCode: shown.channel,
    wayCode: shown.way,
    amount: shown.amountMinor,
    currency: shown.currencyAsGiven,
    state: stateNumber(payment),
    clientIp: shown.clientIp,
    subject: shown.subject,
    body: shown.body,
    channelOrderNo: shown.channelPaymentNo,
    errCode: shown.errorCode,
    errMsg: shown.errorMessage,
    extParam: shown.extParam,
    successTime: shown.paidAtMs,
    createdAt: shown.createdAtMs,
  }
}

export function refundFields(refund: RefundSnapshot): JeepayData {
  return {
    refundOrderId: refund.refundId,
    payOrderId: refund.paymentId,
    mchNo: refund.merchantNo,
    appId: refund.appId,
    mchRefundNo: refund.merchantRefundNo,
    payAmount: refund.paymentAmountMinor,
    refundAmount: refund.amountMinor,
    currency: refund.currencyAsGiven,
    state: REFUND_STATES[refund.state],
    channelOrderNo: refund.channelRefundNo,
    errCode: refund.errorCode,
    errMsg: refund.errorMessage,
    extParam: refund.extParam,
    successTime: refund.refundedAtMs,
    createdAt: refund.createdAtMs,
  }
}
