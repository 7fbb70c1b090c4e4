import { Client } from '@upstash/qstash'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { HttpAnswer, HttpPort } from '../../../core/ports.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/time.ts'
import { qstashTimer } from '../../../edge/ports/qstash.ts'
import { virtualClock } from '../../kit/clock.ts'
import { openQstash, type Qstash } from '../../kit/qstash.ts'
import { openShop, type Shop, saying, signedRequest } from '../../kit/shop.ts'

const API = 'https://qstash.example'
const PUBLIC_URL = 'https://pay.example'

// The SDK's verification takes its time from the runtime, not from a port: it is put to ours.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A shop whose timer is QStash, through Upstash's own client and receiver. */
async function openQstashShop() {
  const clock = virtualClock()
  let shop: Shop | undefined
  const qstash = openQstash(API, clock, async (request) => {
    vi.setSystemTime(clock.now())
    return shop?.gateway.fetch(request)
  })
  const asked: string[] = []
  const http: HttpPort = {
    send(request) {
      asked.push(request.url)
      return callApi(qstash, request)
    },
  }
  const timer = qstashTimer(qstash.account, PUBLIC_URL, { http, clock })
  shop = await openShop({ timer, clock })
  return { shop, qstash, clock, asked }
}

async function callApi(
  qstash: Qstash,
  { method, url, headers, body }: Parameters<HttpPort['send']>[0],
): Promise<HttpAnswer> {
  const asked = new Request(url, { method, headers, ...(body !== undefined && { body }) })
  const answer = await qstash.fetch(asked)
  if (answer === undefined) return { kind: 'unknown', evidence: 'no answer: ECONNRESET' }
  const bytes = new Uint8Array(await answer.arrayBuffer())
  return { kind: 'answered', status: answer.status, headers: answer.headers, body: bytes }
}

interface World {
  readonly shop: Shop
  readonly qstash: Qstash
}

/** Time passes a second at a time for QStash; the sweep comes as often as is said, or never. */
async function passes(
  { shop, qstash }: World,
  ms: number,
  options: { sweepEveryMs?: number } = {},
) {
  const { sweepEveryMs = Number.POSITIVE_INFINITY } = options
  const stepMs = ms > HOUR_MS ? 30 * SECOND_MS : SECOND_MS
  let sinceSweepMs = 0
  for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
    await shop.clock.advance(Math.min(stepMs, leftMs))
    await qstash.tick()
    await shop.settles()
    sinceSweepMs += stepMs
    if (sinceSweepMs < sweepEveryMs) continue
    sinceSweepMs = 0
    await shop.sweeps()
  }
}

/** A payment was made whose merchant gives these answers, then `success`. */
async function paid(answers: readonly HttpAnswer[], faults: Partial<Qstash['faults']> = {}) {
  const world = await openQstashShop()
  Object.assign(world.qstash.faults, faults)
  const payOrderId = await world.shop.orders()
  world.shop.merchantAnswers.push(...answers)
  await world.shop.payerPays(payOrderId)
  const startMs = world.shop.clock.now()
  await world.qstash.tick()
  await world.shop.settles()
  return { ...world, startMs }
}

const secondsTold = (shop: Shop, startMs: number) =>
  shop.told.map(({ atMs }) => (atMs - startMs) / SECOND_MS)

const refusals = (count: number) => Array.from({ length: count }, () => saying('fail'))

async function outbox(shop: Shop) {
  const sql = 'select state, tries from outbox'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  return rows
}

const JEEPAYS_SECONDS = [0, 30, 90, 180, 300, 450]

