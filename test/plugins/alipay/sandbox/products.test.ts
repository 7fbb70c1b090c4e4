import { describe, expect, it } from 'vitest'
import {
  createOrder,
  type Members,
  NUMBER,
  notified,
  openAlipayKit,
  order,
  payOrder,
} from './alipay-kit.ts'

const PRECREATE = 'alipay.trade.precreate'
const CREATE = 'alipay.trade.create'
const PAY = 'alipay.trade.pay'
const QUERY = 'alipay.trade.query'
const KEY = { out_trade_no: NUMBER }

describe('what every product checks', () => {
  it.each<[string, Members, string]>([
    ['no number', { out_trade_no: undefined }, 'ACQ.INVALID_PARAMETER'],
    ['a number with a slash', { out_trade_no: 'T/1' }, 'ACQ.INVALID_PARAMETER'],
    ['65 characters of number', { out_trade_no: 'T'.repeat(65) }, 'ACQ.INVALID_PARAMETER'],
    ['no amount', { total_amount: undefined }, 'ACQ.INVALID_PARAMETER'],
    ['nothing to pay', { total_amount: '0.00' }, 'ACQ.INVALID_PARAMETER'],
    ['thousandths', { total_amount: '1.001' }, 'ACQ.INVALID_PARAMETER'],
    ['less than nothing', { total_amount: '-1.00' }, 'ACQ.INVALID_PARAMETER'],
    ['an amount in words', { total_amount: 'one' }, 'ACQ.INVALID_PARAMETER'],
    ['too much', { total_amount: '100000000.01' }, 'ACQ.TOTAL_FEE_EXCEED'],
    ['no subject', { subject: '' }, 'ACQ.INVALID_PARAMETER'],
    ['257 characters of subject', { subject: '长'.repeat(257) }, 'ACQ.INVALID_PARAMETER'],
    ['129 characters of body', { body: '长'.repeat(129) }, 'ACQ.INVALID_PARAMETER'],
    ['a member that Alipay does not know', { total_fee: '1.00' }, 'ACQ.INVALID_PARAMETER'],
    ['another seller', { seller_id: '2088000000000011' }, 'ACQ.INVALID_PARAMETER'],
    ['16 days to pay', { timeout_express: '16d' }, 'ACQ.INVALID_PARAMETER'],
    ['a time in words', { time_expire: 'tomorrow' }, 'ACQ.INVALID_PARAMETER'],
    [
      'a time that has passed',
      { time_expire: '2026-01-01 08:00:00' },
      'ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR',
    ],
  ])('refuses %s', async (_what, changes, sub_code) => {
    const { call } = openAlipayKit()
    const { node } = await call(PRECREATE, order(changes))
    expect(node).toMatchObject({ code: '40004', msg: 'Business Failed', sub_code })
  })

  it.each<[string, Members]>([
    ['0.01', { total_amount: '0.01' }],
    ['100000000.00', { total_amount: '100000000.00' }],
    ['a number', { total_amount: 1.5 }],
    ['256 characters of subject', { subject: '长'.repeat(256) }],
    ['a minus in the number', { out_trade_no: 'T-1_a' }],
    ['its seller', { seller_id: '2088000000000001' }],
    ['a minute', { timeout_express: '1m' }],
    ['today', { timeout_express: '1c' }],
    ['a time without seconds', { time_expire: '2026-01-01 08:01' }],
  ])('takes %s', async (_what, changes) => {
    const { call } = openAlipayKit()
    expect((await call(PRECREATE, order(changes))).node.code).toBe('10000')
  })

  it('can ignore what it does not know, as Alipay does', async () => {
    const { call } = openAlipayKit({ unknownFields: 'ignored' })
    expect((await call(PRECREATE, order({ total_fee: '1.00' }))).node.code).toBe('10000')
    expect((await call(PRECREATE, order({ subject: '', a: 1 }))).node.code).toBe('40004')
  })

  it.each(['ftp://pay.example.com', 'pay.example.com', `https://e.com/${'a'.repeat(250)}`])(
    'refuses the callback address %s',
    async (notify_url) => {
      const { call } = openAlipayKit()
      const { node } = await call(PRECREATE, order(), { fields: { notify_url } })
      expect(node).toMatchObject({ code: '40002', sub_code: 'isv.invalid-parameter' })
    },
  )
})

