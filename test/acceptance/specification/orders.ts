import { describe, expect, it } from 'vitest'
import { type Envelope, jeepaySign, type Transport } from '../../kit/jeepay-client.ts'
import { anOrder, succeeded } from '../../kit/storefront.ts'
import { endsPaid, type Here, toldOnceOfSuccess } from './world.ts'

/** Requests in the shapes that clients in the field give them. @see reference §19 */
const CLIENTS = [
  {
    client: 'the official Java SDK: JSON, empty texts, escaped ones, zero',
    transport: 'json',
    fields: {
      subject: '商品"标题"/测试',
      channelExtra: '{"payDataType":"codeUrl"}',
      extParam: '',
      returnUrl: '',
      clientIp: '127.0.0.1',
      divisionMode: 0,
    },
    lowerCase: false,
  },
  {
    client: 'a PHP client: a form, [] for an empty object, lower-case currency',
    transport: 'form',
    fields: { currency: 'cny', channelExtra: '[]', divisionMode: 0 },
    lowerCase: false,
  },
  {
    client: 'a Node client: a time in microseconds, version 1.0.0, a lower-case sign',
    transport: 'json',
    fields: { reqTime: 1795406116995000, version: '1.0.0', clientIp: '1.1.1.1' },
    lowerCase: true,
  },
  {
    client: 'a client that puts all of it into the query string of a POST',
    transport: 'query string',
    fields: { extParam: 'a=b&c=d e+f' },
    lowerCase: false,
  },
] as const

