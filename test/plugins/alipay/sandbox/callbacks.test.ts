import { describe, expect, it } from 'vitest'
import {
  CERTIFIED,
  createOrder,
  forSub,
  NEW_YEAR_MS,
  NOTIFY,
  NUMBER,
  notified,
  openAlipayKit,
  order,
  payOrder,
  refundOf,
} from './alipay-kit.ts'

const CREATE = 'alipay.trade.create'
const PRECREATE = 'alipay.trade.precreate'
const REFUND = 'alipay.trade.refund'

describe('what Alipay tells', () => {
  it('tells of a payment at once, signed without sign_type', async () => {
    const { call, simulator, told } = openAlipayKit()
    const asked = { subject: '1+1=2 & 100%', body: '正文', passback_params: 'a%3D1' }
    await call(PRECREATE, order(asked), notified)
    expect(await simulator.act(NUMBER, 'pay')).toEqual({})
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({
      atMs: NEW_YEAR_MS,
      url: NOTIFY,
      contentType: 'application/x-www-form-urlencoded; charset=utf-8',
      verified: true,
    })
    expect(told[0]?.fields).toEqual({
      notify_type: 'trade_status_sync',
      notify_id: expect.stringMatching(/^2026010100222080000\d{15}$/),
      notify_time: '2026-01-01 08:00:00',
      charset: 'utf-8',
      version: '1.0',
      sign_type: 'RSA2',
      sign: expect.any(String),
      app_id: '2021000000000001',
      auth_app_id: '2021000000000001',
      trade_no: expect.stringMatching(/^2026010122001\d{15}$/),
      out_trade_no: NUMBER,
      buyer_id: '2088100000000001',
      buyer_logon_id: 'pay***@example.com',
      seller_id: '2088000000000001',
      seller_email: 'shop@example.com',
      subject: '1+1=2 & 100%',
      body: '正文',
      passback_params: 'a%3D1',
      trade_status: 'TRADE_SUCCESS',
      total_amount: '1.00',
      receipt_amount: '1.00',
      invoice_amount: '1.00',
      buyer_pay_amount: '1.00',
      point_amount: '0.00',
      gmt_create: '2026-01-01 08:00:00',
      gmt_payment: '2026-01-01 08:00:00',
      fund_bill_list: '[{"amount":"1.00","fundChannel":"ALIPAYACCOUNT"}]',
    })
  })

  it('tells of refunds at the payment’s address, and with their sum', async () => {
    const { call, simulator, told, passes } = openAlipayKit()
    await call(CREATE, createOrder(), notified)
    await simulator.act(NUMBER, 'pay')
    await passes(5_123)
    await call(REFUND, refundOf('0.30'))
    await call(REFUND, refundOf('0.30')) // a repeat is no news
    await call(REFUND, refundOf('0.70', { out_request_no: 'R2' }))
    expect(told).toHaveLength(1)
    await passes(0)
    expect(told.slice(1).map(({ fields }) => fields)).toMatchObject([
      {
        trade_status: 'TRADE_SUCCESS',
        refund_fee: '0.30',
        out_biz_no: 'R1',
        gmt_refund: '2026-01-01 08:00:05.123',
        gmt_payment: '2026-01-01 08:00:00',
        total_amount: '1.00',
      },
      {
        trade_status: 'TRADE_CLOSED',
        refund_fee: '1.00',
        out_biz_no: 'R2',
        gmt_close: '2026-01-01 08:00:05',
      },
    ])
    expect(told.map(({ url, verified }) => [url, verified])).toEqual([
      [NOTIFY, true],
      [NOTIFY, true],
      [NOTIFY, true],
    ])
  })

  it('never sends an empty value', async () => {
    const { call, simulator, told } = openAlipayKit()
    await call(CREATE, createOrder({ body: '' }), notified)
    await simulator.act(NUMBER, 'pay')
    expect(Object.values(told[0]?.fields ?? {})).not.toContain('')
    expect(told[0]?.fields).not.toHaveProperty('body')
  })

  it('says nothing where it was given no address, and nothing of closed or waiting trades', async () => {
    const { call, simulator, told, passes } = openAlipayKit()
    await call(CREATE, createOrder())
    await simulator.act(NUMBER, 'pay')
    await call(CREATE, createOrder({ out_trade_no: 'T2' }), notified)
    await call('alipay.trade.close', { out_trade_no: 'T2' })
    await call(CREATE, createOrder({ out_trade_no: 'T3' }), notified)
    await passes(16 * 86_400_000)
    expect(told).toEqual([])
  })

  it('tells of a trade that nobody paid in time, where that is switched on', async () => {
    const { call, told, passes } = openAlipayKit({ tellsTimeoutClose: true })
    await call(CREATE, createOrder({ timeout_express: '10m' }), notified)
    await passes(600_000)
    expect(told.map(({ fields }) => fields)).toMatchObject([
      { trade_status: 'TRADE_CLOSED', gmt_close: '2026-01-01 08:10:00' },
    ])
    expect(told[0]?.fields).not.toHaveProperty('gmt_payment')
  })

  it('tells when a trade can no longer be refunded', async () => {
    const { call, simulator, told, passes } = openAlipayKit({ refundWindowMs: 86_400_000 })
    await call(CREATE, createOrder(), notified)
    await simulator.act(NUMBER, 'pay')
    await passes(86_399_999)
    expect(told).toHaveLength(1)
    await passes(1)
    expect(told[1]?.fields).toMatchObject({ trade_status: 'TRADE_FINISHED', total_amount: '1.00' })
    expect(told[1]?.fields.notify_id).not.toBe(told[0]?.fields.notify_id)
  })

  it('signs with the certificate for an app in certificate mode', async () => {
    const { call, simulator, told } = openAlipayKit({ certificate: 'replaced' })
    await call(CREATE, createOrder(), { as: CERTIFIED, ...notified })
    await simulator.act(NUMBER, 'pay')
    expect(told).toMatchObject([{ verified: true, fields: { app_id: '2021000000000002' } }])
    expect(told[0]?.fields).not.toHaveProperty('alipay_cert_sn')
  })

  it('names provider and merchant, each for what they are', async () => {
    const { call, simulator, told } = openAlipayKit()
    await call(CREATE, createOrder(), { as: forSub(1), ...notified })
    await simulator.act(NUMBER, 'pay')
    expect(told[0]?.fields).toMatchObject({
      app_id: '2021000000000008',
      auth_app_id: '2021000000000011',
      seller_id: '2088000000000011',
      seller_email: 'one@example.com',
    })
  })

  it('is written in GBK to who asked in GBK', async () => {
    const { simulator, request, told } = openAlipayKit()
    const bodies: Uint8Array[] = []
    const asked = request(CREATE, createOrder({ subject: 'in GBK' }), {
      fields: { charset: 'GBK', notify_url: NOTIFY },
    })
    await simulator.serve(asked)
    await simulator.act(NUMBER, 'pay')
    expect(told[0]).toMatchObject({
      contentType: 'application/x-www-form-urlencoded; charset=gbk',
      verified: true,
      fields: { charset: 'gbk', subject: 'in GBK' },
    })
    expect(bodies).toEqual([])
  })
})

