import type * as z from 'zod'
import type { Core } from '../../core.ts'
import { type CloseRefusal, closePayment } from '../../payment/close.ts'
import { findPayment } from '../../payment/find.ts'
import { ok, refuse } from '../../result.ts'
import type { JeepayFailure } from './envelope.ts'
import { nameFields, notFound, toName } from './query.ts'
import { type Caller, type Handled, refusal, type SignedRoute } from './signed.ts'
import { stateNumber } from './wire.ts'

type Fields = z.output<typeof nameFields>

/** /api/pay/close, any method. @see reference §8 */
export const closeRoute: SignedRoute<typeof nameFields> = { fields: nameFields, handle }

async function handle(core: Core, { app }: Caller, fields: Fields): Promise<Handled> {
  if (fields.payOrderId === undefined && fields.mchOrderNo === undefined) {
    return refuse(refusal('mchOrderNo 和 payOrderId 不能同时为空'))
  }
  const found = await findPayment(core, app, toName(fields))
  if (!found.ok) return refuse(notFound(found.refusal))
  const closed = await closePayment(core, found.value, 'request')
  if (!closed.ok) return refuse(failureOf(closed.refusal))
  // JeePay answers an empty object, whose sign a PHP client gets wrong: with members it verifies.
  return ok({ payOrderId: closed.value.paymentId, state: stateNumber(closed.value) })
}

function failureOf(refused: CloseRefusal): JeepayFailure {
  switch (refused.code) {
    case 'not_open':
    case 'frozen':
      return refusal('当前订单不可关闭')
    case 'on_its_way':
      return refusal('订单正在提交支付通道，请稍后再试')
    case 'payer_may_pay':
      return refusal('付款人仍可支付该订单，到期前不可关闭')
    case 'channel_cannot_close':
      return refusal('当前通道不支持关闭订单')
    case 'channel_refused':
      return refusal(refused.message)
    case 'unknown':
      return refusal('支付通道未给出关闭结果，请稍后查询')
  }
}
