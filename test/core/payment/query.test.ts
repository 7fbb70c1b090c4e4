import { describe, expect, it } from 'vitest'
import { nextCheckAt, nextPaymentCheckAt } from '../../../core/payment/schedule.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/time.ts'
import { openShop, type Shop } from '../../kit/shop.ts'

const queriesOf = (shop: Shop) => shop.bank.calls.filter((call) => call.startsWith('query '))

async function unpaid(shop: Shop, fields = {}) {
  const payOrderId = await shop.orders(fields)
  const order = shop.bank.orders.get(payOrderId)
  if (order === undefined) throw new Error('the bank has the order')
  const pays = () => {
    order.state = 'paid'
    order.paidAtMs = shop.clock.now()
  }
  return { payOrderId, order, pays }
}

describe('a query by the merchant', () => {
  it('asks the channel while the payment is open, and shows what that says', async () => {
    const shop = await openShop()
    const { payOrderId, pays } = await unpaid(shop)
    pays()
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
    await shop.settles()
    expect(shop.told).toHaveLength(1)
  })

  it('does not ask about what has ended', async () => {
    const shop = await openShop()
    const { payOrderId } = await unpaid(shop)
    await shop.payerPays(payOrderId)
    await shop.sees(payOrderId)
    expect(queriesOf(shop)).toEqual([])
  })

  it('does not ask more often than every two seconds, however often it comes', async () => {
    const shop = await openShop()
    const { payOrderId } = await unpaid(shop)
    await Promise.all(Array.from({ length: 10 }, () => shop.sees(payOrderId)))
    expect(queriesOf(shop)).toHaveLength(1)
  })

  it('waits no longer than two seconds, shows what is stored, and keeps what comes later', async () => {
    const shop = await openShop()
    const { payOrderId, pays } = await unpaid(shop)
    pays()
    shop.bank.during('query', () => shop.clock.sleep(8_000))
    const startedAtMs = shop.clock.now()
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 1 })
    expect(shop.clock.now() - startedAtMs).toBe(2_000)
    await shop.settles()
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
  })

  it.each(['silent_before', 'busy', 'not_reachable', 'knows_nothing'] as const)(
    'shows what is stored when the channel says nothing of use: %s',
    async (mood) => {
      const shop = await openShop()
      const { payOrderId } = await unpaid(shop)
      shop.bank.will('query', mood)
      expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 1 })
    },
  )

  it('shows the payment of this app alone', async () => {
    const shop = await openShop()
    const { payOrderId } = await unpaid(shop, { mchOrderNo: 'A1' })
    for (const of of ['same_merchant', 'other_merchant'] as const) {
      const other = await shop.opensApp(of)
      const missing = { code: 9999, msg: '订单不存在' }
      expect(await shop.sees(payOrderId, other)).toEqual(missing)
      expect(await shop.calls('/api/pay/query', { mchOrderNo: 'A1' }, other)).toEqual(missing)
    }
    expect(queriesOf(shop)).toEqual([])
  })
})

describe('the ladder by which the sweep asks', () => {
  it.each([
    ['at once', 0, 10 * SECOND_MS],
    ['after 59 s', 59 * SECOND_MS, 10 * SECOND_MS],
    ['after 60 s', 60 * SECOND_MS, 30 * SECOND_MS],
    ['after 10 min', 10 * MINUTE_MS, 2 * MINUTE_MS],
    ['after an hour', HOUR_MS, 10 * MINUTE_MS],
    ['after 6 hours', 6 * HOUR_MS, HOUR_MS],
    ['after 3 days', 3 * DAY_MS, 6 * HOUR_MS],
    ['after 3 years', 1_100 * DAY_MS, 6 * HOUR_MS],
  ])('%s waits %i ms, then %i ms', (_, ageMs, waitMs) => {
    expect(nextCheckAt(1_000, 1_000 + ageMs)).toBe(1_000 + ageMs + waitMs)
  })

  it('does not miss the moment of expiry, and goes on after it', () => {
    const payment = { createdAtMs: 0, expiresAtMs: 95_000 }
    expect(nextPaymentCheckAt(payment, 70_000)).toBe(95_000)
    expect(nextPaymentCheckAt(payment, 95_000)).toBe(125_000)
  })

  it('never ends: a payment that was silent for half a year is still asked about', async () => {
    const shop = await openShop()
    const { payOrderId, pays } = await unpaid(shop)
    shop.bank.always('query', 'silent_before')
    await shop.passes(HOUR_MS, 10 * SECOND_MS)
    await shop.passes(180 * DAY_MS, 12 * HOUR_MS)
    shop.bank.always('query')
    pays()
    await shop.passes(DAY_MS, 6 * HOUR_MS)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
  })

  it('asks once for many runners that sweep at a time', async () => {
    const shop = await openShop()
    await unpaid(shop)
    await shop.clock.advance(15_000)
    await Promise.all(Array.from({ length: 5 }, () => shop.sweeps()))
    expect(queriesOf(shop)).toHaveLength(1)
  })

  it('takes up a payment whose runner died, when the lease is over', async () => {
    const shop = await openShop()
    const { payOrderId, pays } = await unpaid(shop)
    await shop.clock.advance(15_000)
    const leaseUntil = shop.clock.now() + 60_000
    const sql = 'update payments set check_lease_until_ms = ?'
    await shop.database.batch([{ sql, args: [leaseUntil] }], 'write')
    pays()
    await shop.passes(59_000)
    expect(queriesOf(shop)).toEqual([])
    await shop.passes(2_000)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
  })

  it('is not held up for all by one payment that cannot be looked at', async () => {
    const shop = await openShop()
    const first = await unpaid(shop)
    const second = await unpaid(shop)
    first.pays()
    second.pays()
    const unopenable = `insert into channel_configs
      select account_id, 2, 'broken', payee, created_at_ms, null from channel_configs`
    const pin = 'update attempts set config_version = 2 where payment_id = ?'
    await shop.database.batch(
      [
        { sql: unopenable, args: [] },
        { sql: pin, args: [first.payOrderId] },
      ],
      'write',
    )
    await shop.passes(30_000)
    expect((await shop.sees(second.payOrderId)).data).toMatchObject({ state: 2 })
    expect((await shop.sees(first.payOrderId)).data).toMatchObject({ state: 1 })
    expect(shop.logged.map(({ message }) => message)).toContain('a piece of the sweep failed')
  })
})