describe('how often Alipay tells', () => {
  it('tries eight times in 24 hours and 24 minutes, and then no more', async () => {
    const { call, simulator, told, passes, merchantAnswers } = openAlipayKit()
    merchantAnswers('fail')
    await call(CREATE, createOrder(), notified)
    await simulator.act(NUMBER, 'pay')
    for (let minutes = 0; minutes < 1_500; minutes += 2) await passes(120_000)

    expect(told.map(({ atMs }) => (atMs - NEW_YEAR_MS) / 60_000)).toEqual([
      0, 4, 14, 24, 84, 204, 564, 1464,
    ])
    await passes(30 * 86_400_000)
    expect(told).toHaveLength(8)
  })

  it('tells the same event each time, with the time of the try', async () => {
    const { call, simulator, told, passes, merchantAnswers } = openAlipayKit()
    merchantAnswers('fail', 'success')
    await call(CREATE, createOrder(), notified)
    await simulator.act(NUMBER, 'pay')
    await call(REFUND, refundOf('1.00'))
    await passes(240_000)
    const [first, refund, again] = told
    expect(refund?.fields.trade_status).toBe('TRADE_CLOSED')
    // Still the payment's own event, though the trade has been paid back meanwhile.
    expect(again?.fields).toMatchObject({
      notify_id: first?.fields.notify_id,
      trade_status: 'TRADE_SUCCESS',
      notify_time: '2026-01-01 08:04:00',
    })
    expect(again?.verified).toBe(true)
  })

  it.each(['fail', '', 'SUCCESS', 'success\n', ' success', '"success"', undefined])(
    'does not take %j for an acknowledgement',
    async (body) => {
      const { call, simulator, told, passes, merchantAnswers } = openAlipayKit()
      merchantAnswers(body)
      await call(CREATE, createOrder(), notified)
      await simulator.act(NUMBER, 'pay')
      await passes(240_000)
      expect(told).toHaveLength(2)
    },
  )

  it('takes success for one', async () => {
    const { call, simulator, told, passes } = openAlipayKit()
    await call(CREATE, createOrder(), notified)
    await simulator.act(NUMBER, 'pay')
    await passes(86_400_000)
    expect(told).toHaveLength(1)
  })
})

