import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import type { Core } from '../../../core/core.ts'
import { deliver } from '../../../core/notification/deliver.ts'
import { meterOf } from '../../../core/observability/meter.ts'
import type { HttpAnswer, HttpRequest, KeyRing, WakeUp } from '../../../core/ports.ts'
import { deliveries, endpoints, outbox } from '../../../core/store/schema.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/time.ts'
import { openShop, type ShopOptions, saying } from '../../kit/shop.ts'

const NOW_MS = 1_767_225_600_000
const TAKES_MS = 3 * SECOND_MS
/** When the merchant has answered. */
const THEN_MS = NOW_MS + TAKES_MS
const FAILING_SINCE_MS = NOW_MS - 15 * MINUTE_MS
const AT_ONCE = { merchantTakesMs: 0 }

interface Before {
  /** How many tries were made before, and how long ago the first of them. */
  readonly tries?: number
  readonly agoMs?: number
  /** Instead of an address of its own. */
  readonly url?: string
}

/** A shop whose timer never rings, and whose merchant takes three seconds to answer. */
async function open(options: ShopOptions = {}) {
  const requests: HttpRequest[] = []
  const wakes: WakeUp[] = []
  const logged: unknown[] = []
  const shop = await openShop({
    merchantTakesMs: TAKES_MS,
    timer: { wake: async (wakeUp) => void wakes.push(wakeUp) },
    onSend: (request) => void requests.push(request),
    ...options,
  })
  const { core } = shop.gateway
  const { read, write } = core.store
  const { appId } = shop.app
  let opened = 0

  /** A notification that is due now. */
  async function due({ tries = 0, agoMs = 0, url }: Before = {}) {
    const origin = `https://shop-${++opened}.example`
    const payOrderId = await shop.orders({ notifyUrl: `${origin}/notify` })
    await shop.payerPays(payOrderId)
    const [row] = await read
      .select()
      .from(outbox)
      .where(eq(outbox.subjectId, payOrderId as never))
    if (row === undefined) throw new Error('the payment is told')
    const { notificationId } = row
    const startedAtMs = NOW_MS - agoMs
    const ours = eq(outbox.notificationId, notificationId)
    await write
      .update(outbox)
      .set({ tries, url: url ?? row.url })
      .where(ours)
    for (let number = 1; number <= tries; number++) {
      await write.insert(deliveries).values({ notificationId, number, startedAtMs })
    }
    for (const all of [requests, wakes, logged]) all.length = 0
    return {
      notificationId,
      origin,
      async standing() {
        const [now] = await read.select().from(outbox).where(ours)
        const { state, tries, nextTryAtMs, tryLeaseUntilMs, deliveredAtMs } = now ?? {}
        return { state, tries, nextTryAtMs, tryLeaseUntilMs, deliveredAtMs }
      },
      async lastTry() {
        const [last] = await read
          .select()
          .from(deliveries)
          .where(eq(deliveries.notificationId, notificationId))
          .orderBy(sql`number desc`)
        return last
      },
    }
  }

  Object.assign(core.ports.log, { write: (...line: unknown[]) => void logged.push(line) })
  return {
    shop,
    core,
    appId,
    requests,
    wakes,
    logged,
    due,
    answers: (...answers: HttpAnswer[]) => void shop.merchantAnswers.push(...answers),
    /** Something in the database that happens before the merchant answers. */
    meanwhile(change: string) {
      shop.merchantHears = () => {
        shop.merchantHears = () => undefined
        void shop.database.batch([{ sql: change, args: [] }], 'write')
      }
    },
    async endpoint(origin: string) {
      const [row] = await read.select().from(endpoints).where(eq(endpoints.origin, origin))
      return row
    },
    /** Makes an endpoint one that has failed so often, for a quarter of an hour now. */
    failing: (origin: string, failures: number) =>
      write
        .insert(endpoints)
        .values({ appId, origin, failures, firstFailedAtMs: FAILING_SINCE_MS }),
  }
}

/** All bytes that are drawn are this one: how long a late gap is, from 0 to 255. */
function drawing(core: Core, byte: number): Core {
  const random = { bytes: (length: number) => new Uint8Array(length).fill(byte) }
  return { ...core, ports: { ...core.ports, random } }
}

