import * as z from 'zod'
import type { Core } from '../../core.ts'
import type { PaymentId } from '../../ids.ts'
import { minor } from '../../money.ts'
import { createRefund, type RefundAnswer, type RefundRefusal } from '../../refund/create.ts'
import { ok, refuse } from '../../result.ts'
import { fingerprintOf } from '../../signing/fingerprint.ts'
import { clientIpOf } from './client-ip.ts'
import type { JeepayData, JeepayFailure } from './envelope.ts'
import { fen, optional, privateTargetRefusal, required, webAddress } from './fields.ts'
import { type Caller, type Handled, refusal, type SignedRoute } from './signed.ts'
import { REFUND_STATES } from './wire.ts'

const fields = z.object({
  payOrderId: optional(64, 'payOrderId'),
  mchOrderNo: optional(64, 'mchOrderNo'),
  mchRefundNo: required('商户退款单号不能为空', 64, 'mchRefundNo'),
  refundAmount: fen('退款金额不能为空', 'refundAmount', '退款金额请大于1分'),
  currency: required('货币代码不能为空', 3, 'currency'),
  refundReason: required('退款原因不能为空', 256, 'refundReason'),
  clientIp: optional(128, 'clientIp'),
  notifyUrl: webAddress('异步通知地址协议仅支持http:// 或 https:// !', 'notifyUrl'),
  channelExtra: optional(512, 'channelExtra'),
  extParam: optional(64, 'extParam'),
})

type Fields = z.output<typeof fields>

/** POST /api/refund/refundOrder. @see reference §9 */
export const refundOrder: SignedRoute<typeof fields> = { fields, handle }

async function handle(core: Core, { app, request }: Caller, fields: Fields): Promise<Handled> {
  const { payOrderId, mchOrderNo, mchRefundNo, notifyUrl, extParam, currency } = fields
  if (payOrderId === undefined && mchOrderNo === undefined) {
    return refuse(refusal('mchOrderNo 和 payOrderId不能同时为空'))
  }
  const forbidden = privateTargetRefusal(notifyUrl, core.settings.allowsPrivateTargets)
  if (forbidden !== undefined) return refuse(refusal(forbidden))
  const created = await createRefund(core, app, {
    paymentId: payOrderId as PaymentId | undefined,
    merchantPaymentNo: mchOrderNo,
    merchantRefundNo: mchRefundNo,
    amountMinor: minor(fields.refundAmount),
    currency: currency.toUpperCase(),
    currencyAsGiven: currency,
    reason: fields.refundReason,
    clientIp: fields.clientIp ?? clientIpOf(request),
    notifyUrl,
    extParam,
    fingerprint: await fingerprintOf({ ...fields, appId: app.appId }),
  })
  return created.ok
    ? ok(answerData(fields, created.value))
    : refuse(failureOf(created.refusal, fields))
}

function answerData({ mchRefundNo }: Fields, answer: RefundAnswer): JeepayData {
  return {
    refundOrderId: answer.refundId,
    mchRefundNo,
    payAmount: answer.paymentAmountMinor,
    refundAmount: answer.amountMinor,
    state: REFUND_STATES[answer.state],
    channelOrderNo: answer.channelRefundNo,
    errCode: answer.error?.code,
    errMsg: answer.error?.message,
  }
}

function failureOf(refused: RefundRefusal, { mchRefundNo }: Fields): JeepayFailure | 'stale_app' {
  switch (refused.code) {
    case 'stale_app':
      return 'stale_app'
    case 'payment_not_found':
      return refusal('退款订单不存在')
    case 'payment_not_succeeded':
      return refusal('订单状态不正确， 无法完成退款')
    case 'payment_frozen':
      return refusal('订单状态不正确， 无法完成退款：订单已冻结，等待人工核对')
    case 'currency_differs':
      return refusal(`退款货币必须与支付订单一致[${refused.currency}]`)
    case 'already_refunded':
      return refusal('订单已全额退款，本次申请失败')
    case 'exceeds_refundable':
      return refusal('申请金额超出订单可退款余额，请检查退款金额')
    case 'number_taken':
      return refusal(`商户退款订单号[${mchRefundNo}]已存在`)
    case 'channel_cannot_refund':
      return refusal('当前通道不支持退款！')
    case 'channel_refunds_whole_only':
      return refusal('当前通道不支持部分退款！')
    case 'too_many_refunds':
      return refusal(`当前通道每笔订单最多退款${refused.maxCount}次`)
    case 'too_late':
      return refusal(`已超过退款期限[${refused.windowDays}天]`)
  }
}
