/**
 * wechatpay-axios-plugin against the simulator: it signs every request and verifies every answer,
 * the empty ones too, with code that we did not write. Its host is axios's `baseURL`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Aes, Formatter, Rsa, Wechatpay } from 'wechatpay-axios-plugin'
import type { WechatSimulatorOptions } from '../../../../plugins/wechat/sandbox/index.ts'
import { DEMO_MERCHANT, PLATFORM_PUBLIC_KEY } from '../../../../plugins/wechat/sandbox/keys.ts'
import { openLiveWechat, order, refund, type Told } from './sdk-kit.ts'

const MERCHANT = { appid: 'wx0000000000000001', mchid: '1900000109' }
const PUBLIC_KEY = { [PLATFORM_PUBLIC_KEY.serial]: PLATFORM_PUBLIC_KEY.publicKey }

async function openSdk(certs: Record<string, string>, options: WechatSimulatorOptions = {}) {
  const live = await openLiveWechat(options)
  const client = (known: Record<string, string>) =>
    new Wechatpay({
      mchid: DEMO_MERCHANT.mchid,
      serial: DEMO_MERCHANT.serial,
      privateKey: DEMO_MERCHANT.privateKey,
      certs: known,
      baseURL: live.url,
    })
  return { ...live, client, wxpay: client(certs) }
}

/** What a merchant's callback handler does, with the SDK's own primitives. */
function read({ headers, body }: Told, key: string): Record<string, unknown> {
  const header = (name: string) => headers.get(`wechatpay-${name}`) ?? ''
  const message = Formatter.response(header('timestamp'), header('nonce'), body)
  expect(Rsa.verify(message, header('signature'), key)).toBe(true)
  expect(Rsa.verify(`${message}\n`, header('signature'), key)).toBe(false)
  const { ciphertext, nonce, associated_data } = JSON.parse(body).resource
  const { apiV3Key } = DEMO_MERCHANT
  return JSON.parse(Aes.AesGcm.decrypt(ciphertext, apiV3Key, nonce, associated_data))
}

