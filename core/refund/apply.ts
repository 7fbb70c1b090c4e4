import { and, eq, inArray, type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Core } from '../core.ts'
import { type EventId, type NotificationId, newEventId } from '../ids.ts'
import { tellOfRefund } from '../notification/outbox.ts'
import { wakeFor } from '../notification/wake.ts'
import { count } from '../observability/meter.ts'
import { nextCheckAt } from '../payment/schedule.ts'
import type { RefundFact } from '../plugin/api.ts'
import type { TranscriptLine } from '../plugin/host.ts'
import { assert } from '../result.ts'
import { builtOnce } from '../store/built-once.ts'
import { stillHolds } from '../store/guarded.ts'
import { events, type FactSource, payments, refunds } from '../store/schema.ts'
import { eventWritten, insertWhere, previousChangedOne } from '../store/store.ts'
import type { RefundRow } from './case.ts'
import { mergeRefundFact, type RefundChange } from './merge.ts'
import { mayMoveRefund, REFUND_STATES, type RefundState } from './state.ts'

export interface RefundTold {
  readonly fact: RefundFact
  readonly source: FactSource
  readonly transcript?: readonly TranscriptLine[]
  /** Of a sending that never left: it says nothing once the row was sent more often than this. */
  readonly onlyWhileSends?: number
}

/** Further statements for the batch; see `Also` of payments. */
export type AlsoForRefund = (refund: RefundRow, won: SQL) => readonly BatchItem<'sqlite'>[]

const MAX_RACES = 20

/**
 * Merges a fact into a refund, and what it does to the sums into its payment: one guarded batch
 * with events and outbox row, tried again on what another writer left behind.
 *
 * @returns the refund as it is now
 */
export async function applyRefundFact(
  core: Core,
  known: RefundRow,
  told: RefundTold,
  also: AlsoForRefund = () => [],
): Promise<RefundRow> {
  let current = known
  for (let races = 0; races < MAX_RACES; races++) {
    const change = stillHolds(current, told)
      ? mergeRefundFact(current, told.fact, current.payee)
      : undefined
    if (change === undefined) {
      const [first, ...rest] = also(current, sql`1 = 1`)
      if (first !== undefined) await core.store.write.batch([first, ...rest])
      return current
    }
    const written = await writeChange(core, current, change, told, also)
    if (written.won) {
      report(core, written.refund, change)
      wakeFor(core, written.notificationIds)
      return written.refund
    }
    current = written.refund
  }
  throw new Error(`refund ${known.refundId} is written to by too many at once`)
}

async function writeChange(
  core: Core,
  refund: RefundRow,
  change: RefundChange,
  told: RefundTold,
  also: AlsoForRefund,
) {
  const { ports, store } = core
  const db = store.write
  const eventId = newEventId(ports)
  const won = eventWritten(eventId)
  const next = nextRow(core, refund, change)
  const notification =
    change.tells === undefined ? undefined : tellOfRefund(ports, next, change.tells, won)
  const { state, version, channelRefundNo, errorCode, errorMessage } = next
  const { needsOperator, refundedAtMs, nextCheckAtMs } = next

  const results = await db.batch([
    db
      .update(refunds)
      .set({
        state,
        version,
        channelRefundNo,
        errorCode,
        errorMessage,
        needsOperator,
        refundedAtMs,
        nextCheckAtMs,
      })
      .where(
        and(
          eq(refunds.refundId, refund.refundId),
          eq(refunds.version, refund.version),
          inArray(refunds.state, [...statesGuarded(refund.state, state)]),
          told.onlyWhileSends === undefined ? undefined : eq(refunds.sends, told.onlyWhileSends),
        ),
      ),
    db.run(insertWhere(events, eventRow(core, eventId, next, change, told), previousChangedOne)),
    ...paymentSums(core, refund, change, told.source, won),
    ...(notification === undefined ? [] : [db.run(notification.statement)]),
    ...also(next, won),
    selectWritten({ refundId: refund.refundId, eventId }),
  ])
  const last = results.at(-1) as readonly { refund: RefundRow; won: EventId | null }[]
  const row = last[0]
  assert(row !== undefined, `refund ${refund.refundId} is still there`)
  const notificationIds: readonly NotificationId[] =
    notification === undefined ? [] : [notification.notificationId]
  return { won: row.won === eventId, refund: row.refund, notificationIds }
}

/** The refund as it is now, and the event's id if it was written. */
const selectWritten = builtOnce(['refundId', 'eventId'], (db, { refundId, eventId }) =>
  db
    .select({ refund: refunds, won: events.eventId })
    .from(refunds)
    .leftJoin(events, eq(events.eventId, eventId))
    .where(eq(refunds.refundId, refundId)),
)

