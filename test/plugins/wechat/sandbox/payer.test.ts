import { describe, expect, it } from 'vitest'
import { createWechatSimulator } from '../../../../plugins/wechat/sandbox/index.ts'
import { memoryBooks } from '../../../kit/books.ts'
import { SECOND_MERCHANT, SECOND_MERCHANT_PRIVATE_KEY } from './second-merchant.ts'
import {
  closePath,
  NATIVE,
  NEW_YEAR_MS,
  nativeOrder,
  openWechatKit,
  queryPath,
  REFUNDS,
  refundOf,
  signedRequest,
} from './wechat-kit.ts'

const NUMBER = 'T20260101000001'
const SECOND = {
  mchid: '1900000110',
  serial: '5157F09EFDC096DE15EBE81A47057A7232F1B8E2',
  privateKey: SECOND_MERCHANT_PRIVATE_KEY,
}

describe('playing the payer', () => {
  it('shows what there is to pay, and what can be done with it', async () => {
    const { call, simulator, passes } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    await passes(60_000)
    await call('POST', NATIVE, nativeOrder({ out_trade_no: 'T20260101000002' }))
    await simulator.act('T20260101000002', 'pay')
    expect(await simulator.payments()).toEqual([
      {
        number: NUMBER,
        channelPaymentNo: undefined,
        way: 'native',
        subject: '测试商品',
        amount: { minor: 100, currency: 'CNY' },
        state: 'NOTPAY',
        createdAtMs: NEW_YEAR_MS,
        actions: ['pay', 'cancel', 'insufficient_balance', 'fail'],
      },
      {
        number: 'T20260101000002',
        channelPaymentNo: expect.stringMatching(/^42000\d{23}$/),
        way: 'native',
        subject: '测试商品',
        amount: { minor: 100, currency: 'CNY' },
        state: 'SUCCESS',
        createdAtMs: NEW_YEAR_MS + 60_000,
        actions: [],
      },
    ])
  })

  it('pays once', async () => {
    const { call, simulator, told } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    const tries = await Promise.all([simulator.act(NUMBER, 'pay'), simulator.act(NUMBER, 'pay')])
    expect(tries).toContainEqual({})
    expect(tries).toContainEqual({ refused: 'already paid' })
    expect(told).toHaveLength(1)
  })

  it.each(['cancel', 'insufficient_balance', 'fail'] as const)(
    'leaves the order as it is after %s: it can still be paid',
    async (action) => {
      const { call, simulator, told } = openWechatKit()
      await call('POST', NATIVE, nativeOrder())
      expect(await simulator.act(NUMBER, action)).toEqual({})
      expect(told).toEqual([])
      expect((await call('GET', queryPath(NUMBER))).body).toMatchObject({ trade_state: 'NOTPAY' })
      expect(await simulator.act(NUMBER, 'pay')).toEqual({})
    },
  )

  it('says why something cannot be done', async () => {
    const { call, simulator } = openWechatKit()
    expect(await simulator.act(NUMBER, 'pay')).toEqual({ refused: `there is no order ${NUMBER}` })
    await call('POST', NATIVE, nativeOrder())
    expect(await simulator.act(NUMBER, 'password')).toEqual({
      refused: 'only a scanned payment code waits for a password',
    })
    await call('POST', closePath(NUMBER), { mchid: '1900000109' })
    expect(await simulator.act(NUMBER, 'cancel')).toEqual({ refused: 'closed by the merchant' })
    expect(await simulator.endRefund('R1', 'SUCCESS')).toEqual({ refused: 'there is no refund R1' })
  })

  it('never has an order paid that is closed in the same moment', async () => {
    const { call, simulator } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    const [close, pay] = await Promise.all([
      call('POST', closePath(NUMBER), { mchid: '1900000109' }),
      simulator.act(NUMBER, 'pay'),
    ])
    const { trade_state } = (await call('GET', queryPath(NUMBER))).body
    expect([close.status, pay.refused === undefined, trade_state]).toEqual(
      close.status === 204 ? [204, false, 'CLOSED'] : [400, true, 'SUCCESS'],
    )
  })
})

