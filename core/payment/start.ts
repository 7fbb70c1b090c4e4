import { eq, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { type RequestKey, whereKey } from '../idempotency/standing.ts'
import { type AttemptId, attemptIdOf, newEventId, newPaymentId, type PaymentId } from '../ids.ts'
import { feeOf, type Minor } from '../money.ts'
import type { BoundChannel, PayOutcome } from '../plugin/api.ts'
import { runOperation } from '../plugin/host.ts'
import { DatabaseError } from '../ports.ts'
import { configRevision, revisionOf, selectConfigRevision } from '../routing/config-revision.ts'
import type { AppEntry, Passage } from '../routing/directory.ts'
import { builtOnce } from '../store/built-once.ts'
import { attempts, events, idempotency, payments } from '../store/schema.ts'
import { insertWhere, previousChangedOne } from '../store/store.ts'
import { type AttemptRow, callOf, type PaymentCase, type PaymentRow } from './case.ts'
import type { PaymentAnswer, PaymentRequest } from './create.ts'
import { nextPaymentCheckAt } from './schedule.ts'
import { answeredColumns, payInput } from './send.ts'

/** Longer than any plugin waits for its channel. Until then nobody else sends the attempt again. */
export const DISPATCH_LEASE_MS = 30_000

/** What is known under a merchant's number. */
export interface Standing {
  readonly fingerprint: string
  readonly answer: string | null
  readonly payment: PaymentRow
  readonly attempt: AttemptRow
}

export type Started =
  | { readonly kind: 'started'; readonly kase: PaymentCase }
  | { readonly kind: 'signed_here'; readonly answer: PaymentAnswer }
  | { readonly kind: 'known'; readonly standing: Standing }
  | { readonly kind: 'not_sent'; readonly reason: string }
  | { readonly kind: 'stale_app' }

export function paymentKey(app: AppEntry, request: PaymentRequest): RequestKey {
  return { merchantNo: app.merchantNo, scope: 'payment', key: request.merchantPaymentNo }
}

const MAX_ID_COLLISIONS = 3

/**
 * Writes the payment with its first attempt and the dispatch stamp, if the number is new and what
 * we know of the app is still true; reads what stands under the number; all in one round trip.
 */
export async function startPayment(
  core: Core,
  app: AppEntry,
  request: PaymentRequest,
  passage: Passage,
  channel: BoundChannel,
): Promise<Started> {
  for (let collisions = 0; ; collisions++) {
    try {
      return await tryToStart(core, app, request, passage, channel)
    } catch (error) {
      // Somebody else's payment has the number that we drew: nothing was written.
      const collided = error instanceof DatabaseError && error.trouble === 'conflict'
      if (!collided || collisions === MAX_ID_COLLISIONS) throw error
    }
  }
}

async function tryToStart(
  core: Core,
  app: AppEntry,
  request: PaymentRequest,
  passage: Passage,
  channel: BoundChannel,
): Promise<Started> {
  const { store } = core
  const db = store.write
  const way = channel.manifest.ways[request.way]
  const fresh = freshRows(core, app, request, passage, way?.givesUpAfterMs)
  const local = way?.local
    ? await signHere(core, fresh.attempt, fresh.payment, request, channel)
    : undefined
  if (local?.kind === 'not_sent') return local

  const key = paymentKey(app, request)
  const payment = { ...fresh.payment, ...local?.payment }
  const attempt = { ...fresh.attempt, ...local?.attempt }
  const answer = local === undefined ? null : JSON.stringify(local.answer)
  const known = {
    ...key,
    fingerprint: request.fingerprint,
    subjectId: payment.paymentId,
    answer,
    createdAtMs: payment.createdAtMs,
  }
  const isFresh = sql`${configRevision} = ${app.revision}`
  const [, , , , revisions, found] = await db.batch([
    db.run(sql`${insertWhere(idempotency, known, isFresh)} on conflict do nothing`),
    db.run(insertWhere(payments, payment, previousChangedOne)),
    db.run(insertWhere(attempts, attempt, previousChangedOne)),
    db.run(insertWhere(events, createdEvent(core, payment), previousChangedOne)),
    selectConfigRevision({}),
    selectStanding(key),
  ])
  const standing = found[0]
  if (standing?.payment.paymentId === payment.paymentId) {
    if (local !== undefined) return { kind: 'signed_here', answer: local.answer }
    const { latePolicy, notifiesEveryEnd } = app
    const { settingsSealed } = passage
    return {
      kind: 'started',
      kase: { payment, attempt, settingsSealed, latePolicy, notifiesEveryEnd },
    }
  }
  if (revisionOf(revisions) !== app.revision) return { kind: 'stale_app' }
  if (standing !== undefined) return { kind: 'known', standing }
  throw new Error(`number ${request.merchantPaymentNo} was neither taken nor known`)
}

export const selectStanding = builtOnce(['merchantNo', 'scope', 'key'], (db, key) =>
  db
    .select({
      fingerprint: idempotency.fingerprint,
      answer: idempotency.answer,
      payment: payments,
      attempt: attempts,
    })
    .from(idempotency)
    .innerJoin(payments, eq(payments.paymentId, sql`${idempotency.subjectId}`))
    .innerJoin(attempts, eq(attempts.attemptId, payments.attemptId))
    .where(whereKey(key)),
)

function freshRows(
  { ports }: Core,
  app: AppEntry,
  request: PaymentRequest,
  passage: Passage,
  givesUpAfterMs = Number.POSITIVE_INFINITY,
): { readonly payment: PaymentRow; readonly attempt: AttemptRow } {
  const nowMs = ports.clock.now()
  const paymentId = newPaymentId(ports)
  const attemptId = attemptIdOf(paymentId, 1)
  const expiresAtMs = nowMs + Math.min(request.expiresInMs, givesUpAfterMs)
  return {
    payment: {
      ...NOTHING_HAPPENED_YET,
      paymentId,
      attemptId,
      merchantNo: app.merchantNo,
      appId: app.appId,
      merchantPaymentNo: request.merchantPaymentNo,
      way: request.way,
      channel: passage.channel,
      amountMinor: request.amount.minor,
      currency: request.amount.currency,
      currencyAsGiven: request.currencyAsGiven,
      subject: request.subject,
      body: request.body,
      clientIp: request.clientIp,
      notifyUrl: request.notifyUrl ?? null,
      returnUrl: request.returnUrl ?? null,
      extParam: request.extParam ?? null,
      splitMode: request.splitMode,
      feePartsPerMillion: passage.feePartsPerMillion,
      feeMinor: feeOf(request.amount.minor, passage.feePartsPerMillion),
      createdAtMs: nowMs,
      expiresAtMs,
      nextCheckAtMs: nextPaymentCheckAt({ createdAtMs: nowMs, expiresAtMs }, nowMs),
    },
    attempt: freshAttempt(paymentId, attemptId, passage, nowMs),
  }
}

const ZERO = 0 as Minor

const NOTHING_HAPPENED_YET = {
  state: 'created',
  version: 1,
  refundReservedMinor: ZERO,
  refundedMinor: ZERO,
  refundCount: 0,
  splitState: 'none',
  splitReservedMinor: ZERO,
  nextSplitAtMs: null,
  channelPaymentNo: null,
  payer: null,
  errorCode: null,
  errorMessage: null,
  paidAtMs: null,
  closedAtMs: null,
  lateDecision: null,
  frozenBecause: null,
  judgedMisfits: null,
  lastCheckAtMs: null,
  checkLeaseUntilMs: null,
} as const

/** The stamp: which account, under which settings, when. Committed before the first byte leaves. */
function freshAttempt(
  paymentId: PaymentId,
  attemptId: AttemptId,
  passage: Passage,
  nowMs: number,
): AttemptRow {
  const { channel, accountId, configVersion, payee, way } = passage
  return {
    attemptId,
    paymentId,
    number: 1,
    channel,
    accountId,
    configVersion,
    payee,
    way,
    dispatchedAtMs: nowMs,
    sends: 1,
    dispatchLeaseUntilMs: nowMs + DISPATCH_LEASE_MS,
    outcome: null,
    presentationKind: null,
    presentationData: null,
    errorCode: null,
    errorMessage: null,
    answeredAtMs: null,
  }
}

function createdEvent({ ports }: Core, payment: PaymentRow): typeof events.$inferInsert {
  return {
    eventId: newEventId(ports),
    subjectKind: 'payment',
    subjectId: payment.paymentId,
    version: payment.version,
    kind: 'payment.created',
    source: 'request',
    evidence: '{}',
    atMs: payment.createdAtMs,
  }
}

type SignedHere =
  | { readonly kind: 'not_sent'; readonly reason: string }
  | {
      readonly kind: 'signed'
      readonly payment: Pick<PaymentRow, 'state'>
      readonly attempt: Partial<AttemptRow>
      readonly answer: PaymentAnswer
    }

/** A way without a channel call: signed before the row is written, so that one batch is enough. */
async function signHere(
  core: Core,
  attempt: AttemptRow,
  payment: PaymentRow,
  request: PaymentRequest,
  channel: BoundChannel,
): Promise<SignedHere> {
  const input = payInput(core, { payment, attempt }, request)
  const { outcome } = await runOperation<PayOutcome>(
    core,
    channel,
    { operation: 'pay', ...callOf(attempt) },
    (ports) => channel.pay({ ...ports, http: NO_HTTP }, input),
  )
  if (outcome.kind !== 'requires_action') {
    const reason = outcome.kind === 'not_sent' ? outcome.reason : `way answered ${outcome.kind}`
    return { kind: 'not_sent', reason }
  }
  const { presentation } = outcome
  return {
    kind: 'signed',
    payment: { state: 'pending' },
    attempt: answeredColumns(outcome, payment.createdAtMs),
    answer: { paymentId: payment.paymentId, state: 'pending', presentation, error: null },
  }
}

const NO_HTTP = {
  send: async () =>
    ({ kind: 'not_sent', reason: 'a way that is declared local makes no calls' }) as const,
}
