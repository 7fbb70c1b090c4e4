import { describe, expect, it } from 'vitest'
import {
  createOrder,
  type Members,
  NUMBER,
  notified,
  openAlipayKit,
  order,
  payOrder,
  refundOf,
} from './alipay-kit.ts'

const CREATE = 'alipay.trade.create'
const QUERY = 'alipay.trade.query'
const CLOSE = 'alipay.trade.close'
const CANCEL = 'alipay.trade.cancel'
const KEY = { out_trade_no: NUMBER }
const DAY_MS = 86_400_000

describe('a query', () => {
  it('shows a trade that was paid', async () => {
    const { call, simulator } = openAlipayKit()
    const asked = createOrder({ passback_params: 'a%3D1', store_id: 'S1', terminal_id: 'T1' })
    const { node } = await call(CREATE, asked)
    await simulator.act(NUMBER, 'pay')
    expect((await call(QUERY, KEY)).node).toEqual({
      code: '10000',
      msg: 'Success',
      trade_no: node.trade_no,
      out_trade_no: NUMBER,
      buyer_user_id: '2088100000000077',
      buyer_logon_id: 'nam***@example.com',
      trade_status: 'TRADE_SUCCESS',
      total_amount: '1.00',
      receipt_amount: '1.00',
      buyer_pay_amount: '1.00',
      point_amount: '0.00',
      invoice_amount: '1.00',
      send_pay_date: '2026-01-01 08:00:00',
      fund_bill_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: '1.00', real_amount: '1.00' }],
      store_id: 'S1',
      terminal_id: 'T1',
      passback_params: 'a%3D1',
    })
  })

  it('finds by Alipay’s number before the merchant’s', async () => {
    const { call } = openAlipayKit()
    const { node } = await call(CREATE, createOrder())
    const both = { out_trade_no: 'another', trade_no: node.trade_no }
    expect((await call(QUERY, both)).node.out_trade_no).toBe(NUMBER)
  })

  it.each<[string, Members, string]>([
    ['nothing', {}, 'ACQ.INVALID_PARAMETER'],
    ['a number that was never used', { out_trade_no: 'T404' }, 'ACQ.TRADE_NOT_EXIST'],
    ['a trade_no of nobody', { trade_no: '2026010122001404040404040404' }, 'ACQ.TRADE_NOT_EXIST'],
  ])('of %s is refused', async (_what, key, sub_code) => {
    const { call } = openAlipayKit()
    expect((await call(QUERY, key)).node).toMatchObject({ code: '40004', sub_code })
  })

  it('tells a trade that was paid back from one that was never paid', async () => {
    const { call, simulator } = openAlipayKit()
    await call(CREATE, createOrder())
    await simulator.act(NUMBER, 'pay')
    await call('alipay.trade.refund', refundOf('1.00'))
    await call(CREATE, createOrder({ out_trade_no: 'T2' }))
    await call(CLOSE, { out_trade_no: 'T2' })
    const [back, never] = [await call(QUERY, KEY), await call(QUERY, { out_trade_no: 'T2' })]
    expect(back.node).toMatchObject({
      trade_status: 'TRADE_CLOSED',
      send_pay_date: '2026-01-01 08:00:00',
    })
    expect(never.node.trade_status).toBe('TRADE_CLOSED')
    expect(never.node).not.toHaveProperty('send_pay_date')
  })

  it('says TRADE_FINISHED when it can no longer be refunded', async () => {
    const { call, simulator, passes } = openAlipayKit()
    await call(CREATE, createOrder())
    await simulator.act(NUMBER, 'pay')
    await passes(365 * DAY_MS - 1)
    expect((await call(QUERY, KEY)).node.trade_status).toBe('TRADE_SUCCESS')
    await passes(1)
    expect((await call(QUERY, KEY)).node.trade_status).toBe('TRADE_FINISHED')
  })
})