describe('QStash as the timer', () => {
  it('tells at JeePay’s seconds with no sweep at all: one message a try', async () => {
    const { startMs, ...world } = await paid(refusals(5))
    await passes(world, 500 * SECOND_MS)
    expect(secondsTold(world.shop, startMs)).toEqual(JEEPAYS_SECONDS)
    expect(await outbox(world.shop)).toEqual([['delivered', 6]])
    expect(world.qstash.published).toHaveLength(6)
    expect(new Set(world.qstash.published).size).toBe(6)
    expect(world.qstash.waiting).toEqual([])
  })

  it('is answered 200 whatever the merchant says, so that it repeats nothing', async () => {
    const { qstash } = await paid([saying('no', 500)])
    expect(qstash.calls.map(({ status }) => status)).toEqual([200])
    expect(qstash.dead).toEqual([])
  })

  it('gets a delay and few repetitions, and a name that the try alone has', async () => {
    const { qstash } = await paid(refusals(1))
    const deduplicationId = expect.stringMatching(/^N\d{21}-2$/)
    expect(qstash.waiting).toMatchObject([
      { method: 'POST', body: '', maxRetries: 2, deduplicationId },
    ])
    const [message] = qstash.waiting
    expect((message?.dueAtMs ?? 0) - (message?.createdAtMs ?? 0)).toBe(30 * SECOND_MS)
    expect(message?.url).toBe(
      `${PUBLIC_URL}/internal/notifications/${message?.deduplicationId?.replace('-', '/')}`,
    )
  })

  it.each<[string, Partial<Qstash['faults']>]>([
    ['each message is delivered three times', { copies: 3 }],
    ['the answers to publishing are lost', { api: 'loses answers' }],
  ])('tells as often as the schedule says when %s', async (_, faults) => {
    const { startMs, ...world } = await paid(refusals(5), faults)
    await passes(world, 500 * SECOND_MS, { sweepEveryMs: MINUTE_MS })
    expect(world.shop.told).toHaveLength(6)
    expect(secondsTold(world.shop, startMs)).toEqual(JEEPAYS_SECONDS)
  })

  it('drops the twin of a message whose answer was lost', async () => {
    const { shop, qstash } = await paid(refusals(1), { api: 'loses answers' })
    const [row] = (await notifications(shop)) ?? []
    await shop.gateway.core.ports.timer
      .wake({
        notificationId: row?.[0] as never,
        number: 2,
        atMs: shop.clock.now() + 30 * SECOND_MS,
      })
      .catch(() => undefined)
    expect(qstash.published).toHaveLength(3)
    expect(qstash.waiting).toHaveLength(1)
  })

  it('may deliver copies at the same moment', async () => {
    const { shop, qstash } = await paid(refusals(1), { isLate: true })
    const url = qstash.waiting[0]?.url ?? ''
    qstash.faults.isLate = false
    await qstash.tick()
    const signature = qstash.calls[0]?.request.headers.get('upstash-signature') ?? ''
    await shop.clock.advance(30 * SECOND_MS)
    vi.setSystemTime(shop.clock.now())
    const copies = Array.from({ length: 5 }, () =>
      shop.gateway.fetch(
        new Request(url, { method: 'POST', headers: { 'upstash-signature': signature } }),
      ),
    )
    const answers = await Promise.all(copies)
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(shop.told).toHaveLength(1)
  })

  it('may come hours late: the sweep has told, and the message finds nothing to do', async () => {
    const { startMs, ...world } = await paid(refusals(3), { isLate: true })
    await passes(world, 300 * SECOND_MS, { sweepEveryMs: MINUTE_MS })
    expect(secondsTold(world.shop, startMs)).toEqual([60, 120, 180, 300])
    await passes(world, 5 * HOUR_MS, { sweepEveryMs: MINUTE_MS })
    world.qstash.faults.isLate = false
    await passes(world, MINUTE_MS)
    expect(world.qstash.calls.length).toBeGreaterThan(1)
    expect(world.qstash.calls.every(({ status }) => status === 200)).toBe(true)
    expect(world.shop.told).toHaveLength(4)
  })

  it('may come hours late, and is the try itself when nobody swept', async () => {
    const { startMs, ...world } = await paid([], { isLate: true })
    await passes(world, 2 * HOUR_MS)
    world.qstash.faults.isLate = false
    await passes(world, SECOND_MS)
    expect(secondsTold(world.shop, startMs)).toEqual([7_201])
  })

  it('may come out of order: the message of a try that was made does nothing', async () => {
    const { startMs, ...world } = await paid(refusals(6), { isLate: true })
    await passes(world, 200 * SECOND_MS, { sweepEveryMs: MINUTE_MS })
    const toldBefore = world.shop.told.length
    Object.assign(world.qstash.faults, { isLate: false, order: 'backwards' })
    await passes(world, SECOND_MS)
    expect(world.qstash.calls).toHaveLength(3)
    expect(world.shop.told).toHaveLength(toldBefore)
    await passes(world, 10 * MINUTE_MS, { sweepEveryMs: MINUTE_MS })
    expect(secondsTold(world.shop, startMs)).toEqual([60, 120, 180, 270, 390, 540])
  })

  it('that calls too early makes nothing happen: the try comes when it is due', async () => {
    const { shop, qstash, startMs } = await paid(refusals(1))
    for (const message of qstash.waiting) message.dueAtMs = shop.clock.now()
    await qstash.tick()
    expect(shop.told).toHaveLength(1)
    await passes({ shop, qstash }, 2 * MINUTE_MS, { sweepEveryMs: MINUTE_MS })
    expect(secondsTold(shop, startMs)).toEqual([0, 60])
  })
})