describe('with the WeChat Pay public key', () => {
  let sdk: Awaited<ReturnType<typeof openSdk>>
  beforeAll(async () => {
    sdk = await openSdk(PUBLIC_KEY)
  })
  afterAll(() => sdk.close())

  it('makes an order, sees it paid, refunds it, and reads what it is told', async () => {
    const { wxpay, simulator, told } = sdk
    const native = await wxpay
      .chain('v3/pay/transactions/native')
      .post({ ...MERCHANT, ...order('SDK|2026*01-A_1') })
    expect(native.data).toEqual({ code_url: expect.stringMatching(/^weixin:\/\/wxpay\//) })
    await simulator.act('SDK|2026*01-A_1', 'pay')

    const query = wxpay.chain('v3/pay/transactions/out-trade-no/{out_trade_no}')
    const seen = await query.get({
      out_trade_no: 'SDK|2026*01-A_1',
      params: { mchid: MERCHANT.mchid },
    })
    expect(seen.data).toMatchObject({ trade_state: 'SUCCESS', amount: { total: 100 } })
    const byId = await wxpay.chain('v3/pay/transactions/id/{id}').get({
      id: String(seen.data.transaction_id),
      params: { mchid: MERCHANT.mchid },
    })
    expect(byId.data).toEqual(seen.data)

    const refunds = wxpay.chain('v3/refund/domestic/refunds')
    const accepted = await refunds.post(refund('SDK|2026*01-A_1', 'R@1', 40))
    expect(accepted.data).toMatchObject({ status: 'PROCESSING', amount: { refund: 40 } })
    await simulator.tick()
    const refunded = await wxpay.chain('v3/refund/domestic/refunds/{no}').get({ no: 'R@1' })
    expect(refunded.data).toMatchObject({ status: 'SUCCESS', out_refund_no: 'R@1' })

    expect(told.map((callback) => read(callback, PLATFORM_PUBLIC_KEY.publicKey))).toMatchObject([
      { out_trade_no: 'SDK|2026*01-A_1', trade_state: 'SUCCESS' },
      { out_refund_no: 'R@1', refund_status: 'SUCCESS', amount: { refund: 40 } },
    ])
  })

  it('makes a JSAPI order and closes it: the answer without a body is verified', async () => {
    const { wxpay } = sdk
    const payer = { openid: 'oSharedOpenid000000000000001' }
    const jsapi = await wxpay
      .chain('v3/pay/transactions/jsapi')
      .post({ ...MERCHANT, ...order('SDK20260101000002'), payer })
    expect(jsapi.data).toEqual({ prepay_id: expect.stringMatching(/^wx/) })
    const close = wxpay.chain('v3/pay/transactions/out-trade-no/{no}/close')
    const closed = await close.post({ mchid: MERCHANT.mchid }, { no: 'SDK20260101000002' })
    expect(closed.status).toBe(204)
  })

  it('hears why it was refused', async () => {
    const { wxpay } = sdk
    const query = wxpay.chain('v3/pay/transactions/out-trade-no/{no}')
    await expect(
      query.get({ no: 'SDK20260101000009', params: { mchid: MERCHANT.mchid } }),
    ).rejects.toMatchObject({ response: { status: 404, data: { code: 'ORDER_NOT_EXIST' } } })
  })

  it('notices an answer whose signature is bad, and one that breaks off', async () => {
    const { wxpay, simulator } = sdk
    await simulator.misbehave([
      { on: 'pay', fault: 'bad_signature', times: 1 },
      { on: 'pay', fault: 'truncated', times: 1 },
    ])
    const native = wxpay.chain('v3/pay/transactions/native')
    const body = { ...MERCHANT, ...order('SDK20260101000003') }
    const refusal = { code: 'EV3_RES_HEADER_SIGNATURE_DIGEST' }
    await expect(native.post(body)).rejects.toMatchObject(refusal)
    await expect(native.post(body)).rejects.toMatchObject(refusal)
    expect((await native.post(body)).status).toBe(200)
  })

  it('waits in vain for an answer that never comes, and sees a connection break', async () => {
    const { wxpay, simulator } = sdk
    await simulator.misbehave([
      { on: 'pay', fault: 'silence_after', times: 1 },
      { on: 'pay', fault: 'reset_before', times: 1 },
    ])
    const native = wxpay.chain('v3/pay/transactions/native')
    const body = { ...MERCHANT, ...order('SDK20260101000004') }
    await expect(native.post(body, { timeout: 200 })).rejects.toMatchObject({
      code: 'ECONNABORTED',
    })
    await expect(native.post(body)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})

describe('with platform certificates', () => {
  it('downloads and decrypts them, then verifies with them what comes', async () => {
    const { client, close, told, simulator } = await openSdk(PUBLIC_KEY, {
      verification: 'certificates',
      rotation: 'during',
    })
    // The SDK's verifier cannot know the certificates yet: the first answer is read without it.
    const raw = await client({ none: PLATFORM_PUBLIC_KEY.publicKey })
      .chain('v3/certificates')
      .get<string>({ transformResponse: [(text: string) => text] })
    const certs: Record<string, string> = {}
    for (const { serial_no, encrypt_certificate } of JSON.parse(raw.data).data) {
      const { ciphertext, nonce, associated_data } = encrypt_certificate
      certs[serial_no] = Aes.AesGcm.decrypt(
        ciphertext,
        DEMO_MERCHANT.apiV3Key,
        nonce,
        associated_data,
      )
    }
    expect(Object.keys(certs)).toHaveLength(2)

    const wxpay = client(certs)
    expect((await wxpay.chain('v3/certificates').get()).status).toBe(200)
    await wxpay.chain('v3/pay/transactions/native').post(
      { ...MERCHANT, ...order('SDK20260101000005') },
      {
        headers: { 'Wechatpay-Serial': '3775B6A45ACD588826D15E583A95F5DD00000001' },
      },
    )
    await simulator.act('SDK20260101000005', 'pay')
    const [callback] = told
    const serial = callback?.headers.get('wechatpay-serial') ?? ''
    expect(callback && read(callback, certs[serial] ?? '')).toMatchObject({
      trade_state: 'SUCCESS',
    })
    await close()
  })
})
