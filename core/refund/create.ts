import { and, eq, isNull, lt, or, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { isNewKey, type RequestKey, whereKey } from '../idempotency/standing.ts'
import { newEventId, newRefundId, type PaymentId, type RefundId } from '../ids.ts'
import type { Minor } from '../money.ts'
import { type PaymentCase, selectCases } from '../payment/case.ts'
import { DISPATCH_LEASE_MS } from '../payment/start.ts'
import { DatabaseError } from '../ports.ts'
import { ok, type Result, refuse } from '../result.ts'
import { revisionOf, selectConfigRevision } from '../routing/config-revision.ts'
import type { AppEntry } from '../routing/directory.ts'
import { needsConfigAgain } from '../routing/drain.ts'
import { builtOnce } from '../store/built-once.ts'
import { events, idempotency, payments, refunds } from '../store/schema.ts'
import { insertWhere, previousChangedOne } from '../store/store.ts'
import type { RefundCase, RefundRow } from './case.ts'
import { type PlanRefusal, planRefund } from './plan.ts'
import { answerRepeatedRefund } from './repeat.ts'
import { sendRefund } from './send.ts'
import type { RefundState } from './state.ts'

/** What a merchant asks for, parsed. */
export interface RefundRequest {
  /** One of the two names the payment; ours wins. */
  readonly paymentId: PaymentId | undefined
  readonly merchantPaymentNo: string | undefined
  readonly merchantRefundNo: string
  readonly amountMinor: Minor
  readonly currency: string
  readonly currencyAsGiven: string
  readonly reason: string
  readonly clientIp: string
  readonly notifyUrl: string | undefined
  readonly extParam: string | undefined
  /** Over all of the request that makes it this one and not another. */
  readonly fingerprint: string
}

export interface RefundAnswer {
  readonly refundId: RefundId
  readonly state: RefundState
  readonly paymentAmountMinor: number
  readonly amountMinor: number
  readonly channelRefundNo: string | null
  readonly error: { readonly code: string; readonly message: string } | null
}

export type RefundRefusal =
  | PlanRefusal
  /** What we knew of the app is out of date; look it up anew and try again. */
  | { readonly code: 'stale_app' }
  | { readonly code: 'payment_not_found' }
  | { readonly code: 'number_taken' }

export interface RefundStandingRow {
  readonly fingerprint: string
  readonly answer: string | null
  readonly refund: RefundRow
}

const MAX_RACES = 20

/**
 * Starts a refund: sets its amount aside in the same write that creates it, then sends it. Refunds
 * that succeeded, are on their way or have an unknown end never add up to more than was paid,
 * however many are asked for at once.
 */
export async function createRefund(
  core: Core,
  app: AppEntry,
  request: RefundRequest,
): Promise<Result<RefundAnswer, RefundRefusal>> {
  const { ports } = core
  const key = refundKey(app, request)
  for (let races = 0; races < MAX_RACES; races++) {
    const { revision, kase, standing } = await look(core, app, request, key)
    if (revision !== app.revision) return refuse({ code: 'stale_app' })
    if (standing !== undefined) return answerRepeatedRefund(core, request, key, standing)
    if (kase === undefined) return refuse({ code: 'payment_not_found' })

    const capability = core.channels.get(kase.attempt.channel)?.manifest.capabilities.refund
    const planned = planRefund(kase.payment, capability, request, ports.clock.now())
    if (!planned.ok) return planned
    const started = await reserve(core, kase, request, key, capability?.maxCount ?? 0)
    if (started !== undefined) return ok(await sendRefund(core, started, 'answer', key))
  }
  throw new Error(`refund ${request.merchantRefundNo} lost too many races`)
}

function refundKey({ merchantNo }: AppEntry, { merchantRefundNo }: RefundRequest): RequestKey {
  return { merchantNo, scope: 'refund', key: merchantRefundNo }
}

async function look(core: Core, app: AppEntry, request: RefundRequest, key: RequestKey) {
  const { store } = core
  const db = store.read
  const { paymentId, merchantPaymentNo } = request
  const thisPayment = and(
    eq(payments.merchantNo, app.merchantNo),
    paymentId === undefined
      ? eq(payments.merchantPaymentNo, merchantPaymentNo ?? '')
      : eq(payments.paymentId, paymentId),
    // An app may refund what it took itself, and nothing of another app of its merchant.
    eq(payments.appId, app.appId),
  )
  const [revisions, cases, standings] = await db.batch([
    selectConfigRevision({}),
    selectCases(thisPayment),
    selectRefundStanding(key),
  ])
  return { revision: revisionOf(revisions), kase: cases[0], standing: standings[0] }
}

export const selectRefundStanding = builtOnce(['merchantNo', 'scope', 'key'], (db, key) =>
  db
    .select({
      fingerprint: idempotency.fingerprint,
      answer: idempotency.answer,
      refund: refunds,
    })
    .from(idempotency)
    .innerJoin(refunds, eq(refunds.refundId, sql`${idempotency.subjectId}`))
    .where(whereKey(key)),
)

/**
 * Sets the amount aside and writes the refund with its dispatch stamp.
 *
 * @returns nothing when the payment has changed since it was read: look again
 */
async function reserve(
  core: Core,
  kase: PaymentCase,
  request: RefundRequest,
  key: RequestKey,
  maxCount: number,
): Promise<RefundCase | undefined> {
  const db = core.store.write
  const refund = freshRow(core, kase, request)
  const { refundId, amountMinor, createdAtMs } = refund
  const { fingerprint } = request
  const known = { ...key, fingerprint, subjectId: refundId, createdAtMs }
  try {
    const results = await db.batch([
      db
        .update(payments)
        .set({
          refundReservedMinor: sql`${payments.refundReservedMinor} + ${amountMinor}`,
          refundCount: sql`${payments.refundCount} + 1`,
        })
        .where(
          and(
            eq(payments.paymentId, refund.paymentId),
            eq(payments.state, 'succeeded'),
            isNull(payments.frozenBecause),
            or(isNull(payments.lateDecision), eq(payments.lateDecision, 'accepted')),
            // Not by equality with what was read: each of many racers would have to look again.
            lt(payments.refundCount, maxCount),
            sql`${payments.refundReservedMinor} + ${amountMinor} <= ${payments.amountMinor}`,
            isNewKey(key),
          ),
        ),
      db.run(insertWhere(refunds, refund, previousChangedOne)),
      db.run(insertWhere(idempotency, known, previousChangedOne)),
      db.run(insertWhere(events, createdEvent(core, refund), previousChangedOne)),
      db.select({ refundId: refunds.refundId }).from(refunds).where(eq(refunds.refundId, refundId)),
      needsConfigAgain(core, kase.attempt),
    ])
    const written = results[4].length === 1
    return written ? { refund, settingsSealed: kase.settingsSealed } : undefined
  } catch (error) {
    // Somebody else's refund has the number that we drew: nothing was written.
    if (error instanceof DatabaseError && error.trouble === 'conflict') return undefined
    throw error
  }
}

function freshRow(
  { ports }: Core,
  { payment, attempt }: PaymentCase,
  request: RefundRequest,
): RefundRow {
  const nowMs = ports.clock.now()
  return {
    refundId: newRefundId(ports),
    paymentId: payment.paymentId,
    attemptId: attempt.attemptId,
    merchantNo: payment.merchantNo,
    appId: payment.appId,
    merchantRefundNo: request.merchantRefundNo,
    state: 'created',
    version: 1,
    amountMinor: request.amountMinor,
    paymentAmountMinor: payment.amountMinor,
    currency: payment.currency,
    currencyAsGiven: request.currencyAsGiven,
    reason: request.reason,
    clientIp: request.clientIp,
    notifyUrl: request.notifyUrl ?? null,
    extParam: request.extParam ?? null,
    way: payment.way,
    channel: attempt.channel,
    accountId: attempt.accountId,
    configVersion: attempt.configVersion,
    payee: attempt.payee,
    channelPaymentNo: payment.channelPaymentNo ?? '',
    dispatchedAtMs: nowMs,
    sends: 1,
    dispatchLeaseUntilMs: nowMs + DISPATCH_LEASE_MS,
    channelRefundNo: null,
    errorCode: null,
    errorMessage: null,
    needsOperator: false,
    refundedAtMs: null,
    createdAtMs: nowMs,
    nextCheckAtMs: nowMs + DISPATCH_LEASE_MS,
    lastCheckAtMs: null,
    checkLeaseUntilMs: null,
  }
}

function createdEvent({ ports }: Core, refund: RefundRow): typeof events.$inferInsert {
  return {
    eventId: newEventId(ports),
    subjectKind: 'refund',
    subjectId: refund.refundId,
    version: refund.version,
    kind: 'refund.created',
    source: 'request',
    evidence: '{}',
    atMs: refund.createdAtMs,
  }
}