describe('two merchants', () => {
  it('do not see each other’s orders and refunds', async () => {
    const { call, simulator, told } = openWechatKit()
    await simulator.enrol(SECOND_MERCHANT)
    await call('POST', NATIVE, nativeOrder())
    await simulator.act(NUMBER, 'pay')
    await call('POST', REFUNDS, refundOf(1))
    const transactionId = told[0]?.content.transaction_id

    const asSecond = { as: SECOND }
    const byId = `/v3/pay/transactions/id/${transactionId}?mchid=1900000110`
    const none = { status: 404, verified: true }
    expect(await call('GET', queryPath(NUMBER, '1900000110'), undefined, asSecond)).toMatchObject(
      none,
    )
    expect(await call('GET', byId, undefined, asSecond)).toMatchObject(none)
    expect(await call('POST', closePath(NUMBER), { mchid: '1900000110' }, asSecond)).toMatchObject(
      none,
    )
    expect(await call('GET', `${REFUNDS}/R20260101000001`, undefined, asSecond)).toMatchObject(none)
    const theirs = refundOf(1, { transaction_id: transactionId, out_trade_no: undefined })
    expect(await call('POST', REFUNDS, theirs, asSecond)).toMatchObject(none)
  })

  it('may use the same number, which the payer then has no name for', async () => {
    const { call, simulator } = openWechatKit()
    await simulator.enrol(SECOND_MERCHANT)
    await call('POST', NATIVE, nativeOrder())
    const theirs = nativeOrder({ mchid: '1900000110', appid: 'wx0000000000000003' })
    expect((await call('POST', NATIVE, theirs, { as: SECOND })).status).toBe(200)
    expect(await simulator.act(NUMBER, 'pay')).toEqual({
      refused: `several merchants have an order ${NUMBER}`,
    })
  })

  it('cannot be the demo merchant', async () => {
    const { simulator } = openWechatKit()
    await expect(simulator.enrol({ ...SECOND_MERCHANT, mchid: '1900000109' })).rejects.toThrow(
      'the demo merchant is always enrolled',
    )
  })
})

it('keeps everything in the books: a second simulator goes on where the first stopped', async () => {
  const books = memoryBooks()
  const told: string[] = []
  let nowMs = NEW_YEAR_MS
  const open = () =>
    createWechatSimulator({
      clock: { now: () => nowMs, sleep: async () => {} },
      random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
      books,
      async callback(request) {
        told.push(request.url)
        return new Response(null, { status: 503 })
      },
    })
  await open().serve(signedRequest(nowMs, 'POST', NATIVE, JSON.stringify(nativeOrder()), {}))
  await open().act(NUMBER, 'pay')
  nowMs += 15_000
  await open().tick()
  expect(told).toEqual(['https://pay.example.com/n/wx/1', 'https://pay.example.com/n/wx/1'])
})

it('gives the settings that make the plugin its demo merchant', async () => {
  const { simulator } = openWechatKit()
  expect(simulator).toMatchObject({
    channel: 'wxpay',
    hosts: [
      'api.mch.weixin.qq.com',
      'api2.mch.weixin.qq.com',
      'api.weixin.qq.com',
      'open.weixin.qq.com',
      'wx.tenpay.com',
      'wechat-certificate-proxy.test',
    ],
  })
  expect(await simulator.demoSettings()).toEqual({
    mode: 'direct',
    mchid: '1900000109',
    appid: 'wx0000000000000001',
    appSecret: 'd0123456789abcdef0123456789abcde',
    mobileAppid: 'wx0000000000000002',
    merchantPrivateKey: expect.stringMatching(/^-----BEGIN PRIVATE KEY-----\n/),
    merchantSerial: '5157F09EFDC096DE15EBE81A47057A7232F1B8E1',
    apiV3Key: 'S0123456789abcdefghijklmnopqrst9',
    codePay: 'v2',
    apiV2Key: 'V0123456789abcdefghijklmnopqrst2',
    reverseUrl: 'https://wechat-certificate-proxy.test/secapi/pay/reverse',
    codePayStore: 'S1',
    verification: 'public_key',
    wechatpayPublicKey: {
      id: 'PUB_KEY_ID_0119000001092026010100000000000001',
      key: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/),
    },
  })
  expect([simulator.providerSettings(0), simulator.providerSettings(1)]).toMatchObject([
    {
      mode: 'partner',
      mchid: '1900000100',
      subMchid: '1900000201',
      subAppid: 'wx0000000000000021',
    },
    { mode: 'partner', mchid: '1900000100', subMchid: '1900000202' },
  ])
  const { simulator: certified } = openWechatKit({ verification: 'certificates' })
  expect(await certified.demoSettings()).not.toHaveProperty('wechatpayPublicKey')
})