describe('a QR code', () => {
  it('is no trade before somebody scans it: no query and no close finds one', async () => {
    const { call, simulator } = openAlipayKit()
    const { node } = await call(PRECREATE, order())
    expect((await call(QUERY, KEY)).node.sub_code).toBe('ACQ.TRADE_NOT_EXIST')
    expect((await call('alipay.trade.close', KEY)).node.sub_code).toBe('ACQ.TRADE_NOT_EXIST')
    expect(await simulator.payments()).toMatchObject([
      { number: NUMBER, state: 'TRADE_NOT_EXIST', actions: expect.arrayContaining(['pay']) },
    ])

    // The close has fenced nothing: it can still be scanned.
    expect(await simulator.open?.(String(node.qr_code))).toEqual({ number: NUMBER })
    expect((await call(QUERY, KEY)).node).toMatchObject({ trade_status: 'WAIT_BUYER_PAY' })
  })

  it('is the same for the same order, and another once it differs', async () => {
    const { call } = openAlipayKit()
    const [first, again] = [await call(PRECREATE, order()), await call(PRECREATE, order())]
    expect(again.node.qr_code).toBe(first.node.qr_code)
    const other = await call(PRECREATE, order({ total_amount: '2.00' }))
    expect(other.node.code).toBe('10000')
    expect(other.node.qr_code).not.toBe(first.node.qr_code)
  })

  it('of an order that has changed leads nowhere', async () => {
    const { call, simulator } = openAlipayKit()
    const { node } = await call(PRECREATE, order())
    await call(PRECREATE, order({ total_amount: '2.00' }))
    expect(await simulator.open?.(String(node.qr_code))).toEqual({
      refused: 'there is no such trade',
    })
  })

  it.each<[string, Members, number]>([
    ['two hours', {}, 7_200_000],
    ['what it says', { qr_code_timeout_express: '5m' }, 300_000],
    ['until the order ends', { time_expire: '2026-01-01 08:01:00' }, 60_000],
  ])('can be scanned for %s', async (_what, changes, ms) => {
    const { call, simulator, passes } = openAlipayKit()
    await call(PRECREATE, order(changes))
    await passes(ms - 1)
    expect((await simulator.payments())[0]?.actions).toContain('pay')
    await passes(1)
    expect((await simulator.payments())[0]?.actions).toEqual([])
    expect((await simulator.act(NUMBER, 'pay')).refused).toMatch(/expired|passed/)
  })

  it.each<[string, Members, number]>([
    ['three hours from the scan', {}, 10_800_000],
    ['what was said', { timeout_express: '30m' }, 1_800_000],
    ['until the day ends', { timeout_express: '1c' }, 57_599_999],
    ['until the time that was said', { time_expire: '2026-01-01 09:00:00' }, 3_600_000],
  ])('once scanned can be paid for %s; then Alipay closes it', async (_what, changes, ms) => {
    const { call, simulator, passes } = openAlipayKit()
    await call(PRECREATE, order(changes))
    await simulator.act(NUMBER, 'cancel')
    await passes(ms - 1)
    expect((await call(QUERY, KEY)).node.trade_status).toBe('WAIT_BUYER_PAY')
    await passes(1)
    expect((await call(QUERY, KEY)).node.trade_status).toBe('TRADE_CLOSED')
    expect(await simulator.act(NUMBER, 'pay')).toEqual({ refused: 'the trade is closed' })
    expect((await call(PRECREATE, order(changes))).node.code).toBe('40004')
  })

  it.each([
    ['scanned and changed', 'cancel', { total_amount: '2.00' }, 'ACQ.CONTEXT_INCONSISTENT'],
    ['paid', 'pay', {}, 'ACQ.TRADE_HAS_SUCCESS'],
  ] as const)('is refused for a number that was %s', async (_what, action, changes, sub_code) => {
    const { call, simulator } = openAlipayKit()
    await call(PRECREATE, order())
    await simulator.act(NUMBER, action)
    expect((await call(PRECREATE, order(changes))).node.sub_code).toBe(sub_code)
  })

  it('is refused for a number that was closed', async () => {
    const { call, simulator } = openAlipayKit()
    await call(PRECREATE, order())
    await simulator.act(NUMBER, 'cancel')
    expect((await call('alipay.trade.close', KEY)).node.code).toBe('10000')
    expect((await call(PRECREATE, order())).node.sub_code).toBe('ACQ.TRADE_HAS_CLOSE')
  })
})

