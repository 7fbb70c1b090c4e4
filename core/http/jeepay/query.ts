import * as z from 'zod'
import type { Core } from '../../core.ts'
import type { PaymentId } from '../../ids.ts'
import { type FindRefusal, findPayment, freshened } from '../../payment/find.ts'
import { ok, refuse } from '../../result.ts'
import type { JeepayFailure } from './envelope.ts'
import { optional } from './fields.ts'
import { type Caller, type Handled, refusal, type SignedRoute } from './signed.ts'
import { paymentFields } from './wire.ts'

export const nameFields = z.object({
  payOrderId: optional(64, 'payOrderId'),
  mchOrderNo: optional(64, 'mchOrderNo'),
})

type Fields = z.output<typeof nameFields>

/** /api/pay/query, any method. @see reference §8 */
export const queryPayment: SignedRoute<typeof nameFields> = { fields: nameFields, handle }

async function handle(core: Core, { app }: Caller, fields: Fields): Promise<Handled> {
  if (fields.payOrderId === undefined && fields.mchOrderNo === undefined) {
    return refuse(refusal('mchOrderNo 和 payOrderId不能同时为空'))
  }
  const found = await findPayment(core, app, toName(fields))
  if (!found.ok) return refuse(notFound(found.refusal))
  return ok(paymentFields(await freshened(core, found.value)))
}

export function toName({ payOrderId, mchOrderNo }: Fields) {
  // Any text may name a payment; it finds one or it does not.
  return { paymentId: payOrderId as PaymentId | undefined, merchantPaymentNo: mchOrderNo }
}

export function notFound({ code }: FindRefusal): JeepayFailure | 'stale_app' {
  return code === 'stale_app' ? 'stale_app' : refusal('订单不存在')
}
