import { and, desc, eq } from 'drizzle-orm'
import { createGateway, type Gateway } from '../../core/gateway.ts'
import type { AppId } from '../../core/ids.ts'
import { createAccount, openPassage } from '../../core/merchant/accounts.ts'
import { createApp, createMerchant } from '../../core/merchant/merchants.ts'
import type { AnyChannel, AttemptId, BillOutcome, QueryOutcome } from '../../core/plugin/api.ts'
import { channelPorts } from '../../core/plugin/host.ts'
import type { Broken, Fault, Json, Simulator, SimulatorPorts } from '../../core/plugin/simulator.ts'
import type { Clock, Database, HttpAnswer, HttpPort, LogFields, Ports } from '../../core/ports.ts'
import { assert } from '../../core/result.ts'
import { bindChannel, transferWay } from '../../core/routing/directory.ts'
import { verifyJeepay } from '../../core/signing/jeepay.ts'
import { createGroup } from '../../core/split/receivers.ts'
import { attempts, channelConfigs } from '../../core/store/schema.ts'
import { SERVER_BOUNDS, type SweepBounds } from '../../core/sweep/sweep.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts'
import { boundedMemory } from '../../edge/ports/system.ts'
import { memoryBooks } from '../kit/books.ts'
import { seededRandom } from '../kit/random.ts'
import { type App, type Envelope, type Fields, saying, signedRequest } from '../kit/shop.ts'
import { memoryDatabase } from '../kit/tables.ts'
import { patientClock } from './patient-clock.ts'

/** A channel that is to be proven: a plugin, and somebody who speaks its channel's protocol. */
export interface Subject {
  readonly name: string
  readonly plugin: AnyChannel
  readonly simulate: (ports: SimulatorPorts) => Simulator
  /** Of the merchant; the simulator's demo merchant unless told otherwise. */
  readonly settings?: (simulator: Simulator) => Promise<Readonly<Record<string, Json>>>
  /** A refusal as the channel writes it, whose text for people is this one. */
  readonly refusal: (ports: SimulatorPorts, request: Request, text: string) => Promise<Response>
}

/** A gateway, one channel on its real wire protocol, and a merchant: in one process, on one clock. */
export interface Market {
  readonly gateway: Gateway
  readonly simulator: Simulator
  readonly clock: Clock
  readonly database: Database
  readonly app: App
  readonly logged: { readonly message: string; readonly fields: LogFields | undefined }[]
  /** Notifications that the merchant believed, by our number of what they are about. */
  told(number: string): readonly Readonly<Record<string, string>>[]
  calls(path: string, fields: Fields): Promise<Envelope>
  /** Asks the channel itself, past the gateway's books. */
  asks(attemptId: string): Promise<QueryOutcome>
  /** Fetches a bill as an operator would. @param date the channel's own day, `2026-01-31` */
  bill(kind: string, date: string): Promise<BillOutcome>
  misbehaves(...faults: readonly Fault[]): Promise<void>
  /** Time passes, and the channel and the sweep do what is due. */
  passes(ms: number, everyMs?: number): Promise<void>
  /** All faults have struck or are gone, and so much time passes that everything must have ended. */
  calmsDown(): Promise<void>
}

const PUBLIC_URL = 'https://pay.example'
export const NOTIFY_URL = 'https://shop.example/notify'

