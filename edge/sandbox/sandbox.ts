import type { Gateway } from '../../core/gateway.ts'
import type { Simulator, SimulatorPorts } from '../../core/plugin/simulator.ts'
import type { Clock, Database, HttpPort, Random } from '../../core/ports.ts'
import { assert } from '../../core/result.ts'
import { simulators as factories } from '../simulators.ts'
import { createBooksTable, databaseBooks } from './books.ts'
import { type SandboxClock, sandboxClock } from './clock.ts'
import { type DemoMerchant, demoMerchant } from './demo.ts'
import { sandboxRoutes } from './routes.ts'
import { sandboxHttp } from './wires.ts'

/** What a sandbox is built on. */
export interface SandboxParts {
  readonly clock: Clock
  readonly random: Random
  readonly http: HttpPort
  readonly database: Database
  readonly publicUrl: string
}

/** Simulated channels, a clock to put forward, and the pages to play payer and channel. */
export interface Sandbox {
  readonly clock: SandboxClock
  /** The gateway's HTTP port: channels are simulated, the rest is real. */
  readonly http: HttpPort
  /** Ties the gateway in, once it is made with this sandbox's ports. */
  join(gateway: Gateway): Promise<DemoMerchant>
  /** Serves `/sandbox/…` and hands all else to the gateway. */
  fetch(request: Request, peer?: string): Promise<Response>
  /** Lets the channels do what is due by the clock. */
  tick(): Promise<void>
}

const CALLBACK_TIMEOUT_MS = 5_000
const MAX_ANSWER_BYTES = 64 * 1_024

export async function openSandbox(parts: SandboxParts): Promise<Sandbox> {
  const { database, publicUrl } = parts
  const ownBooks = databaseBooks(database, 'sandbox')
  const clock = sandboxClock(parts.clock, ownBooks)
  // The first time there are no books to read from.
  await clock.load().catch(() => createBooksTable(database).then(() => clock.load()))

  let joined:
    | { readonly gateway: Gateway; serve(request: Request, peer?: string): Promise<Response> }
    | undefined
  const serve = (request: Request, peer?: string) => {
    assert(joined !== undefined, 'the gateway has joined its sandbox')
    return joined.serve(request, peer)
  }
  const simulators: Simulator[] = []
  const http = lazily(() => sandboxHttp(parts.http, clock, simulators, { publicUrl, serve }))
  for (const [channel, create] of Object.entries(factories)) {
    simulators.push(create(simulatorPorts(parts, clock, http, channel)))
  }

  return {
    clock,
    http,
    async join(gateway) {
      const demo = await demoMerchant(gateway.core, ownBooks, simulators)
      const routes = sandboxRoutes({ gateway, simulators, clock, demo, publicUrl })
      joined = {
        gateway,
        serve: async (request, peer) =>
          new URL(request.url).pathname.startsWith('/sandbox')
            ? routes.fetch(request)
            : gateway.fetch(request, peer),
      }
      return demo
    },
    fetch: serve,
    async tick() {
      for (const simulator of simulators) await simulator.tick()
    },
  }
}

/** The simulators are reached through the port, and reach their callbacks' targets by it. */
function lazily(make: () => HttpPort): HttpPort {
  let made: HttpPort | undefined
  return {
    send(request) {
      made ??= make()
      return made.send(request)
    },
  }
}

function simulatorPorts(
  { random, database }: SandboxParts,
  clock: Clock,
  http: HttpPort,
  channel: string,
): SimulatorPorts {
  return {
    clock,
    random,
    books: databaseBooks(database, channel),
    async callback(request) {
      const answer = await http.send({
        method: request.method === 'GET' ? 'GET' : 'POST',
        url: request.url,
        headers: Object.fromEntries(request.headers),
        ...(request.method !== 'GET' && { body: new Uint8Array(await request.arrayBuffer()) }),
        timeoutMs: CALLBACK_TIMEOUT_MS,
        maxAnswerBytes: MAX_ANSWER_BYTES,
        answerOverflow: 'cut',
      })
      if (answer.kind !== 'answered') return undefined
      const { status, headers, body } = answer
      const hasBody = status !== 204 && status !== 304
      return new Response(hasBody ? body : null, { status, headers })
    },
  }
}
