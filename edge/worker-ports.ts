import type { NotificationId } from '../core/ids.ts'
import type { Clock, Database, HttpPort, Ports } from '../core/ports.ts'
import type { Settings } from './bindings.ts'
import { jsonLog, toConsole } from './ports/json-log.ts'
import { processTimer } from './ports/process-timer.ts'
import { boundedMemory, systemClock, systemRandom } from './ports/system.ts'

/** What workerd gives along with a request. */
export interface WorkerContext {
  waitUntil(work: Promise<unknown>): void
}

export interface WorkerParts {
  readonly clock: Clock
  readonly http: HttpPort
  readonly database: Database
  deliver(notificationId: NotificationId): Promise<unknown>
}

/** Values alone, no I/O objects: what one isolate may keep from one request to the next. */
const memory = boundedMemory(2_000)

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
  return {
    clock,
    http,
    database,
    log,
    memory,
    background,
    random: systemRandom,
    keyRing: settings.keyRing,
    timer: processTimer(clock, background, deliver),
  }
}
