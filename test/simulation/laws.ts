import { createHash } from 'node:crypto'
import type { LogFields, Statement } from '../../core/ports.ts'
import { SECOND_MS } from '../../core/time.ts'
import type { Tables } from '../kit/tables.ts'
import type { Bank, BankCall } from './bank.ts'
import type { Counterpart } from './counterpart.ts'
import type { Weather } from './plan.ts'
import type { App } from './stage.ts'
import type { Timeline } from './timeline.ts'
import type { Task } from './world.ts'

/** What must hold after every step of every history, written down apart from the code it judges. */
export interface Laws {
  /** What did not hold, the first one first. */
  readonly broken: readonly Broken[]
  isBroken(what: string): void
  afterWrite(task: Task, statements: readonly Statement[]): void
  /** A call is about to leave for the bank. */
  beforeCall(call: BankCall, task: Task): void
  afterBank(call: BankCall): void
  merchantHears(form: string): void
  afterLog(message: string, fields: LogFields | undefined): void
  /** A state that a merchant was shown, in JeePay's number. */
  shown(kind: Subject, id: string, state: number): void
  /** Three days of calm have passed. */
  whenSettled(): void
}

export interface Broken {
  readonly atMs: number
  readonly what: string
}

interface Standing {
  readonly state: string
  readonly version: number
  /** By the world's clock. */
  readonly sinceMs: number
}

/**
 * So far apart, clocks can take "not found" for final while the call is still on its way: the channel
 * makes an order of what was closed here. That is no end: once all is settled it is closed there too, or
 * late money here.
 */
const MISLEADING_CLOCKS_MS = 90 * SECOND_MS

type Subject = 'payment' | 'refund' | 'transfer' | 'split' | 'split_return'

const EDGES: Readonly<Record<Subject, Readonly<Record<string, readonly string[]>>>> = {
  payment: {
    created: ['pending', 'succeeded', 'failed', 'closed'],
    pending: ['succeeded', 'failed', 'closed'],
    closed: ['failed', 'succeeded'],
    failed: ['succeeded'],
    succeeded: [],
  },
  refund: {
    created: ['pending', 'succeeded', 'failed'],
    pending: ['succeeded', 'failed'],
    failed: ['succeeded'],
    succeeded: [],
  },
  transfer: {
    created: ['pending', 'succeeded', 'failed', 'closed'],
    pending: ['succeeded', 'failed', 'closed'],
    closed: ['failed', 'succeeded'],
    failed: ['succeeded'],
    succeeded: [],
  },
  split: {
    created: ['pending', 'finished', 'failed'],
    pending: ['finished', 'failed'],
    failed: ['finished'],
    finished: [],
  },
  split_return: {
    created: ['pending', 'succeeded', 'failed'],
    pending: ['succeeded', 'failed'],
    failed: ['succeeded'],
    succeeded: [],
  },
}

/** JeePay's numbers of ends, and the states that a row may have once one of them was shown. */
const SHOWN: Readonly<Record<Subject, Readonly<Record<number, readonly string[]>>>> = {
  payment: {
    2: ['succeeded'],
    3: ['failed', 'succeeded'],
    5: ['succeeded'],
    6: ['closed', 'failed', 'succeeded'],
  },
  refund: { 2: ['succeeded'], 3: ['failed', 'succeeded'] },
  transfer: { 2: ['succeeded'], 3: ['failed', 'succeeded'], 4: ['closed', 'failed', 'succeeded'] },
  split: { 1: ['finished'], 2: ['failed', 'finished'] },
  split_return: { 2: ['succeeded'], 3: ['failed', 'succeeded'] },
}

const NUMBERS: Readonly<Record<Subject, Readonly<Record<string, number>>>> = {
  payment: { succeeded: 2, failed: 3, closed: 6 },
  refund: { succeeded: 2, failed: 3 },
  transfer: { succeeded: 2, failed: 3, closed: 4 },
  split: {},
  split_return: { succeeded: 2, failed: 3 },
}

/** Where each kind stands: its table, and its id. */
const TABLES = {
  payment: ['payments', 'payment_id'],
  refund: ['refunds', 'refund_id'],
  transfer: ['transfers', 'transfer_id'],
  split: ['splits', 'split_id'],
  split_return: ['split_returns', 'split_return_id'],
} as const satisfies Record<Subject, readonly [string, string]>
const SUBJECTS = Object.keys(TABLES) as readonly Subject[]