const asking = (seconds: string): HttpAnswer => ({
  kind: 'answered',
  status: 429,
  headers: new Headers({ 'retry-after': seconds }),
  body: new Uint8Array(),
})
const SILENCE: HttpAnswer = { kind: 'unknown', evidence: 'timeout' }

describe('one try', () => {
  it('posts a form, ten seconds long, to the public Internet alone', async () => {
    const { core, requests, due } = await open()
    const { notificationId, origin } = await due()
    expect(await deliver(core, notificationId)).toBe(true)
    expect(requests).toEqual([
      {
        method: 'POST',
        url: `${origin}/notify`,
        headers: {
          'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
          'user-agent': 'Tongbao/0.1',
          'webhook-id': notificationId,
          'webhook-timestamp': String(NOW_MS / 1000),
          'webhook-signature': expect.stringMatching(/^v1,/),
        },
        body: expect.stringMatching(/^amount=1000&.*&sign=[0-9A-F]{32}$/),
        timeoutMs: 10_000,
        maxAnswerBytes: 1_024,
        answerOverflow: 'cut',
        target: 'public',
      },
    ])
  })

  it('that is accepted is the last', async () => {
    const { core, due, wakes, logged, endpoint } = await open()
    const { notificationId, origin, standing, lastTry } = await due()
    expect(await deliver(core, notificationId, 1)).toBe(true)
    expect(await standing()).toEqual({
      state: 'delivered',
      tries: 1,
      nextTryAtMs: NOW_MS,
      tryLeaseUntilMs: null,
      deliveredAtMs: THEN_MS,
    })
    expect(await lastTry()).toEqual({
      notificationId,
      number: 1,
      startedAtMs: NOW_MS,
      endedAtMs: THEN_MS,
      status: 200,
      answer: 'success',
      problem: null,
    })
    expect(logged).toEqual([
      [
        'info',
        'notification tried',
        {
          notificationId,
          kind: 'payment.succeeded',
          tries: 1,
          accepted: true,
          status: 200,
          problem: null,
        },
      ],
    ])
    expect(wakes).toEqual([])
    expect(await endpoint(origin)).toBeUndefined()
    expect(await deliver(core, notificationId)).toBe(false)
  })

  it.each([
    ['the word is another', saying('fail', 500), 500, 'fail', null],
    ['nobody answers', SILENCE, null, null, 'timeout'],
  ] as const)('is followed by another when %s', async (_, said, status, answer, problem) => {
    const { core, due, wakes, logged, answers, appId, endpoint } = await open()
    const { notificationId, origin, standing, lastTry } = await due()
    answers(said)
    expect(await deliver(core, notificationId)).toBe(true)
    const atMs = THEN_MS + 30 * SECOND_MS
    expect(await standing()).toEqual({
      state: 'waiting',
      tries: 1,
      nextTryAtMs: atMs,
      tryLeaseUntilMs: null,
      deliveredAtMs: null,
    })
    expect(await lastTry()).toMatchObject({ endedAtMs: THEN_MS, status, answer, problem })
    expect(wakes).toEqual([{ notificationId, number: 2, atMs }])
    const fields = { notificationId, kind: 'payment.succeeded', tries: 1, accepted: false }
    expect(logged).toEqual([['warn', 'notification tried', { ...fields, status, problem }]])
    expect(await endpoint(origin)).toMatchObject({ appId, failures: 1, firstFailedAtMs: THEN_MS })
  })

  it('is counted by its number and by what came of it', async () => {
    const { core, due, answers } = await open(AT_ONCE)
    answers(saying('fail'), SILENCE)
    for (const tries of [0, 5, 6]) await deliver(core, (await due({ tries })).notificationId)
    const counted = [...meterOf(core).counts].filter(([series]) => series.includes('attempt'))
    expect(Object.fromEntries(counted)).toEqual({
      'tongbao_notifications_total attempt="1",outcome="not_accepted"': 1,
      'tongbao_notifications_total attempt="6",outcome="no_answer"': 1,
      'tongbao_notifications_total attempt="7 or more",outcome="accepted"': 1,
    })
  })
})

