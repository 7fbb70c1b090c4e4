import { describe, expect, it } from 'vitest'
import type { LatePolicy } from '../../../core/payment/state.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../core/time.ts'
import { bankWithout } from '../../kit/bank-channel.ts'
import { openShop, type Shop } from '../../kit/shop.ts'

/** A payment that was closed, and whose payer pays all the same, a minute later. */
async function paidLate(latePolicy: LatePolicy) {
  const shop = await openShop({ latePolicy })
  const payOrderId = await shop.orders({ mchOrderNo: 'A1' })
  await shop.closes(payOrderId)
  await shop.clock.advance(MINUTE_MS)
  return { shop, payOrderId, pays: () => shop.payerPays(payOrderId) }
}

const statesTold = (shop: Shop) => shop.told.map(({ fields }) => fields.state)
const refundsAsked = (shop: Shop) => shop.bank.calls.filter((call) => call.startsWith('refund '))

describe('money that comes after the close, by the policy of the app', () => {
  it('accept: the payment succeeds, and the merchant is told', async () => {
    const { shop, payOrderId, pays } = await paidLate('accept')
    await pays()
    expect((await shop.sees(payOrderId)).data).toMatchObject({
      state: 2,
      channelOrderNo: `B${payOrderId}`,
      successTime: expect.any(Number),
    })
    expect(statesTold(shop)).toEqual(['2'])
    expect(await shop.refunds(payOrderId)).toMatchObject({ code: 0, data: { state: 2 } })
  })

  it('hold: the payment stays closed for the merchant, and nothing is refunded', async () => {
    const { shop, payOrderId, pays } = await paidLate('hold')
    await pays()
    await shop.passes(6 * HOUR_MS, 10 * MINUTE_MS)
    const { data } = await shop.sees(payOrderId)
    expect(data).toMatchObject({ state: 6 })
    expect(data).not.toHaveProperty('successTime')
    expect(data).not.toHaveProperty('channelOrderNo')
    expect(statesTold(shop)).toEqual([])
    expect(refundsAsked(shop)).toEqual([])
    expect(await shop.refunds(payOrderId)).toEqual({
      code: 9999,
      msg: '订单状态不正确， 无法完成退款',
    })
    expect(await shop.closes(payOrderId)).toEqual({ code: 9999, msg: '当前订单不可关闭' })
    expect(shop.logged).toContainEqual({
      message: 'payment.paid_late',
      fields: expect.objectContaining({ paymentId: payOrderId }),
    })
  })

  it('refund: all of it goes back by itself, and the payment stays closed for the merchant', async () => {
    const { shop, payOrderId, pays } = await paidLate('refund')
    await pays()
    await shop.passes(MINUTE_MS)
    expect([...shop.bank.refunds.values()]).toMatchObject([
      { order: payOrderId, amount: 1000, state: 'paid' },
    ])
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 6 })
    expect(statesTold(shop)).toEqual([])
    expect(await shop.refunds(payOrderId)).toMatchObject({ code: 9999 })
    const [refund] = await shop.bank.refunds.keys()
    const seen = await shop.calls('/api/refund/query', { refundOrderId: refund })
    expect(seen.data).toMatchObject({ state: 2, refundAmount: 1000, mchRefundNo: refund })
  })

  it.each(['accept', 'hold', 'refund'] as const)(
    '%s: is decided once, however often the channel tells of it',
    async (policy) => {
      const { shop, pays } = await paidLate(policy)
      await Promise.all([pays(), pays(), pays()])
      await pays()
      await shop.passes(10 * MINUTE_MS)
      await pays()
      expect(statesTold(shop)).toEqual(policy === 'accept' ? ['2'] : [])
      expect(refundsAsked(shop)).toHaveLength(policy === 'refund' ? 1 : 0)
    },
  )

  it.each(['accept', 'hold', 'refund'] as const)(
    '%s: an order that is repeated shows what the query shows',
    async (policy) => {
      const shop = await openShop({ latePolicy: policy })
      shop.bank.will('pay', 'silent_after')
      const payOrderId = await shop.orders({ mchOrderNo: 'A1' })
      await shop.closes(payOrderId)
      await shop.clock.advance(MINUTE_MS)
      await shop.payerPays(payOrderId)
      const shown = policy === 'accept' ? 2 : 6
      expect((await shop.sees(payOrderId)).data).toMatchObject({ state: shown })
      expect((await shop.asksFor({ mchOrderNo: 'A1' })).data).toMatchObject({ orderState: shown })
    },
  )
})

