import { describe, expect, it } from 'vitest'
import { HOUR_MS } from '../../../core/time.ts'
import { openShop, type Shop } from '../../kit/shop.ts'

const callsOf = (shop: Shop, operation: string) =>
  shop.bank.calls.filter((call) => call.startsWith(`${operation} `))

/** The bank says, validly signed, that something else was paid than we asked for. */
async function callsBack(
  shop: Shop,
  payOrderId: string,
  change: Readonly<Record<string, unknown>>,
) {
  const order = shop.bank.orders.get(payOrderId)
  if (order === undefined) throw new Error('the bank has the order')
  const response = await shop.bank.callback({ ...order, state: 'paid' }, change)
  await shop.settles()
  return response
}

const MISFITS = [
  ['one fen more', { amount: 1001 }, 'amount_differs'],
  ['one fen less', { amount: 999 }, 'amount_differs'],
  ['another merchant number', { payee: 'somebody else' }, 'payee_differs'],
] as const

async function frozenBecause(shop: Shop) {
  const sql = 'select state, frozen_because, paid_at_ms from payments'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  return rows?.[0]
}

describe('a payment that succeeds with facts that do not fit', () => {
  it.each(MISFITS)('is frozen and told to nobody: %s', async (_, change, reason) => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    // The channel is acknowledged: it told the truth, and need not tell it again.
    expect((await callsBack(shop, payOrderId, change)).status).toBe(200)
    await callsBack(shop, payOrderId, change)
    expect(await frozenBecause(shop)).toEqual(['pending', reason, null])
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 1 })
    expect(shop.told).toEqual([])
    expect(shop.logged.filter(({ message }) => message === 'payment.frozen')).toHaveLength(1)
  })

  it.each(MISFITS)('is not closed, by the merchant or by time: %s', async (_, change) => {
    const shop = await openShop()
    const payOrderId = await shop.orders({ expiredTime: 60 })
    await callsBack(shop, payOrderId, change)
    expect(await shop.closes(payOrderId)).toEqual({ code: 9999, msg: '当前订单不可关闭' })
    await shop.passes(HOUR_MS, 60_000)
    expect((await frozenBecause(shop))?.[0]).toBe('pending')
    expect(callsOf(shop, 'close')).toEqual([])
  })

  it('is not refunded', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await callsBack(shop, payOrderId, { amount: 1001 })
    expect(await shop.refunds(payOrderId)).toEqual({
      code: 9999,
      msg: '订单状态不正确， 无法完成退款',
    })
    expect(shop.bank.refunds.size).toBe(0)
  })

  it('succeeds when the facts that fit come after all, and stays frozen', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await callsBack(shop, payOrderId, { amount: 1001 })
    await callsBack(shop, payOrderId, {})
    expect((await frozenBecause(shop))?.slice(0, 2)).toEqual(['succeeded', 'amount_differs'])
    expect(await shop.refunds(payOrderId)).toEqual({
      code: 9999,
      msg: '订单状态不正确， 无法完成退款：订单已冻结，等待人工核对',
    })
  })

  it('names all that does not fit, in an order of its own', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await callsBack(shop, payOrderId, { payee: 'somebody else' })
    await callsBack(shop, payOrderId, { amount: 1001 })
    expect((await frozenBecause(shop))?.[1]).toBe('amount_differs,payee_differs')
  })
})

describe('a payment that was paid twice', () => {
  it('stays succeeded, told once, and frozen', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await shop.payerPays(payOrderId)
    await callsBack(shop, payOrderId, { channelNo: 'B-second' })
    await callsBack(shop, payOrderId, { channelNo: 'B-second' })
    expect((await frozenBecause(shop))?.slice(0, 2)).toEqual(['succeeded', 'paid_twice'])
    expect((await shop.sees(payOrderId)).data).toMatchObject({ channelOrderNo: `B${payOrderId}` })
    expect(shop.told).toHaveLength(1)
    expect(await shop.refunds(payOrderId)).toMatchObject({ code: 9999 })
  })

  it('does not send a refund again that was on its way', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await shop.payerPays(payOrderId)
    shop.bank.will('refund', 'silent_before')
    expect((await shop.refunds(payOrderId)).data).toMatchObject({ state: 1 })
    await callsBack(shop, payOrderId, { channelNo: 'B-second' })
    await shop.passes(HOUR_MS, 60_000)
    expect(callsOf(shop, 'refund')).toHaveLength(1)
    // It is still asked about.
    expect(callsOf(shop, 'query_refund').length).toBeGreaterThan(3)
  })
})

describe('a channel that contradicts itself', () => {
  it('fails to take a success back, and somebody is called', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders({ mchOrderNo: 'A1' })
    // A query that was asked before the payer paid, and comes back after it, with another end.
    shop.bank.before('query', async () => {
      const order = shop.bank.orders.get(payOrderId)
      if (order === undefined) throw new Error('the bank has the order')
      order.state = 'paid'
      await shop.bank.callback(order)
      order.state = 'failed'
    })
    await shop.sees(payOrderId)
    await shop.settles()
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
    expect(shop.told.map(({ fields }) => fields.state)).toEqual(['2'])
    expect(shop.logged).toContainEqual({
      message: 'payment.contradicted',
      fields: expect.objectContaining({ paymentId: payOrderId, alarm: 'failed_after_success' }),
    })
  })
})