describe('QStash that is away', () => {
  it('for a day costs no try and makes none too many: the sweep tells by the same schedule', async () => {
    const { startMs, ...world } = await paid(refusals(100), { api: 'away' })
    await world.shop.sweeps()
    await passes(world, HOUR_MS, { sweepEveryMs: 30 * SECOND_MS })
    await passes(world, DAY_MS - HOUR_MS, { sweepEveryMs: 5 * MINUTE_MS })
    const seconds = secondsTold(world.shop, startMs)
    expect(seconds.slice(0, 6)).toEqual(JEEPAYS_SECONDS)
    // 0 to 450 s, then after 5, 15, 30, 60, 120, 240 and 480 minutes: the next is due after a day.
    expect(seconds).toHaveLength(13)
    expect(world.qstash.waiting).toEqual([])
    expect(world.shop.logged.some(({ message }) => message.startsWith('a wake-up failed'))).toBe(
      true,
    )

    world.qstash.faults.api = 'works'
    world.shop.merchantAnswers.length = 0
    await passes(world, DAY_MS, { sweepEveryMs: 5 * MINUTE_MS })
    expect(world.shop.told).toHaveLength(14)
    expect((await outbox(world.shop))?.[0]).toEqual(['delivered', 14])
  })

  it('together with the sweep leaves a backlog, which is caught up in bounds, each told once', async () => {
    const world = await openQstashShop()
    const { shop, qstash } = world
    qstash.faults.api = 'away'
    for (let at = 0; at < 12; at++) await shop.payerPays(await shop.orders())
    await shop.clock.advance(DAY_MS)
    expect(shop.told).toEqual([])
    const bounds = { payments: 0, refunds: 0, notifications: 5, others: 0 }
    const told: number[] = []
    for (let sweeps = 0; sweeps < 4; sweeps++) {
      await shop.gateway.sweep(bounds)
      await shop.settles()
      told.push(shop.told.length)
    }
    expect(told).toEqual([5, 10, 12, 12])
  })

  it.each(['refuses', 'away', 'loses answers'] as const)(
    'or %s never holds up whoever causes a notification',
    async (api) => {
      const world = await openQstashShop()
      world.qstash.faults.api = api
      const payOrderId = await world.shop.orders()
      await world.shop.payerPays(payOrderId)
      expect(await world.shop.sees(payOrderId)).toMatchObject({ code: 0, data: { state: 2 } })
      await world.shop.sweeps()
      expect(world.shop.told).toHaveLength(1)
    },
  )
})