function nextRow({ ports }: Core, refund: RefundRow, change: RefundChange): RefundRow {
  const merged = { ...refund, ...change.set, version: refund.version + 1 }
  const waits = merged.state === 'created' || merged.state === 'pending'
  return {
    ...merged,
    nextCheckAtMs: waits ? nextCheckAt(refund.createdAtMs, ports.clock.now()) : null,
  }
}

function statesGuarded(from: RefundState, to: RefundState): readonly RefundState[] {
  return from === to ? [from] : REFUND_STATES.filter((state) => mayMoveRefund(state, to))
}

/**
 * What the refund does to its payment. A refund that was given up and then turns out to be paid
 * takes back what it had released; should that be more than is left, the payment is frozen. Late
 * money that cannot be sent back is held, until somebody has looked.
 */
function paymentSums(
  { ports, store }: Core,
  refund: RefundRow,
  change: RefundChange,
  source: FactSource,
  won: SQL,
): readonly BatchItem<'sqlite'>[] {
  const released = change.released ?? 0
  const refunded = change.refunded ?? 0
  if (released === 0 && refunded === 0) return []
  const reserved = (change.reservesAgain ? refunded : 0) - released
  // What failed is none of the refunds that the channel counts.
  const counted = Math.sign(reserved)
  const update = store.write
    .update(payments)
    .set({
      refundReservedMinor: sql`${payments.refundReservedMinor} + ${reserved}`,
      refundedMinor: sql`${payments.refundedMinor} + ${refunded}`,
      refundCount: sql`${payments.refundCount} + ${counted}`,
      version: sql`${payments.version} + 1`,
      ...(isOfLateMoney(refund) && released > 0 && { lateDecision: 'held' }),
      ...(isOfLateMoney(refund) &&
        change.reservesAgain && {
          lateDecision: sql`case when ${payments.lateDecision} = 'held' then 'refunding' else ${payments.lateDecision} end`,
        }),
      ...(change.reservesAgain && {
        frozenBecause: sql`case when ${payments.refundReservedMinor} + ${reserved} > ${payments.amountMinor} then ${withRefundedTooMuch} else ${payments.frozenBecause} end`,
      }),
    })
    .where(and(eq(payments.paymentId, refund.paymentId), won))
  const event = insertWhere(
    events,
    {
      eventId: newEventId(ports),
      subjectKind: 'payment',
      subjectId: refund.paymentId,
      version: sql`${payments.version}`,
      kind: refunded > 0 ? 'payment.refunded' : 'payment.refund_failed',
      source,
      evidence: JSON.stringify({ refundId: refund.refundId, amountMinor: refund.amountMinor }),
      atMs: ports.clock.now(),
    },
    sql`${payments.paymentId} = ${refund.paymentId} and ${won}`,
    sql`${payments}`,
  )
  return [update, store.write.run(event)]
}

/** Beside whatever froze it before; the last by the alphabet, in which the reasons are kept. */
const withRefundedTooMuch = sql`case
  when ${payments.frozenBecause} is null then 'refunded_too_much'
  when instr(${payments.frozenBecause}, 'refunded_too_much') > 0 then ${payments.frozenBecause}
  else ${payments.frozenBecause} || ',refunded_too_much' end`

function eventRow(
  { ports }: Core,
  eventId: EventId,
  next: RefundRow,
  change: RefundChange,
  told: RefundTold,
): typeof events.$inferInsert {
  return {
    eventId,
    subjectKind: 'refund',
    subjectId: next.refundId,
    version: next.version,
    kind: change.event,
    source: told.source,
    evidence: JSON.stringify({ fact: told.fact, calls: told.transcript ?? [] }),
    atMs: ports.clock.now(),
  }
}

/** Made by us, under our own number, and not by a merchant. */
function isOfLateMoney({ refundId, merchantRefundNo }: RefundRow): boolean {
  return merchantRefundNo === (refundId as string)
}

function report(core: Core, refund: RefundRow, change: RefundChange): void {
  const { channel } = refund
  count(core, 'tongbao_refunds_total', { channel, outcome: change.event.replace('refund.', '') })
  const gaveUp = isOfLateMoney(refund) && change.event === 'refund.failed'
  const alarm = gaveUp ? 'late_refund_failed' : change.alarm
  if (alarm !== undefined) count(core, 'tongbao_alarms_total', { alarm, channel })
  core.ports.log.write(alarm === undefined ? 'info' : 'error', change.event, {
    refundId: refund.refundId,
    paymentId: refund.paymentId,
    attemptId: refund.attemptId,
    channel,
    version: refund.version,
    alarm,
  })
}
