import { describe, expect, it } from 'vitest'
import { DatabaseError } from '../../../core/ports.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/time.ts'
import { openShop, type Shop, type ShopOptions } from '../../kit/shop.ts'

type Body = string | Uint8Array<ArrayBuffer>

function call(shop: Shop, path: string, body: Body): Promise<Response> {
  return shop.gateway.fetch(new Request(`https://pay.example${path}`, { method: 'POST', body }))
}

/** What the bank would say of a payment of 1000 fen that was paid. */
function paidEvent(payOrderId: string, change: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    number: payOrderId,
    amount: 1000,
    state: 'paid',
    payee: 'shop',
    channelNo: `B${payOrderId}`,
    atMs: 1767225600000,
    sign: 'bank',
    ...change,
  })
}

async function waiting(options: ShopOptions = {}) {
  const shop = await openShop(options)
  const payOrderId = await shop.orders()
  return { shop, payOrderId, path: `/api/pay/notify/bank/${payOrderId}` }
}

async function inbound(shop: Shop) {
  const sql = 'select verdict, dedupe_key from inbound_calls order by rowid'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  return rows
}

async function paymentRow(shop: Shop) {
  const sql = 'select state, version, frozen_because, paid_at_ms from payments'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  return rows?.[0]
}

describe('a callback', () => {
  it('is stored as it came, believed, and acknowledged', async () => {
    const { shop, payOrderId, path } = await waiting()
    const body = paidEvent(payOrderId)
    const response = await shop.gateway.fetch(
      new Request(`https://pay.example${path}?a=1`, {
        method: 'POST',
        headers: { 'X-Bank-Sign': 'abc' },
        body,
      }),
    )
    expect(response.status).toBe(200)
    const sql = 'select channel, reference, method, url, headers, body, verdict from inbound_calls'
    const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
    const [channel, reference, method, url, headers, stored, verdict] = rows?.[0] ?? []
    expect([channel, reference, method, url, verdict]).toEqual([
      'bank',
      payOrderId,
      'POST',
      `${path}?a=1`,
      'accepted',
    ])
    expect(JSON.parse(String(headers))).toMatchObject({ 'x-bank-sign': 'abc' })
    expect(new TextDecoder().decode(stored as Uint8Array)).toBe(body)
    expect((await paymentRow(shop))?.[0]).toBe('succeeded')
  })

  it('is stored again each time it comes, and changes nothing more', async () => {
    const { shop, payOrderId, path } = await waiting()
    for (let i = 0; i < 3; i++) {
      expect((await call(shop, path, paidEvent(payOrderId))).status).toBe(200)
    }
    const key = `${payOrderId}:paid`
    expect(await inbound(shop)).toEqual([
      ['accepted', key],
      ['accepted', key],
      ['accepted', key],
    ])
    expect((await paymentRow(shop))?.slice(0, 2)).toEqual(['succeeded', 3])
    await shop.settles()
    expect(shop.told).toHaveLength(1)
  })

  it('that tells nothing of interest is acknowledged and changes nothing', async () => {
    const { shop, payOrderId, path } = await waiting()
    const before = await paymentRow(shop)
    const response = await call(shop, path, paidEvent(payOrderId, { state: 'unpaid' }))
    expect(response.status).toBe(200)
    expect(await inbound(shop)).toEqual([['accepted', `${payOrderId}:unpaid`]])
    expect(await paymentRow(shop)).toEqual(before)
  })

  it('of an old payment is still verified by the settings that it was sent under', async () => {
    const { shop, payOrderId, path } = await waiting()
    await call(shop, path, paidEvent(payOrderId))
    await shop.clock.advance(400 * 86_400_000)
    expect((await call(shop, path, paidEvent(payOrderId))).status).toBe(200)
  })
})

