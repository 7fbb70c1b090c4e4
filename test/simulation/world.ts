import type { Gateway } from '../../core/gateway.ts'
import {
  DatabaseError,
  type HttpAnswer,
  type HttpRequest,
  type Memory,
  type Ports,
  type Rows,
  type Statement,
  type WakeUp,
} from '../../core/ports.ts'
import { MINUTE_MS, SECOND_MS } from '../../core/time.ts'
import { boundedMemory } from '../../edge/ports/system.ts'
import type { Bank, BankMood, Callback } from './bank.ts'
import { type Chance, chanceOf, hashOf } from './chance.ts'
import { type Door, type Fault, type FaultsOf, noFaults } from './faults.ts'
import { type Laws, openLaws } from './laws.ts'
import type { Plan } from './plan.ts'
import { type App, MASTER_CANARY, START_MS, type Stage } from './stage.ts'
import { openTimeline, type Timeline } from './timeline.ts'

/** What an isolate keeps in mind; all of it is gone when it dies. */
interface Isolate {
  readonly place: number
  readonly memory: Memory
  isDead: boolean
}

/** Something that one isolate is at: a request, a callback, a sweep. */
export interface Task {
  readonly name: string
  readonly isolate: Isolate
  readonly random: Chance
  /** Whether what it was told deserves belief: nothing may change if not. */
  readonly isHonest: boolean
  /** Doors that it used so far. */
  uses: number
}

export interface World {
  readonly plan: Plan
  readonly stage: Stage
  readonly app: App
  readonly timeline: Timeline
  readonly bank: Bank
  readonly laws: Laws
  /** Faults that were met, by the use of a door that met them. */
  readonly met: Map<string, Fault>
  /** Each use of a door in the storm, in order. */
  readonly doors: Map<string, Door>
  /** All that happened, for people; kept only when `tells`. */
  readonly story: string[]
  /** Has an isolate do something; `done` hears of it unless the isolate dies first. */
  start<Result>(
    name: string,
    place: number,
    does: (gateway: Gateway) => Promise<Result>,
    done?: (result: Result) => void,
    isHonest?: boolean,
  ): void
  crash(place: number): void
  /** The storm is over: nothing fails any more, and nobody remembers anything. */
  calms(): void
  tell(line: () => string): void
  /** Over all that happened, in its order. */
  trace(): string
  ports(place: number): Ports
}

export interface WorldOptions {
  readonly faults: FaultsOf
  /** Whether the story is to be read, and not only its end. */
  readonly tells: boolean
}

