import { createPublicKey, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { appParameters } from '../../../plugins/wechat/app.ts'
import { signLines } from '../../../plugins/wechat/sign.ts'
import { nativePay, openWorld, SETTINGS, signed, vectors } from './fake-wechat.ts'
import { appPay, h5Pay, jsonOf, litePay } from './fixtures.ts'

const { ours } = vectors
const PREPAY = { prepay_id: 'wx01010800000000000000000000000002' }

describe('a payment in a mini program', () => {
  it('goes by its own appid, in the order and in what its client gets', async () => {
    const world = openWorld({ ...SETTINGS, liteAppid: 'wx00000000000000a1' })
    world.answers(signed(200, PREPAY))
    const outcome = await world.channel.pay(world.ports, litePay())
    expect(world.requests[0]?.url).toBe('https://api.mch.weixin.qq.com/v3/pay/transactions/jsapi')
    expect(jsonOf(world.requests[0])).toMatchObject({
      appid: 'wx00000000000000a1',
      mchid: '1900000109',
      payer: { openid: 'oLiteOpenid0000000000000001' },
    })
    const data = outcome.kind === 'requires_action' ? outcome.presentation.data : ''
    expect(JSON.parse(data)).toMatchObject({
      appId: 'wx00000000000000a1',
      package: 'prepay_id=wx01010800000000000000000000000002',
    })
  })

  it('goes by the appid that all ways have when there is no other', async () => {
    const world = openWorld()
    world.answers(signed(200, PREPAY))
    await world.channel.pay(world.ports, litePay())
    expect(jsonOf(world.requests[0])).toMatchObject({ appid: 'wx0000000000000001' })
  })

  it('is not sent without an openid', async () => {
    const world = openWorld()
    expect(await world.channel.pay(world.ports, litePay({ extra: {} }))).toEqual({
      kind: 'not_sent',
      reason: 'input openid does not fit way WX_LITE',
    })
  })
})

describe('a payment from a mobile app', () => {
  const settings = { ...SETTINGS, mobileAppid: 'wx0000000000000002' }

  it('gives the app what JeePay gives it, all of it text', async () => {
    const world = openWorld(settings)
    world.answers(signed(200, PREPAY))
    const outcome = await world.channel.pay(world.ports, appPay())
    expect(world.requests[0]?.url).toBe('https://api.mch.weixin.qq.com/v3/pay/transactions/app')
    expect(jsonOf(world.requests[0])).toMatchObject({ appid: 'wx0000000000000002' })
    expect(jsonOf(world.requests[0])).not.toHaveProperty('payer')
    expect(outcome).toMatchObject({ of: 'payer', presentation: { kind: 'wechat_client' } })
    const data = outcome.kind === 'requires_action' ? outcome.presentation.data : ''
    expect(JSON.parse(data)).toEqual({
      appid: 'wx0000000000000002',
      partnerId: '1900000109',
      prepayId: 'wx01010800000000000000000000000002',
      package: 'Sign=WXPay',
      noncestr: expect.stringMatching(/^[0-9A-F]{32}$/),
      timestamp: '1767225600',
      sign: expect.stringMatching(/^[A-Za-z0-9+/]{342}==$/),
    })
  })

  it('is signed as in the vector, over the bare id', async () => {
    const { appid, timestamp, noncestr, prepayid, message, sign } = ours.paysign_app
    const lines = [appid, timestamp, noncestr, prepayid]
    expect(lines.map((line) => `${line}\n`).join('')).toBe(message)
    expect(await signLines(SETTINGS, lines)).toEqual({ ok: true, value: sign })

    const { ports } = openWorld()
    const made = await appParameters(ports, settings, prepayid)
    if (!made.ok) throw new Error(made.refusal)
    const text = `${appid}\n${made.value.timestamp}\n${made.value.noncestr}\n${prepayid}\n`
    const key = createPublicKey({
      key: Buffer.from(ours.merchant_private_key_pkcs8, 'base64'),
      format: 'der',
      type: 'pkcs8',
    } as never)
    const signature = Buffer.from(made.value.sign, 'base64')
    expect(verify('RSA-SHA256', Buffer.from(text), key, signature)).toBe(true)
  })
})

describe('a payment in a browser outside WeChat', () => {
  const H5 = {
    h5_url: 'https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx1&package=1',
  }

  it('sends the browser to WeChat, with the way back', async () => {
    const world = openWorld()
    world.answers(signed(200, H5))
    const outcome = await world.channel.pay(
      world.ports,
      h5Pay({ returnUrl: 'https://pay.example.com/api/pay/return/wxpay/P1?a=1&b=中' }),
    )
    expect(outcome).toEqual({
      kind: 'requires_action',
      of: 'payer',
      presentation: {
        kind: 'redirect_url',
        data: 'https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx1&package=1&redirect_url=https%3A%2F%2Fpay.example.com%2Fapi%2Fpay%2Freturn%2Fwxpay%2FP1%3Fa%3D1%26b%3D%E4%B8%AD',
      },
    })
    expect(world.requests[0]?.url).toBe('https://api.mch.weixin.qq.com/v3/pay/transactions/h5')
    expect(jsonOf(world.requests[0])).toMatchObject({
      appid: 'wx0000000000000001',
      scene_info: { payer_client_ip: '203.0.113.7', h5_info: { type: 'Wap' } },
    })
  })

  it.each([
    'http://wx.tenpay.com/a?b',
    'javascript:alert(1)//?',
    'https://wx.tenpay.com/',
    'no url',
  ])('is unknown when WeChat answers %s', async (h5_url) => {
    const world = openWorld()
    world.answers(signed(200, { h5_url }))
    expect(await world.channel.pay(world.ports, h5Pay())).toMatchObject({ kind: 'unknown' })
  })
})

it.each([
  ['WX_NATIVE', nativePay(), { code_url: 'weixin://wxpay/bizpayurl?pr=1' }],
  ['WX_LITE', litePay(), PREPAY],
  ['WX_APP', appPay(), PREPAY],
  ['WX_H5', h5Pay(), { h5_url: 'https://wx.tenpay.com/a?b' }],
])('tells WeChat at once when the money of %s will be shared out', async (_, input, answer) => {
  const world = openWorld()
  world.answers(signed(200, answer))
  await world.channel.pay(world.ports, { ...input, splitting: true })
  expect(jsonOf(world.requests[0])).toMatchObject({ settle_info: { profit_sharing: true } })
})
