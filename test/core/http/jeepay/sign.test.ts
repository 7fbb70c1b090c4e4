import { describe, expect, it } from 'vitest'
import { signJeepay } from '../../../../core/signing/jeepay.ts'
import { anOrder, type Envelope, openShop, type Shop } from '../../../kit/shop.ts'

type Members = Readonly<Record<string, unknown>>

/** Sends members as JSON, with a sign over what the client thinks it has sent. */
async function send(
  shop: Shop,
  members: Members,
  signedText: Members,
  wrong: { change?: (sign: string) => string; secret?: string | undefined } = {},
): Promise<Envelope> {
  const common = {
    version: '1.0',
    signType: 'MD5',
    reqTime: '1767225600000',
    mchNo: shop.app.merchantNo,
    appId: shop.app.appId,
  }
  const texts = Object.entries({ ...common, ...signedText }).map(
    ([name, value]) => [name, String(value)] as const,
  )
  const right = signJeepay(texts, wrong.secret ?? shop.app.appSecret)
  const sign = wrong.change?.(right) ?? right
  const response = await shop.gateway.fetch(
    new Request('https://pay.example/api/pay/unifiedOrder', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...common, ...members, sign }),
    }),
  )
  return (await response.json()) as Envelope
}

const REFUSED = { code: 9999, msg: '验签失败' }

describe('the sign of a request', () => {
  it('covers all that was received', async () => {
    const shop = await openShop()
    const order = anOrder()
    expect(await send(shop, order, order)).toMatchObject({ code: 0 })
  })

  it('covers a field that we do not know, which JeePay would refuse', async () => {
    const shop = await openShop()
    const order = { ...anOrder(), storeId: 'S1' }
    expect(await send(shop, order, order)).toMatchObject({ code: 0 })
  })

  it('may leave out a field that we do not know, as on JeePay', async () => {
    const shop = await openShop()
    const order = anOrder()
    expect(await send(shop, { ...order, storeId: 'S1' }, order)).toMatchObject({ code: 0 })
  })

  it.each([
    ['a returnUrl', { returnUrl: 'https://elsewhere.example/' }],
    ['a notifyUrl', { notifyUrl: 'https://elsewhere.example/' }],
    ['an expiry', { expiredTime: 60 }],
    ['something for the channel', { channelExtra: '{"payDataType":"codeImgUrl"}' }],
  ])('may not leave out %s: it would be acted on', async (_, added) => {
    const shop = await openShop()
    const order = { ...anOrder(), notifyUrl: undefined }
    const { notifyUrl: _url, ...signed } = order
    expect(await send(shop, { ...signed, ...added }, signed)).toEqual(REFUSED)
    expect(shop.bank.calls).toEqual([])
  })

  it('takes "007" signed as 7 for an amount, as JeePay binds it before it signs', async () => {
    const shop = await openShop()
    const order = { ...anOrder(), mchOrderNo: 'A7', amount: '007' }
    expect(await send(shop, order, { ...order, amount: '7' })).toMatchObject({ code: 0 })
    const seen = await shop.calls('/api/pay/query', { mchOrderNo: 'A7' })
    expect(seen.data).toMatchObject({ amount: 7 })
  })

  it('takes "007" signed as it is', async () => {
    const shop = await openShop()
    const order = { ...anOrder(), amount: '007' }
    expect(await send(shop, order, order)).toMatchObject({ code: 0 })
  })

  it('does not take an order number "007" signed as 7', async () => {
    const shop = await openShop()
    const order = { ...anOrder(), mchOrderNo: '007' }
    expect(await send(shop, order, { ...order, mchOrderNo: '7' })).toEqual(REFUSED)
  })

  it('does not take the numbers 100 and "1e2" for one another', async () => {
    const shop = await openShop()
    const order = { ...anOrder(), amount: 100 }
    expect(await send(shop, order, { ...order, amount: '1e2' })).toEqual(REFUSED)
  })

  it('covers a nested object as its JSON without spaces', async () => {
    const shop = await openShop()
    const order = { ...anOrder(), channelExtra: { payDataType: 'codeUrl' } }
    const signed = { ...order, channelExtra: '{"payDataType":"codeUrl"}' }
    expect(await send(shop, order, signed)).toMatchObject({ code: 0 })
  })

  it('does not count null and empty members', async () => {
    const shop = await openShop()
    const order = anOrder()
    const sent = { ...order, extParam: '', returnUrl: null, subAppid: null }
    expect(await send(shop, sent, order)).toMatchObject({ code: 0 })
  })

  it('needs appId in its own spelling', async () => {
    const shop = await openShop()
    const { appId, merchantNo: mchNo } = shop.app
    const order = { ...anOrder(), mchNo, appid: appId, appId: undefined }
    expect(await send(shop, order, order)).toEqual({ code: 9999, msg: '商户应用ID不能为空' })
  })

  it.each([
    ['of another secret', (sign: string) => sign, 'another secret'],
    ['cut short', (sign: string) => sign.slice(1), undefined],
    ['longer than a sign', (sign: string) => `${sign}0`, undefined],
    ['of another digest', (sign: string) => `${sign}${sign}`, undefined],
  ])('is refused when it is %s', async (_, change, secret) => {
    const shop = await openShop()
    const order = anOrder()
    expect(await send(shop, order, order, { change, secret })).toEqual(REFUSED)
    expect(shop.bank.calls).toEqual([])
  })

  it('says nothing of the request into the log when it is wrong', async () => {
    const shop = await openShop()
    const order = { ...anOrder(), subject: 'subject-canary' }
    await send(shop, order, { ...order, amount: 1 })
    expect(shop.logged).toEqual([
      {
        message: 'a merchant request was refused',
        fields: { appId: shop.app.appId, problem: '验签失败', requestId: expect.any(String) },
      },
    ])
  })
})