export function specifyOrders(here: Here): void {
  describe('orders', () => {
    it.each(CLIENTS)('are taken from $client', async ({ transport, fields, lowerCase }) => {
      const { shop } = here()
      const { mchNo, appId, appSecret } = shop.app
      const common = { mchNo, appId, version: '1.0', signType: 'MD5', reqTime: '1795405948361' }
      const request = { ...common, ...anOrder(), ...fields }
      const upper = jeepaySign(request, appSecret)
      const sign = lowerCase ? upper.toLowerCase() : upper
      const answer = await shop.sends('/api/pay/unifiedOrder', { ...request, sign }, transport)
      expect(answer).toMatchObject({
        code: 0,
        msg: 'SUCCESS',
        data: {
          mchOrderNo: request.mchOrderNo,
          orderState: 1,
          payDataType: 'codeUrl',
          payData: expect.stringMatching(/^weixin:\/\/wxpay\/bizpayurl\?pr=/),
        },
      })
      const seen = await shop.sees(String(answer.data?.payOrderId))
      expect(seen).toMatchObject({ subject: request.subject, currency: request.currency, state: 1 })
    })

    it('are answered the same by JSON, form and query string', async () => {
      const { shop } = here()
      const order = anOrder()
      const answers: Envelope[] = []
      for (const transport of ['json', 'form', 'query string'] as const) {
        answers.push(await shop.calls('/api/pay/unifiedOrder', order, transport))
      }
      expect(answers[0]).toMatchObject({ code: 0 })
      expect(answers).toEqual([answers[0], answers[0], answers[0]])
    })

    it('are seen and closed the same by JSON, form, query string and GET', async () => {
      const { shop } = here()
      const transports: readonly Transport[] = ['json', 'form', 'query string', 'get']
      const { payOrderId, mchOrderNo } = await shop.orders()
      const seen: Envelope[] = []
      for (const transport of transports) {
        seen.push(await shop.calls('/api/pay/query', { mchOrderNo }, transport))
      }
      expect(seen[0]).toMatchObject({ code: 0, data: { payOrderId, state: 1 } })
      expect(seen).toEqual(transports.map(() => seen[0]))

      for (const transport of transports) {
        const { payOrderId } = await shop.orders()
        const closed = await shop.calls('/api/pay/close', { payOrderId }, transport)
        expect(closed).toMatchObject({ code: 0, data: { payOrderId, state: 6 } })
      }
    })

    it('are paid, and the merchant is told once, signed, with what the query says', async () => {
      const { shop } = here()
      const ordered = await shop.orders({ extParam: '', clientIp: '203.0.113.7' })
      await shop.sandbox.pays(ordered.payOrderId)
      const told = await toldOnceOfSuccess(here(), ordered)
      expect(told).toMatchObject({
        method: 'POST',
        contentType: expect.stringMatching(/^application\/x-www-form-urlencoded/),
      })
      const seen = await shop.sees(ordered.payOrderId)
      expect(seen).toMatchObject({
        state: 2,
        amount: 1_000,
        currency: 'CNY',
        ifCode: 'wxpay',
        wayCode: 'WX_NATIVE',
        clientIp: '203.0.113.7',
        subject: '测试商品 "A&B"',
        channelOrderNo: expect.stringMatching(/^\d{28}$/),
        successTime: expect.any(Number),
      })
      const asText = Object.entries(seen).map(([name, value]) => [name, String(value)])
      expect(told.fields).toEqual({
        ...Object.fromEntries(asText),
        reqTime: expect.stringMatching(/^\d{13}$/),
        sign: expect.stringMatching(/^[0-9A-F]{32}$/),
      })
    })

    it('inside WeChat hand the page the six parameters that it opens the cashier with', async () => {
      const { shop } = here()
      const ordered = await shop.orders({
        wayCode: 'WX_JSAPI',
        channelExtra: '{"openId":"oAcceptancePayer000000000001"}',
      })
      expect(ordered.answer).toMatchObject({ orderState: 1, payDataType: 'wxapp' })
      expect(JSON.parse(String(ordered.answer.payData))).toEqual({
        appId: expect.stringMatching(/^wx/),
        timeStamp: expect.stringMatching(/^\d{10}$/),
        nonceStr: expect.stringMatching(/^\w{1,32}$/),
        package: expect.stringMatching(/^prepay_id=/),
        signType: 'RSA',
        paySign: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
      })
      await shop.sandbox.pays(ordered.payOrderId)
      await endsPaid(here(), ordered)
    })

    it('can be had as the image of a QR code', async () => {
      const { shop } = here()
      const { answer } = await shop.orders({ channelExtra: '{"payDataType":"codeImgUrl"}' })
      expect(answer).toMatchObject({ payDataType: 'codeImgUrl' })
      const image = await fetch(String(answer.payData))
      expect([image.status, image.headers.get('content-type')]).toEqual([200, 'image/png'])
      const bytes = new Uint8Array(await image.arrayBuffer())
      expect([...bytes.slice(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    })

    it('are closed once, and cannot be paid after that', async () => {
      const { shop } = here()
      const { payOrderId, inbox } = await shop.orders()
      expect(await shop.closes(payOrderId)).toMatchObject({ code: 0 })
      expect(await shop.sees(payOrderId)).toMatchObject({ state: 6 })
      expect(await shop.closes(payOrderId)).toEqual({ code: 9999, msg: '当前订单不可关闭' })
      expect(await shop.sandbox.acts(payOrderId, 'pay')).toBe('closed by the merchant')
      expect(inbox.heard).toEqual([])
    })

    it('cannot be closed once they are paid', async () => {
      const { shop } = here()
      const ordered = await shop.orders()
      await shop.sandbox.pays(ordered.payOrderId)
      expect(await shop.closes(ordered.payOrderId)).toEqual({
        code: 9999,
        msg: '当前订单不可关闭',
      })
      await endsPaid(here(), ordered)
    })

    it('expire, and are closed at the channel too', async () => {
      const { shop } = here()
      const { payOrderId, inbox } = await shop.orders({ expiredTime: 60 })
      await shop.sandbox.passes(61_000)
      expect(await shop.sees(payOrderId)).toMatchObject({ state: 6 })
      expect(await shop.sandbox.order(payOrderId)).toMatchObject({ channelState: 'CLOSED' })
      expect(inbox.heard).toEqual([])
    })

    it('stay open when a payer cancels or has no money, and can still be paid', async () => {
      const { shop } = here()
      const ordered = await shop.orders()
      const { payOrderId } = ordered
      for (const outcome of ['cancel', 'insufficient_balance', 'fail']) {
        expect(await shop.sandbox.acts(payOrderId, outcome)).toBeUndefined()
        expect(await shop.sees(payOrderId)).toMatchObject({ state: 1 })
      }
      await shop.sandbox.pays(payOrderId)
      await endsPaid(here(), ordered)
    })

    it('sent again are answered as before, even when they have been paid since', async () => {
      const { shop } = here()
      const ordered = await shop.orders()
      const { request, answer } = ordered
      const again = () => shop.sends('/api/pay/unifiedOrder', request)
      expect(succeeded(await again()).data).toEqual(answer)
      await shop.sandbox.pays(ordered.payOrderId)
      await endsPaid(here(), ordered)
      expect(succeeded(await again()).data).toEqual(answer)
    })

    it.each([
      ['amount', 1_001],
      ['subject', 'something else'],
      ['notifyUrl', 'http://127.0.0.1:9/elsewhere'],
      ['wayCode', 'WX_JSAPI'],
    ])('under a number that is taken are refused when their %s differs', async (name, value) => {
      const { shop } = here()
      const { payOrderId, request, mchOrderNo } = await shop.orders()
      const { sign: _, ...fields } = request
      const extra = { channelExtra: name === 'wayCode' ? '{"openid":"oPayer"}' : '' }
      const other = await shop.calls('/api/pay/unifiedOrder', {
        ...fields,
        ...extra,
        [name]: value,
      })
      expect(other).toEqual({ code: 9999, msg: `商户订单[${mchOrderNo}]已存在` })
      expect(await shop.sees(payOrderId)).toMatchObject({ state: 1, amount: 1_000 })
    })
  })
}