describe('the next try', () => {
  it.each([
    // The last of JeePay's own gaps, then ours, which chance makes longer or shorter by a tenth.
    [5, 0, saying(''), 150],
    [6, 0, saying(''), 270],
    [6, 51, saying(''), 282],
    [6, 255, saying(''), 330],
    // A merchant who asks for time gets it, and never less than the schedule gives.
    [1, 0, asking('100'), 100],
    [1, 0, asking('5'), 30],
  ])('after %i is, if chance says %i, …', async (number, byte, answer, seconds) => {
    const { core, due, answers, wakes } = await open()
    const { notificationId, standing } = await due({ tries: number - 1 })
    answers(answer)
    await deliver(drawing(core, byte), notificationId)
    const atMs = THEN_MS + seconds * SECOND_MS
    expect(await standing()).toMatchObject({ state: 'waiting', tries: number, nextTryAtMs: atMs })
    expect(wakes).toEqual([{ notificationId, number: number + 1, atMs }])
  })

  it('is never made after the seventeenth, nor where nobody is any more; an operator hears of it', async () => {
    const { core, due, answers, wakes, logged, appId } = await open(AT_ONCE)
    const givenUp = 'a notification is given up: an operator can replay it'
    for (const [tries, answer] of [
      [16, saying('fail')],
      [2, saying('', 410)],
    ] as const) {
      const { notificationId, standing } = await due({ tries })
      answers(answer)
      await deliver(core, notificationId)
      const ended = { state: 'exhausted', tryLeaseUntilMs: null, deliveredAtMs: null }
      expect(await standing()).toMatchObject(ended)
      expect(logged).toContainEqual(['error', givenUp, { notificationId, appId, tries: tries + 1 }])
      expect(wakes).toEqual([])
    }
  })

  it('is made up to 80 hours after the first, and not a millisecond later', async () => {
    const { core, due, answers } = await open(AT_ONCE)
    const agoMs = 80 * HOUR_MS - 5.5 * MINUTE_MS
    for (const [more, state] of [
      [0, 'waiting'],
      [1, 'exhausted'],
    ]) {
      const { notificationId, standing } = await due({ tries: 5, agoMs: agoMs + Number(more) })
      answers(saying(''))
      await deliver(drawing(core, 255), notificationId)
      expect(await standing()).toMatchObject({ state })
    }
  })
})

describe('what is written while a try is under way', () => {
  const outboxIs = (change: string) => `update outbox set ${change}`

  it.each([
    ['has been given up', "state = 'exhausted'", THEN_MS],
    ['was heard in another try', "state = 'delivered', delivered_at_ms = 5", 5],
  ])('does not undo that the merchant has heard it: it %s', async (_, change, deliveredAtMs) => {
    const { core, due, meanwhile } = await open()
    const { notificationId, standing } = await due()
    meanwhile(outboxIs(change))
    await deliver(core, notificationId)
    expect(await standing()).toMatchObject({ state: 'delivered', deliveredAtMs })
  })

  it.each([
    ['it was heard in another', outboxIs("state = 'delivered'")],
    ['it was given up', outboxIs("state = 'exhausted'")],
    [
      'the next one has begun',
      'insert into deliveries (notification_id, number, started_at_ms) select notification_id, 2, 5 from outbox',
    ],
  ])('is not touched by one that fails: %s', async (_, change) => {
    const { core, due, meanwhile, answers, wakes, logged } = await open()
    const { notificationId, standing } = await due()
    answers(saying('fail'))
    meanwhile(change)
    await deliver(core, notificationId)
    // As it was while it was tried.
    expect(await standing()).toMatchObject({
      nextTryAtMs: NOW_MS,
      tryLeaseUntilMs: NOW_MS + 20_000,
    })
    expect(wakes).toEqual([])
    expect(logged).toHaveLength(1)
  })
})

