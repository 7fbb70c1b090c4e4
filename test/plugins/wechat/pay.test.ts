import { describe, expect, it } from 'vitest'
import {
  ATTEMPT,
  jsapiPay,
  NOW_MS,
  nativePay,
  openWorld,
  SETTINGS,
  signed,
  toBase64,
  unsigned,
} from './fake-wechat.ts'

const CODE = { code_url: 'weixin://wxpay/bizpayurl?pr=p4lpSuKzz' }

describe('a native payment', () => {
  it('shows the code that WeChat answers', async () => {
    const world = openWorld()
    world.answers(signed(200, CODE))
    expect(await world.channel.pay(world.ports, nativePay())).toEqual({
      kind: 'requires_action',
      of: 'payer',
      presentation: { kind: 'qr_text', data: 'weixin://wxpay/bizpayurl?pr=p4lpSuKzz' },
    })
  })

  it('asks for what the merchant asked for, and for nothing else', async () => {
    const world = openWorld()
    world.answers(signed(200, CODE))
    await world.channel.pay(world.ports, nativePay())
    const [request] = world.requests
    expect(request).toMatchObject({
      method: 'POST',
      url: 'https://api.mch.weixin.qq.com/v3/pay/transactions/native',
    })
    expect(JSON.parse(String(request?.body))).toEqual({
      appid: 'wx0000000000000001',
      mchid: '1900000109',
      description: '测试商品',
      out_trade_no: ATTEMPT,
      time_expire: '2026-01-01T10:00:00+08:00',
      notify_url: 'https://pay.example.com/api/pay/notify/wxpay/A1',
      amount: { total: 1234, currency: 'CNY' },
    })
  })

  it('sends the same body again when it is repeated later', async () => {
    const world = openWorld()
    world.answers(signed(200, CODE))
    await world.channel.pay(world.ports, nativePay())
    world.later(60_000)
    world.answers(signed(200, CODE, { atMs: world.now() }))
    await world.channel.pay(world.ports, nativePay())
    expect(world.requests[1]?.body).toBe(world.requests[0]?.body)
  })

  it('sends the headers that WeChat insists on, signed over the very bytes of the body', async () => {
    const world = openWorld()
    world.answers(signed(200, CODE))
    await world.channel.pay(world.ports, nativePay())
    const headers = world.requests[0]?.headers ?? {}
    expect(headers).toMatchObject({
      Accept: 'application/json',
      'Content-Type': 'application/json',
      'User-Agent': 'tongbao-wxpay/0.1.0',
      'Wechatpay-Serial': 'PUB_KEY_ID_0119000001092026010100000000000001',
    })
    const authorization = headers.Authorization ?? ''
    expect(authorization).toMatch(
      /^WECHATPAY2-SHA256-RSA2048 mchid="1900000109",nonce_str="[0-9A-F]{32}",signature="[A-Za-z0-9+/]+={0,2}",timestamp="1767225600",serial_no="5157F09EFDC096DE15EBE81A47057A7232F1B8E1"$/,
    )
  })

  it('tells WeChat at once when the money will be shared out', async () => {
    const world = openWorld()
    world.answers(signed(200, CODE))
    await world.channel.pay(world.ports, nativePay({ splitting: true }))
    expect(JSON.parse(String(world.requests[0]?.body))).toMatchObject({
      settle_info: { profit_sharing: true },
    })
  })

  it.each([
    { subject: '长'.repeat(127), sent: '长'.repeat(127) },
    { subject: '长'.repeat(128), sent: '长'.repeat(127) },
    { subject: '😀'.repeat(128), sent: '😀'.repeat(127) },
    { subject: 'half \ud83d', sent: 'half \ufffd' },
  ])(
    'cuts a description after 127 characters, never inside of one (%#)',
    async ({ subject, sent }) => {
      const world = openWorld()
      world.answers(signed(200, CODE))
      await world.channel.pay(world.ports, nativePay({ subject }))
      expect(JSON.parse(String(world.requests[0]?.body))).toMatchObject({ description: sent })
    },
  )
})

