import type { NotificationId } from '../core/ids.ts'
import type { Clock, Database, HttpPort, Ports } from '../core/ports.ts'
import type { Settings } from './bindings.ts'
import { jsonLog, toConsole } from './ports/json-log.ts'
import { closedCircuit, sharedMemory } from './ports/shared-memory.ts'
import { boundedMemory, systemClock, systemRandom } from './ports/system.ts'
import { openTimer } from './timer.ts'

/** What workerd gives along with a request. */
export interface WorkerContext {
  waitUntil(work: Promise<unknown>): void
}

export interface WorkerParts {
  readonly clock: Clock
  readonly http: HttpPort
  readonly database: Database
  deliver(notificationId: NotificationId, traceparent?: string): Promise<unknown>
}

/** Cloudflare itself sets the header, over whatever the caller had put into it. */
export const WORKERS = { files: false, clientIpHeader: 'cf-connecting-ip' } as const

const KEEP_AFTER_MS = 5_000
/** Longer than Cloudflare lets a request go on after its answer. */
const GIVEN_UP_AFTER_MS = 40_000
const keeping = { sinceMs: 0 }

/**
 * Has what this isolate counts added to the table a little later, in one write for all that was
 * counted meanwhile. One request of many waits for it; should it be ended, a later one takes over.
 */
export function keepCountsSoon(
  gateway: { keepCounts(): Promise<void> },
  context: WorkerContext,
): void {
  const nowMs = systemClock.now()
  if (nowMs < keeping.sinceMs + GIVEN_UP_AFTER_MS) return
  keeping.sinceMs = nowMs
  const kept = systemClock.sleep(KEEP_AFTER_MS).then(() => {
    keeping.sinceMs = 0
    return gateway.keepCounts()
  })
  context.waitUntil(kept)
}

/** Values alone, no I/O objects: what one isolate may keep from one request to the next. */
const memory = boundedMemory(2_000)
const circuit = closedCircuit()

export function workerPorts(settings: Settings, context: WorkerContext, parts: WorkerParts): Ports {
  const { clock, http, database, deliver } = parts
  const log = jsonLog(systemClock, settings.logLevel, toConsole)
  // May be lost when the isolate ends; the sweep comes each minute.
  const background = (work: Promise<unknown>) =>
    context.waitUntil(
      work.catch((error: unknown) => {
        const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown'
        log.write('error', 'work in the background failed; it will be done again', { reason })
      }),
    )
  const shared = sharedMemory(settings, { clock, log, memory, circuit })
  return {
    clock,
    http,
    database,
    log,
    memory,
    ...(shared !== undefined && { shared }),
    background,
    random: systemRandom,
    keyRing: settings.keyRing,
    timer: openTimer(settings, { clock, http, background, deliver }),
  }
}
