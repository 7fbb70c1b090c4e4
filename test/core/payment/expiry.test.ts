import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/time.ts'
import { bankWithout } from '../../kit/bank-channel.ts'
import { openShop, type Shop, type ShopOptions } from '../../kit/shop.ts'

const callsOf = (shop: Shop, operation: string) =>
  shop.bank.calls.filter((call) => call.startsWith(`${operation} `))

async function stateOf(shop: Shop, payOrderId: string) {
  const [rows] = await shop.database.batch(
    [{ sql: 'select state from payments where payment_id = ?', args: [payOrderId] }],
    'read',
  )
  return rows?.[0]?.[0]
}

/** A shop with one unpaid payment that expires after a minute. */
async function waiting(options: ShopOptions = {}) {
  const shop = await openShop(options)
  const payOrderId = await shop.orders({ expiredTime: 60 })
  const order = shop.bank.orders.get(payOrderId)
  if (order === undefined) throw new Error('the bank has the order')
  return { shop, payOrderId, order }
}

describe('a payment that nobody pays', () => {
  it('is closed at the channel when it expires, and then here', async () => {
    const { shop, payOrderId, order } = await waiting()
    await shop.passes(59 * SECOND_MS, SECOND_MS)
    expect([await stateOf(shop, payOrderId), order.state]).toEqual(['pending', 'unpaid'])
    await shop.passes(2 * SECOND_MS, SECOND_MS)
    expect([await stateOf(shop, payOrderId), order.state]).toEqual(['closed', 'closed'])
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 6 })
    expect(shop.told).toEqual([])
    const calls = shop.bank.calls.length
    await shop.passes(DAY_MS, MINUTE_MS)
    expect(shop.bank.calls).toHaveLength(calls)
  })

  it('expires after two hours if the merchant does not say when', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await shop.passes(120 * MINUTE_MS - 1, MINUTE_MS)
    expect(await stateOf(shop, payOrderId)).toBe('pending')
    await shop.passes(MINUTE_MS)
    expect(await stateOf(shop, payOrderId)).toBe('closed')
  })

  it('is closed here when the channel says that it is, before it expires', async () => {
    const { shop, payOrderId, order } = await waiting()
    order.state = 'closed'
    await shop.passes(15 * SECOND_MS)
    expect(await stateOf(shop, payOrderId)).toBe('closed')
    expect(callsOf(shop, 'close')).toEqual([])
  })

  it('fails here when the channel says so', async () => {
    const { shop, payOrderId, order } = await waiting({ notifiesEveryEnd: true })
    order.state = 'failed'
    await shop.passes(15 * SECOND_MS)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 3, errCode: 'DECLINED' })
    expect(shop.told.map(({ fields }) => fields.state)).toEqual(['3'])
  })
})

describe('a payment that is paid in the last second', () => {
  it('succeeds, though its callback was lost', async () => {
    const { shop, payOrderId, order } = await waiting()
    await shop.passes(59 * SECOND_MS, SECOND_MS)
    order.state = 'paid'
    order.paidAtMs = shop.clock.now()
    await shop.passes(5 * SECOND_MS, SECOND_MS)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
    expect(shop.told.map(({ fields }) => fields.state)).toEqual(['2'])
    expect(callsOf(shop, 'close')).toEqual([])
  })

  it('succeeds, though it was paid between our question and our close', async () => {
    const { shop, payOrderId, order } = await waiting()
    await shop.passes(59 * SECOND_MS, SECOND_MS)
    shop.bank.during('close', async () => {
      order.state = 'paid'
      order.paidAtMs = shop.clock.now()
    })
    await shop.passes(5 * SECOND_MS, SECOND_MS)
    expect(callsOf(shop, 'close')).toHaveLength(1)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
  })
})

describe('a payment that has expired, at a channel that does not help', () => {
  it.each(['silent_before', 'busy', 'not_reachable'] as const)(
    'waits for days while queries end unknown (%s), and is settled when the channel is back',
    async (mood) => {
      const { shop, payOrderId, order } = await waiting()
      shop.bank.always('query', mood)
      order.state = 'paid'
      order.paidAtMs = shop.clock.now()
      await shop.passes(5 * DAY_MS, 10 * MINUTE_MS)
      expect(await stateOf(shop, payOrderId)).toBe('pending')
      expect(callsOf(shop, 'close')).toEqual([])
      expect(shop.told).toEqual([])
      shop.bank.always('query')
      await shop.passes(DAY_MS / 4, 10 * MINUTE_MS)
      expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
      expect(shop.told).toHaveLength(1)
    },
  )

  it.each(['silent_before', 'refused', 'not_reachable'] as const)(
    'stays open when the close is %s, and can still be paid',
    async (mood) => {
      const { shop, payOrderId } = await waiting()
      shop.bank.always('close', mood)
      await shop.passes(DAY_MS, 10 * MINUTE_MS)
      expect(await stateOf(shop, payOrderId)).toBe('pending')
      await shop.payerPays(payOrderId)
      expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
    },
  )

  it('stays open at a channel that cannot close, for as long as that knows it', async () => {
    const { shop, payOrderId } = await waiting({ channel: bankWithout('close') })
    await shop.passes(DAY_MS, 10 * MINUTE_MS)
    expect(await stateOf(shop, payOrderId)).toBe('pending')
    await shop.payerPays(payOrderId)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
  })

  it('is closed at a channel that cannot close, once that has never heard of it', async () => {
    const shop = await openShop({ channel: bankWithout('close') })
    shop.bank.will('pay', 'silent_before')
    const payOrderId = await shop.orders({ expiredTime: 20 })
    await shop.passes(59 * SECOND_MS, SECOND_MS)
    expect(await stateOf(shop, payOrderId)).toBe('pending')
    await shop.passes(30 * SECOND_MS, SECOND_MS)
    expect(await stateOf(shop, payOrderId)).toBe('closed')
  })
})