export async function openMarket(subject: Subject): Promise<Market> {
  const { plugin } = subject
  const stored = await memoryDatabase()
  const busy = { count: 0 }
  const clock = patientClock(() => busy.count === 0)
  const background = new Set<Promise<unknown>>()
  const told: Readonly<Record<string, string>>[] = []
  const logged: Market['logged'] = []
  const random = seededRandom(1)

  async function whileBusy<Result>(work: () => Promise<Result>): Promise<Result> {
    busy.count++
    try {
      return await work()
    } finally {
      busy.count--
    }
  }

  const simulator = subject.simulate({
    clock,
    random,
    books: memoryBooks(),
    callback: (request) => whileBusy(() => gateway.fetch(request)),
  })
  const http: HttpPort = {
    async send(request) {
      const { method, url, headers, body, timeoutMs } = request
      const { host } = new URL(url)
      if (host === new URL(NOTIFY_URL).host) return hear(String(body))
      assert(simulator.hosts.includes(host), `${host} is simulated`)
      const asked = new Request(url, { method, headers, ...(body !== undefined && { body }) })
      const served = await whileBusy(() => simulator.serve(asked))
      if (typeof served === 'string') return broken(served, timeoutMs)
      const bytes = new Uint8Array(await served.arrayBuffer())
      return { kind: 'answered', status: served.status, headers: served.headers, body: bytes }
    },
  }

  async function broken(how: Broken, timeoutMs: number): Promise<HttpAnswer> {
    if (how === 'silence') await clock.sleep(timeoutMs)
    return { kind: 'unknown', evidence: how }
  }

  /** The merchant believes what is signed, and nothing else. */
  function hear(form: string): HttpAnswer {
    const fields = Object.fromEntries(new URLSearchParams(form))
    const isSigned = verifyJeepay(Object.entries(fields), app.appSecret, fields.sign ?? '')
    if (isSigned) told.push(fields)
    return saying(isSigned ? 'success' : 'fail')
  }

  const database: Database = {
    batch: (statements, mode) => whileBusy(() => stored.batch(statements, mode)),
  }
  const ports: Ports = {
    clock,
    database,
    random,
    http,
    log: { write: (_, message, fields) => void logged.push({ message, fields }) },
    timer: {
      async wake(notificationId) {
        ports.background(gateway.deliver(notificationId as never))
      },
    },
    memory: boundedMemory(1_000),
    keyRing: [{ id: 'k1', bytes: new Uint8Array(32).fill(7) }],
    background(work) {
      const ended = work.catch(() => undefined).finally(() => background.delete(ended))
      background.add(ended)
    },
  }
  const gateway = createGateway({
    ports,
    channels: [plugin],
    settings: { publicUrl: PUBLIC_URL, allowsPrivateTargets: false, metrics: 'open' },
  })
  const { core } = gateway
  const app = await openApp(gateway, subject, simulator)

  const market: Market = {
    gateway,
    simulator,
    clock,
    database,
    app,
    logged,
    told: (number) => told.filter((fields) => aboutWhat(fields) === number),
    async calls(path, fields) {
      const response = await gateway.fetch(signedRequest(path, fields, app))
      const answer = (await response.json()) as Envelope
      await settles()
      return answer
    },
    async asks(attemptId) {
      const [row] = await core.store.read
        .select()
        .from(attempts)
        .innerJoin(
          channelConfigs,
          and(
            eq(channelConfigs.accountId, attempts.accountId),
            eq(channelConfigs.version, attempts.configVersion),
          ),
        )
        .where(eq(attempts.attemptId, attemptId as AttemptId))
      assert(row !== undefined, `${attemptId} is an attempt`)
      const { attempts: attempt, channel_configs: pinned } = row
      const channel = await bindChannel(core, { ...pinned, ...attempt })
      const ports = channelPorts(core, channel, 'conformance', [])
      return channel.query(ports, { attemptId: attempt.attemptId, way: attempt.way })
    },
    async bill(kind, date) {
      const [pinned] = await core.store.read
        .select()
        .from(channelConfigs)
        .orderBy(desc(channelConfigs.version))
        .limit(1)
      assert(pinned !== undefined, 'there is an account')
      const channel = await bindChannel(core, {
        ...pinned,
        configVersion: pinned.version,
        channel: plugin.manifest.id,
      })
      assert(channel.bills !== undefined, `${plugin.manifest.id} has bills`)
      return channel.bills(channelPorts(core, channel, 'conformance', []), { kind, date })
    },
    misbehaves: (...faults) => simulator.misbehave(faults),
    async passes(ms, everyMs = ms) {
      for (let left = ms; left > 0; left -= everyMs) {
        clock.advance(Math.min(everyMs, left))
        await simulator.tick()
        await settles()
        await gateway.sweep(SERVER_BOUNDS satisfies SweepBounds)
        await settles()
      }
    },
    async calmsDown() {
      await simulator.misbehave([])
      await market.passes(2 * MINUTE_MS, 20 * SECOND_MS)
      await market.passes(20 * MINUTE_MS, 4 * MINUTE_MS)
      await market.passes(4 * HOUR_MS, 40 * MINUTE_MS)
      await market.passes(3 * DAY_MS, 12 * HOUR_MS)
    },
  }

  async function settles(): Promise<void> {
    while (background.size > 0) await Promise.all(background)
  }

  return market
}

/** Names of our numbers, the more special one first: a refund's notification names its payment too. */
const OUR_NUMBERS = ['divisionReturnId', 'divisionId', 'transferId', 'refundOrderId', 'payOrderId']

function aboutWhat(fields: Readonly<Record<string, string>>): string | undefined {
  const name = OUR_NUMBERS.find((candidate) => fields[candidate] !== undefined)
  return name && fields[name]
}

async function openApp(
  { core }: Gateway,
  { plugin, settings }: Subject,
  simulator: Simulator,
): Promise<App> {
  const merchantNo = await createMerchant(core, { merchantNo: 'M1', name: '小店' })
  const app = await createApp(core, { merchantNo, name: '收银', notifiesEveryEnd: true })
  await createGroup(core, { merchantNo, name: '分账组', isAutomatic: true })
  const itsSettings = await (settings?.(simulator) ?? simulator.demoSettings())
  const { manifest } = plugin
  const account = await createAccount(
    core,
    { kind: 'merchant', no: merchantNo },
    manifest.id,
    itsSettings,
  )
  assert(account.ok, `the account opens, not ${JSON.stringify(account)}`)
  const entries = Object.keys(manifest.transfers ?? {})
  const ways = [
    ...Object.keys(manifest.ways),
    ...entries.map((entry) => transferWay(manifest.id, entry)),
  ]
  for (const way of ways) {
    await openPassage(core, {
      appId: app.appId as AppId,
      way,
      accountId: account.value,
      feePartsPerMillion: 6_000,
    })
  }
  return { merchantNo, ...app }
}
