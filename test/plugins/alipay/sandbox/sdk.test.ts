/** Alipay's own SDK for Node against the simulator, over HTTP. */
import { randomBytes } from 'node:crypto'
import { AlipaySdk } from 'alipay-sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  DEMO_APP_CERTIFICATE,
  FIRST_CERTIFICATE,
  ROOT_CERTIFICATES,
} from '../../../../plugins/alipay/sandbox/crypto/certificates.ts'
import { ALIPAY_KEY, DEMO_APP_KEY } from '../../../../plugins/alipay/sandbox/crypto/keys.ts'
import {
  type AlipaySimulator,
  createAlipaySimulator,
} from '../../../../plugins/alipay/sandbox/index.ts'
import { DEMO_CONTENT_KEY } from '../../../../plugins/alipay/sandbox/party/apps.ts'
import { DEMO_TOKENS } from '../../../../plugins/alipay/sandbox/party/tokens.ts'
import { memoryBooks } from '../../../kit/books.ts'
import { serveSimulator } from '../../../kit/serve-simulator.ts'

const NOTIFY = 'http://127.0.0.1:9/n/ali/1'

interface Live {
  readonly simulator: AlipaySimulator
  readonly told: Record<string, string>[]
  readonly url: string
  close(): Promise<void>
}

/**
 * v2 of the protocol writes times as people in Beijing read them. The SDK writes those of the
 * machine that it runs on, so the simulator gets a clock that shows them to be right.
 */
function asTheSdkWritesIt(): number {
  const now = new Date()
  return now.getTime() - now.getTimezoneOffset() * 60_000 - 8 * 3_600_000
}

async function open(now: () => number): Promise<Live> {
  const told: Record<string, string>[] = []
  const simulator = createAlipaySimulator(
    {
      clock: { now, sleep: async () => {} },
      random: { bytes: (length) => Uint8Array.from(randomBytes(length)) },
      books: memoryBooks(),
      async callback(request) {
        told.push(Object.fromEntries(new URLSearchParams(await request.text())))
        return new Response('success')
      },
    },
    { encryption: 'on' },
  )
  return { simulator, told, ...(await serveSimulator(simulator)) }
}

const MODES = {
  key: {
    appId: '2021000000000001',
    alipayPublicKey: ALIPAY_KEY.publicKey,
  },
  certificate: {
    appId: '2021000000000002',
    appCertContent: DEMO_APP_CERTIFICATE,
    alipayPublicCertContent: FIRST_CERTIFICATE.certificate,
    alipayRootCertContent: ROOT_CERTIFICATES,
  },
} as const

const sdkOf = (mode: keyof typeof MODES, url: string) =>
  new AlipaySdk({
    ...MODES[mode],
    keyType: 'PKCS8',
    privateKey: DEMO_APP_KEY.privateKey,
    gateway: `${url}/gateway.do`,
    endpoint: url,
    encryptKey: DEMO_CONTENT_KEY,
  })

let count = 0
/** Numbers that no other test uses. */
const order = (more: object = {}) => {
  count += 1
  return {
    out_trade_no: `SDK${count}`,
    total_amount: '1.00',
    subject: 'a/b 测试 1+1=2 & 100%',
    ...more,
  }
}

