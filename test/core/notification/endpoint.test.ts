import { describe, expect, it } from 'vitest'
import type { NotificationId } from '../../../core/ids.ts'
import { troubledEndpoints } from '../../../core/notification/endpoint.ts'
import { replayNotification } from '../../../core/notification/replay.ts'
import { reopenEndpoint } from '../../../core/operator/reopen.ts'
import type { HttpAnswer } from '../../../core/ports.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/time.ts'
import { openShop, type Shop, saying } from '../../kit/shop.ts'

const DEAD = 'https://dead.example/notify'
const WELL = 'https://well.example/notify'

const silence: HttpAnswer = { kind: 'unknown', evidence: 'timeout' }

/** A shop whose merchant answers by its host: the dead one only when it is said to. */
async function openTwoFaced(dead: HttpAnswer = silence) {
  const answers = { dead }
  const shop = await openShop({
    merchantAnswers: (url) => (url.startsWith('https://dead.example') ? answers.dead : undefined),
  })
  return { shop, answers }
}

async function pays(shop: Shop, notifyUrl: string): Promise<string> {
  const payOrderId = await shop.orders({ notifyUrl })
  await shop.payerPays(payOrderId)
  return payOrderId
}

const toldOf = (shop: Shop, payOrderId: string) =>
  shop.told.filter(({ fields }) => fields.payOrderId === payOrderId)

const secondsOf = (shop: Shop, payOrderId: string, startMs: number) =>
  toldOf(shop, payOrderId).map(({ atMs }) => Math.round((atMs - startMs) / 1000))

/** Two hours, in which an endpoint's breaker opens. */
async function keepsFailing(shop: Shop): Promise<void> {
  await shop.passes(10 * MINUTE_MS, 30 * SECOND_MS)
  await shop.passes(110 * MINUTE_MS, 5 * MINUTE_MS)
}

const messages = (shop: Shop) => shop.logged.map(({ message }) => message)

const OPENED = 'an endpoint keeps failing and is tried less often'

async function standing(shop: Shop, payOrderId: string) {
  const sql = 'select state, tries from outbox where subject_id = ?'
  const [rows] = await shop.database.batch([{ sql, args: [payOrderId] }], 'read')
  return rows?.[0]
}

