import { describe, expect, it } from 'vitest'
import { signJeepay } from '../../../core/signing/jeepay.ts'
import { openShop, type Shop } from '../../kit/shop.ts'

/** The payer's browser comes back from the channel. */
function comesBack(shop: Shop, payOrderId: string): Promise<Response> {
  return shop.gateway.fetch(
    new Request(`https://pay.example/api/pay/return/bank/${payOrderId}?anything=1`),
  )
}

async function locationFor(returnUrl: string) {
  const shop = await openShop()
  const payOrderId = await shop.orders({ mchOrderNo: 'A1', returnUrl, subject: '商品 &=+#' })
  await shop.payerPays(payOrderId)
  const response = await comesBack(shop, payOrderId)
  expect(response.status).toBe(302)
  return { shop, payOrderId, location: response.headers.get('location') ?? '' }
}

describe('coming back from the channel', () => {
  it('leads to the returnUrl, with what the query shows, the time and a sign', async () => {
    const { shop, payOrderId, location } = await locationFor('https://shop.example/done')
    const fields = Object.fromEntries(new URL(location).searchParams)
    const { sign, ...rest } = fields
    expect(rest).toMatchObject({
      payOrderId,
      mchOrderNo: 'A1',
      state: '2',
      amount: '1000',
      subject: '商品 &=+#',
      reqTime: expect.stringMatching(/^\d{13}$/),
    })
    expect(sign).toBe(signJeepay(Object.entries(rest), shop.app.appSecret))
  })

  it.each([
    ['https://shop.example/done', 'https://shop.example/done?amount='],
    ['https://shop.example', 'https://shop.example?amount='],
    ['https://shop.example/done?', 'https://shop.example/done?amount='],
    ['https://shop.example/done?a=1', 'https://shop.example/done?a=1&amount='],
    ['https://shop.example/#/done', 'https://shop.example/#/done?amount='],
    ['https://shop.example/#/done?a=1', 'https://shop.example/#/done?a=1&amount='],
    ['https://shop.example/?a=1#/done', 'https://shop.example/?a=1#/done&amount='],
    ['http://shop.example:8080/done', 'http://shop.example:8080/done?amount='],
    ['https://shop.example/a b', 'https://shop.example/a%20b?amount='],
    ['https://shop.example/🎁', 'https://shop.example/%F0%9F%8E%81?amount='],
    [
      'https://shop.example/完成?店=一',
      'https://shop.example/%E5%AE%8C%E6%88%90?%E5%BA%97=%E4%B8%80&amount=',
    ],
  ])('joins %s as JeePay does', async (returnUrl, start) => {
    const { location } = await locationFor(returnUrl)
    expect(location.slice(0, start.length)).toBe(start)
  })

  it.each([
    'https://shop.example/\r\nset-cookie: a=1',
    'https://shop.example/\ndone',
    'https://shop.example/\tdone',
  ])('refuses a returnUrl that is not one line: %j', async (returnUrl) => {
    const shop = await openShop()
    expect(await shop.asksFor({ returnUrl })).toEqual({
      code: 9999,
      msg: '同步通知地址协议仅支持http:// 或 https:// !',
    })
  })

  it('asks the channel first, so that the payer sees what is true', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders({ returnUrl: 'https://shop.example/done' })
    const order = shop.bank.orders.get(payOrderId)
    if (order !== undefined) order.state = 'paid'
    const response = await comesBack(shop, payOrderId)
    const location = new URL(response.headers.get('location') ?? '')
    expect(location.searchParams.get('state')).toBe('2')
  })

  it.each([
    ['等待支付', async () => undefined],
    ['支付成功', (shop: Shop, id: string) => shop.payerPays(id)],
    ['订单已关闭', (shop: Shop, id: string) => shop.closes(id)],
    [
      '已全额退款',
      async (shop: Shop, id: string) => {
        await shop.payerPays(id)
        await shop.refunds(id, { refundAmount: 1000 })
      },
    ],
    [
      '支付失败',
      async (shop: Shop, id: string) => {
        const order = shop.bank.orders.get(id)
        if (order !== undefined) order.state = 'failed'
      },
    ],
  ])('shows a page that says %s where there is no returnUrl', async (text, happens) => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await happens(shop, payOrderId)
    const response = await comesBack(shop, payOrderId)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/html;charset=UTF-8')
    expect(await response.text()).toContain(`<title>${text}</title>`)
  })

  it.each(['P1', '%3Cscript%3E', "'--"])('finds nothing under %s', async (reference) => {
    const shop = await openShop()
    const response = await comesBack(shop, reference)
    expect(response.status).toBe(404)
    expect(await response.text()).not.toContain('<script>')
  })
})
