import { describe, expect, it } from 'vitest'
import { createOrder, forSub, type Members, NUMBER, openAlipayKit, refundOf } from './alipay-kit.ts'

const BIND = 'alipay.trade.royalty.relation.bind'
const UNBIND = 'alipay.trade.royalty.relation.unbind'
const LIST = 'alipay.trade.royalty.relation.batchquery'
const SETTLE = 'alipay.trade.order.settle'
const SETTLE_QUERY = 'alipay.trade.order.settle.query'
const UNSETTLED = 'alipay.trade.order.onsettle.query'
const PERSON = '2088100000000011'
const OTHER = '2088100000000012'
const STUBBORN = '2088100000000500'

const receivers = (...list: Members[]) => ({ receiver_list: list, out_request_no: 'B1' })
const byId = (account: string) => ({ type: 'userId', account })
const share = (amount: string, trans_in = PERSON) => ({ trans_in, trans_in_type: 'userId', amount })

async function openShared(options: Parameters<typeof openAlipayKit>[0] = {}) {
  const kit = openAlipayKit(options)
  const frozen = { total_amount: '10.00', extend_params: { royalty_freeze: 'true' } }
  const { node } = await kit.call('alipay.trade.create', createOrder(frozen))
  await kit.call(BIND, receivers(byId(PERSON), byId(OTHER), byId(STUBBORN)))
  await kit.simulator.act(NUMBER, 'pay')
  await kit.passes(30_000)
  const trade_no = String(node.trade_no)
  const settle = (shares: Members[], changes: Members = {}) =>
    kit.call(SETTLE, {
      out_request_no: 'S1',
      trade_no,
      royalty_parameters: shares,
      ...changes,
    })
  return { ...kit, trade_no, settle }
}

describe('whom a merchant may share with', () => {
  it('is bound, listed by pages and unbound, each safely twice', async () => {
    const { call } = openAlipayKit()
    const all = receivers(byId(PERSON), {
      type: 'loginName',
      account: '13800000012',
      name: '李四',
      memo: '伙伴',
    })
    for (let count = 0; count < 2; count += 1) {
      expect((await call(BIND, all)).node).toMatchObject({ code: '10000', result_code: 'SUCCESS' })
    }
    const page = { page_num: 2, page_size: 1, out_request_no: 'Q1' }
    expect((await call(LIST, page)).node).toMatchObject({
      result_code: 'SUCCESS',
      receiver_list: [{ type: 'loginName', account: '13800000012', name: '李四', memo: '伙伴' }],
      total_page_num: 2,
      total_record_num: 2,
      current_page_num: 2,
      current_page_size: 1,
    })
    for (let count = 0; count < 2; count += 1) {
      expect((await call(UNBIND, receivers(byId(PERSON)))).node.result_code).toBe('SUCCESS')
    }
    expect((await call(LIST, { out_request_no: 'Q2' })).node.total_record_num).toBe(1)
  })

  it.each<[string, Members[], string]>([
    ['nobody', [], 'RECEIVER_LIST_EMPTY'],
    ['21 at once', Array.from({ length: 21 }, () => byId(PERSON)), 'RECEIVER_LIST_OVERLOAD'],
    ['who is not there', [byId('2088100000000404')], 'USER_NOT_EXIST'],
    ['who has no user id', [byId('zhang')], 'USER_NOT_EXIST'],
    [
      'a login name without a name',
      [{ type: 'loginName', account: 'a@example.com' }],
      'USERNAME_NOT_MATCH',
    ],
    [
      'a login name of another',
      [{ type: 'loginName', account: 'zhang@example.com', name: '李四' }],
      'USERNAME_NOT_MATCH',
    ],
    ['of no kind', [{ type: 'phone', account: '1' }], 'INVALID_PARAMETER'],
  ])('is not %s', async (_what, list, sub_code) => {
    const { call } = openAlipayKit()
    expect((await call(BIND, receivers(...list))).node).toMatchObject({ code: '40004', sub_code })
  })
})

