import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { redisMemory } from '../../../edge/ports/redis.ts'
import { closedCircuit } from '../../../edge/ports/shared-memory.ts'
import { type Behaviour, type RestRedis, redisMissing, startRestRedis } from '../../kit/redis.ts'
import { type RunningWorker, startWorker } from '../../kit/worker.ts'

const MINUTE_MS = 60_000

describe.skipIf(redisMissing() !== undefined)(redisMissing() ?? 'a Redis behind REST', () => {
  let redis: RestRedis
  let troubles: string[] = []
  let nowMs = 0

  beforeAll(async () => {
    redis = await startRestRedis()
  }, 30_000)
  beforeEach(() => {
    troubles = []
    nowMs = Date.now()
    redis.behave('well')
  })
  afterAll(() => redis.stop())

  // Patient, for these tests share their machine; only silence is not waited for that long.
  const open = (prefix: string, token = redis.token, patienceMs = 10_000) =>
    redisMemory(
      { url: redis.url, token },
      {
        clock: { now: () => nowMs },
        circuit: closedCircuit(),
        prefix,
        patienceMs,
        onTrouble: (reason) => void troubles.push(reason),
      },
    )

  it('limits a caller and nobody else, and says when to come again', async () => {
    const memory = open('limits')
    const taken = []
    // Far more than one minute's, so that a minute which ends meanwhile changes nothing.
    for (let times = 0; times < 8; times++) taken.push(await memory.take('app:a', 2))
    expect(taken[0]).toEqual({ within: true })
    expect(taken.at(-1)).toEqual({ within: false, retryAfterMs: expect.any(Number) })
    const last = taken.at(-1)
    const retryAfterMs = last?.within === false ? last.retryAfterMs : 0
    expect(retryAfterMs).toBeGreaterThan(0)
    expect(retryAfterMs).toBeLessThanOrEqual(MINUTE_MS)
    expect(await memory.take('app:b', 2)).toEqual({ within: true })
    expect(troubles).toEqual([])
  })

  it('keeps a key once, for all that share it, until its time', async () => {
    const [one, other, elsewhere] = [open('seen'), open('seen'), open('another')]
    const untilMs = nowMs + MINUTE_MS
    const answers = await Promise.all([one.keepOnce('k', untilMs), other.keepOnce('k', untilMs)])
    expect(answers.sort()).toEqual([false, true])
    expect(await elsewhere.keepOnce('k', untilMs)).toBe(true)
    const ttl = Number(await redis.run('PTTL', 'seen:k'))
    expect(ttl).toBeGreaterThan(0)
    expect(ttl).toBeLessThanOrEqual(MINUTE_MS)
  })

  it('gives back what was put, to the byte', async () => {
    const memory = open('texts')
    for (const text of ['OK', '1', '{"a":1}', 'null', '支付 🎁', '']) {
      await memory.put('t', text, MINUTE_MS)
      expect(await memory.get('t')).toBe(text)
    }
    expect(await memory.get('never put')).toBeUndefined()
  })

  it.each(['silent', 'html', 'nonsense', 'refuses', 'resets'] as Behaviour[])(
    'that is %s is as if it were not there: no answer, no throw, no long wait',
    async (how) => {
      redis.behave(how)
      const impatient = () => open(how, redis.token, 200)
      const startedAtMs = performance.now()
      const untilMs = nowMs + MINUTE_MS
      const answers = await Promise.all([
        impatient().take('app:a', 1),
        impatient().keepOnce('k', untilMs),
        impatient().get('k'),
        impatient().put('k', 'v', MINUTE_MS),
        impatient().isReachable(),
      ])
      const settled = how === 'nonsense' ? answers.slice(1) : answers
      expect(settled).toEqual(
        [undefined, undefined, undefined, undefined, false].slice(-settled.length),
      )
      expect(performance.now() - startedAtMs).toBeLessThan(5_000)
      expect(troubles.length).toBeGreaterThanOrEqual(4 - (how === 'nonsense' ? 1 : 0))
    },
  )

  it('that does not know our token is as if it were not there, and no failure quotes a value', async () => {
    const memory = open('secret', 'another token')
    await memory.put('key-canary', 'value-canary', MINUTE_MS)
    expect(await memory.isReachable()).toBe(false)
    expect(troubles.join()).not.toMatch(/canary|token/)
  })

  it('is not asked for a while after it failed, then by one alone, and again by all when it is back', async () => {
    const memory = open('circuit')
    await redis.kill()
    expect(await memory.get('k')).toBeUndefined()
    expect(troubles).toEqual(['UpstashError'])
    for (let times = 0; times < 20; times++) expect(await memory.get('k')).toBeUndefined()
    expect(troubles).toHaveLength(1)

    nowMs += 1_000
    await Promise.all([memory.get('k'), memory.get('k'), memory.get('k')])
    expect(troubles).toHaveLength(2)

    await redis.restart()
    expect(await memory.isReachable()).toBe(false)
    nowMs += 2_000
    expect(await memory.isReachable()).toBe(true)
    await memory.put('k', 'v', MINUTE_MS)
    expect(await memory.get('k')).toBe('v')
    expect(troubles).toHaveLength(2)
  })

  it('is never asked twice by itself: a SET NX whose answer was lost would meet its own key', async () => {
    redis.behave('silent')
    const before = redis.commands.length
    await open('once', redis.token, 200).keepOnce('k', nowMs + MINUTE_MS)
    redis.behave('well')
    await open('once').keepOnce('k2', nowMs + MINUTE_MS)
    expect(redis.commands.slice(before).map(([name]) => name)).toEqual(['set'])
  })

  it('is reached from workerd too, through the same SDKs', async () => {
    let worker: RunningWorker | undefined
    try {
      worker = await startWorker(new URL('./redis.probe.ts', import.meta.url), {
        REDIS_URL: redis.url,
        REDIS_TOKEN: redis.token,
      })
      const answer = await fetch(worker.url)
      expect(await answer.json()).toEqual({
        taken: { within: true },
        first: true,
        second: false,
        got: 'v 支付',
        reachable: true,
        troubles: [],
      })
      // Another request: nothing of the one before may be in its way.
      expect((await fetch(worker.url)).status).toBe(200)
    } finally {
      await worker?.stop()
    }
  }, 60_000)
})
