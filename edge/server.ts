import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { createGateway, type Gateway } from '../core/gateway.ts'
import type { Clock, Database, HttpPort, Log, Ports } from '../core/ports.ts'
import { SERVER_BOUNDS } from '../core/sweep/sweep.ts'
import { gatewaySettings, type Settings } from './bindings.ts'
import { channels } from './channels.ts'
import { migrateDatabase } from './migrate.ts'
import { jsonLog, toStandardError } from './ports/json-log.ts'
import { openDatabaseFile } from './ports/libsql-file.ts'
import { remoteDatabase } from './ports/libsql-http.ts'
import { closedCircuit, sharedMemory } from './ports/shared-memory.ts'
import { boundedMemory, systemClock, systemRandom } from './ports/system.ts'
import type { DemoApp } from './sandbox/demo.ts'
import { openTimer } from './timer.ts'

/** A gateway in one process: what Node and Deno have in common. */
export interface Server {
  /** @param peer address of whoever is at the other end of the connection */
  fetch(request: Request, peer?: string): Promise<Response>
  /** The sandbox's own merchant; none in live mode. */
  readonly demo: DemoApp | undefined
  /** Ends what runs in the background and closes the database. */
  close(): Promise<void>
}

const REMEMBERED = 10_000
const SWEEP_EVERY_MS = 2_000

export async function openServer(settings: Settings, http: HttpPort): Promise<Server> {
  const { database, close } = await openDatabase(settings)
  await migrateDatabase(database)
  const log = jsonLog(systemClock, settings.logLevel, toStandardError)
  const running = new Set<Promise<unknown>>()
  const background = (work: Promise<unknown>) => {
    const ended = work.catch((error) => logTrouble(log, error)).finally(() => running.delete(ended))
    running.add(ended)
  }
  const make = (clock: Clock, port: HttpPort) =>
    gatewayOf(settings, database, log, clock, port, background)
  const opened =
    settings.mode === 'sandbox'
      ? await openSandboxed(settings, database, http, make)
      : openLive(http, make)

  const stop = repeat(SWEEP_EVERY_MS, async () => {
    try {
      await opened.tick()
    } catch (error) {
      logTrouble(log, error)
    }
  })
  return {
    fetch: opened.fetch,
    demo: opened.demo,
    async close() {
      await stop()
      await Promise.all(running)
      await close()
    },
  }
}

type Make = (clock: Clock, http: HttpPort) => Gateway

interface Opened {
  fetch(request: Request, peer?: string): Promise<Response>
  tick(): Promise<void>
  readonly demo: DemoApp | undefined
}

function openLive(http: HttpPort, make: Make): Opened {
  const gateway = make(systemClock, http)
  return {
    fetch: gateway.fetch,
    demo: undefined,
    async tick() {
      await gateway.sweep(SERVER_BOUNDS)
      await gateway.keepCounts()
    },
  }
}

/** Loaded only here: a live process never even reads the simulators. */
async function openSandboxed(
  { publicUrl }: Settings,
  database: Database,
  http: HttpPort,
  make: Make,
): Promise<Opened> {
  const { openSandbox } = await import('./sandbox/sandbox.ts')
  const random = systemRandom
  const sandbox = await openSandbox({ clock: systemClock, random, http, database, publicUrl })
  const gateway = make(sandbox.clock, sandbox.http)
  const { app: demo } = await sandbox.join(gateway)
  return {
    fetch: sandbox.fetch,
    demo,
    async tick() {
      await sandbox.tick()
      await gateway.sweep(SERVER_BOUNDS)
      await gateway.keepCounts()
    },
  }
}

function gatewayOf(
  settings: Settings,
  database: Database,
  log: Log,
  clock: Clock,
  http: HttpPort,
  background: Ports['background'],
): Gateway {
  const memory = boundedMemory(REMEMBERED)
  const shared = sharedMemory(settings, { clock, log, memory, circuit: closedCircuit() })
  const gateway: Gateway = createGateway({
    channels,
    settings: gatewaySettings(settings),
    ports: {
      clock,
      http,
      database,
      log,
      background,
      random: systemRandom,
      memory,
      ...(shared !== undefined && { shared }),
      keyRing: settings.keyRing,
      timer: openTimer(settings, {
        clock,
        http,
        background,
        deliver: (notificationId, traceparent) => gateway.deliver(notificationId, traceparent),
      }),
    },
  })
  return gateway
}

/** A file or a server, whatever the URL names. */
export async function openDatabase({ database: { url, token } }: Pick<Settings, 'database'>) {
  if (/^(file:|:memory:)/.test(url)) {
    if (url.startsWith('file:')) mkdirSync(dirname(url.slice('file:'.length)), { recursive: true })
    return openDatabaseFile(url)
  }
  const database = remoteDatabase({ url, ...(token !== undefined && { token }) })
  return { database, close: async () => undefined }
}

/** Runs `work` again and again with a pause between, never twice at once. */
function repeat(everyMs: number, work: () => Promise<void>): () => Promise<void> {
  let stopped = false
  let wake = () => {}
  const loop = (async () => {
    while (!stopped) {
      await work()
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, everyMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  })()
  return async () => {
    stopped = true
    wake()
    await loop
  }
}

function logTrouble(log: Log, error: unknown): void {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  log.write('error', 'work in the background failed; it will be done again', { reason })
}
