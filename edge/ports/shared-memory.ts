import { count } from '../../core/observability/meter.ts'
import type { Clock, Log, Memory, SharedMemory } from '../../core/ports.ts'
import type { Settings } from '../bindings.ts'

/** What is known of a Redis that failed; of one isolate, for all of its requests. */
export interface Circuit {
  failures: number
  pausedUntilMs: number
}

export function closedCircuit(): Circuit {
  return { failures: 0, pausedUntilMs: 0 }
}

interface Parts {
  readonly clock: Clock
  readonly log: Log
  readonly memory: Memory
  readonly circuit: Circuit
}

/**
 * The Redis of a deployment that has one. Its SDKs are loaded when it is asked for the first time:
 * one without Redis never reads them, and no Worker does while it starts.
 */
export function sharedMemory(settings: Settings, parts: Parts): SharedMemory | undefined {
  const { redis, publicUrl } = settings
  if (redis === undefined) return undefined
  const { clock, log, memory, circuit } = parts
  let opened: Promise<SharedMemory> | undefined
  const open = () => {
    opened ??= import('./redis.ts').then(({ redisMemory }) =>
      redisMemory(redis, {
        clock,
        circuit,
        prefix: `tongbao:${new URL(publicUrl).host}`,
        onTrouble(reason) {
          count({ ports: { memory } }, 'tongbao_shared_memory_failures_total', {})
          log.write('warn', 'Redis does not answer as it should; going on without', { reason })
        },
      }),
    )
    return opened
  }
  return {
    take: async (who, perMinute) => (await open()).take(who, perMinute),
    keepOnce: async (key, untilMs) => (await open()).keepOnce(key, untilMs),
    get: async (key) => (await open()).get(key),
    put: async (key, value, ttlMs) => (await open()).put(key, value, ttlMs),
    isReachable: async () => (await open()).isReachable(),
  }
}
