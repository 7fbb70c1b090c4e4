import { beijingTime } from '../beijing-time.ts'
import { signText } from '../crypto/sign-text.ts'
import { signature, signerFor } from '../crypto/signer.ts'
import { encoded } from '../encoding/charset.ts'
import { writeForm } from '../encoding/form.ts'
import { appOf } from '../party/apps.ts'
import type { Alipay } from '../settings.ts'
import { fenOf, yuan } from '../yuan.ts'
import type { Event } from './events.ts'
import type { Fields } from './notices.ts'

export type Lie = 'bad_signature' | 'wrong_amount' | 'wrong_merchant'

/** Writes a callback: the same content each time, with the time of this try, signed anew. */
export async function requestCallback(
  alipay: Alipay,
  id: string,
  event: Event,
  lie: Lie | undefined,
): Promise<Request> {
  const app = await appOf(alipay, event.appId)
  if (app === undefined) throw new Error(`an event of an unknown app ${event.appId}`)
  const { charset, signType, family } = event
  const nowMs = alipay.clock.now()
  const fields: Fields = {
    ...lieAbout(event.fields, lie),
    ...(family === 'notice'
      ? { notify_id: id, notify_time: beijingTime(nowMs) }
      : { msg_id: id, utc_timestamp: String(nowMs) }),
    sign_type: signType,
  }
  const signed = encoded(charset, signText(fields, family === 'notice' ? ['sign_type'] : []))
  const spoiling = lie === 'bad_signature' ? 'spoilt' : 'sound'
  const sign = await signature(signerFor(alipay, app), signed, signType, spoiling)
  return new Request(event.url, {
    method: 'POST',
    headers: { 'Content-Type': `application/x-www-form-urlencoded; charset=${charset}` },
    body: writeForm({ ...fields, sign }, charset),
    // A redirect is an answer that does not acknowledge, not a way to go.
    redirect: 'manual',
  })
}

/** The fields as a lying callback has them, which are then signed as validly as the truth. */
function lieAbout(fields: Fields, lie: Lie | undefined): Fields {
  switch (lie) {
    case undefined:
    case 'bad_signature':
      return fields
    case 'wrong_merchant':
      return fields.seller_id === undefined
        ? { ...fields, app_id: '2021000000000404' }
        : { ...fields, seller_id: '2088000000000404' }
    case 'wrong_amount':
      return fields.biz_content === undefined
        ? oneFenMore(fields)
        : { ...fields, ...moreIn(fields) }
  }
}

const AMOUNTS = ['total_amount', 'receipt_amount', 'buyer_pay_amount', 'invoice_amount'] as const

/** Of a refund it is the refund that is wrong, of a payment the payment. */
function oneFenMore(fields: Fields): Fields {
  const names = fields.refund_fee === undefined ? AMOUNTS : (['refund_fee'] as const)
  const more: Record<string, string> = {}
  for (const name of names) {
    const value = fields[name]
    if (value !== undefined) more[name] = plusOne(value)
  }
  return { ...fields, ...more }
}

/** The same in a message, whose amounts stand in the JSON that it carries. */
function moreIn({ biz_content = '' }: Fields): Fields {
  return {
    biz_content: biz_content.replace(
      /"(amount|trans_amount)":"([\d.]+)"/g,
      (_whole, name: string, value: string) => `"${name}":"${plusOne(value)}"`,
    ),
  }
}

function plusOne(value: string): string {
  return yuan((fenOf(value) ?? 0) + 1)
}
