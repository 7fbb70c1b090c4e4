import { and, eq, inArray, type SQL, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { type EventId, type NotificationId, newEventId } from '../ids.ts'
import { tellOfPayment } from '../notification/outbox.ts'
import { wakeFor } from '../notification/wake.ts'
import { count } from '../observability/meter.ts'
import type { PaymentFact } from '../plugin/api.ts'
import type { TranscriptLine } from '../plugin/host.ts'
import { latePolicyOf, lateRefundStatements } from '../refund/late.ts'
import { isWithheld } from '../refund/plan.ts'
import { assert } from '../result.ts'
import { AUTOMATIC_AFTER_MS } from '../split/automatic.ts'
import { builtOnce } from '../store/built-once.ts'
import { runAll, type Statements } from '../store/guarded.ts'
import { events, type FactSource, payments } from '../store/schema.ts'
import { eventWritten, insertWhere, previousChangedOne } from '../store/store.ts'
import type { PaymentCase, PaymentRow } from './case.ts'
import { type Change, contradicts, mergeFact } from './merge.ts'
import { nextPaymentCheckAt } from './schedule.ts'
import { isOpen, statesBefore } from './state.ts'

export interface Told {
  readonly fact: PaymentFact
  readonly source: FactSource
  readonly transcript?: readonly TranscriptLine[]
}

/**
 * Further statements for the batch, given the payment as it will be and a condition that holds only
 * if this batch wins. Asked anew for each try; what does not use the condition may run twice.
 */
export type Also = (payment: PaymentRow, won: SQL) => Statements

/** How often another writer may get between our read and our write before something is wrong. */
const MAX_RACES = 20

/**
 * Merges a fact into a payment: one guarded batch with its event and its outbox row, tried again on
 * what another writer left behind. When it returns, the fact is in the database.
 *
 * @param known the payment as it was read; may be out of date, the guard finds out
 * @returns the payment as it is now
 */
export async function applyFact(
  core: Core,
  known: PaymentCase,
  told: Told,
  also: Also = () => [],
): Promise<PaymentRow> {
  let current = known
  for (let races = 0; races < MAX_RACES; races++) {
    const written = await merge(core, current, told, also)
    if (written.won) return written.payment
    current = { ...current, payment: written.payment }
  }
  throw new Error(`payment ${known.payment.paymentId} is written to by too many at once`)
}

/**
 * Merges what we concluded from how a payment stood, rather than what a channel said: it holds only
 * as long as nobody has written to the payment since, so there is one try.
 *
 * @param known as the conclusion was drawn from it
 * @returns nothing when somebody was faster
 */
export async function applyConclusion(
  core: Core,
  known: PaymentCase,
  told: Told,
  also: Also = () => [],
): Promise<PaymentRow | undefined> {
  const written = await merge(core, known, told, also)
  return written.won ? written.payment : undefined
}

async function merge(core: Core, kase: PaymentCase, told: Told, also: Also): Promise<Written> {
  const change = mergeFact(kase.payment, told.fact, {
    payee: kase.attempt.payee,
    latePolicy: latePolicyOf(
      core,
      kase,
      told.fact.kind === 'succeeded' ? told.fact.paidAtMs : kase.payment.paidAtMs,
    ),
    observedAtMs: core.ports.clock.now(),
    isRefunded: kase.payment.refundReservedMinor === kase.payment.amountMinor,
  })
  if (change === undefined) {
    if (contradicts(kase.payment, told.fact)) reportContradiction(core, kase.payment, told)
    await runAll(core.store, also(kase.payment, ALWAYS))
    return { won: true, payment: kase.payment, notificationIds: [] }
  }
  const { source } = told
  const evidence = { fact: redacted(told.fact), calls: told.transcript ?? [] }
  return write(core, kase, change, { source, evidence }, also)
}

/** Where a change comes from, and what speaks for it. */
export interface Grounds {
  readonly source: FactSource
  readonly evidence: Readonly<Record<string, unknown>>
}

/**
 * Writes what somebody decided about a payment as it stood when they looked: one try, since another
 * fact may have come since.
 *
 * @returns nothing when the payment is not as it was any more
 */
export async function applyDecision(
  core: Core,
  kase: PaymentCase,
  change: Change,
  grounds: Grounds,
  also: Also = () => [],
): Promise<PaymentRow | undefined> {
  const written = await write(core, kase, change, grounds, also)
  return written.won ? written.payment : undefined
}

async function write(
  core: Core,
  kase: PaymentCase,
  change: Change,
  grounds: Grounds,
  also: Also,
): Promise<Written> {
  const written = await writeChange(core, kase, change, grounds, also)
  if (written.won) {
    report(core, kase.payment, change)
    wakeFor(core, written.notificationIds)
  }
  return written
}

const ALWAYS = sql`1 = 1`

interface Written {
  readonly won: boolean
  readonly payment: PaymentRow
  readonly notificationIds: readonly NotificationId[]
}

async function writeChange(
  core: Core,
  kase: PaymentCase,
  change: Change,
  grounds: Grounds,
  also: Also,
): Promise<Written> {
  const { ports, store } = core
  const { payment } = kase
  const db = store.write
  const eventId = newEventId(ports)
  const won = eventWritten(eventId)
  const next = nextRow(core, kase, change)
  const tells = tellsMerchant(kase, change) ? change.tells : undefined
  const notification = tells === undefined ? undefined : tellOfPayment(ports, next, tells, won)

  const results = await db.batch([
    db
      .update(payments)
      .set({
        ...changedColumns(next),
        ...(change.refundsAll && reservesAll(payment)),
        ...queuesSplit(core, payment, next),
      })
      .where(
        and(
          eq(payments.paymentId, payment.paymentId),
          eq(payments.version, payment.version),
          inArray(payments.state, [...statesGuarded(payment, next)]),
          // Reservations raise no version: what is left to refund is guarded by itself.
          change.refundsAll
            ? eq(payments.refundReservedMinor, payment.refundReservedMinor)
            : undefined,
        ),
      ),
    db.run(insertWhere(events, eventRow(eventId, next, change, grounds, core), previousChangedOne)),
    ...(notification === undefined ? [] : [db.run(notification.statement)]),
    ...(change.refundsAll ? lateRefundStatements(core, kase, next, won, lateSource(grounds)) : []),
    ...also(next, won),
    selectWritten({ paymentId: payment.paymentId, eventId }),
  ])
  const last = results.at(-1) as readonly { payment: PaymentRow; won: EventId | null }[]
  const row = last[0]
  assert(row !== undefined, `payment ${payment.paymentId} is still there`)
  return {
    won: row.won === eventId,
    payment: row.payment,
    notificationIds: notification === undefined ? [] : [notification.notificationId],
  }
}

/** The payment as it is now, and the event's id if it was written. */
const selectWritten = builtOnce(['paymentId', 'eventId'], (db, { paymentId, eventId }) =>
  db
    .select({ payment: payments, won: events.eventId })
    .from(payments)
    .leftJoin(events, eq(events.eventId, eventId))
    .where(eq(payments.paymentId, paymentId)),
)

function nextRow({ ports }: Core, { payment }: PaymentCase, change: Change): PaymentRow {
  const merged = { ...payment, ...change.set, version: payment.version + 1 }
  return {
    ...merged,
    nextCheckAtMs: isOpen(merged.state) ? nextPaymentCheckAt(payment, ports.clock.now()) : null,
  }
}

/** Only when it becomes free to be shared out: how far a split has come is others' to write. */
function queuesSplit({ ports }: Core, before: PaymentRow, after: PaymentRow) {
  if (!isToBeSplit(before, after)) return undefined
  const nextSplitAtMs = ports.clock.now() + AUTOMATIC_AFTER_MS
  return { splitState: 'queued', nextSplitAtMs } as const
}

function isToBeSplit(before: PaymentRow, after: PaymentRow): boolean {
  const becomesFree = !isFree(before) && isFree(after)
  const isUnsplit = after.splitState === 'none' || after.splitState === 'queued'
  return becomesFree && isUnsplit && after.splitMode === 'automatic'
}

function isFree(payment: PaymentRow): boolean {
  return payment.state === 'succeeded' && !isWithheld(payment) && payment.frozenBecause === null
}

/** Nobody but an operator decides on a refund of late money; else it is the policy's. */
function lateSource({ source }: Grounds): FactSource {
  return source === 'operator' ? 'operator' : 'sweep'
}

/** The late refund takes all that is not spoken for. */
function reservesAll({ amountMinor, refundCount }: PaymentRow) {
  return { refundReservedMinor: amountMinor, refundCount: refundCount + 1 }
}

/** All that a merge may touch. Sums of refunds are others' to write. */
function changedColumns(next: PaymentRow) {
  const { state, version, channelPaymentNo, payer, errorCode, errorMessage } = next
  const { paidAtMs, closedAtMs, lateDecision, frozenBecause, judgedMisfits, nextCheckAtMs } = next
  return {
    state,
    version,
    channelPaymentNo,
    payer,
    errorCode,
    errorMessage,
    paidAtMs,
    closedAtMs,
    lateDecision,
    frozenBecause,
    judgedMisfits,
    nextCheckAtMs,
  }
}

/** The version already says it all; the states say it again, in the words of the state machine. */
function statesGuarded(payment: PaymentRow, next: PaymentRow) {
  return payment.state === next.state ? [payment.state] : statesBefore(next.state)
}

/** Success is always told. Other ends are news to JeePay merchants, so an app has to ask for them. */
function tellsMerchant(kase: PaymentCase, change: Change): boolean {
  return change.tells === 'payment.succeeded' || kase.notifiesEveryEnd
}

function eventRow(
  eventId: EventId,
  next: PaymentRow,
  change: Change,
  { source, evidence }: Grounds,
  { ports }: Core,
): typeof events.$inferInsert {
  return {
    eventId,
    subjectKind: 'payment',
    subjectId: next.paymentId,
    version: next.version,
    kind: change.event,
    source,
    evidence: JSON.stringify(evidence),
    atMs: ports.clock.now(),
  }
}

/** Who paid is in the payment's row, and nowhere else. */
function redacted(fact: PaymentFact) {
  if (fact.kind !== 'succeeded') return fact
  const { payer: _, ...rest } = fact
  return rest
}

function reportContradiction(core: Core, payment: PaymentRow, { source }: Told): void {
  const { paymentId, channel, way, version } = payment
  const alarm = 'failed_after_success'
  count(core, 'tongbao_alarms_total', { alarm, channel })
  core.ports.log.write('error', 'payment.contradicted', {
    paymentId,
    channel,
    way,
    version,
    source,
    alarm,
  })
}

function report(core: Core, payment: PaymentRow, change: Change): void {
  const { channel, way } = payment
  const outcome = change.event.replace('payment.', '')
  count(core, 'tongbao_payments_total', { channel, outcome, way })
  if (change.alarm !== undefined) {
    count(core, 'tongbao_alarms_total', { alarm: change.alarm, channel })
  }
  core.ports.log.write(change.alarm === undefined ? 'info' : 'error', change.event, {
    paymentId: payment.paymentId,
    attemptId: payment.attemptId,
    channel,
    way,
    version: payment.version + 1,
    alarm: change.alarm,
  })
}