describe('a callback that goes wrong', () => {
  async function openTwo(...faults: Parameters<Kit['simulator']['misbehave']>[0]) {
    const kit = openAlipayKit()
    await kit.call(CREATE, createOrder(), notified)
    await kit.call(CREATE, createOrder({ out_trade_no: 'T2' }), notified)
    await kit.simulator.misbehave(faults)
    return { ...kit, numbers: () => kit.told.map(({ fields }) => fields.out_trade_no) }
  }
  type Kit = ReturnType<typeof openAlipayKit>

  it('drop: one try is lost, the next comes as planned', async () => {
    const { simulator, told, passes } = await openTwo({ on: 'callback', fault: 'drop', times: 1 })
    await simulator.act(NUMBER, 'pay')
    expect(told).toEqual([])
    await passes(240_000)
    expect(told).toHaveLength(1)
  })

  it('duplicate: the same event twice', async () => {
    const { simulator, told } = await openTwo({ on: 'callback', fault: 'duplicate', times: 1 })
    await simulator.act(NUMBER, 'pay')
    expect(told).toHaveLength(2)
    expect(told[0]?.fields.notify_id).toBe(told[1]?.fields.notify_id)
  })

  it('reorder: told after the next', async () => {
    const { simulator, numbers } = await openTwo({ on: 'callback', fault: 'reorder', times: 1 })
    await simulator.act(NUMBER, 'pay')
    await simulator.act('T2', 'pay')
    expect(numbers()).toEqual(['T2', NUMBER])
  })

  it.each([
    [undefined, 60_000],
    [5_000, 5_000],
  ])('delay: told %s ms later', async (delayMs, ms) => {
    const { simulator, told, passes } = await openTwo({
      on: 'callback',
      fault: 'delay',
      times: 1,
      ...(delayMs !== undefined && { delayMs }),
    })
    await simulator.act(NUMBER, 'pay')
    await passes(ms - 1)
    expect(told).toEqual([])
    await passes(1)
    expect(told).toMatchObject([{ verified: true }])
  })

  it('bad_signature: does not verify', async () => {
    const { simulator, told } = await openTwo({ on: 'callback', fault: 'bad_signature', times: 1 })
    await simulator.act(NUMBER, 'pay')
    expect(told).toMatchObject([{ verified: false, fields: { total_amount: '1.00' } }])
  })

  it('wrong_amount: one fen more, validly signed', async () => {
    const { simulator, told } = await openTwo({ on: 'callback', fault: 'wrong_amount', times: 1 })
    await simulator.act(NUMBER, 'pay')
    expect(told).toMatchObject([
      { verified: true, fields: { total_amount: '1.01', receipt_amount: '1.01' } },
    ])
  })

  it('wrong_amount of a refund: the refund is wrong, the payment is not', async () => {
    const { simulator, call, told, passes } = await openTwo()
    await simulator.act(NUMBER, 'pay')
    await call(REFUND, refundOf('0.30'))
    await simulator.misbehave([{ on: 'callback', fault: 'wrong_amount', times: 1 }])
    await passes(0)
    expect(told[1]).toMatchObject({
      verified: true,
      fields: { refund_fee: '0.31', total_amount: '1.00' },
    })
  })

  it('wrong_merchant: of another seller, validly signed', async () => {
    const { simulator, told } = await openTwo({ on: 'callback', fault: 'wrong_merchant', times: 1 })
    await simulator.act(NUMBER, 'pay')
    expect(told).toMatchObject([{ verified: true, fields: { seller_id: '2088000000000404' } }])
  })

  it.each<[string, string, () => Record<string, unknown>]>([
    ['a QR code', PRECREATE, () => order({ out_trade_no: 'T3' })],
    ['a trade', CREATE, () => createOrder({ out_trade_no: 'T3' })],
    ['a payer’s code', 'alipay.trade.pay', () => payOrder('01', { out_trade_no: 'T3' })],
  ])('early: told before the call for %s is answered', async (_what, method, asked) => {
    const { call, told } = await openTwo({ on: 'callback', fault: 'early', times: 1 })
    const { node } = await call(method, asked(), notified)
    expect(node.code).toBe('10000')
    expect(told).toMatchObject([{ fields: { out_trade_no: 'T3', trade_status: 'TRADE_SUCCESS' } }])
  })

  it('early: a refund is told before it is answered', async () => {
    const { call, simulator, told } = await openTwo()
    await simulator.act(NUMBER, 'pay')
    await simulator.misbehave([{ on: 'callback', fault: 'early', times: 1 }])
    await call(REFUND, refundOf('0.30'))
    expect(told[1]?.fields).toMatchObject({ refund_fee: '0.30' })
  })
})
