import { describe, expect, it } from 'vitest'
import { troubledEndpoints } from '../../../core/notification/endpoint.ts'
import {
  type ReplayCursor,
  replayExhausted,
  replayNotification,
  replayRange,
} from '../../../core/notification/replay.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/time.ts'
import { openShop, type Shop, saying } from '../../kit/shop.ts'

const refusals = (count: number) => Array.from({ length: count }, () => saying('fail'))

async function select(shop: Shop, sql: string) {
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  return rows ?? []
}

async function ids(shop: Shop) {
  const rows = await select(shop, 'select notification_id from outbox order by notification_id')
  return rows.map(([id]) => id as never)
}

async function idOf(shop: Shop, payOrderId: string) {
  const rows = await select(
    shop,
    `select notification_id from outbox where subject_id = '${payOrderId}'`,
  )
  return rows[0]?.[0] as never
}

const outbox = (shop: Shop) =>
  select(shop, 'select state, tries from outbox order by created_at_ms')

const numbers = (shop: Shop) =>
  select(shop, 'select number from deliveries order by number').then((rows) => rows.flat())

/** A payment of which the merchant was told in vain, to the end. */
async function exhausted(shop: Shop) {
  const payOrderId = await shop.orders()
  shop.merchantAnswers.push(saying('', 410))
  await shop.payerPays(payOrderId)
  return payOrderId
}

describe('a notification that is told again', () => {
  it('begins its schedule anew, says the same, and keeps the tries that were', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    shop.merchantAnswers.push(...refusals(17))
    await shop.payerPays(payOrderId)
    await shop.passes(10 * MINUTE_MS, 30 * SECOND_MS)
    await shop.passes(80 * HOUR_MS, HOUR_MS)
    expect(await outbox(shop)).toEqual([['exhausted', 17]])

    shop.merchantAnswers.push(...refusals(2))
    const startMs = shop.clock.now()
    expect(await replayNotification(shop.gateway.core, await idOf(shop, payOrderId))).toBe(true)
    await shop.settles()
    await shop.passes(5 * MINUTE_MS, 30 * SECOND_MS)
    await shop.passes(DAY_MS, HOUR_MS)
    const again = shop.told.slice(17)
    expect(again.map(({ atMs }) => (atMs - startMs) / SECOND_MS)).toEqual([0, 30, 90])
    expect(await outbox(shop)).toEqual([['delivered', 3]])
    expect(await numbers(shop)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
    expect(new Set(shop.told.map(({ fields }) => JSON.stringify(fields))).size).toBe(1)
    expect(new Set(shop.told.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  })

  it('may have been heard: a merchant can lose what it heard', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await shop.payerPays(payOrderId)
    expect(await replayNotification(shop.gateway.core, await idOf(shop, payOrderId))).toBe(true)
    await shop.settles()
    expect(shop.told).toHaveLength(2)
    expect(await outbox(shop)).toEqual([['delivered', 1]])
  })

  it('is not one that is being tried right now, or that does not exist', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    let replayed: Promise<boolean> | undefined
    shop.merchantHears = () => {
      replayed ??= idOf(shop, payOrderId).then((id) => replayNotification(shop.gateway.core, id))
    }
    shop.merchantAnswers.push(saying('fail'))
    Object.assign(shop.gateway.core.ports.http, slow(shop))
    await shop.payerPays(payOrderId)
    expect(await replayed).toBe(false)
    expect(await replayNotification(shop.gateway.core, 'N0' as never)).toBe(false)
    expect(await outbox(shop)).toEqual([['waiting', 1]])
  })

  it('opens the way to an endpoint that was gone', async () => {
    const shop = await openShop()
    const payOrderId = await exhausted(shop)
    expect(await troubledEndpoints(shop.gateway.core, 10)).toHaveLength(1)
    await replayNotification(shop.gateway.core, await idOf(shop, payOrderId))
    await shop.settles()
    expect(await outbox(shop)).toEqual([['delivered', 1]])
    expect(await troubledEndpoints(shop.gateway.core, 10)).toEqual([])
  })

  it('is told once however many operators ask at once', async () => {
    const shop = await openShop()
    const id = await idOf(shop, await exhausted(shop))
    await Promise.all(Array.from({ length: 5 }, () => replayNotification(shop.gateway.core, id)))
    await shop.settles()
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect((await outbox(shop))[0]?.[0]).toBe('delivered')
    expect(shop.told.length).toBeGreaterThan(1)
    expect(shop.told.length).toBeLessThanOrEqual(6)
  })
})

