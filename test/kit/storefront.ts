import {
  type Envelope,
  type JeepayFields,
  type MerchantApp,
  readEnvelope,
  requestOver,
  signedBy,
  type Transport,
} from './jeepay-client.ts'
import type { Inbox, MerchantServer } from './merchant-server.ts'
import { type SandboxClient, sandboxClient } from './sandbox-client.ts'

/** A gateway that serves HTTP somewhere, with the app that a merchant has there. */
export interface ServedGateway {
  readonly baseUrl: string
  readonly app: MerchantApp
}

/** An order that was taken. */
export interface Ordered {
  readonly payOrderId: string
  readonly mchOrderNo: string
  /** As it was sent, sign included: to send the very same again. */
  readonly request: JeepayFields
  readonly answer: JeepayFields
  /** Where the merchant hears of it. */
  readonly inbox: Inbox
}

/** A merchant's whole side over HTTP: it orders, refunds and listens, and knows nothing inside. */
export interface Storefront extends ServedGateway {
  readonly sandbox: SandboxClient
  /** Sends a request as it is. */
  sends(path: string, request: JeepayFields, transport?: Transport): Promise<Envelope>
  /** Signs a request and sends it. */
  calls(path: string, fields: JeepayFields, transport?: Transport): Promise<Envelope>
  asksFor(fields?: JeepayFields): Promise<Envelope>
  /** Orders, and expects the order to be taken. */
  orders(fields?: JeepayFields): Promise<Ordered>
  sees(payOrderId: string): Promise<JeepayFields>
  /** The same over and over, until the order stands there. */
  closes(payOrderId: string): Promise<Envelope>
  refunds(payOrderId: string, fields?: JeepayFields): Promise<Envelope>
  seesRefund(refundOrderId: string): Promise<JeepayFields>
}

export function openStorefront(gateway: ServedGateway, merchant: MerchantServer): Storefront {
  const { baseUrl, app } = gateway
  const shop: Storefront = {
    baseUrl,
    app,
    sandbox: sandboxClient(baseUrl),
    async sends(path, request, transport = 'json') {
      const response = await fetch(requestOver(transport, baseUrl + path, request))
      return readEnvelope(response, app.appSecret)
    },
    calls: (path, fields, transport) => shop.sends(path, signedBy(app, fields), transport),
    asksFor: (fields) => shop.calls('/api/pay/unifiedOrder', { ...anOrder(), ...fields }),
    async orders(fields) {
      const inbox = merchant.inbox()
      const request = signedBy(app, { ...anOrder(), notifyUrl: inbox.url, ...fields })
      const { data: answer } = succeeded(await shop.sends('/api/pay/unifiedOrder', request))
      const { payOrderId, mchOrderNo } = answer
      return {
        payOrderId: String(payOrderId),
        mchOrderNo: String(mchOrderNo),
        request,
        answer,
        inbox,
      }
    },
    async sees(payOrderId) {
      return succeeded(await shop.calls('/api/pay/query', { payOrderId })).data
    },
    closes: (payOrderId) => shop.calls('/api/pay/close', { payOrderId }),
    refunds: (payOrderId, fields) =>
      shop.calls('/api/refund/refundOrder', { payOrderId, ...aRefund(), ...fields }),
    async seesRefund(refundOrderId) {
      return succeeded(await shop.calls('/api/refund/query', { refundOrderId })).data
    },
  }
  return shop
}

/** @throws with what was answered instead */
export function succeeded(answer: Envelope): Envelope & { readonly data: JeepayFields } {
  const { data } = answer
  if (data === undefined) throw new Error(`answered ${answer.code} ${answer.msg}`)
  return { ...answer, data }
}

const numbers = { next: 1 }

/** Numbers that no other run of these tests has drawn from the same gateway. */
export function newNumber(prefix: string): string {
  return `${prefix}${Date.now().toString(36)}${(numbers.next++).toString(36)}`.toUpperCase()
}

export function anOrder() {
  return {
    mchOrderNo: newNumber('O'),
    wayCode: 'WX_NATIVE',
    amount: 1_000,
    currency: 'CNY',
    subject: '测试商品 "A&B"',
    body: '测试商品描述 🎁',
  }
}

export function aRefund() {
  return {
    mchRefundNo: newNumber('B'),
    refundAmount: 300,
    currency: 'CNY',
    refundReason: '退货',
  }
}
