import { describe, expect, it } from 'vitest'
import { openShop } from '../../kit/shop.ts'

describe('taking a payment', () => {
  it('answers something to pay with, and tells the merchant once it is paid', async () => {
    const shop = await openShop()
    const answer = await shop.asksFor({ mchOrderNo: 'A1', amount: 1234 })
    const payOrderId = String(answer.data?.payOrderId)
    expect(answer).toMatchObject({
      code: 0,
      msg: 'SUCCESS',
      data: {
        mchOrderNo: 'A1',
        orderState: 1,
        payDataType: 'codeUrl',
        payData: `bank://${payOrderId}`,
      },
    })
    expect(shop.told).toEqual([])

    await shop.payerPays(payOrderId)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2, amount: 1234 })
    expect(shop.told.map(({ fields }) => [fields.payOrderId, fields.state])).toEqual([
      [payOrderId, '2'],
    ])
  })

  it('needs two round trips to the database for an order, and two for a callback', async () => {
    const shop = await openShop()
    await shop.orders()
    const before = shop.roundTrips()
    // Without an address: telling the merchant is a matter of its own.
    const payOrderId = await shop.orders({ notifyUrl: '' })
    expect(shop.roundTrips() - before).toBe(2)

    const order = shop.bank.orders.get(payOrderId)
    const beforeCallback = shop.roundTrips()
    if (order !== undefined) await shop.bank.callback({ ...order, state: 'paid' })
    expect(shop.roundTrips() - beforeCallback).toBeLessThanOrEqual(2)
    await shop.settles()

    const beforeQuery = shop.roundTrips()
    await shop.sees(payOrderId)
    expect(shop.roundTrips() - beforeQuery).toBe(1)
  })

  it('needs one round trip where the way is signed here', async () => {
    const shop = await openShop()
    await shop.orders({ wayCode: 'ALI_APP' })
    const before = shop.roundTrips()
    const payOrderId = await shop.orders({ wayCode: 'ALI_APP' })
    expect(shop.roundTrips() - before).toBe(1)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 1 })
  })

  it('makes one row, one channel call and equal answers out of 50 parallel copies', async () => {
    const shop = await openShop()
    const fields = { mchOrderNo: 'COPY' }
    const answers = await Promise.all(Array.from({ length: 50 }, () => shop.asksFor(fields)))
    expect(shop.bank.calls).toHaveLength(1)
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]?.code).toBe(0)
    const [rows] = await shop.database.batch(
      [{ sql: 'select count(*) from payments', args: [] }],
      'read',
    )
    expect(rows).toEqual([[1]])
  })

  it('answers the same again, also after the payment has moved on', async () => {
    const shop = await openShop()
    const first = await shop.asksFor({ mchOrderNo: 'A1' })
    await shop.payerPays(String(first.data?.payOrderId))
    expect(await shop.asksFor({ mchOrderNo: 'A1' })).toEqual(first)
    expect(shop.bank.calls).toHaveLength(1)
  })

  it.each([
    ['another amount', { amount: 2 }],
    ['another way', { wayCode: 'ALI_APP' }],
    ['another subject', { subject: '别的' }],
    ['another address', { notifyUrl: 'https://shop.example/other' }],
  ])('refuses the same number with %s, without effect', async (_, change) => {
    const shop = await openShop()
    const first = await shop.asksFor({ mchOrderNo: 'A1' })
    const second = await shop.asksFor({ mchOrderNo: 'A1', ...change })
    expect(second).toEqual({ code: 9999, msg: '商户订单[A1]已存在' })
    expect(shop.bank.calls).toHaveLength(1)
    expect((await shop.sees(String(first.data?.payOrderId))).data).toMatchObject({ amount: 1000 })
  })

  it('keeps numbers apart between merchants, not between apps of one merchant', async () => {
    const shop = await openShop()
    await shop.asksFor({ mchOrderNo: 'A1' })
    const sibling = await shop.opensApp('same_merchant')
    const stranger = await shop.opensApp('other_merchant')
    expect(await shop.asksFor({ mchOrderNo: 'A1' }, sibling)).toMatchObject({ code: 9999 })
    expect(await shop.asksFor({ mchOrderNo: 'A1' }, stranger)).toMatchObject({ code: 0 })
  })

  it('says that a payment failed when the channel says so with authority', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'declines')
    const answer = await shop.asksFor({ wayCode: 'WX_NATIVE' })
    expect(answer.data).toEqual({
      errCode: 'DECLINED',
      errMsg: '付款人余额不足',
      mchOrderNo: expect.any(String),
      orderState: 3,
      payOrderId: expect.any(String),
    })
    expect(shop.told).toEqual([])
  })

  it('takes a payment that is paid at once', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'pays_at_once')
    const answer = await shop.asksFor({ wayCode: 'WX_BAR', channelExtra: '{"auth_code":"1"}' })
    expect(answer.data).toMatchObject({ orderState: 2, payDataType: 'none', payData: '' })
    await shop.settles()
    expect(shop.told).toHaveLength(1)
  })
})