describe('an endpoint that keeps failing', () => {
  it('still gets all six of JeePay’s tries on time when it was well before', async () => {
    const { shop } = await openTwoFaced()
    const startMs = shop.clock.now()
    const orders = await Promise.all(
      Array.from({ length: 5 }, () => shop.orders({ notifyUrl: DEAD })),
    )
    for (const order of orders) await shop.payerPays(order)
    await shop.passes(460 * SECOND_MS, 10 * SECOND_MS)
    for (const order of orders) {
      expect(secondsOf(shop, order, startMs)).toEqual([0, 30, 90, 180, 300, 450])
    }
    expect(messages(shop)).not.toContain(OPENED)
    expect(await troubledEndpoints(shop.gateway.core, 10)).toEqual([])
  })

  it('is tried less often after ten failures in a row over a quarter of an hour, and an operator hears of it once', async () => {
    const { shop } = await openTwoFaced()
    for (let at = 0; at < 8; at++) await pays(shop, DEAD)
    await keepsFailing(shop)
    expect(messages(shop).filter((message) => message === OPENED)).toHaveLength(1)
    const [troubled] = await troubledEndpoints(shop.gateway.core, 10)
    expect(troubled).toMatchObject({ appId: shop.app.appId, origin: 'https://dead.example' })
    const before = shop.told.length
    await shop.passes(DAY_MS, 20 * MINUTE_MS)
    // Eight that each are due every few hours; one probe an hour at most.
    expect(shop.told.length - before).toBeGreaterThan(10)
    expect(shop.told.length - before).toBeLessThanOrEqual(26)
  })

  it('is asked by one notification alone; when it is back, all that waited for it hear at once', async () => {
    const { shop, answers } = await openTwoFaced()
    const orders: string[] = []
    for (let at = 0; at < 8; at++) orders.push(await pays(shop, DEAD))
    await keepsFailing(shop)
    const before = shop.told.length
    answers.dead = saying('success')
    await shop.passes(HOUR_MS + 2 * MINUTE_MS, MINUTE_MS)
    // The others have asked in vain meanwhile, and come when their own next try is due.
    expect(shop.told.length - before).toBeGreaterThanOrEqual(5)
    await shop.passes(4 * HOUR_MS, 20 * MINUTE_MS)
    expect(shop.told.length - before).toBe(8)
    for (const order of orders) expect((await standing(shop, order))?.[0]).toBe('delivered')
    expect(messages(shop)).toContain('an endpoint that kept failing is back')
    expect(await troubledEndpoints(shop.gateway.core, 10)).toEqual([])
  })

  it('hears of a new payment at once all the same, and is back when it accepts that', async () => {
    const { shop, answers } = await openTwoFaced(saying('exception', 500))
    for (let at = 0; at < 3; at++) await pays(shop, DEAD)
    await keepsFailing(shop)
    expect(await troubledEndpoints(shop.gateway.core, 10)).toHaveLength(1)
    answers.dead = saying('success')
    const fresh = await pays(shop, DEAD)
    expect(toldOf(shop, fresh)).toHaveLength(1)
    expect(await troubledEndpoints(shop.gateway.core, 10)).toEqual([])
  })

  it.each<[string, (shop: Shop, other: string) => Promise<unknown>]>([
    ['accepts a new payment', (shop) => pays(shop, DEAD)],
    [
      'is reopened by an operator',
      (shop) =>
        reopenEndpoint(
          shop.gateway.core,
          { appId: shop.app.appId, origin: 'https://dead.example' },
          'the merchant called',
        ),
    ],
    [
      'is replayed something else',
      (shop, other) => replayNotification(shop.gateway.core, other as NotificationId),
    ],
  ])(
    'and %s hears soon of what was put off: the oldest first, one a second, no try more than its schedule has',
    async (_, opens) => {
      const { shop, answers } = await openTwoFaced()
      for (let at = 0; at < 5; at++) {
        await pays(shop, DEAD)
        await shop.clock.advance(SECOND_MS)
      }
      await keepsFailing(shop)
      const [troubled] = await troubledEndpoints(shop.gateway.core, 10)
      const sql = `select notification_id, subject_id, tries, next_try_at_ms from outbox
        where state = 'waiting' order by created_at_ms`
      const waiting = async () => (await shop.database.batch([{ sql, args: [] }], 'read'))[0] ?? []
      const before = await waiting()
      const putOff = before.filter(([, , , atMs]) => atMs === troubled?.openUntilMs)
      const others = before.filter((row) => !putOff.includes(row))
      expect(putOff.length).toBeGreaterThan(1)
      expect(others.length).toBeGreaterThan(1)

      answers.dead = saying('success')
      const startMs = shop.clock.now()
      await opens(shop, String(others[0]?.[0]))
      const isPutOff = (payOrderId: unknown) => putOff.some(([, id]) => id === payOrderId)
      const alreadyTold = shop.told.length
      for (let second = 0; second < putOff.length; second++) {
        await shop.sweeps()
        await shop.clock.advance(SECOND_MS)
      }
      const hurried = shop.told
        .slice(alreadyTold)
        .filter(({ fields }) => isPutOff(fields.payOrderId))
        .map(({ fields, atMs }) => [fields.payOrderId, (atMs - startMs) / SECOND_MS])
      expect(hurried).toEqual(putOff.map(([, id], at) => [id, at]))
      for (const [, id, tries] of putOff) {
        expect(await standing(shop, String(id))).toEqual(['delivered', Number(tries) + 1])
      }
      // What waits for a time of its own schedule goes on doing so.
      const left = await waiting()
      expect(others.slice(1)).toEqual(left.slice(left.length - others.length + 1))
    },
  )

  it('holds up no other endpoint of the same app', async () => {
    const { shop } = await openTwoFaced()
    for (let at = 0; at < 3; at++) await pays(shop, DEAD)
    await keepsFailing(shop)
    shop.merchantAnswers.push(saying('fail'), saying('fail'))
    const startMs = shop.clock.now()
    const other = await pays(shop, WELL)
    await shop.passes(2 * MINUTE_MS, 10 * SECOND_MS)
    expect(secondsOf(shop, other, startMs)).toEqual([0, 30, 90])
  })

  it('is given up after three days and a bit: nothing waits for ever', async () => {
    const { shop } = await openTwoFaced()
    const orders: string[] = []
    for (let at = 0; at < 4; at++) orders.push(await pays(shop, DEAD))
    await keepsFailing(shop)
    await shop.passes(4 * DAY_MS, HOUR_MS)
    for (const order of orders) expect((await standing(shop, order))?.[0]).toBe('exhausted')
    const givenUp = messages(shop).filter((message) =>
      message.startsWith('a notification is given up'),
    )
    expect(givenUp).toHaveLength(4)
  })

  it.each([
    ['https://dead.example/notify', 'https://dead.example'],
    ['https://DEAD.example:443/a?b=c', 'https://dead.example'],
    ['http://dead.example:8080', 'http://dead.example:8080'],
    ['https://死.example/', 'https://xn--rmw.example'],
  ])('is known by its origin: %s is %s', async (notifyUrl, origin) => {
    const shop = await openShop()
    shop.merchantAnswers.push(saying('', 410))
    await pays(shop, notifyUrl)
    expect(await troubledEndpoints(shop.gateway.core, 10)).toMatchObject([{ origin }])
    const next = await pays(shop, notifyUrl)
    expect(toldOf(shop, next)).toEqual([])
  })

  it('is not mistaken for another whose name begins like it', async () => {
    const shop = await openShop()
    shop.merchantAnswers.push(saying('', 410))
    await pays(shop, 'https://shop.example/')
    for (const url of [
      'https://shop.example.cn/',
      'https://shop.example:8443/',
      'http://shop.example/',
    ]) {
      expect(toldOf(shop, await pays(shop, url))).toHaveLength(1)
    }
  })
})