describe('a call to the delivery endpoint', () => {
  it.each<[string, Partial<Parameters<Qstash['faults']['tampers']>[0]>]>([
    ['signed with another key', { key: 'sig_wrong' }],
    ['signed for another URL', { signedFor: `${PUBLIC_URL}/internal/notifications/N0/1` }],
    ['signed for another deployment', { signedFor: 'https://other.example/' }],
    ['whose token has expired', { issuedAt: 1_767_225_600 - 3_600 }],
    ['whose token is of the future', { issuedAt: 1_767_225_600 + 3_600 }],
  ])('that is %s does nothing, and the sweep tells', async (_, change) => {
    const { shop, qstash } = await paid([], { tampers: (call) => ({ ...call, ...change }) })
    expect(qstash.calls.map(({ status }) => status)).toEqual([401])
    expect(shop.told).toEqual([])
    await shop.sweeps()
    expect(shop.told).toHaveLength(1)
    // It repeats a few times, then lets it be.
    await passes({ shop, qstash }, HOUR_MS)
    expect(qstash.calls.map(({ status }) => status)).toEqual([401, 401, 401])
    expect(qstash.dead).toHaveLength(1)
    expect(shop.told).toHaveLength(1)
  })

  it('with a body that was not signed does nothing', async () => {
    const { shop, qstash } = await paid([], { isLate: true })
    qstash.faults.isLate = false
    const { fetch } = shop.gateway
    Object.assign(shop.gateway, {
      fetch: (request: Request) => fetch(new Request(request, { body: '{"number":9}' })),
    })
    await qstash.tick()
    expect(qstash.calls.map(({ status }) => status)).toEqual([401])
    expect(shop.told).toEqual([])
  })

  it('is accepted with the next key too: keys are rolled without a gap', async () => {
    const { startMs, ...world } = await paid(refusals(3))
    world.qstash.rotate()
    await passes(world, 200 * SECOND_MS)
    expect(secondsTold(world.shop, startMs)).toEqual([0, 30, 90, 180])
    world.qstash.rotate()
    expect(world.qstash.calls.every(({ status }) => status === 200)).toBe(true)
  })

  it('after two rolls is one with a key that we don’t have', async () => {
    const world = await paid(refusals(1))
    world.qstash.rotate()
    world.qstash.rotate()
    await passes(world, 40 * SECOND_MS)
    expect(world.qstash.calls.map(({ status }) => status)).toEqual([200, 401])
  })

  it.each([
    ['without a signature', {}],
    ['with one that is none', { 'upstash-signature': 'a.b.c' }],
    ['with an unsigned token', { 'upstash-signature': `${btoa('{"alg":"none"}')}.e30.` }],
  ])('%s is refused', async (_, headers) => {
    const { shop } = await paid(refusals(1))
    const answer = await shop.gateway.fetch(
      new Request(`${PUBLIC_URL}/internal/notifications/N1/1`, { method: 'POST', headers }),
    )
    expect(answer.status).toBe(401)
  })

  it('is not there where no timer calls', async () => {
    const shop = await openShop()
    const asked = new Request(`${PUBLIC_URL}/internal/notifications/N1/1`, { method: 'POST' })
    expect((await shop.gateway.fetch(asked)).status).toBe(404)
  })

  it('that meets a database which is away is repeated by QStash, and by the sweep', async () => {
    const { shop, qstash } = await paid([], { isLate: true })
    qstash.faults.isLate = false
    const { fetch } = shop.gateway
    let isAway = true
    Object.assign(shop.gateway, {
      fetch: (request: Request) =>
        isAway ? Promise.resolve(new Response(null, { status: 500 })) : fetch(request),
    })
    await qstash.tick()
    isAway = false
    await passes({ shop, qstash }, 13 * SECOND_MS)
    expect(qstash.calls.map(({ status }) => status)).toEqual([500, 200])
    expect(shop.told).toHaveLength(1)
  })
})

