import { describe, expect, it } from 'vitest'
import { PAY_DATA_TYPES, REFUND_STATES, stateNumber } from '../../../../core/http/jeepay/wire.ts'
import { signJeepay } from '../../../../core/signing/jeepay.ts'
import { type Fields, openShop, type Shop, signed } from '../../../kit/shop.ts'

/** The ways in which a client may send the same signed fields. */
const CARRIERS = {
  JSON: (url: string, fields: Record<string, string>) =>
    new Request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    }),
  'a form': (url: string, fields: Record<string, string>) =>
    new Request(url, { method: 'POST', body: new URLSearchParams(fields) }),
  'the query string of a POST': (url: string, fields: Record<string, string>) =>
    new Request(`${url}?${new URLSearchParams(fields)}`, { method: 'POST' }),
  'the query string of a GET': (url: string, fields: Record<string, string>) =>
    new Request(`${url}?${new URLSearchParams(fields)}`),
}

async function send(shop: Shop, carrier: keyof typeof CARRIERS, path: string, fields: Fields) {
  const texts = Object.entries(signed(fields, shop.app)).map(([k, v]) => [k, String(v)] as const)
  const request = CARRIERS[carrier](`https://pay.example${path}`, Object.fromEntries(texts))
  const response = await shop.gateway.fetch(request)
  return { status: response.status, text: await response.text() }
}

const ORDER = {
  mchOrderNo: 'A1',
  wayCode: 'WX_NATIVE',
  amount: 1000,
  currency: 'CNY',
  subject: '商品 & "标题"',
  body: '描述=1+2',
}
const REFUND = {
  mchOrderNo: 'A1',
  mchRefundNo: 'F1',
  refundAmount: 100,
  currency: 'CNY',
  refundReason: '退货',
}

/** One of each answer: an order, its queries, a refund, its query, a close, and refusals. */
async function allAnswers(carrier: keyof typeof CARRIERS) {
  const shop = await openShop()
  const isGet = carrier === 'the query string of a GET'
  const forOrders = isGet ? 'JSON' : carrier
  const answers = [await send(shop, forOrders, '/api/pay/unifiedOrder', ORDER)]
  answers.push(await send(shop, forOrders, '/api/pay/unifiedOrder', { ...ORDER, amount: 7 }))
  await shop.payerPays([...shop.bank.orders.keys()][0] ?? '')
  answers.push(await send(shop, carrier, '/api/pay/query', { mchOrderNo: 'A1' }))
  answers.push(await send(shop, forOrders, '/api/refund/refundOrder', REFUND))
  answers.push(await send(shop, carrier, '/api/refund/query', { mchRefundNo: 'F1' }))
  answers.push(await send(shop, carrier, '/api/pay/close', { mchOrderNo: 'A1' }))
  await send(shop, forOrders, '/api/pay/unifiedOrder', { ...ORDER, mchOrderNo: 'A2' })
  answers.push(await send(shop, carrier, '/api/pay/close', { mchOrderNo: 'A2' }))
  answers.push(await send(shop, carrier, '/api/pay/close', { mchOrderNo: 'A2' }))
  answers.push(await send(shop, carrier, '/api/pay/query', { mchOrderNo: 'A9' }))
  return { shop, answers }
}

describe('the conformance checklist of JeePay’s clients', () => {
  it('2: each carrier gets the same answers', async () => {
    const texts: string[] = []
    for (const carrier of Object.keys(CARRIERS) as (keyof typeof CARRIERS)[]) {
      const { answers } = await allAnswers(carrier)
      texts.push(answers.map(({ text }) => text).join('\n'))
    }
    expect(new Set(texts).size).toBe(1)
    const codes = texts[0]?.split('\n').map((text) => (JSON.parse(text) as { code: number }).code)
    expect(codes).toEqual([0, 9999, 0, 0, 0, 9999, 0, 9999, 9999])
  })

  it('3: failures have neither data nor sign; successes verify; all are HTTP 200', async () => {
    const { shop, answers } = await allAnswers('JSON')
    for (const { status, text } of answers) {
      const answer = JSON.parse(text) as { code: number; data?: object; sign?: string }
      expect(status).toBe(200)
      if (answer.code !== 0) {
        expect(Object.keys(answer)).toEqual(['code', 'msg'])
        continue
      }
      const fields = Object.entries(answer.data ?? {}).map(([k, v]) => [k, String(v)] as const)
      expect(answer.sign).toBe(signJeepay(fields, shop.app.appSecret))
    }
  })

  it('4: whole numbers are numbers, texts are texts, nothing is null or nested', async () => {
    const { answers } = await allAnswers('JSON')
    const NUMBERS =
      /^(orderState|state|amount|payAmount|refundAmount|successTime|createdAt|reqTime)$/
    for (const { text } of answers) {
      const { data = {} } = JSON.parse(text) as { data?: Record<string, unknown> }
      for (const [name, value] of Object.entries(data)) {
        expect([name, typeof value]).toEqual([name, NUMBERS.test(name) ? 'number' : 'string'])
      }
    }
  })

  it('5: literals of payDataType', () => {
    expect(PAY_DATA_TYPES).toEqual({
      qr_text: 'codeUrl',
      redirect_url: 'payurl',
      html_form: 'form',
      wechat_client: 'wxapp',
      alipay_client: 'aliapp',
      unionpay_client: 'ysfapp',
      nothing: 'none',
    })
  })

  it.each([
    ['created', 0],
    ['pending', 1],
    ['succeeded', 2],
    ['failed', 3],
    ['closed', 6],
  ] as const)('17: a payment that is %s is state %i', (state, number) => {
    const payment = { state, lateDecision: null, refundedMinor: 0, amountMinor: 100 }
    expect(stateNumber(payment)).toBe(number)
  })

  it('17: state 5 is for a payment that was refunded in full, and for no other', () => {
    const paid = { state: 'succeeded', lateDecision: null, amountMinor: 100 } as const
    expect(stateNumber({ ...paid, refundedMinor: 99 })).toBe(2)
    expect(stateNumber({ ...paid, refundedMinor: 100 })).toBe(5)
    expect(stateNumber({ ...paid, refundedMinor: 100, lateDecision: 'refunding' })).toBe(6)
  })

  it('17: states of refunds', () => {
    expect(REFUND_STATES).toEqual({ created: 0, pending: 1, succeeded: 2, failed: 3 })
  })
})

describe('the address of the payer', () => {
  it.each([
    [
      'given by the merchant',
      { clientIp: '203.0.113.7' },
      { 'x-forwarded-for': '1.1.1.1' },
      '203.0.113.7',
    ],
    [
      'the first of those who forwarded it',
      {},
      { 'x-forwarded-for': ' 1.1.1.1 , 10.0.0.1' },
      '1.1.1.1',
    ],
    ['IPv6', {}, { 'x-forwarded-for': '2606:4700::1111' }, '2606:4700::1111'],
    ['as Cloudflare says', {}, { 'cf-connecting-ip': '1.0.0.1' }, '1.0.0.1'],
    ['nothing that is no address', {}, { 'x-forwarded-for': '<script>' }, '127.0.0.1'],
    ['not known', {}, {}, '127.0.0.1'],
  ])('is %s', async (_, fields, headers, ip) => {
    const shop = await openShop()
    await shop.gateway.fetch(
      new Request('https://pay.example/api/pay/unifiedOrder', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(signed({ ...ORDER, ...fields }, shop.app)),
      }),
    )
    const seen = await shop.calls('/api/pay/query', { mchOrderNo: 'A1' })
    expect(seen.data).toMatchObject({ clientIp: ip })
  })
})
