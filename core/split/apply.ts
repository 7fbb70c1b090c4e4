import { and, eq, inArray, type SQL, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { newEventId } from '../ids.ts'
import { tellOfSplit } from '../notification/outbox.ts'
import { wakeFor } from '../notification/wake.ts'
import { count } from '../observability/meter.ts'
import { freezesPayment } from '../payment/freeze.ts'
import { nextCheckAt } from '../payment/schedule.ts'
import type { SplitFact } from '../plugin/api.ts'
import type { TranscriptLine } from '../plugin/host.ts'
import {
  type Also,
  decideAndWrite,
  runAll,
  type Statements,
  stillHolds,
  writeGuarded,
} from '../store/guarded.ts'
import { events, type FactSource, payments, splitShares, splits } from '../store/schema.ts'
import { eventWritten } from '../store/store.ts'
import { loadSplits, type ShareRow, type SplitCase, type SplitRow } from './case.ts'
import { mergeSplitFact, type SplitChange } from './merge.ts'
import { mayMoveSplit, type PaymentSplitState, SPLIT_STATES, type SplitState } from './state.ts'

export interface SplitTold {
  readonly fact: SplitFact
  readonly source: FactSource
  readonly transcript?: readonly TranscriptLine[]
  /** Of a sending that never left: it says nothing once the row was sent more often than this. */
  readonly onlyWhileSends?: number
}

/**
 * Merges a fact into a split, its shares and what its payment has set aside for them: one guarded
 * batch with event and outbox row, tried again on what another writer left behind.
 */
export async function applySplitFact(
  core: Core,
  known: SplitCase,
  told: SplitTold,
  also: Also<SplitRow> = () => [],
): Promise<SplitCase> {
  const { row, change } = await decideAndWrite(
    known,
    ({ split, shares }) =>
      stillHolds(split, told)
        ? mergeSplitFact({ ...split, shares }, told.fact, split.payee)
        : undefined,
    (kase, change) => writeChange(core, kase, change, told, also),
  )
  if (change === undefined) await runAll(core.store, also(row.split, sql`1 = 1`))
  return row
}

async function writeChange(
  core: Core,
  kase: SplitCase,
  change: SplitChange,
  told: SplitTold,
  also: Also<SplitRow>,
): Promise<{ readonly won: boolean; readonly row: SplitCase }> {
  const { ports, store } = core
  const db = store.write
  const { split } = kase
  const { splitId } = split
  const eventId = newEventId(ports)
  const won = eventWritten(eventId)
  const next = nextCase(core, kase, change)
  const { state, version, channelSplitNo, errorCode, errorMessage, nextCheckAtMs } = next.split
  const notification =
    change.tells === undefined ? undefined : tellOfSplit(ports, next, change.tells, won)

  const written = await writeGuarded<SplitRow>(store, {
    update: db
      .update(splits)
      .set({ state, version, channelSplitNo, errorCode, errorMessage, nextCheckAtMs })
      .where(
        and(
          eq(splits.splitId, splitId),
          eq(splits.version, split.version),
          inArray(splits.state, [...statesGuarded(split.state, state)]),
          told.onlyWhileSends === undefined ? undefined : eq(splits.sends, told.onlyWhileSends),
        ),
      ),
    event: {
      eventId,
      subjectKind: 'split',
      subjectId: splitId,
      version,
      kind: change.event,
      source: told.source,
      evidence: JSON.stringify({ fact: redacted(kase, told.fact), calls: told.transcript ?? [] }),
      atMs: ports.clock.now(),
    },
    rest: [
      ...shareUpdates(core, next.shares, change, won),
      ...paymentSums(core, split, change, told.source, won),
      ...(notification === undefined ? [] : [db.run(notification.statement)]),
      ...also(next.split, won),
    ],
    read: db
      .select({ row: splits, won: events.eventId })
      .from(splits)
      .leftJoin(events, eq(events.eventId, eventId))
      .where(eq(splits.splitId, splitId)),
  })
  if (!written.won) {
    const [fresh] = await loadSplits(core, eq(splits.splitId, splitId))
    return { won: false, row: fresh ?? kase }
  }
  const outcome = change.event.replace('split.', '')
  count(core, 'tongbao_splits_total', { channel: split.channel, outcome })
  const { alarm } = change
  const { paymentId, channel } = split
  const level = alarm === undefined ? 'info' : 'error'
  ports.log.write(level, change.event, { splitId, paymentId, channel, version, alarm })
  if (notification !== undefined) wakeFor(core, [notification.notificationId])
  return { won: true, row: next }
}

/** Who has a share is in the share's row, and nowhere else: here it is known by its number. */
function redacted({ shares }: SplitCase, fact: SplitFact) {
  if (fact.kind === 'failed') return fact
  return {
    ...fact,
    shares: fact.shares.map(({ receiver: { account }, ...standing }) => ({
      number: shares.find((share) => share.account === account)?.number ?? null,
      ...standing,
    })),
  }
}

function nextCase({ ports }: Core, kase: SplitCase, change: SplitChange): SplitCase {
  const { split, shares } = kase
  const waits = change.state === 'created' || change.state === 'pending'
  return {
    ...kase,
    split: {
      ...split,
      state: change.state,
      version: split.version + 1,
      channelSplitNo: change.channelSplitNo,
      errorCode: change.errorCode,
      errorMessage: change.errorMessage,
      nextCheckAtMs: waits ? nextCheckAt(split.createdAtMs, ports.clock.now()) : null,
    },
    shares: shares.map((share) => ({
      ...share,
      ...change.shares.find(({ number }) => number === share.number),
    })),
  }
}

function statesGuarded(from: SplitState, to: SplitState): readonly SplitState[] {
  return from === to ? [from] : SPLIT_STATES.filter((state) => mayMoveSplit(state, to))
}

function shareUpdates(
  { store }: Core,
  shares: readonly ShareRow[],
  change: SplitChange,
  won: ReturnType<typeof eventWritten>,
): Statements {
  return change.shares.flatMap(({ number, ...set }) => {
    const share = shares.find((one) => one.number === number)
    if (share === undefined) return []
    return [
      store.write
        .update(splitShares)
        .set(set)
        .where(and(eq(splitShares.splitId, share.splitId), eq(splitShares.number, number), won)),
    ]
  })
}

/**
 * What the split does to its payment. How far the sharing has come is read off all its splits: one
 * that failed as a whole counts for nothing, and may have been followed by another. What does not fit
 * freezes the payment, and so does a share that was given up, shared again, and paid all the same.
 */
function paymentSums(
  core: Core,
  { splitId, paymentId }: SplitRow,
  change: SplitChange,
  source: FactSource,
  won: SQL,
): Statements {
  const reserved = change.reservedAgainMinor - change.releasedMinor
  const update = core.store.write
    .update(payments)
    .set({
      splitState: splitStateNow(paymentId),
      splitReservedMinor: sql`${payments.splitReservedMinor} + ${reserved}`,
    })
    .where(and(eq(payments.paymentId, paymentId), won))
  if (change.alarm === undefined) return [update]
  const { because, onlyIf } = FREEZES[change.alarm]
  const why = { because, source, evidence: { splitId } }
  return [update, ...freezesPayment(core, paymentId, why, and(onlyIf, won))]
}

const FREEZES = {
  split_differs: { because: 'split_differs', onlyIf: undefined },
  shared_after_failure: {
    because: 'split_too_much',
    onlyIf: sql`${payments.splitReservedMinor} + ${payments.feeMinor} > ${payments.amountMinor}`,
  },
} as const satisfies Record<NonNullable<SplitChange['alarm']>, object>

function splitStateNow(paymentId: SplitRow['paymentId']): SQL<PaymentSplitState> {
  const hasSplit = (...states: readonly SplitState[]) =>
    sql`exists (select 1 from ${splits} where ${and(
      eq(splits.paymentId, paymentId),
      inArray(splits.state, [...states]),
    )})`
  return sql`case when ${hasSplit('created', 'pending')} then 'running' when ${hasSplit('finished')} then 'finished' else 'none' end`
}