export function openWorld(plan: Plan, stage: Stage, options: WorldOptions): World {
  const { seed, weather } = plan
  let faults = options.faults
  let current: Task | undefined
  let low = hashOf('low', seed)
  let high = hashOf('high', seed)
  let wakes = 0
  let replicated = 0
  const met = new Map<string, Fault>()
  const doors = new Map<string, Door>()
  const story: string[] = []
  /** Committed, for the replica to follow. */
  const committed: { readonly atMs: number; readonly statements: readonly Statement[] }[] = []
  const isolates = weather.skewsMs.map((_, place) => newIsolate(place))
  const timeline = openTimeline(START_MS)
  const app = stage.appOf(weather)
  const { counterpart } = stage
  const crashes = plan.steps.some(({ deed }) => deed === 'crash')
  const laws = openLaws(
    stage.tables,
    counterpart,
    app,
    weather,
    () => world.bank,
    timeline,
    () => crashes || met.size > 0,
  )
  const bank = counterpart.openBank({
    timeline,
    plan,
    announce,
    callBack,
    fault: laws.isBroken,
    tell: (line) => mark(line()),
  })

  function mark(line: string): void {
    low = hashOf(line, low)
    high = hashOf(line, high)
    if (options.tells) story.push(`${clockText(timeline.nowMs())}  ${line}`)
  }

  function die(isolate: Isolate): void {
    if (isolate.isDead) return
    isolate.isDead = true
    isolates[isolate.place] = newIsolate(isolate.place)
    mark(`isolate ${isolate.place} dies, and is started anew`)
  }

  function start<Result>(
    name: string,
    place: number,
    does: (gateway: Gateway) => Promise<Result>,
    done?: (result: Result) => void,
    isHonest = true,
  ): void {
    const isolate = isolates[place]
    const gateway = stage.gateways[place]
    if (isolate === undefined || gateway === undefined) throw new Error(`no isolate ${place}`)
    const random = chanceOf(seed, `random ${name}`)
    const task: Task = { name, isolate, random, isHonest, uses: 0 }
    current = task
    mark(`${name} begins in isolate ${place}`)
    does(gateway).then(done, (error: unknown) => {
      // Sweeps throw when the database is away; requests are answered whatever happens.
      mark(`${name} throws ${error instanceof Error ? error.message : String(error)}`)
    })
  }

  /** One use of a door by whoever is running: the fault that it meets, and how long things take. */
  function useDoor(door: Door, what: () => string) {
    const task = current
    if (task === undefined) throw new Error(`nobody is running, and yet: ${what()}`)
    const use = `${task.name}, ${++task.uses}`
    const fault = faults(use, door)
    if (fault !== undefined) met.set(use, fault)
    if (faults !== noFaults) doors.set(use, door)
    mark(`${use}: ${what()}${fault === undefined ? '' : `  ← ${fault}`}`)
    const chance = chanceOf(seed, `pace ${use}`)
    /** Goes on in the isolate, unless that has died. */
    const goOn = (inMs: number, then: () => void) =>
      timeline.after(inMs, () => {
        if (task.isolate.isDead) return
        current = task
        then()
      })
    return { task, use, fault, chance, goOn }
  }

  function batch(
    statements: readonly Statement[],
    mode: 'read' | 'write',
  ): Promise<readonly Rows[]> {
    const { task, fault, chance, goOn } = useDoor(mode, () => `database, ${nameOf(statements)}`)
    const thereMs = fault === 'slow_before' ? chance.whole(5_000, 40_000) : chance.whole(0, 4)
    const backMs = fault === 'slow_after' ? chance.whole(5_000, 40_000) : chance.whole(0, 4)
    const lagMs = chance.whole(0, weather.replicaLagMs)
    return new Promise((resolve, reject) => {
      timeline.after(thereMs, () => {
        if (fault === 'dies_before') return die(task.isolate)
        if (fault === 'busy' || fault === 'fails_before') {
          const trouble = fault === 'busy' ? 'busy' : 'unavailable'
          return goOn(backMs, () =>
            reject(new DatabaseError(trouble, `the database is ${trouble}`)),
          )
        }
        let rows: readonly Rows[]
        try {
          rows = mode === 'read' ? readAsOf(statements, lagMs) : write(task, statements)
        } catch (error) {
          return goOn(backMs, () => reject(error))
        }
        if (fault === 'dies_after') return die(task.isolate)
        goOn(backMs, () => {
          if (fault === 'fails_after') {
            reject(new DatabaseError('unavailable', 'the answer was lost'))
          } else resolve(rows)
        })
      })
    })
  }

  function write(task: Task, statements: readonly Statement[]): readonly Rows[] {
    const rows = stage.tables.run(statements, 'write')
    if (weather.replicaLagMs > 0) committed.push({ atMs: timeline.nowMs(), statements })
    laws.afterWrite(task, statements)
    return rows
  }

  function readAsOf(statements: readonly Statement[], lagMs: number): readonly Rows[] {
    if (weather.replicaLagMs === 0 || faults === noFaults)
      return stage.tables.run(statements, 'read')
    for (; replicated < committed.length; replicated++) {
      const next = committed[replicated]
      if (next === undefined || next.atMs > timeline.nowMs() - lagMs) break
      stage.replica.run(next.statements, 'write')
    }
    return stage.replica.run(statements, 'read')
  }

  function sleep(ms: number): Promise<void> {
    const { task, fault, chance, goOn } = useDoor('sleep', () => `sleeps ${ms} ms`)
    const moreMs = fault === 'postponed' ? chance.whole(1_000, 40_000) : 0
    return new Promise((resolve) => {
      if (fault === 'dies_before') timeline.after(ms, () => die(task.isolate))
      goOn(ms + moreMs, resolve)
    })
  }

  function send(request: HttpRequest): Promise<HttpAnswer> {
    return bank.isCalledBy(request) ? callBank(request) : callMerchant(request)
  }

  function callBank(request: HttpRequest): Promise<HttpAnswer> {
    const call = bank.readCall(request)
    const { task, fault, chance, goOn } = useDoor(
      'bank',
      () => `bank, ${call.operation} ${call.text}`,
    )
    laws.beforeCall(call, task)
    const { timeoutMs } = request
    const thereMs = chance.whole(5, 60)
    const backMs = fault === 'slow' ? timeoutMs - 100 : chance.whole(5, 60)
    const serve = async () => {
      const answer = await bank.serve(request, moodOf(fault))
      laws.afterBank(call)
      mark(
        `the bank answers ${answer.kind === 'answered' ? decoder.decode(answer.body) : answer.kind}`,
      )
      return answer
    }
    return new Promise((resolve) => {
      const unanswered = () =>
        resolve({ kind: 'unknown', evidence: `nothing within ${timeoutMs} ms` })
      switch (fault) {
        case 'not_sent':
          return goOn(thereMs, () => resolve({ kind: 'not_sent', reason: 'connection refused' }))
        case 'lost_before':
          return goOn(timeoutMs, unanswered)
        case 'late':
          timeline.after(timeoutMs + chance.whole(0, 50 * SECOND_MS), () => void serve())
          return goOn(timeoutMs, unanswered)
        case 'error_before':
          return goOn(thereMs + backMs, () => resolve(answered('oops', 500)))
        case 'dies_before':
          return timeline.after(thereMs, () => die(task.isolate))
      }
      timeline.after(thereMs, () => {
        const answer = serve()
        if (fault === 'dies_after') return die(task.isolate)
        if (fault === 'lost_after') return goOn(timeoutMs - thereMs, unanswered)
        goOn(backMs, () => resolve(answer.then((whole) => garbled(whole, fault))))
      })
    })
  }

  function callMerchant(request: HttpRequest): Promise<HttpAnswer> {
    const { task, fault, chance, goOn } = useDoor('merchant', () => `tells ${request.url}`)
    const { timeoutMs } = request
    const thereMs = chance.whole(5, 200)
    return new Promise((resolve) => {
      const unanswered = () =>
        resolve({ kind: 'unknown', evidence: `nothing within ${timeoutMs} ms` })
      switch (fault) {
        case 'not_sent':
          return goOn(thereMs, () => resolve({ kind: 'not_sent', reason: 'connection refused' }))
        case 'lost_before':
          return goOn(timeoutMs, unanswered)
        case 'dies_before':
          return timeline.after(thereMs, () => die(task.isolate))
      }
      timeline.after(thereMs, () => {
        laws.merchantHears(String(request.body))
        if (fault === 'dies_after') return die(task.isolate)
        if (fault === 'lost_after') return goOn(timeoutMs - thereMs, unanswered)
        const backMs = fault === 'slow' ? timeoutMs - 300 : chance.whole(5, 200)
        goOn(backMs, () => resolve(merchantSays(fault, chance)))
      })
    })
  }

  function wake({ notificationId, atMs }: WakeUp): Promise<void> {
    const { task, fault, chance, goOn } = useDoor('timer', () => 'sets a timer')
    const place = chance.whole(0, isolates.length - 1)
    const rings = (inMs: number) => {
      const name = `wake-up ${++wakes}`
      timeline.after(inMs, () => start(name, place, (gateway) => gateway.deliver(notificationId)))
    }
    return new Promise((resolve, reject) => {
      timeline.after(2, () => {
        if (fault === 'dies_before') return die(task.isolate)
        const dueMs = Math.max(0, atMs - timeline.nowMs()) + chance.whole(1, 30)
        if (fault !== 'lost' && fault !== 'throws') {
          rings(fault === 'postponed' ? dueMs + chance.whole(MINUTE_MS, 60 * MINUTE_MS) : dueMs)
        }
        if (fault === 'doubled') rings(dueMs + chance.whole(0, 20_000))
        if (fault === 'dies_after') return die(task.isolate)
        goOn(2, () => (fault === 'throws' ? reject(new Error('no timer')) : resolve()))
      })
    })
  }

  /** The bank tells us, as often as its patience lasts; and as badly as the weather lets it. */
  function announce(callback: Callback): void {
    if (weather.callbacks === 'never' && faults !== noFaults) return
    let isAcknowledged = false
    const gapsMs = weather.callbacks === 'often' ? [0, 20, 30, 2_000, 20_000] : CALLBACK_GAPS_MS
    gapsMs.forEach((gapMs, tried) => {
      const chance = chanceOf(seed, `${callback.name} ${tried}`)
      const jitterMs = weather.callbacks === 'late' ? chance.whole(0, 90_000) : chance.whole(0, 300)
      timeline.after(gapMs + jitterMs, () => {
        if (isAcknowledged && weather.callbacks !== 'often') return
        const isLost = faults !== noFaults && chance.is(0.1)
        if (!isLost)
          call(
            callback,
            tried,
            chance,
            () => (isAcknowledged = faults === noFaults || chance.is(0.9)),
          )
      })
    })
  }

  /** Once, by a bank that tries again by itself. */
  function callBack(callback: Callback): Promise<Response | undefined> {
    const chance = chanceOf(seed, callback.name)
    const isStorm = faults !== noFaults
    const isLost = isStorm && (weather.callbacks === 'never' || chance.is(0.1))
    const delayMs = weather.callbacks === 'late' ? chance.whole(0, 90_000) : chance.whole(0, 300)
    const again = isStorm && weather.callbacks === 'often' ? [20, 2_000, 20_000] : []
    return new Promise((resolve) => {
      timeline.after(delayMs + CALLBACK_TIMEOUT_MS, () => resolve(undefined))
      if (isLost) return
      for (const [tried, laterMs] of [0, ...again].entries()) {
        const name = `${callback.name}, try ${tried + 1}`
        const place = chance.whole(0, isolates.length - 1)
        timeline.after(delayMs + laterMs, () =>
          deliverCallback(world, callback, name, place, (_, answer) => resolve(answer)),
        )
      }
    })
  }

  function call(callback: Callback, tried: number, chance: Chance, heard: () => void): void {
    const place = chance.whole(0, isolates.length - 1)
    deliverCallback(world, callback, `${callback.name}, try ${tried + 1}`, place, (status) => {
      if (status === 200) heard()
    })
  }

  const ports = (place: number): Ports => {
    const skewMs = weather.skewsMs[place] ?? 0
    return {
      clock: { now: () => timeline.nowMs() + skewMs, sleep },
      random: {
        bytes(length) {
          const random = current?.random
          return Uint8Array.from({ length }, () => random?.whole(0, 255) ?? 0)
        },
      },
      http: { send },
      database: { batch },
      log: {
        write(level, message, fields) {
          laws.afterLog(message, fields)
          if (options.tells && level !== 'debug') {
            story.push(
              `            (${message}${fields === undefined ? '' : ` ${JSON.stringify(fields)}`})`,
            )
          }
        },
      },
      timer: { wake },
      memory: {
        get: (key) => isolates[place]?.memory.get(key),
        set: (key, value) => isolates[place]?.memory.set(key, value),
        delete: (key) => isolates[place]?.memory.delete(key),
      },
      keyRing: [{ id: 'k1', bytes: new Uint8Array(32).fill(MASTER_CANARY) }],
      background: (work) => void work.catch(() => undefined),
    }
  }

  const world: World = {
    plan,
    stage,
    app,
    timeline,
    bank,
    laws,
    met,
    doors,
    story,
    start,
    crash(place) {
      const isolate = isolates[place]
      if (isolate !== undefined) die(isolate)
    },
    calms() {
      faults = noFaults
      for (const isolate of [...isolates]) die(isolate)
      bank.decides()
      // Of money that came after a close nobody asks: a bank that breaks its word says so for days.
      for (const { name, body, url, about } of bank.callbacks) {
        const order = [...bank.orders.values()].find((each) => each.callbackUrl === url)
        if (order?.paidAfterEnd && about.includes('paid'))
          announce({ name: `${name} again`, body, url, about })
      }
    },
    tell: (line) => mark(line()),
    trace: () => `${(low >>> 0).toString(16)}${(high >>> 0).toString(16)}`,
    ports,
  }
  return world
}

