import { describe, expect, it } from 'vitest'
import {
  createOrder,
  type Members,
  NUMBER,
  notified,
  openAlipayKit,
  refundOf,
} from './alipay-kit.ts'

const REFUND = 'alipay.trade.refund'
const REFUND_QUERY = 'alipay.trade.fastpay.refund.query'
const asked = (number = 'R1') => ({ out_trade_no: NUMBER, out_request_no: number })

async function openPaid(options: Parameters<typeof openAlipayKit>[0] = {}) {
  const kit = openAlipayKit(options)
  const { node } = await kit.call('alipay.trade.create', createOrder(), notified)
  await kit.simulator.act(NUMBER, 'pay')
  return { ...kit, tradeNo: String(node.trade_no) }
}

describe('a refund', () => {
  it('moves money once, and says what has moved in all', async () => {
    const { call, tradeNo } = await openPaid()
    const first = await call(REFUND, refundOf('0.30', { refund_reason: '少货' }))
    expect(first.node).toEqual({
      code: '10000',
      msg: 'Success',
      trade_no: tradeNo,
      out_trade_no: NUMBER,
      buyer_user_id: '2088100000000077',
      buyer_logon_id: 'nam***@example.com',
      fund_change: 'Y',
      refund_fee: '0.30',
      send_back_fee: '0.30',
      gmt_refund_pay: '2026-01-01 08:00:00',
    })
    const second = await call(REFUND, refundOf('0.20', { out_request_no: 'R2' }))
    expect(second.node).toMatchObject({
      fund_change: 'Y',
      refund_fee: '0.50',
      send_back_fee: '0.20',
    })
    const repeated = await call(REFUND, refundOf('0.30', { refund_reason: '少货' }))
    expect(repeated.node).toMatchObject({ fund_change: 'N', refund_fee: '0.50' })
  })

  it('lists where the money went when asked to', async () => {
    const { call } = await openPaid()
    const { node } = await call(
      REFUND,
      refundOf('0.30', { query_options: ['refund_detail_item_list'] }),
    )
    expect(node.refund_detail_item_list).toEqual([
      { fund_channel: 'ALIPAYACCOUNT', amount: '0.30' },
    ])
  })

  it.each<[string, Members, string]>([
    [
      'more than is left',
      { refund_amount: '0.71', out_request_no: 'R2' },
      'REASON_TRADE_REFUND_FEE_ERR',
    ],
    ['another amount under its number', { refund_amount: '0.31' }, 'DISCORDANT_REPEAT_REQUEST'],
    [
      'a part without a number',
      { refund_amount: '0.10', out_request_no: undefined },
      'INVALID_PARAMETER',
    ],
    ['nothing', { refund_amount: '0' }, 'INVALID_PARAMETER'],
    ['257 characters of reason', { refund_reason: '长'.repeat(257) }, 'INVALID_PARAMETER'],
    ['a trade that is not there', { out_trade_no: 'T404' }, 'TRADE_NOT_EXIST'],
  ])('is refused: %s', async (_what, changes, sub_code) => {
    const { call } = await openPaid()
    await call(REFUND, refundOf('0.30'))
    const { node } = await call(REFUND, refundOf('0.30', changes))
    expect(node).toMatchObject({ code: '40004', sub_code: `ACQ.${sub_code}` })
  })

  it('takes all that is left', async () => {
    const { call } = await openPaid()
    await call(REFUND, refundOf('0.30'))
    const rest = await call(REFUND, refundOf('0.70', { out_request_no: 'R2' }))
    expect(rest.node).toMatchObject({ fund_change: 'Y', refund_fee: '1.00' })
    const more = await call(REFUND, refundOf('0.01', { out_request_no: 'R3' }))
    expect(more.node.sub_code).toBe('ACQ.TRADE_HAS_CLOSE')
    // A repeat is still a repeat.
    expect((await call(REFUND, refundOf('0.30'))).node).toMatchObject({ fund_change: 'N' })
  })

  it('of everything may go without a number: it has the trade’s', async () => {
    const { call } = await openPaid()
    const whole = refundOf('1.00', { out_request_no: undefined })
    expect((await call(REFUND, whole)).node.fund_change).toBe('Y')
    expect((await call(REFUND, whole)).node.fund_change).toBe('N')
    expect((await call(REFUND_QUERY, asked(NUMBER))).node.refund_status).toBe('REFUND_SUCCESS')
  })

  it.each([
    ['not paid', 'ACQ.TRADE_STATUS_ERROR'],
    ['closed', 'ACQ.TRADE_HAS_CLOSE'],
  ])('is refused when the trade is %s', async (what, sub_code) => {
    const { call } = openAlipayKit()
    await call('alipay.trade.create', createOrder())
    if (what === 'closed') await call('alipay.trade.close', { out_trade_no: NUMBER })
    expect((await call(REFUND, refundOf('1.00'))).node.sub_code).toBe(sub_code)
  })

  it('comes too late a year after the payment', async () => {
    const { call, passes } = await openPaid()
    await passes(365 * 86_400_000 - 1)
    expect((await call(REFUND, refundOf('0.10'))).node.fund_change).toBe('Y')
    await passes(1)
    const { node } = await call(REFUND, refundOf('0.10', { out_request_no: 'R2' }))
    expect(node.sub_code).toBe('ACQ.TRADE_HAS_FINISHED')
  })

  it('needs money on the merchant’s account, where there is an end to that', async () => {
    const kit = openAlipayKit()
    await kit.simulator.enrolSeller({
      sellerId: '2088000000000001',
      name: '演示商户',
      email: 'shop@example.com',
      openingFen: 0,
    })
    await kit.call('alipay.trade.create', createOrder({ total_amount: '100.00' }))
    await kit.simulator.act(NUMBER, 'pay')
    // Of the hundred yuan the fee has gone.
    expect((await kit.call(REFUND, refundOf('99.41'))).node.sub_code).toBe(
      'ACQ.SELLER_BALANCE_NOT_ENOUGH',
    )
    expect((await kit.call(REFUND, refundOf('99.40'))).node.fund_change).toBe('Y')
  })
})