describe('a trade for a payer whom the merchant knows', () => {
  it('is there at once, and the same when asked for again', async () => {
    const { call } = openAlipayKit()
    const first = await call(CREATE, createOrder({ product_code: 'JSAPI_PAY' }))
    expect(first.node).toEqual({
      code: '10000',
      msg: 'Success',
      out_trade_no: NUMBER,
      trade_no: expect.stringMatching(/^2026010122001\d{15}$/),
    })
    expect((await call(CREATE, createOrder())).node.trade_no).toBe(first.node.trade_no)
    expect((await call(QUERY, { trade_no: first.node.trade_no })).node).toMatchObject({
      trade_status: 'WAIT_BUYER_PAY',
      buyer_user_id: '2088100000000077',
      receipt_amount: '0.00',
    })
  })

  it('can be paid for 15 days', async () => {
    const { call, passes } = openAlipayKit()
    await call(CREATE, createOrder())
    await passes(15 * 86_400_000 - 1)
    expect((await call(QUERY, KEY)).node.trade_status).toBe('WAIT_BUYER_PAY')
    await passes(1)
    expect((await call(QUERY, KEY)).node.trade_status).toBe('TRADE_CLOSED')
  })

  it.each<[string, Members, string]>([
    ['no payer', { buyer_id: undefined }, 'ACQ.INVALID_PARAMETER'],
    ['no user id', { buyer_id: 'somebody' }, 'ACQ.INVALID_PARAMETER'],
    ['the seller itself', { buyer_id: '2088000000000001' }, 'ACQ.BUYER_SELLER_EQUAL'],
  ])('is refused for %s', async (_what, changes, sub_code) => {
    const { call } = openAlipayKit()
    expect((await call(CREATE, createOrder(changes))).node.sub_code).toBe(sub_code)
  })

  it.each<[string, Members]>([
    ['another payer', { buyer_id: '2088100000000078' }],
    ['another amount', { total_amount: '1.01' }],
    ['another subject', { subject: '别的' }],
  ])('does not change into one for %s', async (_what, changes) => {
    const { call } = openAlipayKit()
    await call(CREATE, createOrder())
    expect((await call(CREATE, createOrder(changes))).node.sub_code).toBe(
      'ACQ.CONTEXT_INCONSISTENT',
    )
  })

  it('knows payers by open id where the app does', async () => {
    const { call, simulator } = openAlipayKit({ payerIds: 'open_id' })
    const asked = createOrder({ buyer_id: undefined, op_buyer_open_id: '0712open-Id_1' })
    await call(CREATE, { ...asked, op_app_id: '2021000000000033' })
    await simulator.act(NUMBER, 'pay')
    const { node } = await call(QUERY, KEY)
    expect(node).toMatchObject({ trade_status: 'TRADE_SUCCESS', buyer_open_id: '0712open-Id_1' })
    expect(node).not.toHaveProperty('buyer_user_id')
  })
})

