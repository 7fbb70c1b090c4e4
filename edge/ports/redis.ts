import { Ratelimit } from '@upstash/ratelimit'
import { Redis } from '@upstash/redis/cloudflare'
import * as z from 'zod'
import type { Clock, SharedMemory, Taken } from '../../core/ports.ts'
import type { RedisAddress } from '../bindings.ts'
import type { Circuit } from './shared-memory.ts'

/** About what the database takes, which would do as well. */
const PATIENCE_MS = 300
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

export interface RedisParts {
  readonly clock: Pick<Clock, 'now'>
  readonly circuit: Circuit
  /** Stands before each key: two deployments may share one Redis. */
  readonly prefix: string
  /** How long a request waits for it at most. */
  readonly patienceMs?: number
  /** Told of each failure. Only ever a name: the SDK's messages quote commands, keys and values. */
  onTrouble(reason: string): void
}

/**
 * A Redis that Upstash serves over HTTP, through its own SDKs, or anything that speaks the same.
 * Opens nothing before it is asked, so on Workers it may be made anew for every request.
 *
 * While it fails nobody waits for it: after a failure there is a pause, and then one request tries.
 */
export function redisMemory({ url, token }: RedisAddress, parts: RedisParts): SharedMemory {
  const { prefix, clock, patienceMs = PATIENCE_MS } = parts
  const redis = new Redis({
    url,
    token,
    // Never again by itself: a SET NX whose answer was lost would find its own key there.
    retry: { retries: 0 },
    signal: () => AbortSignal.timeout(patienceMs),
    // What comes back is parsed here.
    automaticDeserialization: false,
    enableTelemetry: false,
    keepAlive: false,
  })
  const asking = <Answer>(work: () => Promise<Answer>) => guarded(parts, work)
  return {
    take: (who, perMinute) => asking(() => takeFrom(redis, prefix, who, perMinute)),
    keepOnce: (key, untilMs) =>
      asking(async () => {
        const px = Math.max(1, Math.ceil(untilMs - clock.now()))
        const answer = await redis.set(`${prefix}:${key}`, '1', { nx: true, px })
        return kept.parse(answer) === 'OK'
      }),
    async get(key) {
      const answer = await asking(async () => text.parse(await redis.get(`${prefix}:${key}`)))
      return answer ?? undefined
    },
    async put(key, value, ttlMs) {
      await asking(() => redis.set(`${prefix}:${key}`, value, { px: ttlMs }))
    },
    isReachable: async () => (await asking(async () => (await redis.ping()) === 'PONG')) ?? false,
  }
}

const kept = z.literal('OK').nullable()
const text = z.string().nullable()
const counted = z.object({
  success: z.boolean(),
  remaining: z.number().finite(),
  reset: z.number(),
})

async function takeFrom(
  redis: Redis,
  prefix: string,
  who: string,
  perMinute: number,
): Promise<Taken> {
  const limit = new Ratelimit({
    redis,
    limiter: Ratelimit.slidingWindow(perMinute, '60 s'),
    prefix: `${prefix}:rate`,
    // Its own deadline would let everybody in, and tell us nothing of it.
    timeout: 0,
    ephemeralCache: false,
    analytics: false,
  })
  const { success, reset } = counted.parse(await limit.limit(who))
  return success
    ? { within: true }
    : { within: false, retryAfterMs: Math.max(1, reset - Date.now()) }
}

async function guarded<Answer>(
  { circuit, clock, onTrouble }: RedisParts,
  work: () => Promise<Answer>,
): Promise<Answer | undefined> {
  const nowMs = clock.now()
  if (nowMs < circuit.pausedUntilMs) return undefined
  // The one that tries after a pause tries for all: the others go on without until it has an answer.
  if (circuit.failures > 0) circuit.pausedUntilMs = nowMs + 2 * PATIENCE_MS
  try {
    const answer = await work()
    circuit.failures = 0
    circuit.pausedUntilMs = 0
    return answer
  } catch (error) {
    circuit.failures++
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (circuit.failures - 1))
    circuit.pausedUntilMs = clock.now() + pauseMs
    onTrouble(error instanceof Error ? error.name : typeof error)
    return undefined
  }
}
