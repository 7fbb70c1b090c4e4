import { describe, expect, it } from 'vitest'
import { SECOND_MERCHANT, SECOND_MERCHANT_PRIVATE_KEY } from './second-merchant.ts'
import {
  DEMO,
  NATIVE,
  NEW_YEAR_MS,
  nativeOrder,
  openWechatKit,
  queryPath,
  usualAuthorization,
} from './wechat-kit.ts'

const SECOND = {
  mchid: SECOND_MERCHANT.mchid,
  serial: '5157F09EFDC096DE15EBE81A47057A7232F1B8E2',
  privateKey: SECOND_MERCHANT_PRIVATE_KEY,
}

describe('who may call', () => {
  it('lets a merchant in whose signature is right', async () => {
    const { call } = openWechatKit()
    expect(await call('POST', NATIVE, nativeOrder())).toMatchObject({ status: 200, verified: true })
  })

  it.each<[string, (parameters: Readonly<Record<string, string>>) => string]>([
    [
      'in another order',
      (p) => usualAuthorization(Object.fromEntries(Object.entries(p).reverse())),
    ],
    ['with spaces behind the commas', (p) => usualAuthorization(p).replaceAll(',', ', ')],
    [
      'with the serial in lower case',
      (p) => usualAuthorization({ ...p, serial_no: p.serial_no?.toLowerCase() ?? '' }),
    ],
  ])('reads the parameters of Authorization %s', async (_how, authorization) => {
    const { call } = openWechatKit()
    expect((await call('POST', NATIVE, nativeOrder(), { authorization })).status).toBe(200)
  })

  it.each([
    ['is missing', () => undefined],
    ['has another scheme', () => 'Bearer token'],
    ['has no nonce', (good: string) => good.replace(/nonce_str="[^"]*",/, '')],
    ['names a parameter twice', (good: string) => `${good},mchid="1900000109"`],
    [
      'has a timestamp that is no number',
      (good: string) => good.replace(/timestamp="/, 'timestamp="x'),
    ],
    ['has no quotes', (good: string) => good.replaceAll('"', '')],
  ])('answers 401 SIGN_ERROR when Authorization %s', async (_why, spoil) => {
    const { simulator } = openWechatKit()
    const good = usualAuthorization({
      mchid: DEMO.mchid,
      nonce_str: 'n',
      signature: 'AAAA',
      timestamp: '1767225600',
      serial_no: DEMO.serial,
    })
    const header = spoil(good)
    const answer = await simulator.serve(
      new Request(`https://api.mch.weixin.qq.com${queryPath('T20260101000001')}`, {
        headers: {
          accept: '*/*',
          'user-agent': 'x',
          ...(header !== undefined && { authorization: header }),
        },
      }),
    )
    if (typeof answer === 'string') throw new Error(answer)
    expect(answer.status).toBe(401)
    expect(await answer.json()).toEqual({
      code: 'SIGN_ERROR',
      message: 'Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》',
    })
    expect(answer.headers.get('request-id')).toMatch(/-268443699$/)
  })

  it('answers 401 when the body is not the one that was signed', async () => {
    const { call } = openWechatKit()
    const answer = await call('POST', NATIVE, nativeOrder(), {
      signedBody: JSON.stringify(nativeOrder({ amount: { total: 101, currency: 'CNY' } })),
    })
    expect(answer).toMatchObject({ status: 401, suffix: '268443699' })
    expect(answer.body).toEqual({ code: 'SIGN_ERROR', message: '签名错误' })
  })

  it('does not sign its answer to a stranger, as WeChat does not', async () => {
    const { call } = openWechatKit()
    const answer = await call('POST', NATIVE, nativeOrder(), { signedBody: '{}' })
    expect(answer.headers.has('wechatpay-signature')).toBe(false)
  })

  it.each([
    [300, 200],
    [301, 401],
    [-300, 200],
    [-301, 401],
  ])('answers a call that is %i seconds old with %i', async (ageSeconds, status) => {
    const { call } = openWechatKit()
    const timestamp = NEW_YEAR_MS / 1000 - ageSeconds
    expect((await call('POST', NATIVE, nativeOrder(), { timestamp })).status).toBe(status)
  })

  it('answers 401 to a merchant with the certificate of another', async () => {
    const { simulator, call } = openWechatKit()
    await simulator.enrol(SECOND_MERCHANT)
    const order = nativeOrder({ mchid: '1900000110', appid: 'wx0000000000000003' })
    const strange = { ...SECOND, serial: DEMO.serial, privateKey: DEMO.privateKey }
    expect((await call('POST', NATIVE, order, { as: strange })).status).toBe(401)
    expect((await call('POST', NATIVE, order, { as: SECOND })).status).toBe(200)
  })

  it('answers 401 to a merchant that was never enrolled', async () => {
    const { call } = openWechatKit()
    expect((await call('POST', NATIVE, nativeOrder(), { as: SECOND })).status).toBe(401)
  })

  it.each([
    ['User-Agent', { 'user-agent': undefined }],
    ['any words in User-Agent', { 'user-agent': '' }],
    ['Accept', { accept: undefined }],
  ])('answers 400 without %s, before it looks at the signature', async (_what, headers) => {
    const { call } = openWechatKit()
    const answer = await call('POST', NATIVE, nativeOrder(), { headers, signedBody: '{}' })
    expect(answer.status).toBe(400)
    expect(answer.body).toEqual({
      code: 'INVALID_REQUEST',
      message: 'Http头缺少Accept或User-Agent',
    })
  })

  it('verifies the target as it was sent, escapes and prefix included', async () => {
    const { call } = openWechatKit()
    const order = nativeOrder({ out_trade_no: 'T|2026*01-A_1' })
    expect((await call('POST', `/sim/wx${NATIVE}`, order)).status).toBe(200)
    for (const number of ['T|2026*01-A_1', 'T%7C2026*01-A_1', 'T%7C2026%2A01-A_1']) {
      const answer = await call('GET', queryPath(number))
      expect(answer.body).toMatchObject({ out_trade_no: 'T|2026*01-A_1' })
    }
  })

  it('answers an unknown path with an empty 404 and a wrong method with an empty 405', async () => {
    const { call } = openWechatKit()
    expect(await call('GET', '/v3/pay/nowhere')).toMatchObject({ status: 404, text: '' })
    expect(await call('GET', NATIVE)).toMatchObject({ status: 405, text: '' })
  })
})

describe('which key answers', () => {
  const PUBLIC_KEY_ID = 'PUB_KEY_ID_0119000001092026010100000000000001'
  const FIRST = '3775B6A45ACD588826D15E583A95F5DD00000001'
  const SECOND_SERIAL = '3775B6A45ACD588826D15E583A95F5DD00000002'

  it.each([
    ['public_key', 'before', PUBLIC_KEY_ID],
    ['certificates', 'before', FIRST],
    ['certificates', 'during', SECOND_SERIAL],
    ['certificates', 'after', SECOND_SERIAL],
    ['both', 'before', PUBLIC_KEY_ID],
  ] as const)('signs for a merchant in mode %s, %s the rotation, with %s', async (...row) => {
    const [verification, rotation, serial] = row
    const { call } = openWechatKit({ verification, rotation })
    const answer = await call('POST', NATIVE, nativeOrder())
    expect(answer.headers.get('wechatpay-serial')).toBe(serial)
    expect(answer.verified).toBe(true)
  })

  it.each([
    ['both', 'before', FIRST],
    ['both', 'before', PUBLIC_KEY_ID],
    ['certificates', 'during', FIRST],
    ['certificates', 'during', FIRST.toLowerCase()],
  ] as const)('signs in mode %s, %s the rotation, with %s when asked to', async (...row) => {
    const [verification, rotation, serial] = row
    const { call } = openWechatKit({ verification, rotation })
    const headers = { 'wechatpay-serial': serial }
    const answer = await call('POST', NATIVE, nativeOrder(), { headers })
    expect(answer.headers.get('wechatpay-serial')).toBe(serial.toUpperCase())
    expect(answer.verified).toBe(true)
  })

  it.each([
    ['public_key', FIRST],
    ['certificates', PUBLIC_KEY_ID],
    ['certificates', SECOND_SERIAL],
    ['both', 'PUB_KEY_ID_0'],
  ] as const)('refuses, in mode %s, to sign with %s', async (verification, serial) => {
    const { call } = openWechatKit({ verification })
    const headers = { 'wechatpay-serial': serial }
    const answer = await call('POST', NATIVE, nativeOrder(), { headers })
    expect(answer).toMatchObject({ status: 400, verified: true, body: { code: 'PARAM_ERROR' } })
    expect((await call('GET', queryPath('T20260101000001'))).status).toBe(404)
  })
})
