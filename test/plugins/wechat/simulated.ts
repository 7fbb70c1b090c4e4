import type {
  BoundChannel,
  CallbackFacts,
  ChannelPorts,
  Fact,
  HttpAnswer,
} from '../../../core/plugin/api.ts'
import { wechat } from '../../../plugins/wechat/index.ts'
import {
  createWechatSimulator,
  type WechatSimulator,
  type WechatSimulatorOptions,
} from '../../../plugins/wechat/sandbox/index.ts'
import { memoryBooks } from '../../kit/books.ts'
import { seededRandom } from '../../kit/random.ts'
import { NOW_MS } from './fake-wechat.ts'

export type Mode = 'direct' | 'partner'

/** Settings of the demo merchant, or of the demo provider for its first sub-merchant. */
export async function settingsOf(simulator: WechatSimulator, mode: Mode) {
  return mode === 'direct' ? simulator.demoSettings() : simulator.providerSettings(0)
}

export interface SimulatedWorldOptions extends WechatSimulatorOptions {
  readonly mode?: Mode
  /** On top of the demo settings. */
  readonly changes?: object
}

/** The plugin, bound to settings of a merchant that the simulator knows, and nothing in between. */
export async function openSimulated(options: SimulatedWorldOptions = {}) {
  const { mode = 'direct', changes = {}, ...simulated } = options
  let nowMs = NOW_MS
  const clock = {
    now: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms
    },
  }
  const random = seededRandom(1)
  const told: CallbackFacts[] = []
  const called: string[] = []
  const down = new Set<string>()
  const simulator = createWechatSimulator(
    { clock, random, books: memoryBooks(), callback: (request) => receive(request) },
    simulated,
  )
  const settings = { ...(await settingsOf(simulator, mode)), ...changes }
  const channel = bindTo(settings)
  const ports = portsOf(channel)

  function bindTo(settings: object): BoundChannel {
    const bound = wechat.bind(settings)
    if (!bound.ok) throw new Error(bound.refusal.join('; '))
    return bound.value
  }

  function portsOf({ manifest, extraHosts }: BoundChannel): ChannelPorts {
    const hosts = [...manifest.hosts, ...extraHosts]
    const cache = new Map<string, { readonly value: string; readonly untilMs: number }>()
    return {
      clock,
      random,
      log: { write: () => {} },
      cache: {
        get: async (key) => {
          const kept = cache.get(key)
          return kept !== undefined && kept.untilMs > nowMs ? kept.value : undefined
        },
        put: async (key, value, ttlMs) => {
          cache.set(key, { value, untilMs: nowMs + ttlMs })
        },
      },
      http: {
        async send({ url, method, headers, body }): Promise<HttpAnswer> {
          const { host, pathname } = new URL(url)
          if (!hosts.includes(host)) throw new Error(`the plugin may not call ${host}`)
          if (down.has(host)) return { kind: 'not_sent', reason: 'ECONNREFUSED' }
          called.push(`${method} ${host}${pathname}`)
          const request = new Request(url, { method, headers, ...(body !== undefined && { body }) })
          const served = await simulator.serve(request)
          if (typeof served === 'string') return { kind: 'unknown', evidence: served }
          const bytes = new Uint8Array(await served.arrayBuffer())
          return { kind: 'answered', status: served.status, headers: served.headers, body: bytes }
        },
      },
    }
  }

  async function receive(request: Request): Promise<Response> {
    const read = await channel.readCallback(ports, {
      method: request.method,
      url: new URL(request.url).pathname,
      headers: Object.fromEntries(request.headers),
      body: new Uint8Array(await request.arrayBuffer()),
      receivedAtMs: nowMs,
    })
    if (read.ok) told.push(read.value)
    const { status, headers, body } = channel.acknowledge(read.ok)
    return new Response(body, { status, headers })
  }

  return {
    simulator,
    settings,
    channel,
    ports,
    told,
    /** Every call of the plugin that left: method, host and path. */
    called,
    facts: (): readonly Fact[] => told.flatMap(({ facts }) => facts),
    /** This host cannot be reached any more. */
    goesDown: (host: string) => down.add(host),
    /** The same simulator, under other settings: another account, or the same after a change. */
    as(changed: object) {
      const other = bindTo(changed)
      return { channel: other, ports: portsOf(other) }
    },
    now: () => nowMs,
    async later(ms: number) {
      nowMs += ms
      await simulator.tick()
    },
  }
}

export type SimulatedWorld = Awaited<ReturnType<typeof openSimulated>>