describe('a close', () => {
  it('ends what waits to be paid', async () => {
    const { call, simulator } = openAlipayKit()
    const { node } = await call(CREATE, createOrder())
    expect((await call(CLOSE, KEY)).node).toEqual({
      code: '10000',
      msg: 'Success',
      trade_no: node.trade_no,
      out_trade_no: NUMBER,
    })
    expect((await call(QUERY, KEY)).node.trade_status).toBe('TRADE_CLOSED')
    expect(await simulator.act(NUMBER, 'pay')).toEqual({ refused: 'the trade is closed' })
  })

  it.each([
    ['paid', 'ACQ.TRADE_STATUS_ERROR'],
    ['closed', 'ACQ.REASON_TRADE_STATUS_INVALID'],
  ])('of what is %s is refused', async (what, sub_code) => {
    const { call, simulator } = openAlipayKit()
    await call(CREATE, createOrder())
    if (what === 'paid') await simulator.act(NUMBER, 'pay')
    else await call(CLOSE, KEY)
    expect((await call(CLOSE, KEY)).node).toMatchObject({ code: '40004', sub_code })
  })
})

describe('a cancel', () => {
  it('of nothing has nothing to do, and fences nothing', async () => {
    const { call, simulator } = openAlipayKit()
    await call('alipay.trade.precreate', order())
    expect((await call(CANCEL, KEY)).node).toEqual({
      code: '10000',
      msg: 'Success',
      out_trade_no: NUMBER,
      retry_flag: 'N',
    })
    expect(await simulator.act(NUMBER, 'pay')).toEqual({})
  })

  it('closes what is not paid, and says the same when repeated', async () => {
    const { call } = openAlipayKit()
    await call('alipay.trade.pay', payOrder('04'))
    for (let count = 0; count < 2; count += 1) {
      expect((await call(CANCEL, KEY)).node).toMatchObject({ retry_flag: 'N', action: 'close' })
    }
    expect((await call(QUERY, KEY)).node.trade_status).toBe('TRADE_CLOSED')
  })

  it('pays back what is paid, what is left of it, and tells', async () => {
    const { call, told, passes } = openAlipayKit()
    await call('alipay.trade.pay', payOrder('01'), notified)
    await call('alipay.trade.refund', refundOf('0.30'))
    expect((await call(CANCEL, KEY)).node).toMatchObject({
      retry_flag: 'N',
      action: 'refund',
      refund_settlement_id: expect.stringMatching(/^\d{32}$/),
    })
    expect((await call(CANCEL, KEY)).node).toMatchObject({ retry_flag: 'N', action: 'refund' })
    const { node } = await call('alipay.trade.fastpay.refund.query', {
      ...KEY,
      out_request_no: NUMBER,
    })
    expect(node).toMatchObject({ refund_amount: '0.70', refund_status: 'REFUND_SUCCESS' })
    await passes(0)
    const last = told.at(-1)?.fields
    expect(last).toMatchObject({ trade_status: 'TRADE_CLOSED', refund_fee: '1.00' })
    expect(last).not.toHaveProperty('out_biz_no')
    expect(told).toHaveLength(3)
  })

  it('asks to be repeated, where it is set up so, and has done nothing then', async () => {
    const { call } = openAlipayKit({ cancel: 'retry_first' })
    await call('alipay.trade.pay', payOrder('01'))
    const first = await call(CANCEL, KEY)
    expect(first.node).toMatchObject({ code: '10000', retry_flag: 'Y' })
    expect(first.node).not.toHaveProperty('action')
    expect((await call(QUERY, KEY)).node.trade_status).toBe('TRADE_SUCCESS')
    expect((await call(CANCEL, KEY)).node).toMatchObject({ retry_flag: 'N', action: 'refund' })
  })

  it('comes too late after a day, and after the time to refund', async () => {
    const { call, passes } = openAlipayKit()
    await call('alipay.trade.pay', payOrder('01'))
    await passes(DAY_MS)
    expect((await call(CANCEL, KEY)).node.sub_code).toBe('ACQ.TRADE_CANCEL_TIME_OUT')
    await passes(364 * DAY_MS)
    expect((await call(CANCEL, KEY)).node.sub_code).toBe('ACQ.TRADE_HAS_FINISHED')
  })
})
