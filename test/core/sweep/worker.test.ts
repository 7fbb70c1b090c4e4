import { describe, expect, it } from 'vitest'
import { changeSettings } from '../../../core/merchant/accounts.ts'
import { DatabaseError, type WakeTimer } from '../../../core/ports.ts'
import { type SweepBounds, WORKER_BOUNDS } from '../../../core/sweep/sweep.ts'
import { HOUR_MS, MINUTE_MS } from '../../../core/time.ts'
import { openSharing, type SharingShop } from '../../kit/sharing.ts'
import { saying } from '../../kit/shop.ts'

/**
 * A sweep as a Worker's cron runs it. Each call of a port is a subrequest there, and 50 of them are
 * all that an invocation has on Cloudflare's free plan.
 */

/** A shop whose calls of the database, the bank, the merchant and QStash are counted. */
async function openCounted(timer: 'qstash' | 'none') {
  const state = { calls: 0, storesFail: 0, qstashIsAway: true, isCounting: false }
  const counts = () => {
    if (state.isCounting) state.calls++
  }
  const qstash: WakeTimer = {
    async wake() {
      counts()
      if (state.qstashIsAway) throw new Error('QStash answered 500')
    },
    verify: async () => false,
    isReachable: async () => !state.qstashIsAway,
  }
  const sharing = await openSharing({
    onSend: counts,
    ...(timer === 'qstash' && { timer: qstash }),
    wrapDatabase: (database) => ({
      batch(statements, mode) {
        counts()
        if (state.storesFail <= 0) return database.batch(statements, mode)
        state.storesFail--
        return Promise.reject(new DatabaseError('unavailable', 'gone'))
      },
    }),
  })
  const { shop } = sharing
  return {
    ...sharing,
    state,
    /** The cron, once. @returns how many calls it made */
    async sweeps(bounds: SweepBounds = WORKER_BOUNDS): Promise<number> {
      Object.assign(state, { calls: 0, isCounting: true })
      await shop.gateway.sweep(bounds)
      await shop.gateway.keepCounts()
      await shop.settles()
      state.isCounting = false
      return state.calls
    },
  }
}

type Counted = Awaited<ReturnType<typeof openCounted>>

const rows = async ({ shop }: SharingShop, sql: string) =>
  (await shop.database.batch([{ sql, args: [] }], 'read'))[0] ?? []

async function run({ shop }: SharingShop, ...statements: readonly string[]): Promise<void> {
  const batch = statements.map((sql) => ({ sql, args: [] }))
  await shop.database.batch(batch, 'write')
}

/** So many of each thing that a sweep looks after, each in the way that takes it the most calls. */
async function arranges(counted: Counted, number: number): Promise<void> {
  const { shop, bound, paid, shares, returns } = counted
  const { bank } = shop
  const each = async (happens: () => Promise<unknown>) => {
    for (let at = 0; at < number; at++) await happens()
  }
  const receiverId = await bound()
  bank.always('split', 'silent_before')
  await each(async () => shares(await paid(), [{ receiverId }]))
  bank.always('split')
  await each(async () => {
    const payOrderId = await paid()
    await shares(payOrderId, [{ receiverId }])
    bank.will('return', 'silent_before')
    await returns(payOrderId, { mchReturnNo: `B${payOrderId}`, receiverId, returnAmount: 1 })
  })
  bank.always('refund', 'silent_before')
  await each(async () => shop.refunds(await paid()))
  bank.always('transfer', 'silent_before')
  await each(() => shop.transfers())
  for (const operation of ['refund', 'transfer']) bank.always(operation)
  await each(() => paid({ divisionMode: 1 }))
  await each(() => shop.orders({ expiredTime: 60 }))
}

/** The payer is faster than each close; nothing that is asked to be stored after a call is, at once. */
function goesWrong({ shop: { bank, clock }, state }: Counted): void {
  const stored = async () => {
    state.storesFail = 2
  }
  bank.hears = ({ url, body }) => {
    const operation = new URL(url).pathname.slice(1)
    if (['refund', 'transfer', 'split', 'return'].includes(operation)) void stored()
    if (operation !== 'close') return
    const { number } = JSON.parse(String(body)) as { number: string }
    Object.assign(bank.orders.get(number) ?? {}, { state: 'paid', paidAtMs: clock.now() })
  }
}

const NOTHING = { payments: 0, refunds: 0, notifications: 0, others: 0 }
const TABLES = ['payments', 'refunds', 'transfers', 'splits', 'split_returns']