async function decided(shop: Shop) {
  const sql = 'select late_decision, refund_reserved_minor, refund_count from payments'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  return rows
}

describe('the refund of money that came late', () => {
  it('lasts: a bank that is out of reach for hours gets it in the end, once', async () => {
    const { shop, payOrderId, pays } = await paidLate('refund')
    for (const operation of ['refund', 'query_refund']) shop.bank.always(operation, 'not_reachable')
    await pays()
    await shop.passes(8 * HOUR_MS, 10 * MINUTE_MS)
    shop.restarts()
    expect(shop.bank.refunds.size).toBe(0)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 6 })
    for (const operation of ['refund', 'query_refund']) shop.bank.always(operation)
    await shop.passes(3 * HOUR_MS, 10 * MINUTE_MS)
    expect([...shop.bank.refunds.values()]).toMatchObject([{ order: payOrderId, amount: 1000 }])
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 6 })
  })

  it('is sent under one number, also when its answers are lost', async () => {
    const { shop, pays } = await paidLate('refund')
    shop.bank.will('refund', 'silent_before', 'silent_after')
    await pays()
    await shop.passes(HOUR_MS)
    expect(shop.bank.refunds.size).toBe(1)
    expect(new Set(refundsAsked(shop)).size).toBe(1)
  })

  it('is not promised where the channel takes no refunds: the money is held', async () => {
    const shop = await openShop({ latePolicy: 'refund', channel: bankWithout('refund') })
    const payOrderId = await shop.orders()
    await shop.closes(payOrderId)
    await shop.clock.advance(MINUTE_MS)
    await shop.payerPays(payOrderId)
    await shop.passes(HOUR_MS, 10 * MINUTE_MS)
    expect(await decided(shop)).toEqual([['held', 0, 0]])
    expect(shop.logged).toContainEqual({
      message: 'payment.paid_late',
      fields: expect.objectContaining({ paymentId: payOrderId, alarm: 'late_money_held' }),
    })
  })

  it('is not promised when the time for it is over: money that is heard of a year late is held', async () => {
    const { shop, payOrderId } = await paidLate('refund')
    const order = shop.bank.orders.get(payOrderId)
    if (order === undefined) throw new Error('the bank has the order')
    Object.assign(order, { state: 'paid', paidAtMs: shop.clock.now() })
    await shop.clock.advance(366 * DAY_MS)
    await shop.bank.callback(order)
    await shop.passes(HOUR_MS, 10 * MINUTE_MS)
    expect(await decided(shop)).toEqual([['held', 0, 0]])
    expect(shop.bank.refunds.size).toBe(0)
  })

  it('waits while the payment is frozen', async () => {
    const { shop, payOrderId, pays } = await paidLate('refund')
    shop.bank.will('refund', 'not_reachable')
    await pays()
    const order = shop.bank.orders.get(payOrderId)
    if (order !== undefined) await shop.bank.callback(order, { channelNo: 'B-second' })
    await shop.passes(HOUR_MS, 10 * MINUTE_MS)
    expect(shop.bank.refunds.size).toBe(0)
    expect(await decided(shop)).toEqual([['refunding', 1000, 1]])
  })

  it('that was given up and turns out to be paid is on its way again, and not to be decided', async () => {
    const { shop, pays } = await paidLate('refund')
    shop.bank.always('refund', 'refused')
    await pays()
    await shop.passes(MINUTE_MS)
    const [given] = refundsAsked(shop)
    const number = given?.split(' ')[1] ?? ''
    const callbackUrl = `https://pay.example/api/refund/notify/bank/${number}`
    const refund = { number, order: '', amount: 1000, callbackUrl, payee: 'shop' }
    await shop.bank.callback({ ...refund, state: 'paid' })
    expect(await decided(shop)).toEqual([['refunding', 1000, 1]])
  })

  it('is held when the channel refuses it, and somebody is called', async () => {
    const { shop, payOrderId, pays } = await paidLate('refund')
    shop.bank.always('refund', 'refused')
    await pays()
    await shop.passes(HOUR_MS)
    const [rows] = await shop.database.batch(
      [{ sql: 'select late_decision, refund_reserved_minor from payments', args: [] }],
      'read',
    )
    expect(rows).toEqual([['held', 0]])
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 6 })
    expect(shop.logged).toContainEqual({
      message: 'refund.failed',
      fields: expect.objectContaining({ paymentId: payOrderId, alarm: 'late_refund_failed' }),
    })
  })
})