describe('notifications of a time', () => {
  it('are told again in batches, from and including its beginning, up to and without its end', async () => {
    const shop = await openShop()
    const startMs = shop.clock.now()
    for (let at = 0; at < 6; at++) {
      await shop.payerPays(await shop.orders())
      await shop.clock.advance(MINUTE_MS)
    }
    const all = await ids(shop)
    const told = shop.told.length
    const range = {
      appId: shop.app.appId,
      fromMs: startMs + MINUTE_MS,
      untilMs: startMs + 5 * MINUTE_MS,
    }
    const replayed: string[] = []
    let after: ReplayCursor | undefined
    let batches = 0
    do {
      const bounds = { limit: 3, ...(after !== undefined && { after }) }
      const batch = await replayRange(shop.gateway.core, range, bounds)
      replayed.push(...batch.replayed)
      after = batch.next
      batches++
    } while (after !== undefined)
    await shop.settles()
    expect(replayed).toEqual(all.slice(1, 5))
    expect(batches).toBe(2)
    expect(shop.told).toHaveLength(told + 4)
  })

  it('are those of the app alone', async () => {
    const shop = await openShop()
    const other = await shop.opensApp('same_merchant')
    await shop.payerPays(await shop.orders())
    const answer = await shop.asksFor({}, other)
    await shop.payerPays(String(answer.data?.payOrderId))
    const range = { appId: other.appId, fromMs: 0, untilMs: shop.clock.now() + 1 }
    const { replayed, next } = await replayRange(shop.gateway.core, range)
    expect(replayed).toHaveLength(1)
    expect(next).toBeUndefined()
    await shop.settles()
    expect(shop.told.map(({ fields }) => fields.appId)).toEqual([
      shop.app.appId,
      other.appId,
      other.appId,
    ])
    const none = { ...range, appId: 'nobody' as never }
    expect(await replayRange(shop.gateway.core, none)).toEqual({ replayed: [] })
  })
})

describe('all that was never heard', () => {
  it('is told again, in batches, and what was heard is not', async () => {
    const shop = await openShop()
    await shop.payerPays(await shop.orders({ notifyUrl: 'https://well.example/' }))
    for (let at = 0; at < 3; at++) await exhausted(shop)
    const sql = "update outbox set state = 'exhausted' where url not like '%well%'"
    await shop.database.batch([{ sql, args: [] }], 'write')
    shop.merchantAnswers.length = 0
    const first = await replayExhausted(shop.gateway.core, { limit: 2 })
    expect(first.replayed).toHaveLength(2)
    const second = await replayExhausted(shop.gateway.core, {
      limit: 2,
      ...(first.next !== undefined && { after: first.next }),
    })
    expect(second.replayed).toHaveLength(1)
    expect(second.next).toBeUndefined()
    await shop.settles()
    expect((await outbox(shop)).map(([state]) => state)).toEqual(Array(4).fill('delivered'))
  })

  it('can be that of one app', async () => {
    const shop = await openShop()
    const other = await shop.opensApp('other_merchant')
    await exhausted(shop)
    const { replayed } = await replayExhausted(shop.gateway.core, { appId: other.appId })
    expect(replayed).toEqual([])
    expect((await replayExhausted(shop.gateway.core)).replayed).toHaveLength(1)
  })
})

/** The merchant answers only after whoever heard it has done something. */
function slow(shop: Shop) {
  const { send } = shop.gateway.core.ports.http
  return {
    async send(request: Parameters<typeof send>[0]) {
      const answer = await send(request)
      await new Promise((resolve) => setTimeout(resolve, 50))
      return answer
    },
  }
}
