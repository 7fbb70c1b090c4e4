import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { newEventId } from '../ids.ts'
import { tellOfSplitReturn } from '../notification/outbox.ts'
import { wakeFor } from '../notification/wake.ts'
import { freezesPayment } from '../payment/freeze.ts'
import { nextCheckAt } from '../payment/schedule.ts'
import type { SplitReturnOutcome } from '../plugin/api.ts'
import type { TranscriptLine } from '../plugin/host.ts'
import {
  type Also,
  decideAndWrite,
  runAll,
  type Statements,
  stillHolds,
  writeGuarded,
} from '../store/guarded.ts'
import {
  events,
  type FactSource,
  type NotificationKind,
  payments,
  splitReturns,
  splitShares,
} from '../store/schema.ts'
import { eventWritten } from '../store/store.ts'
import type { SplitReturnRow } from './case.ts'
import { SPLIT_RETURN_MOVES, type SplitReturnState } from './state.ts'

/** What the channel says of a return; what it does not know is pending. */
export type ReturnFact = Exclude<SplitReturnOutcome, { kind: 'not_sent' } | { kind: 'unknown' }>

export interface ReturnTold {
  readonly fact: ReturnFact
  readonly source: FactSource
  readonly transcript: readonly TranscriptLine[]
  /** Of a sending that never left: it says nothing once the row was sent more often than this. */
  readonly onlyWhileSends?: number
}

interface ReturnChange {
  readonly set: Partial<
    Pick<
      SplitReturnRow,
      'state' | 'channelReturnNo' | 'errorCode' | 'errorMessage' | 'returnedAtMs'
    >
  >
  readonly event: string
  readonly tells?: Extract<NotificationKind, `split_return.${string}`>
  /** Also freezes the payment. */
  readonly alarm?: 'split_return_differs'
}

/** Money came back, but not what we asked for. Kept until the channel says that it fits. */
const DIFFERS = {
  errorCode: 'RETURN_DIFFERS',
  errorMessage: '通道回退结果与请求不一致，等待人工核对',
} as const

/** Merges what is heard of a return into it, its share and its payment, in one guarded batch. */
export async function applyReturnFact(
  core: Core,
  known: SplitReturnRow,
  told: ReturnTold,
  also: Also<SplitReturnRow> = () => [],
): Promise<SplitReturnRow> {
  const { row, change } = await decideAndWrite(
    known,
    (splitReturn) =>
      stillHolds(splitReturn, told) ? mergeReturnFact(splitReturn, told.fact) : undefined,
    (splitReturn, change) => writeChange(core, splitReturn, change, told, also),
  )
  if (change === undefined) await runAll(core.store, also(row, sql`1 = 1`))
  return row
}

/** What a fact does to a return. Pure; the same ladder as for refunds. */
export function mergeReturnFact(
  splitReturn: Pick<
    SplitReturnRow,
    'state' | 'amountMinor' | 'currency' | 'channelReturnNo' | 'errorCode'
  >,
  fact: ReturnFact,
): ReturnChange | undefined {
  switch (fact.kind) {
    case 'pending': {
      const channelReturnNo = fact.channelReturnNo ?? splitReturn.channelReturnNo
      const learns = channelReturnNo !== splitReturn.channelReturnNo
      const isOpen = splitReturn.state === 'created' || splitReturn.state === 'pending'
      if (!isOpen || (splitReturn.state === 'pending' && !learns)) return undefined
      return { set: { state: 'pending', channelReturnNo }, event: 'split_return.pending' }
    }
    case 'failed': {
      if (!mayMove(splitReturn.state, 'failed')) return undefined
      const differed = splitReturn.errorCode === DIFFERS.errorCode
      const { code: errorCode, message: errorMessage } = fact.error
      return {
        set: { state: 'failed', ...(differed ? DIFFERS : { errorCode, errorMessage }) },
        event: 'split_return.failed',
        tells: 'split_return.failed',
      }
    }
    case 'succeeded': {
      const fits =
        fact.returned.minor === splitReturn.amountMinor &&
        fact.returned.currency === splitReturn.currency
      if (!mayMove(splitReturn.state, 'succeeded')) return undefined
      if (!fits) {
        // It stays open, and set aside, until somebody has looked.
        if (splitReturn.errorCode === DIFFERS.errorCode) return undefined
        return { set: DIFFERS, event: 'split_return.differs', alarm: 'split_return_differs' }
      }
      return {
        set: {
          state: 'succeeded',
          channelReturnNo: fact.channelReturnNo,
          returnedAtMs: fact.returnedAtMs,
          errorCode: null,
          errorMessage: null,
        },
        event: 'split_return.succeeded',
        tells: 'split_return.succeeded',
      }
    }
  }
}

