import { describe, expect, it } from 'vitest'
import { signJeepay } from '../../../../core/signing/jeepay.ts'
import { anOrder, aRefund, openShop, type Shop, signedRequest } from '../../../kit/shop.ts'

/** The answer to a signed request, as it went over the wire. */
async function wire(shop: Shop, path: string, fields: Readonly<Record<string, string | number>>) {
  const response = await shop.gateway.fetch(signedRequest(path, fields, shop.app))
  return { response, text: await response.text() }
}

type Data = Readonly<Record<string, unknown>>

function expectSigned(shop: Shop, text: string): Data {
  const { data, sign } = JSON.parse(text) as { data: Data; sign: string }
  const fields = Object.entries(data).map(([name, value]) => [name, String(value)] as const)
  expect(sign).toBe(signJeepay(fields, shop.app.appSecret))
  expect(sign).toMatch(/^[0-9A-F]{32}$/)
  return data
}

async function paidShop() {
  const shop = await openShop()
  const payOrderId = await shop.orders({ mchOrderNo: 'A1', extParam: '附加&数据=1' })
  await shop.payerPays(payOrderId)
  await shop.refunds(payOrderId, { mchRefundNo: 'F1' })
  return { shop, payOrderId }
}

describe('an answer that went well', () => {
  it('has its members in the order of their names, and a sign over its data', async () => {
    const shop = await openShop()
    const { response, text } = await wire(shop, '/api/pay/unifiedOrder', {
      ...(anOrder() as Record<string, string>),
      mchOrderNo: 'A1',
    })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    const id = String(expectSigned(shop, text).payOrderId)
    expect(text).toMatch(
      new RegExp(
        `^\\{"code":0,"data":\\{"mchOrderNo":"A1","orderState":1,"payData":"bank://${id}",` +
          `"payDataType":"codeUrl","payOrderId":"${id}"\\},"msg":"SUCCESS","sign":"[0-9A-F]{32}"\\}$`,
      ),
    )
    expect(id).toMatch(/^P\d{21}$/)
  })

  it('shows a payment with numbers as numbers, and without what there is not', async () => {
    const { shop, payOrderId } = await paidShop()
    const { text } = await wire(shop, '/api/pay/query', { payOrderId })
    const data = expectSigned(shop, text)
    expect(Object.keys(data)).toEqual(Object.keys(data).sort())
    expect(data).toEqual({
      payOrderId,
      mchNo: 'M1',
      appId: shop.app.appId,
      mchOrderNo: 'A1',
      ifCode: 'bank',
      wayCode: 'WX_NATIVE',
      amount: 1000,
      currency: 'CNY',
      state: 2,
      clientIp: '127.0.0.1',
      subject: '测试商品',
      body: '测试商品描述',
      channelOrderNo: `B${payOrderId}`,
      extParam: '附加&数据=1',
      successTime: 1767225600000,
      createdAt: 1767225600000,
    })
  })

  it('shows a refund in the words of the refund query', async () => {
    const { shop, payOrderId } = await paidShop()
    const { text } = await wire(shop, '/api/refund/query', { mchRefundNo: 'F1' })
    const data = expectSigned(shop, text)
    expect(data).toEqual({
      refundOrderId: expect.stringMatching(/^R\d{21}$/),
      payOrderId,
      mchNo: 'M1',
      appId: shop.app.appId,
      mchRefundNo: 'F1',
      payAmount: 1000,
      refundAmount: 100,
      currency: 'CNY',
      state: 2,
      channelOrderNo: `B${data.refundOrderId}`,
      successTime: 1767225600000,
      createdAt: 1767225600000,
    })
  })

  it('answers a refund with its own members', async () => {
    const { shop, payOrderId } = await paidShop()
    const { text } = await wire(shop, '/api/refund/refundOrder', {
      ...(aRefund() as Record<string, string>),
      payOrderId,
      mchRefundNo: 'F2',
      refundAmount: 50,
    })
    const data = expectSigned(shop, text)
    expect(data).toEqual({
      refundOrderId: expect.stringMatching(/^R\d{21}$/),
      mchRefundNo: 'F2',
      payAmount: 1000,
      refundAmount: 50,
      state: 2,
      channelOrderNo: `B${data.refundOrderId}`,
    })
  })

  it('has members in the data of a close, since a client gets the sign of an empty one wrong', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    const { text } = await wire(shop, '/api/pay/close', { payOrderId })
    expect(expectSigned(shop, text)).toEqual({ payOrderId, state: 6 })
  })

  it('sends payData as a text, also where it holds JSON, and an empty one where there is none', async () => {
    const shop = await openShop()
    const app = await shop.asksFor({ wayCode: 'ALI_APP' })
    expect(app.data).toMatchObject({ payDataType: 'aliapp', payData: expect.any(String) })
    shop.bank.will('pay', 'pays_at_once')
    const bar = await shop.asksFor({ wayCode: 'WX_BAR', channelExtra: '{"authCode":"1"}' })
    expect(bar.data).toMatchObject({ orderState: 2, payDataType: 'none', payData: '' })
  })

  it('is the same to the byte by GET, form and JSON where a route takes any method', async () => {
    const { shop, payOrderId } = await paidShop()
    const request = signedRequest('/api/pay/query', { payOrderId }, shop.app)
    const members = Object.entries((await request.clone().json()) as Record<string, string>)
    const query = new URLSearchParams(members)
    const url = 'https://pay.example/api/pay/query'
    const multipart = new FormData()
    for (const [name, value] of members) multipart.append(name, value)
    const texts = []
    for (const each of [
      request,
      new Request(`${url}?${query}`),
      new Request(`${url}?${query}`, { method: 'POST' }),
      new Request(url, { method: 'POST', body: query }),
      new Request(url, { method: 'POST', body: multipart }),
      new Request(`${url}?${query}`, { method: 'PUT' }),
    ]) {
      texts.push(await (await shop.gateway.fetch(each)).text())
    }
    expect(new Set(texts).size).toBe(1)
    expect(JSON.parse(texts[0] ?? '')).toMatchObject({ code: 0, data: { state: 2 } })
  })
})

describe('an answer that did not go well', () => {
  it.each([
    ['of business', '/api/pay/query', { payOrderId: 'P0' }, '{"code":9999,"msg":"订单不存在"}'],
    ['of a field', '/api/pay/unifiedOrder', {}, '{"code":9999,"msg":"商户订单号不能为空"}'],
  ])('has neither data nor sign, and status 200: a failure %s', async (_, path, fields, text) => {
    const shop = await openShop()
    const answered = await wire(shop, path, fields)
    expect(answered.response.status).toBe(200)
    expect(answered.text).toBe(text)
  })

  it('tells nothing but a code when the database is away', async () => {
    let isAway = false
    const shop = await openShop({
      wrapDatabase: (database) => ({
        batch: (statements, mode) =>
          isAway
            ? Promise.reject(new Error('connect ECONNREFUSED 10.1.2.3:8080'))
            : database.batch(statements, mode),
      }),
    })
    isAway = true
    expect((await wire(shop, '/api/pay/query', { payOrderId: 'P0' })).text).toBe(
      '{"code":10,"msg":"系统异常"}',
    )
  })
})