describe('a settlement', () => {
  it('pays shares out at once, and shows them', async () => {
    const { call, settle, trade_no } = await openShared()
    expect((await call(UNSETTLED, { trade_no })).node.unsettled_amount).toBe('10.00')
    const { node } = await settle([share('1.00'), share('0.50', OTHER)])
    expect(node).toEqual({
      code: '10000',
      msg: 'Success',
      trade_no,
      settle_no: expect.stringMatching(/^\d{32}$/),
    })
    const expected = {
      code: '10000',
      out_request_no: 'S1',
      operation_dt: '2026-01-01 08:00:30',
      royalty_detail_list: [
        {
          operation_type: 'transfer',
          execute_dt: '2026-01-01 08:00:30',
          trans_out: '2088000000000001',
          trans_out_type: 'userId',
          trans_in: PERSON,
          trans_in_type: 'userId',
          amount: '1.00',
          state: 'SUCCESS',
          detail_id: expect.stringMatching(/^\d{32}$/),
        },
        { trans_in: OTHER, amount: '0.50', state: 'SUCCESS' },
      ],
    }
    expect((await call(SETTLE_QUERY, { settle_no: node.settle_no })).node).toMatchObject(expected)
    expect((await call(SETTLE_QUERY, { out_request_no: 'S1', trade_no })).node).toMatchObject(
      expected,
    )
    expect((await call(UNSETTLED, { trade_no })).node.unsettled_amount).toBe('8.50')
    const options = { query_options: ['trade_settle_info'] }
    expect((await call('alipay.trade.query', { trade_no, ...options })).node).toMatchObject({
      trade_settle_info: {
        trade_unsettled_amount: '8.50',
        trade_settle_detail_list: [{ amount: '1.00' }, { amount: '0.50', trans_in: OTHER }],
      },
    })
  })

  it('is the same when repeated, and refused when it differs', async () => {
    const { settle } = await openShared()
    const first = await settle([share('1.00')])
    expect((await settle([share('1.00')])).node).toEqual(first.node)
    expect((await settle([share('1.01')])).node.sub_code).toBe('ACQ.DISCORDANT_REPEAT_REQUEST')
  })

  it('has a number of its own over all trades', async () => {
    const { call, settle, simulator, passes } = await openShared()
    await settle([share('1.00')])
    const { node } = await call('alipay.trade.create', createOrder({ out_trade_no: 'T2' }))
    await simulator.act('T2', 'pay')
    await passes(30_000)
    const other = await settle([share('0.01')], { trade_no: node.trade_no })
    expect(other.node.sub_code).toBe('ACQ.DUP_OUT_REQUEST_NO')
  })

  it('comes too early within 30 seconds of the payment, and may come again', async () => {
    const { call, simulator, passes } = openAlipayKit()
    const { node } = await call('alipay.trade.create', createOrder({ total_amount: '10.00' }))
    await call(BIND, receivers(byId(PERSON)))
    const content = {
      out_request_no: 'S1',
      trade_no: node.trade_no,
      royalty_parameters: [share('1.00')],
    }
    expect((await call(SETTLE, content)).node.sub_code).toBe('ACQ.ILLEGAL_SETTLE_STATE')
    await simulator.act(NUMBER, 'pay')
    await passes(29_999)
    expect((await call(SETTLE, content)).node.sub_code).toBe('ACQ.TRADE_SETTLE_ERROR')
    await passes(1)
    expect((await call(SETTLE, content)).node.code).toBe('10000')
  })

  it.each<[string, Members[], Members, string]>([
    ['more than the ceiling', [share('3.01')], {}, 'ACQ.ALLOC_AMOUNT_VALIDATE_ERROR'],
    [
      'one who is not bound',
      [share('1.00', '2088100000000013')],
      {},
      'ACQ.ROYALTY_RECEIVER_INVALID',
    ],
    [
      'money of another',
      [{ ...share('1.00'), trans_out: '2088000000000011' }],
      {},
      'ACQ.INVALID_PARAMETER',
    ],
    ['six at once', Array.from({ length: 6 }, () => share('0.10')), {}, 'ACQ.INVALID_PARAMETER'],
    ['nobody', [], {}, 'ACQ.INVALID_PARAMETER'],
    ['nothing', [share('0')], {}, 'ACQ.INVALID_PARAMETER'],
    ['a trade of nobody', [share('1.00')], { trade_no: '1'.repeat(28) }, 'ACQ.TRADE_NOT_EXIST'],
    [
      '33 characters of number',
      [share('1.00')],
      { out_request_no: 'S'.repeat(33) },
      'ACQ.INVALID_PARAMETER',
    ],
  ])('is refused: %s', async (_what, shares, changes, sub_code) => {
    const { settle } = await openShared()
    expect((await settle(shares, changes)).node).toMatchObject({ code: '40004', sub_code })
  })

  it('shares no more than was not refunded', async () => {
    const { call, settle } = await openShared({ splitCeilingPercent: 100 })
    await call('alipay.trade.refund', refundOf('9.50'))
    expect((await settle([share('0.51')])).node.sub_code).toBe('ACQ.ALLOC_AMOUNT_VALIDATE_ERROR')
    expect((await settle([share('0.50')])).node.code).toBe('10000')
  })

  it('may release the rest, with a share or without, and is then the last', async () => {
    const { call, settle, trade_no } = await openShared()
    const finish = { extend_params: { royalty_finish: 'true' }, out_request_no: 'S2' }
    await settle([share('1.00')])
    expect((await settle([], finish)).node.code).toBe('10000')
    expect((await call(UNSETTLED, { trade_no })).node.unsettled_amount).toBe('0.00')
    const more = await settle([share('0.10')], { out_request_no: 'S3' })
    expect(more.node.sub_code).toBe('ACQ.ALREADY_FINISH_ALLOC')
  })

  it('carries shares out later when asked so, each for itself, and sends a message', async () => {
    const { call, settle, simulator, passes, told, trade_no } = await openShared()
    await simulator.setGateway('2021000000000001', 'https://pay.example.com/gateway')
    const { node } = await settle([share('1.00'), share('0.50', STUBBORN)], {
      royalty_mode: 'async',
    })
    const states = async () => {
      const { royalty_detail_list } = (await call(SETTLE_QUERY, { settle_no: node.settle_no })).node
      return (royalty_detail_list as Members[]).map(({ state }) => state)
    }
    expect(await states()).toEqual(['PROCESSING', 'PROCESSING'])
    await passes(9_999)
    expect(told).toEqual([])
    await passes(1)
    expect(await states()).toEqual(['SUCCESS', 'FAIL'])
    expect((await call(UNSETTLED, { trade_no })).node.unsettled_amount).toBe('9.00')

    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({
      url: 'https://pay.example.com/gateway',
      verified: true, // with sign_type in what is signed
      fields: {
        msg_method: 'alipay.trade.order.settle.notify',
        msg_id: expect.any(String),
        utc_timestamp: '1767225640000',
        app_id: '2021000000000001',
        sign_type: 'RSA2',
        version: '1.1',
      },
    })
    expect(JSON.parse(told[0]?.fields.biz_content ?? '')).toMatchObject({
      trade_no,
      settle_no: node.settle_no,
      out_request_no: 'S1',
      royalty_detail_list: [
        { trans_in: PERSON, state: 'SUCCESS' },
        { trans_in: STUBBORN, state: 'FAIL', error_code: 'ROYALTY_RECEIVER_INVALID' },
      ],
    })
    const mixed = await settle([share('0.10')], { out_request_no: 'S2' })
    expect(mixed.node.sub_code).toBe('ACQ.INVALID_PARAMETER')
  })

  it('is undone in part by a refund that takes shares back', async () => {
    const { call, settle } = await openShared()
    await settle([share('1.00')])
    const take = (amount: string, number: string) =>
      call(
        'alipay.trade.refund',
        refundOf('2.00', {
          out_request_no: number,
          refund_royalty_parameters: [{ trans_out: PERSON, trans_out_type: 'userId', amount }],
        }),
      )
    expect((await take('0.60', 'R1')).node.fund_change).toBe('Y')
    expect((await take('0.41', 'R2')).node.sub_code).toBe('ACQ.REASON_TRADE_REFUND_FEE_ERR')
    expect((await take('0.40', 'R2')).node.fund_change).toBe('Y')
    const stranger = refundOf('1.00', {
      out_request_no: 'R3',
      refund_royalty_parameters: [{ trans_out: OTHER, amount: '0.10' }],
    })
    expect((await call('alipay.trade.refund', stranger)).node.sub_code).toBe(
      'ACQ.REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST',
    )
    const { node } = await call('alipay.trade.fastpay.refund.query', {
      out_trade_no: NUMBER,
      out_request_no: 'R1',
    })
    expect(node.refund_royaltys).toEqual([
      {
        refund_amount: '0.60',
        royalty_type: 'transfer',
        result_code: 'SUCCESS',
        trans_out: PERSON,
        trans_in: '2088000000000001',
      },
    ])
  })

  it('tells how much may be shared', async () => {
    const { call } = openAlipayKit()
    const { node } = await call('alipay.trade.royalty.rate.query', { out_request_no: 'Q1' })
    expect(node).toMatchObject({ user_id: '2088000000000001', max_ratio: 30 })
  })

  it('of one sub-merchant is not for another', async () => {
    const { call, simulator, passes } = openAlipayKit()
    const asked = { as: forSub(1) }
    const { node } = await call(
      'alipay.trade.create',
      createOrder({ total_amount: '10.00' }),
      asked,
    )
    await call(BIND, receivers(byId(PERSON)), asked)
    await simulator.act(NUMBER, 'pay')
    await passes(30_000)
    const content = {
      out_request_no: 'S1',
      trade_no: node.trade_no,
      royalty_parameters: [share('1.00')],
    }
    const own = await call(SETTLE, content, asked)
    expect(own.node.code).toBe('10000')
    for (const as of [forSub(2), { ...forSub(1), fields: {} }]) {
      expect((await call(SETTLE, content, { as })).node.code).toBe('40004')
      const { node } = await call(SETTLE_QUERY, { settle_no: own.node.settle_no }, { as })
      expect(node.code).toBe('40004')
    }
  })
})