/** How long a bank waits until it takes us for deaf. */
const CALLBACK_TIMEOUT_MS = 10 * SECOND_MS

/** A bank asks again where it is not acknowledged. */
const CALLBACK_GAPS_MS = [0, 15, 30, 180, 600].map((seconds) => seconds * SECOND_MS)

export function deliverCallback(
  world: World,
  callback: Callback,
  name: string,
  place: number,
  done: (status: number, answer: Response) => void,
  isHonest = true,
): void {
  const { url, headers = {}, body } = callback
  const request = new Request(url, { method: 'POST', headers: { ...headers }, body })
  world.tell(() => `the bank calls back: ${callback.about}`)
  world.start(
    name,
    place,
    (gateway) => gateway.fetch(request),
    (answer) => {
      world.tell(() => `${name} is answered ${answer.status}`)
      done(answer.status, answer)
    },
    isHonest,
  )
}

function newIsolate(place: number): Isolate {
  return { place, memory: boundedMemory(1_000), isDead: false }
}

const MOODS: ReadonlySet<string> = new Set([
  'declines',
  'refuses',
  'lags',
  'busy',
  'calls_back_first',
])

function moodOf(fault: Fault | undefined): BankMood {
  return fault !== undefined && MOODS.has(fault) ? (fault as BankMood) : 'plain'
}