describe('a payment inside WeChat', () => {
  it("gives WeChat's client its parameters, all of them text", async () => {
    const world = openWorld()
    world.answers(signed(200, { prepay_id: 'wx01010800000000000000000000000001' }))
    const outcome = await world.channel.pay(world.ports, jsapiPay())
    expect(outcome).toMatchObject({
      kind: 'requires_action',
      of: 'payer',
      presentation: { kind: 'wechat_client' },
    })
    const data = outcome.kind === 'requires_action' ? outcome.presentation.data : ''
    expect(JSON.parse(data)).toEqual({
      appId: 'wx0000000000000001',
      timeStamp: '1767225600',
      nonceStr: expect.stringMatching(/^[0-9A-F]{32}$/),
      package: 'prepay_id=wx01010800000000000000000000000001',
      signType: 'RSA',
      paySign: expect.stringMatching(/^[A-Za-z0-9+/]{342}==$/),
    })
  })

  it('names the payer', async () => {
    const world = openWorld()
    world.answers(signed(200, { prepay_id: 'wx01010800000000000000000000000001' }))
    await world.channel.pay(world.ports, jsapiPay())
    expect(world.requests[0]?.url).toBe('https://api.mch.weixin.qq.com/v3/pay/transactions/jsapi')
    expect(JSON.parse(String(world.requests[0]?.body))).toMatchObject({
      payer: { openid: 'oSharedOpenid000000000000001' },
    })
  })

  it('is not sent without an openid', async () => {
    const world = openWorld()
    const outcome = await world.channel.pay(world.ports, jsapiPay({ extra: {} }))
    expect(outcome).toMatchObject({ kind: 'not_sent' })
    expect(world.requests).toEqual([])
  })
})

describe('what an answer that is no answer means', () => {
  it.each([
    ['the connection was lost', async () => ({ kind: 'unknown', evidence: 'reset' }) as const],
    ['the answer is not signed', unsigned(200, CODE)],
    [
      'the signature is a probe',
      signed(200, CODE, {
        tamper: ({ headers }) => {
          headers['wechatpay-signature'] = `WECHATPAY/SIGNTEST/${headers['wechatpay-signature']}`
        },
      }),
    ],
    ['the answer was cut short', signed(200, '{"code_url":"weixin://wx')],
    ['the answer lacks the code', signed(200, {})],
    ['the answer is empty', signed(204, undefined)],
    ['WeChat redirects', unsigned(302, '')],
    ['a proxy answers with a page', unsigned(502, '<html>Bad Gateway</html>')],
    ['WeChat answers 202 with a code', signed(202, { code: 'USER_PAYING', message: '' })],
    ['a success has no signature but a code', unsigned(200, { code: 'PARAM_ERROR' })],
    ['an error has no code', unsigned(400, { message: 'odd' })],
    ['an error is not an object', unsigned(400, 'null')],
  ])('is unknown when %s', async (_, answer) => {
    const world = openWorld()
    world.answers(answer)
    const outcome = await world.channel.pay(world.ports, nativePay())
    expect(outcome).toMatchObject({ kind: 'unknown' })
  })

  it('is not sent when the port can prove that nothing left', async () => {
    const world = openWorld()
    world.answers(async () => ({ kind: 'not_sent', reason: 'connection refused' }))
    world.answers(async () => ({ kind: 'not_sent', reason: 'the second host neither' }))
    expect(await world.channel.pay(world.ports, nativePay())).toEqual({
      kind: 'not_sent',
      reason: 'connection refused',
    })
  })

  it('is not sent once the payment has expired, for WeChat would call it failed', async () => {
    const world = openWorld()
    const outcome = await world.channel.pay(world.ports, nativePay({ expiresAtMs: NOW_MS }))
    expect(outcome).toMatchObject({ kind: 'not_sent' })
    expect(world.requests).toEqual([])
  })

  it('is not sent when the private key has the right shape but is broken', async () => {
    // A well-formed envelope (RFC 5958) with one zero byte where the key should be.
    const algorithm = [0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0]
    const broken = toBase64(Uint8Array.of(0x30, 21, 2, 1, 0, ...algorithm, 4, 1, 0))
    const world = openWorld({ ...SETTINGS, merchantPrivateKey: broken })
    const outcome = await world.channel.pay(world.ports, nativePay())
    expect(outcome).toMatchObject({ kind: 'not_sent' })
    expect(world.requests).toEqual([])
  })

  it('keeps the payer, the texts and the keys out of the log', async () => {
    const world = openWorld()
    world.answers(unsigned(400, { code: 'PARAM_ERROR', message: 'openid oSecretOpenid is wrong' }))
    await world.channel.pay(world.ports, jsapiPay())
    expect(world.logs).toEqual([
      {
        level: 'warn',
        message: 'WeChat Pay answered an error',
        fields: {
          path: '/v3/pay/transactions/jsapi',
          status: 400,
          code: 'PARAM_ERROR',
          class: 'invalid_request',
          channelRequestId: '08F5A1-0',
        },
      },
    ])
  })
})