describe('a try that does not call', () => {
  const lost: KeyRing = [{ id: 'k9', bytes: new Uint8Array(32) }]

  it.each([
    ['it is a private address', 'http://10.0.0.1/', 'http://10.0.0.1', {}],
    ['it is not a URL', 'nowhere', 'nowhere', {}],
    ['the app secret does not open', 'https://a.example/', 'https://a.example', { keyRing: lost }],
  ])('says that %s and nothing of the endpoint, and is followed by another', async (...row) => {
    const [why, url, origin, ports] = row
    const { core, due, failing, endpoint, requests } = await open()
    const { notificationId, standing, lastTry } = await due({ url })
    await failing(origin, 3)
    expect(await deliver({ ...core, ports: { ...core.ports, ...ports } }, notificationId)).toBe(
      true,
    )
    expect(requests).toEqual([])
    expect(await lastTry()).toMatchObject({ endedAtMs: NOW_MS, problem: `not sent: ${why}` })
    expect(await standing()).toMatchObject({ state: 'waiting', nextTryAtMs: NOW_MS + 30_000 })
    expect(await endpoint(origin)).toMatchObject({ failures: 3 })
  })

  it('is none in a deployment that may go anywhere', async () => {
    const { core, due, requests } = await open({ allowsPrivateTargets: true })
    const { notificationId } = await due({ url: 'http://10.0.0.1/' })
    await deliver(core, notificationId)
    expect(requests.map(({ url, target }) => [url, target])).toEqual([
      ['http://10.0.0.1/', undefined],
    ])
  })
})

describe('what an operator hears of an endpoint', () => {
  const about = (logged: readonly unknown[]) =>
    logged.filter((line) => String(line).includes('endpoint'))

  it('is that it keeps failing, once, and that it is back, once', async () => {
    const { core, due, failing, answers, logged, appId } = await open(AT_ONCE)
    const { origin, notificationId } = await due()
    const tryOne = async (answer: HttpAnswer, id = notificationId) => {
      answers(answer)
      await deliver(core, id)
      return about(logged)
    }
    const another = async () => (await due({ url: `${origin}/other` })).notificationId

    await failing(origin, 8)
    expect(await tryOne(saying('fail'))).toEqual([])
    expect(await tryOne(saying('fail'), await another())).toEqual([
      [
        'error',
        'an endpoint keeps failing and is tried less often',
        { appId, origin, failures: 10, firstFailedAtMs: FAILING_SINCE_MS },
      ],
    ])
    expect(await tryOne(saying('fail'), await another())).toEqual([])
    expect(await tryOne(saying('success'), await another())).toEqual([
      [
        'info',
        'an endpoint that kept failing is back',
        { appId, origin, failures: 0, firstFailedAtMs: null },
      ],
    ])
    expect(await tryOne(saying('success'), await another())).toEqual([])
  })

  it('is that nobody is there any more, once', async () => {
    const { core, due, answers, meanwhile, logged, appId } = await open(AT_ONCE)
    const { origin, notificationId } = await due()
    answers(saying('', 410), saying('', 410))
    await deliver(core, notificationId)
    const gone = 'an endpoint answered 410 and is told no more until it is reopened'
    expect(about(logged)).toEqual([
      ['error', gone, { appId, origin, failures: 1, firstFailedAtMs: NOW_MS }],
    ])
    // Two that are under way hear it both.
    const other = await due()
    meanwhile(
      `insert into endpoints (app_id, origin, failures, gone_at_ms) values ('${appId}', '${other.origin}', 1, 5)`,
    )
    await deliver(core, other.notificationId)
    expect(about(logged)).toEqual([])
  })

  it('is nothing of one failure, nor of a success after it', async () => {
    const { core, due, answers, endpoint, logged } = await open(AT_ONCE)
    const { origin, notificationId } = await due()
    answers(saying('fail'))
    await deliver(core, notificationId)
    await deliver(core, (await due({ url: `${origin}/other` })).notificationId)
    expect(await endpoint(origin)).toMatchObject({ failures: 0, firstFailedAtMs: null })
    expect(about(logged)).toEqual([])
  })
})

describe('what a breaker has put off', () => {
  it.each([
    ['success', NOW_MS],
    ['fail', NOW_MS + HOUR_MS],
  ])('is due at once after an answer that is "%s", or not', async (word, dueAtMs) => {
    const { core, due, failing, answers } = await open(AT_ONCE)
    const putOff = await due({ tries: 1 })
    await failing(putOff.origin, 2)
    const untilMs = NOW_MS + HOUR_MS
    await core.store.write.update(endpoints).set({ openUntilMs: untilMs })
    await core.store.write.update(outbox).set({ nextTryAtMs: untilMs })
    const fresh = await due({ url: `${putOff.origin}/other` })
    answers(saying(word))
    await deliver(core, fresh.notificationId)
    expect(await putOff.standing()).toMatchObject({ nextTryAtMs: dueAtMs })
  })
})