describe('a refund query', () => {
  it('shows one refund, not the sum of them', async () => {
    const { call, tradeNo } = await openPaid()
    await call(REFUND, refundOf('0.30', { refund_reason: '少货' }))
    await call(REFUND, refundOf('0.20', { out_request_no: 'R2' }))
    const options = { query_options: ['gmt_refund_pay', 'deposit_back_info'] }
    expect((await call(REFUND_QUERY, { ...asked(), ...options })).node).toEqual({
      code: '10000',
      msg: 'Success',
      trade_no: tradeNo,
      out_trade_no: NUMBER,
      out_request_no: 'R1',
      total_amount: '1.00',
      refund_amount: '0.30',
      refund_status: 'REFUND_SUCCESS',
      send_back_fee: '0.30',
      refund_reason: '少货',
      gmt_refund_pay: '2026-01-01 08:00:00',
      deposit_back_info: { has_deposit_back: 'false' },
    })
  })

  it('says success and nothing more of what it does not know', async () => {
    const { call } = await openPaid()
    expect((await call(REFUND_QUERY, asked('R404'))).node).toEqual({
      code: '10000',
      msg: 'Success',
    })
    const { node } = await call(REFUND_QUERY, { out_trade_no: 'T404', out_request_no: 'R1' })
    expect(node.sub_code).toBe('ACQ.TRADE_NOT_EXIST')
    const without = await call(REFUND_QUERY, { out_trade_no: NUMBER })
    expect(without.node.sub_code).toBe('ACQ.INVALID_PARAMETER')
  })

  it('knows a refund that takes its time only when it has arrived', async () => {
    const { call, passes, told } = await openPaid({ refundTakesMs: 20_000 })
    const first = await call(REFUND, refundOf('0.30'))
    expect(first.node).toMatchObject({ code: '10000', fund_change: 'N', refund_fee: '0.00' })
    await passes(19_999)
    expect((await call(REFUND_QUERY, asked())).node).toEqual({ code: '10000', msg: 'Success' })
    expect(told).toHaveLength(1)
    await passes(1)
    expect((await call(REFUND_QUERY, asked())).node.refund_status).toBe('REFUND_SUCCESS')
    expect(told[1]?.fields).toMatchObject({ refund_fee: '0.30', out_biz_no: 'R1' })
  })
})