/** Which row says that a call of an operation was stamped. */
const STAMPS: Readonly<Record<string, readonly [table: string, id: string]>> = {
  pay: ['attempts', 'attempt_id'],
  refund: ['refunds', 'refund_id'],
  transfer: ['transfers', 'transfer_id'],
  split: ['splits', 'split_id'],
  split_return: ['split_returns', 'split_return_id'],
}

const WATCHED: ReadonlySet<string> = new Set([
  'payments',
  'refunds',
  'transfers',
  'splits',
  'split_shares',
  'split_returns',
  'events',
  'outbox',
])

export function openLaws(
  tables: Tables,
  counterpart: Counterpart,
  app: App,
  weather: Weather,
  bankOf: () => Bank,
  timeline: Timeline,
  hadFaults: () => boolean,
): Laws {
  const broken: Broken[] = []
  const standing = new Map<string, Standing>()
  const sends = new Map<string, Set<string>>()
  /** States that the merchant heard of, by subject. */
  const heard = new Map<string, Set<number>>()
  let eventCount = 0
  // From each other, and from the time by which payers and the bank go.
  const clocksMs = [0, ...weather.skewsMs]
  const apartMs = Math.max(...clocksMs) - Math.min(...clocksMs)
  const clocksMislead = apartMs > MISLEADING_CLOCKS_MS || counterpart.isFinalEarly

  function isBroken(what: string): void {
    broken.push({ atMs: timeline.nowMs(), what })
  }

  function holds(condition: boolean, what: () => string): void {
    if (!condition) isBroken(what())
  }

  const text = (sql: string, ...args: readonly (string | number)[]) => tables.all(sql, ...args)

  function inspect(): void {
    const events = new Map(
      text('select subject_id, count(*), max(version) from events group by subject_id').map(
        ([id, count, version]) => [String(id), [Number(count), Number(version)] as const],
      ),
    )
    const told = new Set(
      text('select subject_id, kind from outbox').map(([id, kind]) => `${id} ${kind}`),
    )
    for (const subject of SUBJECTS) inspectSubject(subject, events, told)
    inspectSums()
    inspectTruth()
  }

  function inspectSubject(
    subject: Subject,
    events: ReadonlyMap<string, readonly [number, number]>,
    told: ReadonlySet<string>,
  ): void {
    const [table, key] = TABLES[subject]
    const late = subject === 'payment' ? 'late_decision' : 'null'
    const rows = text(`select ${key}, state, version, notify_url, ${late} from ${table}`)
    for (const [rowId, rowState, rowVersion, notifyUrl, lateDecision] of rows) {
      const id = String(rowId)
      const state = String(rowState)
      const version = Number(rowVersion)
      const before = standing.get(id)
      const [count, last] = events.get(id) ?? [0, 0]
      holds(
        count === version && last === version,
        () => `${id} has version ${version}, and ${count} events up to ${last}`,
      )
      if (before !== undefined) {
        holds(
          version >= before.version,
          () => `${id} went back from version ${before.version} to ${version}`,
        )
        if (state !== before.state) {
          holds(version > before.version, () => `${id} became ${state} without a new version`)
          const edges = EDGES[subject][before.state]
          holds(
            edges?.includes(state) === true,
            () => `${id} went from ${before.state} to ${state}`,
          )
        }
      }
      const sinceMs = before?.state === state ? before.sinceMs : timeline.nowMs()
      standing.set(id, { state, version, sinceMs })
      const isTold = mustTell(subject, state, notifyUrl !== null, lateDecision)
      holds(
        !isTold || told.has(`${id} ${subject}.${state}`),
        () => `${id} is ${state}, and nothing is to tell of it`,
      )
    }
    const [ahead] = text(
      `select o.subject_id, o.kind from outbox o left join events e on e.subject_id = o.subject_id and e.kind in (o.kind, 'payment.paid_late')
        where o.subject_kind = ? and e.event_id is null limit 1`,
      subject,
    )
    holds(ahead === undefined, () => `${ahead?.join(' ')} is to be told of, and never was`)
  }

  function mustTell(subject: Subject, state: string, hasUrl: boolean, late: unknown): boolean {
    if (!hasUrl) return false
    if (subject === 'payment') {
      if (late === 'held' || late === 'refunding') return false
      return (
        state === 'succeeded' ||
        (weather.notifiesEveryEnd && (state === 'failed' || state === 'closed'))
      )
    }
    return state !== 'created' && state !== 'pending'
  }

  function inspectSums(): void {
    for (const row of text(
      `select p.payment_id, amount_minor, refund_reserved_minor, refunded_minor, split_reserved_minor, coalesce(frozen_because, ''),
         (select coalesce(sum(amount_minor), 0) from refunds r where r.payment_id = p.payment_id and r.state <> 'failed'),
         (select coalesce(sum(amount_minor), 0) from refunds r where r.payment_id = p.payment_id and r.state = 'succeeded')
       from payments p`,
    )) {
      const [id, amount = 0, reserved = 0, refunded = 0, shared = 0, frozen, going, gone] = row
      holds(
        Number(reserved) <= Number(amount) || String(frozen).includes('refunded_too_much'),
        () => `${id}: ${reserved} of ${amount} is set aside for refunds`,
      )
      holds(reserved === going, () => `${id}: ${reserved} is set aside, and refunds want ${going}`)
      holds(refunded === gone, () => `${id}: ${refunded} is refunded, and its refunds say ${gone}`)
      holds(Number(shared) >= 0, () => `${id}: ${shared} is set aside for shares`)
    }
  }

  /** One effect a number of the merchant's, by which the bank's books name it; and no more back than came. */
  function inspectEffects(
    orders: Bank['orders'],
    refunds: Bank['refunds'],
    transfers: Bank['transfers'],
  ): void {
    const names = new Set<string>()
    for (const { name, state, number } of orders.values()) {
      if (state !== 'paid') continue
      holds(!names.has(name), () => `${name} was paid twice, the second time as ${number}`)
      names.add(name)
    }
    const going = new Map<string, number>()
    for (const { order, name, fen, state, number } of refunds.values()) {
      if (state === 'declined') continue
      const what = `${name} of ${order}`
      holds(!names.has(what), () => `${what} was refunded twice, the second time as ${number}`)
      names.add(what)
      going.set(order, (going.get(order) ?? 0) + fen)
    }
    for (const { name, state, number } of transfers.values()) {
      if (state === 'declined' || state === 'closed') continue
      holds(!names.has(name), () => `${name} was sent twice, the second time as ${number}`)
      names.add(name)
    }
    for (const [number, fen] of going) {
      const paid = orders.get(number)?.fen ?? 0
      holds(fen <= paid, () => `${fen} of ${paid} goes back of ${number}`)
    }
  }

  /** We never say of money what the bank does not say. */
  function inspectTruth(): void {
    const bank = bankOf()
    const { orders, refunds, transfers } = bank
    inspectEffects(orders, refunds, transfers)
    for (const [id, state, attemptId, amount] of text(
      'select payment_id, state, attempt_id, amount_minor from payments',
    )) {
      const order = orders.get(String(attemptId))
      const truth = order?.state
      const brokeItsWord = order?.paidAfterEnd === true
      if (state === 'succeeded')
        holds(
          (truth === 'paid' && order?.fen === amount) || order?.paidBack === true,
          () => `${id} is said to be paid, and the bank has it ${truth ?? 'not at all'}`,
        )
      if (state === 'failed')
        holds(
          truth === 'declined' ||
            brokeItsWord ||
            (truth !== 'paid' && truth !== 'unpaid' && !counterpart.keepsRefused),
          () => `${id} is said to have failed, and the bank has it ${truth ?? 'not at all'}`,
        )
      if (state === 'closed') {
        const isClosed =
          truth === undefined ||
          truth === 'closed' ||
          truth === 'declined' ||
          brokeItsWord ||
          (clocksMislead && (order?.madeAtMs ?? 0) >= (standing.get(String(id))?.sinceMs ?? 0))
        holds(isClosed, () => `${id} is said to be closed, and the bank has it ${truth}`)
      }
    }
    for (const [id, state] of text('select refund_id, state from refunds')) {
      const truth = refunds.get(String(id))?.state
      if (state === 'succeeded')
        holds(
          truth === 'paid',
          () => `${id} is said to be refunded, and the bank has it ${truth ?? 'not at all'}`,
        )
      if (state === 'failed')
        holds(
          truth === undefined || truth === 'declined',
          () => `${id} is said to have failed, and the bank has it ${truth}`,
        )
    }
    for (const [id, state] of text('select transfer_id, state from transfers')) {
      const truth = transfers.get(String(id))?.state
      if (state === 'succeeded')
        holds(
          truth === 'paid',
          () => `${id} is said to be transferred, and the bank has it ${truth ?? 'not at all'}`,
        )
      if (state === 'failed')
        holds(
          truth === undefined || truth === 'declined',
          () => `${id} is said to have failed, and the bank has it ${truth}`,
        )
      if (state === 'closed')
        holds(
          truth === 'closed',
          () => `${id} is said to be closed, and the bank has it ${truth ?? 'not at all'}`,
        )
    }
    for (const [id, state] of text('select split_id, state from splits')) {
      const truth = bank.splits.get(String(id))?.state
      if (state === 'finished')
        holds(
          truth === 'paid',
          () => `${id} is said to be shared out, and the bank has it ${truth ?? 'not at all'}`,
        )
      if (state === 'failed')
        holds(
          truth === undefined,
          () => `${id} is said to have failed, and the bank has it ${truth}`,
        )
    }
    for (const [id, state] of text('select split_return_id, state from split_returns')) {
      const truth = bank.returns.get(String(id))?.state
      if (state === 'succeeded')
        holds(
          truth === 'paid',
          () => `${id} is said to be taken back, and the bank has it ${truth ?? 'not at all'}`,
        )
      if (state === 'failed')
        holds(
          truth === undefined || truth === 'declined',
          () => `${id} is said to have failed, and the bank has it ${truth}`,
        )
    }
  }

  function shown(subject: Subject, id: string, state: number): void {
    const may = SHOWN[subject][state]
    if (may === undefined) return
    const [table, key] = TABLES[subject]
    const [row] = text(`select state from ${table} where ${key} = ?`, id)
    const is = row?.[0]
    // A payment whose late money is held back is shown as closed.
    holds(
      typeof is === 'string' && may.includes(is),
      () => `a merchant was shown state ${state} of ${id}, which is ${is ?? 'nowhere'}`,
    )
  }

  const canaries: readonly string[] = [app.appSecret, ...counterpart.canaries]

  function scrub(where: string, what: string): void {
    for (const canary of canaries) {
      if (what.includes(canary)) isBroken(`a secret is in ${where}`)
    }
  }

  return {
    broken,
    isBroken,
    afterWrite(task, statements) {
      if (!statements.some(({ sql }) => WATCHED.has(tableOf(sql)))) return
      inspect()
      const [row] = text('select count(*) from events')
      const count = Number(row?.[0] ?? 0)
      holds(task.isHonest || count === eventCount, () => `${task.name} was believed`)
      eventCount = count
    },
    beforeCall({ operation, number }, task) {
      const stamp = STAMPS[operation]
      if (stamp === undefined) return
      const [table, key] = stamp
      const name = `${operation} ${number}`
      const senders = sends.get(name) ?? new Set()
      // A sending may be several calls where a channel has a second host.
      sends.set(name, senders.add(counterpart.callsOnce ? `${senders.size}` : task.name))
      const sent = senders.size
      const [row] = text(
        `select sends from ${table} where ${key} = ? and dispatched_at_ms is not null`,
        number,
      )
      holds(
        Number(row?.[0] ?? 0) >= sent,
        () =>
          `${operation} ${number} leaves for time ${sent}, and ${row?.[0] ?? 'nothing'} is written of it`,
      )
    },
    afterBank({ operation }) {
      if (STAMPS[operation] !== undefined) inspectTruth()
    },
    merchantHears(form) {
      const fields = [...new URLSearchParams(form)]
      const given = new Map(fields)
      holds(
        given.get('sign') === signed(fields, app.appSecret),
        () => 'a notification is not well signed',
      )
      const [subject, id] = subjectIn(given)
      const state = Number(given.get('state'))
      holds(standing.has(id), () => `the merchant was told of ${id}, which is nowhere`)
      shown(subject, id, state)
      const states = heard.get(id) ?? new Set<number>()
      heard.set(id, states.add(state))
    },
    afterLog(message, fields) {
      scrub('a log', fields === undefined ? message : message + JSON.stringify(fields))
    },
    shown,
    whenSettled() {
      inspect()
      whenSettled()
    },
  }

  function whenSettled(): void {
    const bank = bankOf()
    for (const [id, state, attemptId, late, frozen, notifyUrl, waits] of text(
      'select payment_id, state, attempt_id, late_decision, frozen_because, notify_url, next_split_at_ms from payments',
    )) {
      const order = bank.orders.get(String(attemptId))
      const wentBack = frozen === 'paid_back' && order?.paidBack === true
      const excused = (frozen !== null && order?.liedAbout === true) || wentBack
      holds(
        frozen === null || order?.liedAbout === true || wentBack,
        () => `${id} is frozen by ${frozen}, and nobody lied`,
      )
      // Who was told of it died with it, or was not told: the channel does not say so of itself.
      holds(
        state !== 'succeeded' || order?.paidBack !== true || wentBack || hadFaults(),
        () => `${id} is said to be paid, and was paid back by a close`,
      )
      holds(
        order?.state !== 'paid' || state === 'succeeded' || excused,
        () => `${id} was paid, and is ${state}`,
      )
      holds(order?.state !== 'unpaid' || excused, () => `${id} can still be paid, and is ${state}`)
      holds(
        (state !== 'created' && state !== 'pending') || excused,
        () => `${id} is still ${state}`,
      )
      holds(waits === null || excused, () => `${id} still waits to be split`)
      expectHeard('payment', String(id), String(state), notifyUrl !== null, late)
      if (late === 'refunding') {
        const [sum] = text(
          `select sum(amount_minor) from refunds where payment_id = ? and state <> 'failed'`,
          String(id),
        )
        holds(Number(sum?.[0] ?? 0) === order?.fen, () => `${id} came late and is not given back`)
      }
    }
    for (const subject of SUBJECTS) {
      if (subject === 'payment') continue
      const [table, key] = TABLES[subject]
      const frozen =
        subject === 'transfer'
          ? '0'
          : `(select frozen_because is not null from payments p where p.payment_id = ${table}.payment_id)`
      for (const [id, state, notifyUrl, excused] of text(
        `select ${key}, state, notify_url, ${frozen} from ${table}`,
      )) {
        const isOpen = state === 'created' || state === 'pending'
        holds(!isOpen || excused === 1, () => `${id} is still ${state}`)
        if (!isOpen) expectHeard(subject, String(id), String(state), notifyUrl !== null, null)
      }
    }
    const [untold] = text(
      `select notification_id, state from outbox where state <> 'delivered' limit 1`,
    )
    holds(untold === undefined, () => `notification ${untold?.join(' is still ')}`)
    for (const [evidence] of text('select evidence from events'))
      scrub('an event', String(evidence))
    for (const [snapshot] of text('select snapshot from outbox'))
      scrub('a notification', String(snapshot))
    for (const [answer] of text('select answer from idempotency'))
      scrub('an answer', String(answer))
  }

  function expectHeard(
    subject: Subject,
    id: string,
    state: string,
    hasUrl: boolean,
    late: unknown,
  ): void {
    const states = heard.get(id)
    if (late === 'held' || late === 'refunding') {
      holds(
        states === undefined || !states.has(2),
        () => `${id} is withheld, and the merchant heard of a success`,
      )
      return
    }
    if (!mustTell(subject, state, hasUrl, late)) return
    const number = NUMBERS[subject][state]
    holds(
      states !== undefined && (number === undefined || states.has(number)),
      () => `the merchant never heard that ${id} is ${state}`,
    )
  }
}

const tableNames = new Map<string, string>()

function tableOf(sql: string): string {
  let name = tableNames.get(sql)
  if (name === undefined) {
    name = /^\s*(?:insert into|update|delete from)\s+"?(\w+)"?/.exec(sql)?.[1] ?? ''
    tableNames.set(sql, name)
  }
  return name
}

function subjectIn(fields: ReadonlyMap<string, string>): readonly [Subject, string] {
  const names = [
    ['split_return', 'divisionReturnId'],
    ['split', 'divisionId'],
    ['transfer', 'transferId'],
    ['refund', 'refundOrderId'],
  ] as const
  for (const [subject, name] of names) {
    const id = fields.get(name)
    if (id !== undefined) return [subject, id]
  }
  return ['payment', fields.get('payOrderId') ?? '']
}

/** JeePay's sign once more, by another hand: over ASCII only, which is all that histories speak. */
export function signed(fields: Iterable<readonly [string, string]>, secret: string): string {
  const parts: string[] = []
  for (const [name, value] of fields)
    if (name !== 'sign' && value !== '') parts.push(`${name}=${value}&`)
  parts.sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
  return createHash('md5')
    .update(`${parts.join('')}key=${secret}`)
    .digest('hex')
    .toUpperCase()
}