function mayMove(from: SplitReturnState, to: SplitReturnState): boolean {
  const moves: readonly SplitReturnState[] = SPLIT_RETURN_MOVES[from]
  return moves.includes(to)
}

async function writeChange(
  core: Core,
  splitReturn: SplitReturnRow,
  change: ReturnChange,
  told: ReturnTold,
  also: Also<SplitReturnRow>,
) {
  const { ports, store } = core
  const db = store.write
  const { splitReturnId } = splitReturn
  const eventId = newEventId(ports)
  const won = eventWritten(eventId)
  const merged = { ...splitReturn, ...change.set, version: splitReturn.version + 1 }
  const waits = merged.state === 'created' || merged.state === 'pending'
  const nextCheckAtMs = waits ? nextCheckAt(splitReturn.createdAtMs, ports.clock.now()) : null
  const next = { ...merged, nextCheckAtMs }
  const notification =
    change.tells === undefined ? undefined : tellOfSplitReturn(ports, next, change.tells, won)
  const written = await writeGuarded<SplitReturnRow>(store, {
    update: db
      .update(splitReturns)
      .set({ ...change.set, version: next.version, nextCheckAtMs })
      .where(
        and(
          eq(splitReturns.splitReturnId, splitReturnId),
          eq(splitReturns.version, splitReturn.version),
          inArray(splitReturns.state, [splitReturn.state]),
          told.onlyWhileSends === undefined
            ? undefined
            : eq(splitReturns.sends, told.onlyWhileSends),
        ),
      ),
    event: {
      eventId,
      subjectKind: 'split_return',
      subjectId: splitReturnId,
      version: next.version,
      kind: change.event,
      source: told.source,
      evidence: JSON.stringify({ fact: told.fact, calls: told.transcript }),
      atMs: ports.clock.now(),
    },
    rest: [
      ...sums(core, splitReturn, next.state, won),
      ...(change.alarm === undefined
        ? []
        : freezesPayment(core, splitReturn.paymentId, whyFrozen(splitReturn, told), won)),
      ...(notification === undefined ? [] : [db.run(notification.statement)]),
      ...also(next, won),
    ],
    read: db
      .select({ row: splitReturns, won: events.eventId })
      .from(splitReturns)
      .leftJoin(events, eq(events.eventId, eventId))
      .where(eq(splitReturns.splitReturnId, splitReturnId)),
  })
  if (written.won) {
    const { alarm } = change
    const { paymentId, channel } = splitReturn
    const level = alarm === undefined ? 'info' : 'error'
    ports.log.write(level, change.event, { splitReturnId, paymentId, channel, alarm })
    if (notification !== undefined) wakeFor(core, [notification.notificationId])
  }
  return written
}

function whyFrozen({ splitReturnId }: SplitReturnRow, { source }: ReturnTold) {
  return { because: 'split_return_differs', source, evidence: { splitReturnId } }
}

/** What came back can be shared again after refunds; what did not stays with its receiver. */
function sums(
  { store }: Core,
  splitReturn: SplitReturnRow,
  state: SplitReturnState,
  won: ReturnType<typeof eventWritten>,
): Statements {
  const { amountMinor, splitId, shareNumber, paymentId } = splitReturn
  // Of a failed one that differs nothing is known to have been returned.
  if (state === splitReturn.state) return []
  const revived = splitReturn.state === 'failed'
  const statements: Statements[number][] = []
  if (state === 'succeeded') {
    statements.push(
      store.write
        .update(payments)
        .set({ splitReservedMinor: sql`${payments.splitReservedMinor} - ${amountMinor}` })
        .where(and(eq(payments.paymentId, paymentId), won)),
    )
  }
  if (state === 'failed' || (state === 'succeeded' && revived)) {
    const change = state === 'failed' ? -amountMinor : amountMinor
    statements.push(
      store.write
        .update(splitShares)
        .set({ returnReservedMinor: sql`${splitShares.returnReservedMinor} + ${change}` })
        .where(and(eq(splitShares.splitId, splitId), eq(splitShares.number, shareNumber), won)),
    )
  }
  return statements
}