describe('a channel that does not answer as it should', () => {
  it.each(['silent_after', 'error_after', 'busy'] as const)(
    'ends succeeded when the payer paid although the answer was lost (%s)',
    async (mood) => {
      const shop = await openShop()
      shop.bank.will('pay', mood)
      const answer = await shop.asksFor()
      expect(answer.data).toMatchObject({ orderState: 1, payData: '' })
      const payOrderId = String(answer.data?.payOrderId)
      if (mood === 'busy') return
      const order = shop.bank.orders.get(payOrderId)
      if (order !== undefined) order.state = 'paid'
      await shop.passes(60_000)
      expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
      expect(shop.told.map(({ fields }) => fields.state)).toEqual(['2'])
    },
  )

  it('ends succeeded when the callback came before the answer', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'calls_back_first')
    const answer = await shop.asksFor()
    expect(answer.data).toMatchObject({ orderState: 2 })
    await shop.settles()
    expect(shop.told).toHaveLength(1)
  })

  it('tells the merchant once, however often the channel calls back', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    const order = shop.bank.orders.get(payOrderId)
    if (order !== undefined) order.state = 'paid'
    for (let i = 0; i < 20; i++) if (order !== undefined) await shop.bank.callback(order)
    await Promise.all(Array.from({ length: 20 }, () => order && shop.bank.callback(order)))
    await shop.passes(600_000)
    expect(shop.told).toHaveLength(1)
  })

  it('gives an order whose answer was lost something to pay with, when it is repeated', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'silent_before')
    const first = await shop.asksFor({ mchOrderNo: 'A1' })
    expect(first.data).toMatchObject({ orderState: 1, payData: '' })
    const second = await shop.asksFor({ mchOrderNo: 'A1' })
    const payOrderId = String(first.data?.payOrderId)
    expect(second.data).toMatchObject({ payOrderId, payData: `bank://${payOrderId}` })
    expect(shop.bank.orders.size).toBe(1)
  })

  it('does not charge a payer code again whose answer was lost', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'silent_after')
    const fields = { mchOrderNo: 'A1', wayCode: 'WX_BAR', channelExtra: '{"authCode":"1"}' }
    await shop.asksFor(fields)
    expect((await shop.asksFor(fields)).data).toMatchObject({ orderState: 1 })
    expect(shop.bank.calls.filter((call) => call.startsWith('pay'))).toHaveLength(1)
  })

  it('keeps an order that never left as created, and takes its repeat', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'not_reachable')
    const first = await shop.asksFor({ mchOrderNo: 'A1' })
    expect(first).toEqual({ code: 9999, msg: '系统：connection refused' })
    const seen = await shop.calls('/api/pay/query', { mchOrderNo: 'A1' })
    expect(seen.data).toMatchObject({ state: 0 })
    expect((await shop.asksFor({ mchOrderNo: 'A1' })).data).toMatchObject({ orderState: 1 })
  })

  it('does not take "not sent" for the end of a payment that was sent before', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'silent_after', 'not_reachable')
    const first = await shop.asksFor({ mchOrderNo: 'A1' })
    await shop.asksFor({ mchOrderNo: 'A1' })
    const payOrderId = String(first.data?.payOrderId)
    const order = shop.bank.orders.get(payOrderId)
    if (order !== undefined) order.state = 'paid'
    expect(await shop.closes(payOrderId)).toMatchObject({ code: 9999, msg: '当前订单不可关闭' })
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
  })

  it.each([
    ['another amount', 'one_fen_more', 'amount_differs'],
    ['another merchant number', 'other_payee', 'payee_differs'],
  ] as const)('freezes a payment that succeeds with %s', async (_, mood, reason) => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    const order = shop.bank.orders.get(payOrderId)
    if (order !== undefined) order.state = 'paid'
    shop.bank.will('query', mood, mood)
    await shop.passes(15_000)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 1 })
    expect(shop.told).toEqual([])
    expect(shop.logged).toContainEqual({
      message: 'payment.frozen',
      fields: expect.objectContaining({ paymentId: payOrderId, alarm: reason }),
    })
  })
})