function garbled(answer: HttpAnswer, fault: Fault | undefined): HttpAnswer {
  if (answer.kind !== 'answered') return answer
  const { status, headers, body } = answer
  switch (fault) {
    case 'error_after':
      return answered('oops', 500)
    case 'bad_sign':
      return answered(`0${decoder.decode(body)}`, status, headers)
    case 'truncated':
      return answered(decoder.decode(body).slice(0, 20), status, headers)
    case 'html':
      return answered('<html>upgrading</html>', 200)
    default:
      return answer
  }
}

function merchantSays(fault: Fault | undefined, chance: Chance): HttpAnswer {
  switch (fault) {
    case 'says_fail':
      return answered(chance.pick(['fail', '', 'successful', '{"code":"SUCCESS"}']), 200)
    case 'redirects':
      return answered('', 302, new Headers({ location: 'http://169.254.169.254/' }))
    case 'gone':
      return answered('gone', 410)
    case 'rate_limits':
      return answered('', 429, new Headers({ 'retry-after': chance.pick(['30', '600', 'soon']) }))
    case 'error_before':
      return answered('oops', 503)
    default:
      return answered(chance.pick(['success', 'SUCCESS', 'success\n']), 200)
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const NO_HEADERS = new Headers()

function answered(text: string, status: number, headers = NO_HEADERS): HttpAnswer {
  return { kind: 'answered', status, headers, body: encoder.encode(text) }
}

function clockText(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 23)
}

/** By its first words: `insert into "events"`. */
function nameOf(statements: readonly Statement[]): string {
  const [first] = statements
  const sql = first?.sql ?? ''
  const name = /^\s*(insert into|update|select|delete from)\s+("?\w+"?)/.exec(sql)
  const from = name?.[1] === 'select' ? /\sfrom\s+("?\w+"?)/.exec(sql)?.[1] : name?.[2]
  return `${name?.[1] ?? '?'} ${from ?? '?'} (${statements.length})`
}
