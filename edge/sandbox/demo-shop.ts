import { signJeepay, verifyJeepay } from '../../core/signing/jeepay.ts'
import type { RouteParts } from './routes.ts'

/** The demo merchant's own side: it orders, refunds and listens, as a shop's server would. */

type Fields = Readonly<Record<string, string | number>>

export function signedFields(app: RouteParts['demo'], fields: Fields, reqTimeMs: number) {
  const all: Record<string, string | number> = {
    ...fields,
    version: '1.0',
    signType: 'MD5',
    reqTime: String(reqTimeMs),
    mchNo: app.mchNo,
    appId: app.appId,
  }
  const texts = Object.entries(all).map(([name, value]) => [name, String(value)] as const)
  return { ...all, sign: signJeepay(texts, app.appSecret) }
}

/** Orders something as the demo merchant, over the merchant API. */
export function demoOrder(
  parts: RouteParts,
  order: {
    readonly wayCode: string
    readonly amount: number
    readonly subject: string
    readonly channelExtra: Readonly<Record<string, string>>
  },
): Promise<Response> {
  const { clock, gateway, publicUrl } = parts
  const { wayCode, amount, subject, channelExtra } = order
  return post(gateway, publicUrl, '/api/pay/unifiedOrder', {
    ...signedFields(
      parts.demo,
      {
        mchOrderNo: `DEMO${clock.now()}`,
        wayCode,
        amount,
        currency: 'CNY',
        subject,
        body: subject,
        notifyUrl: `${publicUrl}/sandbox/merchant/notify`,
        channelExtra: JSON.stringify(channelExtra),
      },
      clock.now(),
    ),
  })
}

export function demoRefund(
  parts: RouteParts,
  payOrderId: string,
  amount: number,
): Promise<Response> {
  const { clock, gateway, publicUrl } = parts
  return post(gateway, publicUrl, '/api/refund/refundOrder', {
    ...signedFields(
      parts.demo,
      {
        payOrderId,
        mchRefundNo: `DEMO${clock.now()}`,
        refundAmount: amount,
        currency: 'CNY',
        refundReason: '演示退款',
        notifyUrl: `${publicUrl}/sandbox/merchant/notify`,
      },
      clock.now(),
    ),
  })
}

function post(
  gateway: RouteParts['gateway'],
  publicUrl: string,
  path: string,
  fields: Fields,
): Promise<Response> {
  return gateway.fetch(
    new Request(publicUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    }),
  )
}

/** The demo merchant hears of a payment: it checks the sign before it believes a word. */
export async function receiveNotification(
  { demo }: RouteParts,
  request: Request,
): Promise<Response> {
  const fields = new URLSearchParams(await request.text())
  const isOurs = verifyJeepay(fields, demo.appSecret, fields.get('sign') ?? '')
  return isOurs ? new Response('success') : new Response('fail: wrong sign', { status: 400 })
}