describe('one piece of a sweep takes as many calls as it may at most', () => {
  // Of the calls of the sweep, two or three are for claiming, and one stores what was counted.
  it.each<[string, string, string, Partial<SweepBounds>, number]>([
    ['a payment is paid while it is closed', 'payments', 'next_check_at_ms', { payments: 1 }, 5],
    ['a refund never arrived', 'refunds', 'next_check_at_ms', { refunds: 1 }, 8],
    ['a transfer never arrived', 'transfers', 'next_check_at_ms', { others: 1 }, 8],
    ['a split never arrived', 'splits', 'next_check_at_ms', { others: 1 }, 7],
    ['a return never arrived', 'split_returns', 'next_check_at_ms', { others: 1 }, 7],
    ['a payment is to be split', 'payments', 'next_split_at_ms', { others: 1 }, 7],
  ])('when %s', async (_, table, due, bounds, takes) => {
    const counted = await openCounted('qstash')
    await arranges(counted, 1)
    await counted.shop.clock.advance(2 * HOUR_MS)
    await run(
      counted,
      ...[...TABLES.map((other) => [other, 'next_check_at_ms']), ['payments', 'next_split_at_ms']]
        .filter(([other, column]) => other !== table || column !== due)
        .map(([other, column]) => `update ${other} set ${column} = null`),
    )
    goesWrong(counted)
    expect(await counted.sweeps({ ...NOTHING, ...bounds })).toBe(2 + takes + 1)
    // The two hosts of a channel are two calls.
    expect(takes).toBeLessThanOrEqual(8)
  })

  it('when a notification is not accepted, and QStash is away', async () => {
    const counted = await openCounted('qstash')
    await counted.shop.payerPays(await counted.shop.orders())
    counted.shop.merchantAnswers.push(saying('no', 500))
    expect(await counted.sweeps({ ...NOTHING, notifications: 1 })).toBe(1 + 4 + 1)
  })
})

describe('a sweep on Workers', () => {
  it.each(['qstash', 'none'] as const)(
    'makes 50 calls at most with everything due and all of it going wrong, and comes to the end of it (timer: %s)',
    async (timer) => {
      const counted = await openCounted(timer)
      const { shop } = counted
      await arranges(counted, 5)
      for (let at = 0; at < 10; at++) await shop.payerPays(await shop.orders())
      await changeSettings(shop.gateway.core, shop.accountId, {
        merchant: 'shop',
        key: 'another key',
      })
      await shop.clock.advance(2 * HOUR_MS)
      await run(counted, "update outbox set state = 'waiting', tries = 0, next_try_at_ms = 0")
      shop.merchantAnswers.push(...Array.from({ length: 100 }, () => saying('no', 500)))
      goesWrong(counted)
      const calls: number[] = []
      const open = `select ${TABLES.map(
        (table) => `(select count(*) from ${table} where state in ('created', 'pending'))`,
      ).join(' + ')} + (select count(*) from payments where split_state = 'queued')`
      while ((await rows(counted, open))[0]?.[0] !== 0 && calls.length < 60) {
        calls.push(await counted.sweeps())
        await shop.clock.advance(MINUTE_MS)
      }
      expect(await rows(counted, open)).toEqual([[0]])
      expect(Math.max(...calls)).toBeLessThanOrEqual(50)
      // The bound is what keeps them down.
      expect(Math.max(...calls)).toBeGreaterThan(40)
      expect(calls.length).toBeLessThan(40)
    },
  )

  it('tells twelve merchants a minute, and asks about eight payments, where nothing goes wrong', async () => {
    const counted = await openCounted('qstash')
    const { shop } = counted
    for (let at = 0; at < 20; at++) await shop.payerPays(await shop.orders())
    for (let at = 0; at < 20; at++) await shop.orders()
    expect(shop.told).toEqual([])
    await counted.sweeps()
    expect(shop.told).toHaveLength(12)
    await shop.clock.advance(MINUTE_MS)
    const asked = () => shop.bank.calls.filter((call) => call.startsWith('query ')).length
    await counted.sweeps({ ...WORKER_BOUNDS, notifications: 0 })
    expect(asked()).toBe(8)
  })

  it('tells four merchants a minute at least, however much else is due', async () => {
    const counted = await openCounted('qstash')
    const { shop } = counted
    await arranges(counted, 5)
    for (let at = 0; at < 10; at++) await shop.payerPays(await shop.orders())
    await shop.clock.advance(2 * HOUR_MS)
    goesWrong(counted)
    shop.told.length = 0
    await counted.sweeps()
    expect(shop.told.length).toBeGreaterThanOrEqual(4)
  })
})