describe('a callback that is not believed', () => {
  const cases = [
    ['with a wrong signature', { sign: 'forged' }, 'unverifiable'],
    ['with no signature', { sign: undefined }, 'unverifiable'],
    ['about another payment', { number: 'P176722560000099999999' }, 'mismatched'],
    ['about a refund', { number: 'R176722560000099999999' }, 'mismatched'],
    ['that the plugin falls over', { amount: 'a lot' }, 'malformed'],
    ['with an amount that is none', { amount: -1 }, 'malformed'],
  ] as const

  it.each(cases)('%s is kept with a verdict, and changes nothing', async (_, change, verdict) => {
    const { shop, payOrderId, path } = await waiting()
    const before = await paymentRow(shop)
    const response = await call(shop, path, paidEvent(payOrderId, change))
    expect(response.status).toBe(400)
    expect(await inbound(shop)).toEqual([[verdict, null]])
    expect(await paymentRow(shop)).toEqual(before)
    await shop.settles()
    expect(shop.told).toEqual([])
  })

  it.each([
    ['no JSON', 'paid!'],
    ['nothing', ''],
    ['bytes that are no text', Uint8Array.from([0xff, 0xfe, 0x00, 0x80])],
  ])('of %s is kept with a verdict', async (_, body) => {
    const { shop, path } = await waiting()
    expect((await call(shop, path, body)).status).toBe(400)
    expect(await inbound(shop)).toEqual([['malformed', null]])
  })

  it.each(cases)('%s has the channel asked within five seconds', async (_, change) => {
    const { shop, payOrderId, path } = await waiting()
    // Long after the order, when questions have become rare.
    await shop.passes(3_600 * SECOND_MS, 60 * SECOND_MS)
    const order = shop.bank.orders.get(payOrderId)
    if (order !== undefined) order.state = 'paid'
    await call(shop, path, paidEvent(payOrderId, change))
    await shop.passes(6 * SECOND_MS, SECOND_MS)
    expect((await paymentRow(shop))?.[0]).toBe('succeeded')
  })

  it('never makes a payment be asked about that has ended', async () => {
    const { shop, payOrderId, path } = await waiting()
    await call(shop, path, paidEvent(payOrderId))
    const calls = shop.bank.calls.length
    await call(shop, path, paidEvent(payOrderId, { sign: 'forged' }))
    await shop.passes(60 * SECOND_MS)
    expect(shop.bank.calls).toHaveLength(calls)
  })

  it('has the channel asked about a payment that was closed: late money is found', async () => {
    const { shop, payOrderId, path } = await waiting({ latePolicy: 'hold' })
    await shop.closes(payOrderId)
    await shop.passes(6 * HOUR_MS, HOUR_MS)
    const late = { state: 'paid', paidAtMs: shop.clock.now() }
    Object.assign(shop.bank.orders.get(payOrderId) ?? {}, late)
    expect((await call(shop, path, paidEvent(payOrderId, { sign: 'forged' }))).status).toBe(400)
    expect((await paymentRow(shop))?.[0]).toBe('closed')
    await shop.passes(6 * SECOND_MS, SECOND_MS)
    const sql = 'select state, late_decision, next_check_at_ms, check_lease_until_ms from payments'
    const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
    expect(rows).toEqual([['succeeded', 'held', null, null]])
  })

  it('has the channel asked about a payment that was closed no more often than about an open one, and no longer than channels call', async () => {
    const { shop, payOrderId, path } = await waiting()
    await shop.closes(payOrderId)
    const before = await paymentRow(shop)
    const asked = () => shop.bank.calls.filter((each) => each.startsWith('query ')).length
    const forge = () => call(shop, path, paidEvent(payOrderId, { sign: 'forged' }))
    await shop.passes(HOUR_MS, 10 * MINUTE_MS)
    expect(asked()).toBe(0)
    await forge()
    await shop.passes(HOUR_MS, 10 * MINUTE_MS)
    expect(asked()).toBe(1)

    // An hour of a call each minute: by the ladder, once in ten minutes. Some answers are lost.
    shop.bank.will('query', 'silent_before', 'silent_after')
    for (let minute = 0; minute < 60; minute++) {
      await Promise.all([forge(), forge()])
      await shop.passes(MINUTE_MS, MINUTE_MS)
    }
    expect(asked()).toBe(7)
    await shop.passes(22 * HOUR_MS + SECOND_MS, 11 * HOUR_MS)
    const soFar = asked()
    await forge()
    await shop.passes(HOUR_MS, 10 * MINUTE_MS)
    expect(asked()).toBe(soFar)
    expect(await paymentRow(shop)).toEqual(before)
    expect(shop.told).toEqual([])
  })

  it('cannot put a question off that is due sooner', async () => {
    const { shop, payOrderId, path } = await waiting()
    await shop.passes(9 * SECOND_MS, SECOND_MS)
    await call(shop, path, paidEvent(payOrderId, { sign: 'forged' }))
    await shop.passes(SECOND_MS, SECOND_MS)
    expect(shop.bank.calls.filter((each) => each.startsWith('query '))).toHaveLength(1)
  })

  it('says in the log what was wrong, without contents', async () => {
    const { shop, payOrderId, path } = await waiting()
    await call(shop, path, paidEvent(payOrderId, { sign: 'forged-canary', payer: 'payer-canary' }))
    expect(shop.logged.at(-1)).toMatchObject({
      message: 'a callback was refused',
      fields: { code: 'unverifiable', reason: 'sign differs' },
    })
    expect(JSON.stringify(shop.logged)).not.toContain('canary')
  })
})

