/** Our words in JeePay's: numbers of states, names of fields. @see reference §7, 8, 9, 17 */
import type {
  PaymentSnapshot,
  RefundSnapshot,
  SplitReturnSnapshot,
  SplitSnapshot,
  TransferSnapshot,
} from '../../notification/snapshot.ts'
import type { PaymentState } from '../../payment/state.ts'
import type { PresentationKind } from '../../plugin/api.ts'
import { isWithheld } from '../../refund/plan.ts'
import type { RefundState } from '../../refund/state.ts'
import type { TransferState } from '../../transfer/state.ts'
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

export const TRANSFER_STATES = {
  created: 0,
  pending: 1,
  succeeded: 2,
  failed: 3,
  closed: 4,
} as const satisfies Record<TransferState, number>

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

export function transferFields(transfer: TransferSnapshot): JeepayData {
  return {
    transferId: transfer.transferId,
    mchNo: transfer.merchantNo,
    appId: transfer.appId,
    mchOrderNo: transfer.merchantTransferNo,
    ifCode: transfer.channel,
    entryType: transfer.entry,
    amount: transfer.amountMinor,
    currency: transfer.currencyAsGiven,
    accountNo: transfer.account,
    accountName: transfer.accountName,
    bankName: transfer.bankName,
    transferDesc: transfer.description,
    state: TRANSFER_STATES[transfer.state],
    channelExtra: transfer.extraAsGiven,
    channelOrderNo: transfer.channelTransferNo,
    channelResData: transfer.clientData,
    errCode: transfer.errorCode,
    errMsg: transfer.errorMessage,
    extParam: transfer.extParam,
    successTime: transfer.transferredAtMs,
    createdAt: transfer.createdAtMs,
  }
}

/** JeePay's three ends of a division: 1 done, 2 failed, 3 accepted and still to end. */
export function splitStateNumber({
  state,
  shares,
}: Pick<SplitSnapshot, 'state' | 'shares'>): number {
  if (state === 'failed') return 2
  if (state !== 'finished') return 3
  return shares.length > 0 && shares.every((share) => share.state === 'failed') ? 2 : 1
}

export const SHARE_STATES = { pending: 3, succeeded: 1, failed: 2 } as const

/** The answer of a division, of its query and of its notification; shares as JSON text. */
export function splitFields(split: SplitSnapshot): JeepayData {
  const failed = split.shares.find((share) => share.state === 'failed')
  return {
    divisionId: split.splitId,
    payOrderId: split.paymentId,
    mchNo: split.merchantNo,
    appId: split.appId,
    ifCode: split.channel,
    state: splitStateNumber(split),
    amount: split.amountMinor,
    channelBatchOrderId: split.channelSplitNo,
    errCode: split.errorCode ?? failed?.errorCode,
    errMsg: split.errorMessage ?? failed?.errorMessage,
    receivers: JSON.stringify(
      split.shares.map((share) => ({
        receiverId: share.receiverId,
        accNo: share.account,
        amount: share.amountMinor,
        state: SHARE_STATES[share.state],
        returnedAmount: share.returnReservedMinor,
        ...(share.errorCode !== null && { errCode: share.errorCode }),
        ...(share.errorMessage !== null && { errMsg: share.errorMessage }),
      })),
    ),
    createdAt: split.createdAtMs,
  }
}

export function splitReturnFields(splitReturn: SplitReturnSnapshot): JeepayData {
  return {
    divisionReturnId: splitReturn.splitReturnId,
    divisionId: splitReturn.splitId,
    payOrderId: splitReturn.paymentId,
    mchNo: splitReturn.merchantNo,
    appId: splitReturn.appId,
    mchReturnNo: splitReturn.merchantReturnNo,
    ifCode: splitReturn.channel,
    accNo: splitReturn.account,
    returnAmount: splitReturn.amountMinor,
    state: REFUND_STATES[splitReturn.state],
    channelOrderNo: splitReturn.channelReturnNo,
    errCode: splitReturn.errorCode,
    errMsg: splitReturn.errorMessage,
    successTime: splitReturn.returnedAtMs,
    createdAt: splitReturn.createdAtMs,
  }
}