describe('an endpoint that answers 410', () => {
  it('is told no more: not this, not what comes later, until an operator reopens it', async () => {
    const { shop, answers } = await openTwoFaced(saying('gone', 410))
    const first = await pays(shop, DEAD)
    expect(await standing(shop, first)).toEqual(['exhausted', 1])
    const second = await pays(shop, DEAD)
    await shop.passes(DAY_MS, HOUR_MS)
    expect(shop.told).toHaveLength(1)
    expect(await standing(shop, second)).toEqual(['exhausted', 0])
    const [troubled] = await troubledEndpoints(shop.gateway.core, 10)
    expect(troubled?.goneAtMs).toBe(1_767_225_600_000)
    expect(messages(shop)).toContain(
      'an endpoint answered 410 and is told no more until it is reopened',
    )

    answers.dead = saying('success')
    const key = { appId: shop.app.appId, origin: 'https://dead.example' }
    expect((await reopenEndpoint(shop.gateway.core, key, 'moved back')).ok).toBe(true)
    expect((await reopenEndpoint(shop.gateway.core, key, 'moved back')).ok).toBe(false)
    const third = await pays(shop, DEAD)
    expect(await standing(shop, third)).toEqual(['delivered', 1])
    expect(await troubledEndpoints(shop.gateway.core, 10)).toEqual([])
  })

  it('with the word has accepted', async () => {
    const { shop } = await openTwoFaced(saying('success', 410))
    expect(await standing(shop, await pays(shop, DEAD))).toEqual(['delivered', 1])
    expect(await troubledEndpoints(shop.gateway.core, 10)).toEqual([])
  })
})

describe('a merchant who asks for time', () => {
  const later = (seconds: string, status = 429): HttpAnswer => ({
    kind: 'answered',
    status,
    headers: new Headers({ 'retry-after': seconds }),
    body: new Uint8Array(),
  })

  it('gets it, an hour at most, and never less than the schedule gives', async () => {
    const shop = await openShop()
    shop.merchantAnswers.push(later('100'), later('5'), later('86400', 503), later('600', 500))
    const startMs = shop.clock.now()
    const order = await pays(shop, WELL)
    await shop.passes(2 * HOUR_MS, 10 * SECOND_MS)
    expect(secondsOf(shop, order, startMs)).toEqual([0, 100, 160, 3_760, 3_880])
  })
})

describe('one merchant who never answers', () => {
  it('doesn’t take the turn of another in a sweep, however much waits for it', async () => {
    const shop = await openShop()
    Object.assign(shop.gateway.core.ports, { timer: { wake: async () => undefined } })
    const other = await shop.opensApp('other_merchant')
    for (let at = 0; at < 10; at++) await shop.payerPays(await shop.orders())
    await shop.clock.advance(SECOND_MS)
    const answer = await shop.asksFor({}, other)
    await shop.payerPays(String(answer.data?.payOrderId))
    expect(shop.told).toEqual([])
    await shop.gateway.sweep({ payments: 0, refunds: 0, notifications: 2, others: 0 })
    const apps = shop.told.map(({ fields }) => fields.appId)
    expect(new Set(apps)).toEqual(new Set([shop.app.appId, other.appId]))
  })

  it('doesn’t hold up the next sweep: what was not begun is begun then', async () => {
    const shop = await openShop({ merchantTakesMs: 10_000 })
    Object.assign(shop.gateway.core.ports, { timer: { wake: async () => undefined } })
    for (let at = 0; at < 20; at++) await shop.payerPays(await shop.orders())
    await shop.sweeps()
    // Six go at a time, and each takes longer than a sweep begins new ones.
    expect(shop.told.length).toBeGreaterThan(0)
    expect(shop.told.length).toBeLessThanOrEqual(6)
    for (let sweeps = 1; sweeps < 20; sweeps++) await shop.sweeps()
    expect(shop.told).toHaveLength(20)
  })
})
