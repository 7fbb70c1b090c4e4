import { describe, expect, it } from 'vitest'
import type { WechatSimulatorOptions } from '../../../../plugins/wechat/sandbox/index.ts'
import { NATIVE, nativeOrder, openWechatKit, queryPath, REFUNDS, refundOf } from './wechat-kit.ts'

const NUMBER = 'T20260101000001'
const REFUND = 'R20260101000001'

async function openPaid(options: WechatSimulatorOptions = {}) {
  const kit = openWechatKit(options)
  await kit.call('POST', NATIVE, nativeOrder())
  await kit.simulator.act(NUMBER, 'pay')
  kit.told.length = 0
  return {
    ...kit,
    refunds: (body: unknown) => kit.call('POST', REFUNDS, body),
    sees: async (number = REFUND) => (await kit.call('GET', `${REFUNDS}/${number}`)).body,
    tradeState: async () => (await kit.call('GET', queryPath(NUMBER))).body.trade_state,
  }
}

describe('a refund', () => {
  it('is accepted first, and arrives later', async () => {
    const { refunds, sees, passes } = await openPaid()
    const accepted = await refunds(refundOf(40, { reason: '不想要了' }))
    expect(accepted).toMatchObject({ status: 200, verified: true })
    expect(accepted.body).toEqual({
      refund_id: expect.stringMatching(/^50\d{9}20260101\d{10}$/),
      out_refund_no: REFUND,
      transaction_id: expect.stringMatching(/^42000\d{23}$/),
      out_trade_no: NUMBER,
      channel: 'ORIGINAL',
      user_received_account: '支付用户零钱',
      create_time: '2026-01-01T08:00:00+08:00',
      status: 'PROCESSING',
      funds_account: 'UNSETTLED',
      amount: {
        total: 100,
        refund: 40,
        payer_total: 100,
        payer_refund: 40,
        from: [],
        settlement_refund: 40,
        settlement_total: 100,
        discount_refund: 0,
        currency: 'CNY',
      },
      promotion_detail: [],
    })

    await passes(4_999)
    expect(await sees()).toEqual(accepted.body)
    await passes(1)
    expect(await sees()).toEqual({
      ...accepted.body,
      status: 'SUCCESS',
      success_time: '2026-01-01T08:00:05+08:00',
    })
  })

  it('turns the order to REFUND when it is accepted, and for ever, even if it is closed', async () => {
    const { refunds, tradeState, simulator } = await openPaid()
    expect(await tradeState()).toBe('SUCCESS')
    await refunds(refundOf(1))
    expect(await tradeState()).toBe('REFUND')
    await simulator.endRefund(REFUND, 'CLOSED')
    expect(await tradeState()).toBe('REFUND')
  })

  it('finds its order by transaction_id, which wins over out_trade_no', async () => {
    const { call, refunds } = await openPaid()
    const { transaction_id } = (await call('GET', queryPath(NUMBER))).body
    const answer = await refunds(refundOf(100, { transaction_id, out_trade_no: 'T20260101000009' }))
    expect(answer.body).toMatchObject({ out_trade_no: NUMBER, transaction_id })
  })

  it('is the same refund when it is sent again', async () => {
    const { refunds, passes, sees } = await openPaid()
    const first = await refunds(refundOf(60))
    expect((await refunds(refundOf(60))).body).toEqual(first.body)
    await passes(5_000)
    expect((await refunds(refundOf(60))).body).toMatchObject({ status: 'SUCCESS' })
    expect(await sees()).toMatchObject({ amount: { refund: 60 } })
  })

  it.each([
    ['amount', refundOf(61)],
    ['reason', refundOf(60, { reason: 'other' })],
    ['callback address', refundOf(60, { notify_url: 'https://pay.example.com/n/wx/other' })],
  ])('is refused when its number comes with another %s', async (_what, changed) => {
    const { refunds } = await openPaid()
    await refunds(refundOf(60))
    const answer = await refunds(changed)
    expect(answer).toMatchObject({ status: 400, suffix: '268498688' })
    expect(answer.body).toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('is refused when its number belongs to another order, also in the same moment', async () => {
    const { call, simulator, refunds } = await openPaid()
    const other = 'T20260101000002'
    await call('POST', NATIVE, nativeOrder({ out_trade_no: other }))
    await simulator.act(other, 'pay')
    const answers = await Promise.all([
      refunds(refundOf(10)),
      refunds(refundOf(10, { out_trade_no: other })),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
    expect(await refunds(refundOf(10, { out_trade_no: other }))).not.toMatchObject({
      status: answers[1]?.status === 200 ? 400 : 200,
    })
  })

  it.each([
    ['SUCCESS', 'REFUND.SUCCESS'],
    ['CLOSED', 'REFUND.CLOSED'],
    ['ABNORMAL', 'REFUND.ABNORMAL'],
  ] as const)('may end as %s', async (refundEnds, eventType) => {
    const { refunds, passes, sees, told } = await openPaid({ refundEnds, refundTakesMs: 60_000 })
    await refunds(refundOf(100))
    await passes(59_999)
    expect(told).toEqual([])
    await passes(1)
    expect(await sees()).toMatchObject({ status: refundEnds })
    expect(told).toMatchObject([
      { envelope: { event_type: eventType }, content: { refund_status: refundEnds } },
    ])
  })

  it('ends when it is told to, and an abnormal one may still be saved', async () => {
    const { refunds, simulator, passes, sees, told } = await openPaid()
    await refunds(refundOf(100))
    expect(await simulator.endRefund(REFUND, 'ABNORMAL')).toEqual({})
    await passes(60_000)
    expect(await sees()).toMatchObject({ status: 'ABNORMAL' })
    expect(await simulator.endRefund(REFUND, 'SUCCESS')).toEqual({})
    expect(await simulator.endRefund(REFUND, 'CLOSED')).toEqual({
      refused: 'it has ended as SUCCESS',
    })
    expect(told.map(({ envelope }) => envelope.event_type)).toEqual([
      'REFUND.ABNORMAL',
      'REFUND.SUCCESS',
    ])
  })

  it('tells nobody when it has no callback address', async () => {
    const { refunds, passes, told, sees } = await openPaid()
    await refunds(refundOf(100, { notify_url: undefined }))
    await passes(5_000)
    expect(await sees()).toMatchObject({ status: 'SUCCESS' })
    expect(told).toEqual([])
  })
})

describe('how much can be refunded', () => {
  it('is the order, over all refunds, to the fen', async () => {
    const { refunds } = await openPaid()
    expect((await refunds(refundOf(60, { out_refund_no: 'A' }))).status).toBe(200)
    const over = await refunds(refundOf(41, { out_refund_no: 'B' }))
    expect(over).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
    expect((await refunds(refundOf(40, { out_refund_no: 'C' }))).status).toBe(200)
    const full = await refunds(refundOf(1, { out_refund_no: 'D' }))
    expect(full.body).toEqual({ code: 'INVALID_REQUEST', message: '订单已全额退款' })
  })

  it('counts an abnormal refund and does not count a closed one', async () => {
    const { refunds, simulator } = await openPaid()
    await refunds(refundOf(60, { out_refund_no: 'A' }))
    await simulator.endRefund('A', 'ABNORMAL')
    expect((await refunds(refundOf(60, { out_refund_no: 'B' }))).status).toBe(400)
    await simulator.endRefund('A', 'CLOSED')
    expect((await refunds(refundOf(60, { out_refund_no: 'B' }))).status).toBe(200)
  })

  it('is never exceeded by refunds that come together', async () => {
    const { refunds } = await openPaid()
    const answers = await Promise.all(
      ['A', 'B', 'C', 'D'].map((number) => refunds(refundOf(40, { out_refund_no: number }))),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 400, 400])
  })

  it('is given back in 50 refunds at most', async () => {
    const { refunds } = await openPaid()
    for (let count = 1; count <= 50; count += 1) {
      expect((await refunds(refundOf(1, { out_refund_no: `R${count}` }))).status).toBe(200)
    }
    expect((await refunds(refundOf(1, { out_refund_no: 'R51' }))).status).toBe(400)
    expect((await refunds(refundOf(1, { out_refund_no: 'R50' }))).status).toBe(200)
  })

  it('ends a year after the payment', async () => {
    const { refunds, passes } = await openPaid()
    await passes(365 * 86_400_000 - 1)
    expect((await refunds(refundOf(1, { out_refund_no: 'A' }))).status).toBe(200)
    await passes(1)
    expect((await refunds(refundOf(1, { out_refund_no: 'B' }))).status).toBe(400)
  })
})

describe('what WeChat refuses', () => {
  it.each([
    ['a member that it does not know', refundOf(1, { mchid: '1' }), '/mchid', '270924358'],
    ['no number', refundOf(1, { out_refund_no: undefined }), '/out_refund_no', '268435461'],
    [
      'a number of 65',
      refundOf(1, { out_refund_no: 'R'.repeat(65) }),
      '/out_refund_no',
      '268435461',
    ],
    ['no order', refundOf(1, { out_trade_no: undefined }), '/transaction_id', '268435461'],
    ['nothing to refund', refundOf(0), '/amount/refund', '268435464'],
    [
      'no currency',
      refundOf(1, { amount: { refund: 1, total: 100 } }),
      '/amount/currency',
      '268435461',
    ],
    ['a reason of 81', refundOf(1, { reason: '字'.repeat(81) }), '/reason', '268435461'],
    [
      'a query in notify_url',
      refundOf(1, { notify_url: 'https://a.example/?b' }),
      '/notify_url',
      '268435461',
    ],
    [
      'parts that do not add up',
      refundOf(1, {
        amount: {
          refund: 3,
          total: 100,
          currency: 'CNY',
          from: [{ account: 'AVAILABLE', amount: 2 }],
        },
      }),
      '/amount/from',
      '268435461',
    ],
  ])('refuses %s', async (_what, body, field, suffix) => {
    const { refunds, tradeState } = await openPaid()
    const answer = await refunds(body)
    expect(answer).toMatchObject({ status: 400, verified: true, suffix })
    expect(answer.body).toMatchObject({ code: 'PARAM_ERROR', detail: { field } })
    expect(await tradeState()).toBe('SUCCESS')
  })

  it('refuses a total that is not the order’s', async () => {
    const { refunds } = await openPaid()
    const body = refundOf(1, { amount: { refund: 1, total: 101, currency: 'CNY' } })
    expect((await refunds(body)).body).toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('answers 404 for an order that was not paid, and for one that there is not', async () => {
    const { call } = openWechatKit()
    expect(await call('POST', REFUNDS, refundOf(1))).toMatchObject({ status: 404 })
    await call('POST', NATIVE, nativeOrder())
    const unpaid = await call('POST', REFUNDS, refundOf(1))
    expect(unpaid).toMatchObject({ status: 404, body: { code: 'RESOURCE_NOT_EXISTS' } })
  })

  it('answers 404 for a refund that there is not, also when it was only refused', async () => {
    const { refunds, sees } = await openPaid()
    await refunds(refundOf(101))
    expect(await sees()).toMatchObject({ code: 'RESOURCE_NOT_EXISTS' })
  })
})