describe('a code that the payer shows', () => {
  it('is charged at once, and that is told too', async () => {
    const { call, told, passes } = openAlipayKit()
    const { node } = await call(PAY, payOrder('01', { store_id: 'S1' }), notified)
    expect(node).toEqual({
      code: '10000',
      msg: 'Success',
      trade_no: expect.stringMatching(/^2026010122001\d{15}$/),
      out_trade_no: NUMBER,
      buyer_user_id: '2088100000000001',
      buyer_logon_id: 'pay***@example.com',
      total_amount: '1.00',
      receipt_amount: '1.00',
      buyer_pay_amount: '1.00',
      point_amount: '0.00',
      invoice_amount: '1.00',
      gmt_payment: '2026-01-01 08:00:00',
      fund_bill_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: '1.00', real_amount: '1.00' }],
      store_name: '演示商户',
    })
    expect(told).toEqual([])
    await passes(0)
    expect(told).toMatchObject([{ fields: { trade_status: 'TRADE_SUCCESS' }, verified: true }])
  })

  it('makes the payer give a password, which comes', async () => {
    const { call, passes, told } = openAlipayKit()
    const { node } = await call(PAY, payOrder('03'), notified)
    expect(node).toEqual({
      code: '10003',
      msg: ' order success pay inprocess',
      trade_no: expect.any(String),
      out_trade_no: NUMBER,
      buyer_user_id: '2088100000000001',
      buyer_logon_id: 'pay***@example.com',
      total_amount: '1.00',
    })
    await passes(9_999)
    expect((await call(QUERY, KEY)).node.trade_status).toBe('WAIT_BUYER_PAY')
    await passes(1)
    expect((await call(QUERY, KEY)).node.trade_status).toBe('TRADE_SUCCESS')
    expect(told).toHaveLength(1)
  })

  it('makes the payer give a password, which never comes', async () => {
    const { call, passes } = openAlipayKit()
    expect((await call(PAY, payOrder('04'))).node.code).toBe('10003')
    await passes(10_799_999)
    expect((await call(QUERY, KEY)).node.trade_status).toBe('WAIT_BUYER_PAY')
    await passes(1)
    expect((await call(QUERY, KEY)).node.trade_status).toBe('TRADE_CLOSED')
  })

  it.each(['03', '04'])('makes the payer (%s) give a password, who turns away', async (ending) => {
    const { call, passes, simulator } = openAlipayKit()
    await call(PAY, payOrder(ending))
    expect((await simulator.payments())[0]?.actions).toEqual(['pay', 'cancel'])
    expect(await simulator.act(NUMBER, 'cancel')).toEqual({})
    await passes(60_000)
    expect((await call(QUERY, KEY)).node.trade_status).toBe('WAIT_BUYER_PAY')
  })

  it('waits again when it is charged again, and says so when it was paid meanwhile', async () => {
    const { call, simulator } = openAlipayKit()
    await call(PAY, payOrder('04'))
    expect((await call(PAY, payOrder('04'))).node.code).toBe('10003')
    await simulator.act(NUMBER, 'pay')
    expect((await call(PAY, payOrder('04'))).node.sub_code).toBe('ACQ.TRADE_HAS_SUCCESS')
  })

  it.each([
    ['20', '20000', 'isp.unknow-error', 'TRADE_SUCCESS'],
    ['21', '20000', 'isp.unknow-error', 'WAIT_BUYER_PAY'],
    ['22', '40004', 'ACQ.SYSTEM_ERROR', 'TRADE_SUCCESS'],
    ['45', '40004', 'ACQ.PULL_MOBILE_CASHIER_FAIL', 'WAIT_BUYER_PAY'],
    ['40', '40004', 'ACQ.BUYER_BALANCE_NOT_ENOUGH', undefined],
    ['41', '40004', 'ACQ.PAYMENT_AUTH_CODE_INVALID', undefined],
    ['42', '40004', 'ACQ.PAYMENT_FAIL', undefined],
    ['43', '40004', 'ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR', undefined],
    ['44', '40004', 'ACQ.PAYMENT_REQUEST_HAS_RISK', undefined],
  ])('that ends in %s answers %s %s and leaves %s', async (ending, code, sub_code, status) => {
    const { call } = openAlipayKit()
    expect((await call(PAY, payOrder(ending))).node).toMatchObject({ code, sub_code })
    expect((await call(QUERY, KEY)).node.trade_status).toBe(status)
  })

  it('is good for one trade', async () => {
    const { call } = openAlipayKit()
    await call(PAY, payOrder('01'))
    const { node } = await call(PAY, payOrder('01', { out_trade_no: 'T2' }))
    expect(node.sub_code).toBe('ACQ.PAYMENT_AUTH_CODE_INVALID')
  })

  it.each(['134567890123456789', '2812345678901', '28x4567890123456', '3112345678901234'])(
    'is not %s',
    async (auth_code) => {
      const { call } = openAlipayKit()
      const { node } = await call(PAY, payOrder('01', { auth_code }))
      expect(node.sub_code).toBe('ACQ.PAYMENT_AUTH_CODE_INVALID')
    },
  )

  it('can be seen on the payer’s phone: another each minute, and when it was used', async () => {
    const { call, simulator, passes } = openAlipayKit()
    const codes = async () => (await simulator.payerCodes?.()) ?? []
    const [paid, password, poor] = await codes()
    expect([paid, password, poor]).toMatchObject([
      { outcome: 'paid', code: expect.stringMatching(/^28\d{14}01$/) },
      { outcome: 'password', code: expect.stringMatching(/^28\d{14}04$/) },
      { outcome: 'insufficient_balance', code: expect.stringMatching(/^28\d{14}40$/) },
    ])
    expect(paid?.validUntilMs).toBe(1_767_225_660_000)
    expect((await codes())[0]).toEqual(paid)
    const charged = await call(PAY, payOrder('', { auth_code: paid?.code }))
    expect(charged.node.code).toBe('10000')
    expect((await codes())[0]?.code).not.toBe(paid?.code)
    await passes(60_000)
    expect((await codes())[1]?.code).not.toBe(password?.code)
  })
})
