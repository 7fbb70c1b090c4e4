/**
 * The plugin and the simulator of Alipay were written apart, each from the protocol, and share no
 * code. Here they meet.
 */
import type {
  BoundChannel,
  CallbackFacts,
  ChannelPorts,
  Fact,
  HttpAnswer,
  PayOutcome,
} from '../../../core/plugin/api.ts'
import type { Broken } from '../../../core/plugin/simulator.ts'
import { alipay } from '../../../plugins/alipay/index.ts'
import {
  type AlipaySimulator,
  type AlipaySimulatorOptions,
  createAlipaySimulator,
} from '../../../plugins/alipay/sandbox/index.ts'
import { memoryBooks } from '../../kit/books.ts'
import { seededRandom } from '../../kit/random.ts'
import { NOW_MS } from './fake-alipay.ts'

export interface Meeting {
  readonly simulator: AlipaySimulator
  readonly ports: ChannelPorts
  /** The demo merchant. */
  readonly channel: BoundChannel
  /** What the callbacks that were accepted told, in order. */
  readonly told: readonly CallbackFacts[]
  facts(): readonly Fact[]
  /** Why callbacks were refused. */
  readonly refused: readonly string[]
  /** Another merchant at the same Alipay; callbacks are read with the settings opened last. */
  merchant(settings: object): BoundChannel
  later(ms: number): Promise<void>
}

export async function meet(options: AlipaySimulatorOptions = {}): Promise<Meeting> {
  let nowMs = NOW_MS
  const clock = { now: () => nowMs, sleep: async () => {} }
  const random = seededRandom(1)
  const told: CallbackFacts[] = []
  const refused: string[] = []
  const cache = new Map<string, string>()
  const simulator = createAlipaySimulator(
    { clock, random, books: memoryBooks(), callback: (request) => receive(request) },
    options,
  )
  const ports: ChannelPorts = {
    clock,
    random,
    log: { write: () => {} },
    cache: {
      get: async (key) => cache.get(key),
      put: async (key, value) => {
        cache.set(key, value)
      },
    },
    http: {
      async send({ url, method, headers, body }): Promise<HttpAnswer> {
        const request = new Request(url, { method, headers, ...(body !== undefined && { body }) })
        return received(await simulator.serve(request))
      },
    },
  }
  const merchant = (settings: object): BoundChannel => {
    const bound = alipay.bind(settings)
    if (!bound.ok) throw new Error(bound.refusal.join('; '))
    reader = bound.value
    return bound.value
  }
  let reader: BoundChannel
  const channel = merchant(await simulator.demoSettings())

  async function receive(request: Request): Promise<Response> {
    const read = await reader.readCallback(ports, {
      method: request.method,
      url: new URL(request.url).pathname,
      headers: Object.fromEntries(request.headers),
      body: new Uint8Array(await request.arrayBuffer()),
      receivedAtMs: nowMs,
    })
    if (read.ok) told.push(read.value)
    else refused.push(`${read.refusal.code}: ${read.refusal.reason}`)
    const { status, headers, body } = reader.acknowledge(read.ok)
    return new Response(body, { status, headers })
  }

  return {
    simulator,
    ports,
    channel,
    told,
    facts: () => told.flatMap(({ facts }) => facts),
    refused,
    merchant,
    async later(ms) {
      nowMs += ms
      await simulator.tick()
    },
  }
}

async function received(served: Response | Broken): Promise<HttpAnswer> {
  if (typeof served === 'string') return { kind: 'unknown', evidence: served }
  const body = new Uint8Array(await served.arrayBuffer())
  return { kind: 'answered', status: served.status, headers: served.headers, body }
}

/** What the payer is handed. */
export function handed(outcome: PayOutcome): string {
  if (outcome.kind !== 'requires_action') throw new Error(`the payment is ${outcome.kind}`)
  return outcome.presentation.data
}