describe('a callback that nothing is known of', () => {
  it.each([
    ['an unknown number', '/api/pay/notify/bank/P1', 404, 'order not exists'],
    ['an unknown refund', '/api/refund/notify/bank/R1', 404, 'order not exists'],
    ['an unknown channel', '/api/pay/notify/nobank/P1', 400, '[nobank] interface not exists'],
  ])('has %s: not kept, not acknowledged', async (_, path, status, text) => {
    const { shop } = await waiting()
    const response = await call(shop, path, '{}')
    expect([response.status, await response.text()]).toEqual([status, text])
    expect(await inbound(shop)).toEqual([])
  })

  it('names another channel than the payment has', async () => {
    const { shop, payOrderId } = await waiting()
    await shop.database.batch([{ sql: "update attempts set channel = 'other'", args: [] }], 'write')
    const response = await call(shop, `/api/pay/notify/bank/${payOrderId}`, paidEvent(payOrderId))
    expect(response.status).toBe(404)
  })

  it('is too large', async () => {
    const { shop, path } = await waiting()
    const response = await call(shop, path, 'x'.repeat(300 * 1024))
    expect(response.status).toBe(413)
    expect(await inbound(shop)).toEqual([])
  })
})

describe('a callback while the database is away', () => {
  it.each([
    ['before it is stored', 1],
    ['after it is stored', 2],
  ])('is answered with 5xx, so that the channel repeats it: %s', async (_, failing) => {
    let writes = 0
    let fails = 0
    const { shop, payOrderId, path } = await waiting({
      wrapDatabase: (database) => ({
        batch: (statements, mode) =>
          mode === 'write' && ++writes === fails
            ? Promise.reject(new DatabaseError('unavailable', 'away'))
            : database.batch(statements, mode),
      }),
    })
    writes = 0
    fails = failing
    const first = await call(shop, path, paidEvent(payOrderId))
    expect([first.status, await first.text()]).toEqual([503, 'not stored, please tell us again'])
    expect((await paymentRow(shop))?.[0]).toBe('pending')
    const second = await call(shop, path, paidEvent(payOrderId))
    expect(second.status).toBe(200)
    expect((await paymentRow(shop))?.[0]).toBe('succeeded')
    await shop.settles()
    expect(shop.told).toHaveLength(1)
  })
})