describe.each(['key', 'certificate'] as const)('the SDK, by %s, with v2', (mode) => {
  let live: Live
  let sdk: AlipaySdk
  beforeAll(async () => {
    live = await open(asTheSdkWritesIt)
    sdk = sdkOf(mode, live.url)
  })
  afterAll(() => live.close())
  const exec = (method: string, bizContent: object, more: object = {}) =>
    sdk.exec(method, { bizContent: { ...bizContent }, ...more }, { validateSign: true })

  it('orders, is answered and verifies what it was answered', async () => {
    const asked = order()
    const made = await exec('alipay.trade.precreate', asked, { notifyUrl: NOTIFY })
    expect(made).toMatchObject({ code: '10000', outTradeNo: asked.out_trade_no })
    expect(made.qrCode).toMatch(/^https:\/\/qr\.alipay\.com\//)
    const { out_trade_no } = asked
    expect(await exec('alipay.trade.query', { out_trade_no })).toMatchObject({
      code: '40004',
      subCode: 'ACQ.TRADE_NOT_EXIST',
    })
  })

  it('is told of a payment and of a refund by notices that it verifies', async () => {
    const asked = order({ buyer_id: '2088100000000077' })
    const { out_trade_no } = asked
    await exec('alipay.trade.create', asked, { notifyUrl: NOTIFY })
    await live.simulator.act(out_trade_no, 'pay')
    await live.simulator.tick()
    expect(await exec('alipay.trade.query', { out_trade_no })).toMatchObject({
      tradeStatus: 'TRADE_SUCCESS',
      totalAmount: '1.00',
    })
    const refund = { out_trade_no, refund_amount: '0.40', out_request_no: 'R1' }
    expect(await exec('alipay.trade.refund', refund)).toMatchObject({
      fundChange: 'Y',
      refundFee: '0.40',
    })
    await live.simulator.tick()
    expect(
      await exec('alipay.trade.fastpay.refund.query', { out_trade_no, out_request_no: 'R1' }),
    ).toMatchObject({ refundStatus: 'REFUND_SUCCESS', refundAmount: '0.40' })
    expect(await exec('alipay.trade.close', { out_trade_no })).toMatchObject({ code: '40004' })

    const told = live.told.filter((fields) => fields.out_trade_no === out_trade_no)
    expect(told.map(({ refund_fee }) => refund_fee)).toEqual([undefined, '0.40'])
    for (const fields of told) {
      expect(sdk.checkNotifySignV2(fields)).toBe(true)
      expect(sdk.checkNotifySignV2({ ...fields, total_amount: '2.00' })).toBe(false)
    }
  })

  it("charges a payer's code, and cancels what waits", async () => {
    const code = (ending: string) => ({
      scene: 'bar_code',
      auth_code: `2812345678${String(count).padStart(6, '0')}${ending}`,
    })
    expect(await exec('alipay.trade.pay', order(code('01')))).toMatchObject({ code: '10000' })
    const waits = order(code('04'))
    expect(await exec('alipay.trade.pay', waits)).toMatchObject({ code: '10003' })
    const { out_trade_no } = waits
    expect(await exec('alipay.trade.cancel', { out_trade_no })).toMatchObject({
      action: 'close',
      retryFlag: 'N',
    })
    expect(await exec('alipay.trade.pay', order(code('40')))).toMatchObject({
      code: '40004',
      subCode: 'ACQ.BUYER_BALANCE_NOT_ENOUGH',
    })
  })

  it.each(['GET', 'POST'] as const)(
    'sends a payer to pay by %s, and the payer pays',
    async (how) => {
      const asked = order({ product_code: 'FAST_INSTANT_TRADE_PAY' })
      const page = sdk.pageExec('alipay.trade.page.pay', how, {
        bizContent: asked,
        notifyUrl: NOTIFY,
        returnUrl: 'https://shop.example.com/back',
      })
      expect(await live.simulator.open(page)).toEqual({ number: asked.out_trade_no })
      expect(await live.simulator.act(asked.out_trade_no, 'pay')).toEqual({})
    },
  )

  it('hands an app an order string that Alipay opens', async () => {
    const asked = order({ product_code: 'QUICK_MSECURITY_PAY' })
    const text = sdk.sdkExec('alipay.trade.app.pay', { bizContent: asked, notifyUrl: NOTIFY })
    expect(await live.simulator.open(text)).toEqual({ number: asked.out_trade_no })
  })

  it('encrypts what it asks for, and decrypts what it is answered', async () => {
    const asked = order()
    // Its own check looks for braces, which an encrypted node does not have; the plugin's does not.
    const made = await sdk.exec('alipay.trade.precreate', { bizContent: asked, needEncrypt: true })
    expect(made).toMatchObject({ code: '10000', outTradeNo: asked.out_trade_no })
  })

  it('does not believe an answer whose signature is wrong', async () => {
    const asked = order({ buyer_id: '2088100000000077' })
    await exec('alipay.trade.create', asked)
    await live.simulator.misbehave([{ on: 'query', fault: 'bad_signature', times: 1 }])
    const { out_trade_no } = asked
    await expect(exec('alipay.trade.query', { out_trade_no })).rejects.toThrow()
  })

  it('is turned away with another key, and with another token', async () => {
    const stranger = new AlipaySdk({
      appId: '2021000000000008',
      keyType: 'PKCS8',
      privateKey: DEMO_APP_KEY.privateKey,
      gateway: `${live.url}/gateway.do`,
    })
    const asked = { bizContent: { out_trade_no: 'SDK1' } }
    expect(await stranger.exec('alipay.trade.query', asked)).toMatchObject({
      code: '40002',
      subCode: 'isv.invalid-signature',
    })
    const [token] = DEMO_TOKENS
    expect(await sdk.exec('alipay.trade.query', { ...asked, appAuthToken: token })).toMatchObject({
      subCode: 'aop.invalid-app-auth-token',
    })
  })

  it('shares out what was paid, if it may', async () => {
    const receiver = { type: 'userId', account: '2088000000000200' }
    const bound = { receiver_list: [receiver], out_request_no: 'B1' }
    expect(await exec('alipay.trade.royalty.relation.bind', bound)).toMatchObject({
      resultCode: 'SUCCESS',
    })
  })
})

describe.each(['key', 'certificate'] as const)('the SDK, by %s, with v3', (mode) => {
  let live: Live
  let sdk: AlipaySdk
  beforeAll(async () => {
    live = await open(Date.now)
    sdk = sdkOf(mode, live.url)
  })
  afterAll(() => live.close())

  it('orders, asks, and verifies what it was answered', async () => {
    const body = order({ buyer_id: '2088100000000077', notify_url: NOTIFY })
    const made = await sdk.curl('POST', '/v3/alipay/trade/create', { body })
    expect(made).toMatchObject({
      responseHttpStatus: 200,
      data: { out_trade_no: body.out_trade_no },
    })
    await live.simulator.act(body.out_trade_no, 'pay')
    const { out_trade_no } = body
    const asked = await sdk.curl('POST', '/v3/alipay/trade/query', { body: { out_trade_no } })
    expect(asked).toMatchObject({ data: { trade_status: 'TRADE_SUCCESS' } })
  })

  it('encrypts and decrypts', async () => {
    const body = order()
    const made = await sdk.curl('POST', '/v3/alipay/trade/precreate', { body, needEncrypt: true })
    expect(made).toMatchObject({ data: { out_trade_no: body.out_trade_no } })
  })

  it('is refused with a code', async () => {
    const body = { out_trade_no: 'never' }
    await expect(sdk.curl('POST', '/v3/alipay/trade/query', { body })).rejects.toMatchObject({
      code: 'ACQ.TRADE_NOT_EXIST',
      responseHttpStatus: 400,
    })
  })
})

it('moves money out with a certificate, and not with a key', async () => {
  const live = await open(asTheSdkWritesIt)
  try {
    const bizContent = {
      out_biz_no: 'T1',
      trans_amount: '1.00',
      product_code: 'TRANS_ACCOUNT_NO_PWD',
      biz_scene: 'DIRECT_TRANSFER',
      order_title: '工资',
      payee_info: { identity: '2088000000000300', identity_type: 'ALIPAY_USER_ID' },
    }
    const send = (mode: keyof typeof MODES) =>
      sdkOf(mode, live.url).exec(
        'alipay.fund.trans.uni.transfer',
        { bizContent },
        { validateSign: true },
      )
    expect(await send('certificate')).toMatchObject({ status: 'SUCCESS', outBizNo: 'T1' })
    expect((await send('key')).code).not.toBe('10000')
  } finally {
    await live.close()
  }
})