describe('a payment that the channel does not find', () => {
  it('stays open until that is final, a minute after it was sent, and is then closed', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'silent_before')
    const payOrderId = await shop.orders({ expiredTime: 20 })
    await shop.passes(59 * SECOND_MS, SECOND_MS)
    expect(await stateOf(shop, payOrderId)).toBe('pending')
    expect(callsOf(shop, 'close')).toEqual([])
    await shop.passes(15 * SECOND_MS, SECOND_MS)
    expect(await stateOf(shop, payOrderId)).toBe('closed')
  })

  it.each([
    ['unpaid', 'closed', 6],
    ['paid', 'paid', 2],
  ] as const)(
    'is looked at once more an hour later: what turned up since, %s, is %s',
    async (arrives, ends, state) => {
      const shop = await openShop()
      shop.bank.will('pay', 'silent_after')
      for (const operation of ['query', 'close']) shop.bank.always(operation, 'knows_nothing')
      const payOrderId = await shop.orders({ expiredTime: 20 })
      await shop.passes(75 * SECOND_MS, 5 * SECOND_MS)
      expect(await stateOf(shop, payOrderId)).toBe('closed')
      // By a clock that is right, the call was still on its way.
      for (const operation of ['query', 'close']) shop.bank.always(operation)
      const order = shop.bank.orders.get(payOrderId)
      if (order === undefined) throw new Error('the bank has the order')
      order.state = arrives
      order.paidAtMs = shop.clock.now()
      const calls = shop.bank.calls.length
      await shop.passes(58 * MINUTE_MS, MINUTE_MS)
      expect(shop.bank.calls.slice(calls)).toEqual([])
      await shop.passes(70 * MINUTE_MS, MINUTE_MS)
      expect(order.state).toBe(ends)
      expect((await shop.sees(payOrderId)).data).toMatchObject({ state })
      const after = shop.bank.calls.length
      await shop.passes(DAY_MS, HOUR_MS)
      expect(shop.bank.calls.slice(after)).toEqual([])
    },
  )

  it('succeeds when it turns up late, and paid', async () => {
    const { shop, payOrderId, order } = await waiting()
    order.state = 'paid'
    order.paidAtMs = shop.clock.now()
    shop.bank.always('query', 'knows_nothing')
    await shop.passes(55 * SECOND_MS)
    expect(await stateOf(shop, payOrderId)).toBe('pending')
    shop.bank.always('query')
    await shop.passes(30 * SECOND_MS)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
  })

  it('is fenced by a close: an order that only the query could not see is found paid', async () => {
    const { shop, payOrderId, order } = await waiting()
    order.state = 'paid'
    order.paidAtMs = shop.clock.now()
    shop.bank.always('query', 'knows_nothing')
    await shop.passes(120 * SECOND_MS)
    expect(callsOf(shop, 'close').length).toBeGreaterThan(0)
    expect(await stateOf(shop, payOrderId)).toBe('pending')
    shop.bank.always('query')
    await shop.passes(120 * SECOND_MS)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
  })

  it('is closed without a call when it never left', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'not_reachable')
    await shop.asksFor({ mchOrderNo: 'A1', expiredTime: 60 })
    await shop.passes(59 * SECOND_MS, SECOND_MS)
    const { data } = await shop.calls('/api/pay/query', { mchOrderNo: 'A1' })
    expect(data).toMatchObject({ state: 0 })
    await shop.passes(2 * SECOND_MS, SECOND_MS)
    expect(await stateOf(shop, String(data?.payOrderId))).toBe('closed')
    expect(shop.bank.calls).toEqual([])
  })

  it('is not closed before it expires where the payer holds something to pay it with', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders({ wayCode: 'ALI_APP', expiredTime: 600 })
    await shop.clock.advance(90 * SECOND_MS)
    // The payer holds something signed, of which the channel knows nothing yet.
    expect(await shop.closes(payOrderId)).toEqual({
      code: 9999,
      msg: '付款人仍可支付该订单，到期前不可关闭',
    })
    expect(await stateOf(shop, payOrderId)).toBe('pending')
    await shop.passes(520 * SECOND_MS)
    expect(await stateOf(shop, payOrderId)).toBe('pending')
    await shop.passes(60 * SECOND_MS)
    await shop.passes(60 * SECOND_MS)
    expect(await stateOf(shop, payOrderId)).toBe('closed')
  })
})