describe('whether QStash can be reached', () => {
  it.each([
    ['works', 'reachable', 'ok'],
    ['away', 'unreachable', 'degraded'],
    ['refuses', 'unreachable', 'degraded'],
  ] as const)('is told by healthz when it %s', async (api, timer, status) => {
    const { shop, qstash } = await openQstashShop()
    qstash.faults.api = api
    const answer = await shop.gateway.fetch(new Request(`${PUBLIC_URL}/healthz`))
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ status, timer })
  })

  it('is known by the last publish: it is asked once a minute at most, however often we are', async () => {
    const { shop, qstash, asked } = await openQstashShop()
    const probe = async () => {
      const answer = await shop.gateway.fetch(new Request(`${PUBLIC_URL}/healthz`))
      return ((await answer.json()) as { timer: string }).timer
    }
    const questions = () => asked.filter((url) => url.endsWith('/v2/keys')).length
    const first = await Promise.all([probe(), probe(), probe()])
    expect(first.toSorted()).toEqual(['reachable', 'unknown', 'unknown'])
    expect(await probe()).toBe('reachable')
    qstash.faults.api = 'away'
    await shop.payerPays(await shop.orders())
    expect(await probe()).toBe('unreachable')
    qstash.faults.api = 'works'
    expect(await probe()).toBe('unreachable')
    await shop.payerPays(await shop.orders())
    expect(await probe()).toBe('reachable')
    expect(questions()).toBe(1)
    await shop.clock.advance(MINUTE_MS)
    expect(await probe()).toBe('reachable')
    expect(questions()).toBe(2)
  })
})

describe('the trace of a request', () => {
  it('goes through QStash to the notification that the request caused', async () => {
    const { shop, qstash } = await openQstashShop()
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
    const payOrderId = await shop.orders()
    const paid = { state: 'paid', paidAtMs: shop.clock.now() }
    Object.assign(shop.bank.orders.get(payOrderId) ?? {}, paid)
    const asking = signedRequest('/api/pay/query', { payOrderId }, shop.app)
    asking.headers.set('traceparent', `00-${trace}-00f067aa0ba902b7-01`)
    await shop.gateway.fetch(asking)
    await shop.settles()
    const [message] = qstash.waiting
    const ours = new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`)
    expect(message?.headers.get('traceparent')).toMatch(ours)
    await qstash.tick()
    await shop.settles()
    expect(shop.told.map(({ headers }) => headers.traceparent)).toEqual([
      expect.stringMatching(ours),
    ])
  })
})

describe('the stand-in, as Upstash’s own client sees it', () => {
  it('takes, shows and cancels messages, and shows dead ones', async () => {
    const clock = virtualClock()
    const qstash = openQstash(API, clock, async () => new Response(null, { status: 500 }))
    const client = new Client({ baseUrl: API, token: 'qstash-token', devMode: false, retry: false })
    const real = globalThis.fetch
    globalThis.fetch = async (...asked) =>
      (await qstash.fetch(new Request(...asked))) ?? Promise.reject(new Error('broken'))
    try {
      const { messageId } = await client.publish({
        url: 'https://pay.example/x',
        body: 'b',
        notBefore: clock.now() / 1_000 + 60,
        retries: 0,
      })
      expect(await client.messages.get(messageId)).toMatchObject({ url: 'https://pay.example/x' })
      await client.messages.delete(messageId)
      expect(qstash.waiting).toEqual([])
      await client.publish({ url: 'https://pay.example/y', retries: 0, delay: '1m' })
      expect(await qstash.tick()).toBe(0)
      await clock.advance(MINUTE_MS)
      expect(await qstash.tick()).toBe(1)
      expect((await client.dlq.listMessages()).messages).toMatchObject([
        { url: 'https://pay.example/y' },
      ])
    } finally {
      globalThis.fetch = real
    }
  })
})

async function notifications(shop: Shop) {
  const sql = 'select notification_id from outbox'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  return rows
}
