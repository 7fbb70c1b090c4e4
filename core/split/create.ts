import { and, desc, eq, inArray, isNull, ne, or, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { waitForOther } from '../idempotency/standing.ts'
import { newEventId, newSplitId, type SplitId } from '../ids.ts'
import { feeOf, type Minor, minor } from '../money.ts'
import type { PaymentCase } from '../payment/case.ts'
import { DISPATCH_LEASE_MS } from '../payment/start.ts'
import { isWithheld } from '../refund/plan.ts'
import { ok, type Result, refuse } from '../result.ts'
import {
  events,
  type FactSource,
  payments,
  type splitReceivers,
  splitShares,
  splits,
} from '../store/schema.ts'
import { insertWhere, previousChangedOne } from '../store/store.ts'
import { shareAmounts } from './amounts.ts'
import { isLeased, loadSplits, type ShareRow, type SplitCase, type SplitRow } from './case.ts'
import { sendSplit } from './send.ts'

export type ReceiverRow = typeof splitReceivers.$inferSelect

/** Who gets which part. */
export interface Sharer {
  readonly receiver: ReceiverRow
  readonly sharePartsPerMillion: number
}

export interface SplitRequest {
  readonly sharers: readonly Sharer[]
  readonly notifyUrl: string | undefined
  readonly fingerprint: string
  readonly source: FactSource
}

export type SplitRefusal =
  | { readonly code: 'not_splittable' }
  | { readonly code: 'channel_cannot_split' }
  | { readonly code: 'too_early'; readonly notBeforeMs: number }
  | { readonly code: 'too_many_receivers'; readonly maxReceivers: number }
  | { readonly code: 'more_than_all' }
  | { readonly code: 'nothing_to_share' }

/**
 * Shares a payment out: sets the shares aside in the same write that creates the split, then sends
 * it. Without receivers it only releases what was frozen for sharing.
 *
 * The same request again gets the same split; a payment is split once, unless the split failed as a
 * whole.
 */
export async function createSplit(
  core: Core,
  kase: PaymentCase,
  request: SplitRequest,
): Promise<Result<SplitCase, SplitRefusal>> {
  const known = await findRepeat(core, kase, request)
  if (known !== undefined) return ok(known)
  const planned = plan(core, kase, request)
  if (!planned.ok) return planned
  const started = await reserve(core, kase, request, planned.value)
  if (started !== undefined) return ok(await sendSplit(core, started, 'answer'))
  // Somebody was faster: a copy of this request, a refund, or the sweep.
  const other = await findRepeat(core, kase, request)
  return other === undefined ? refuse({ code: 'not_splittable' }) : ok(other)
}

/** The split that the same request made, once its runner has an answer. */
async function findRepeat(
  core: Core,
  { payment }: PaymentCase,
  { fingerprint }: SplitRequest,
): Promise<SplitCase | undefined> {
  const look = async () => {
    const same = and(
      eq(splits.paymentId, payment.paymentId),
      eq(splits.fingerprint, fingerprint),
      ne(splits.state, 'failed'),
    )
    return (await loadSplits(core, same))[0]
  }
  const found = await look()
  const { clock } = core.ports
  if (found === undefined || !isLeased(found.split, clock.now())) return found
  const settled = await waitForOther(core, found.split.dispatchLeaseUntilMs ?? 0, async () => {
    const again = await look()
    return again === undefined || isLeased(again.split, clock.now()) ? undefined : again
  })
  return settled ?? found
}

interface Plan {
  readonly amounts: readonly Minor[]
  readonly total: Minor
}

function plan(
  core: Core,
  { payment, attempt }: PaymentCase,
  { sharers }: SplitRequest,
): Result<Plan, SplitRefusal> {
  const capability = core.channels.get(attempt.channel)?.manifest.capabilities.split
  if (capability === undefined) return refuse({ code: 'channel_cannot_split' })
  const splittable =
    payment.state === 'succeeded' &&
    !isWithheld(payment) &&
    payment.frozenBecause === null &&
    payment.splitMode !== 'none' &&
    (payment.splitState === 'none' || payment.splitState === 'queued')
  if (!splittable) return refuse({ code: 'not_splittable' })

  const { notBeforeMs, maxReceivers } = capability
  const ageMs = core.ports.clock.now() - (payment.paidAtMs ?? 0)
  if (ageMs < notBeforeMs) return refuse({ code: 'too_early', notBeforeMs })
  if (sharers.length > maxReceivers) return refuse({ code: 'too_many_receivers', maxReceivers })
  const parts = sharers.reduce((sum, { sharePartsPerMillion }) => sum + sharePartsPerMillion, 0)
  if (parts > 1_000_000) return refuse({ code: 'more_than_all' })

  const taken = payment.refundReservedMinor + payment.splitReservedMinor
  const fee = feeOf(payment.amountMinor, payment.feePartsPerMillion)
  const base = minor(Math.max(0, payment.amountMinor - fee - taken))
  const amounts = shareAmounts(base, sharers)
  if (amounts.some((amount) => amount === 0)) return refuse({ code: 'nothing_to_share' })
  return ok({ amounts, total: minor(amounts.reduce((sum, amount) => sum + amount, 0)) })
}

/** @returns nothing when the payment has changed since it was read */
async function reserve(
  core: Core,
  kase: PaymentCase,
  request: SplitRequest,
  planned: Plan,
): Promise<SplitCase | undefined> {
  const { ports, store } = core
  const db = store.write
  const { payment } = kase
  const split = freshSplit(core, kase, request, planned)
  const { splitId } = split
  const shares = freshShares(splitId, request.sharers, planned.amounts)
  const splitIsThere = sql`exists (select 1 from ${splits} where ${splits.splitId} = ${splitId})`
  const results = await db.batch([
    db
      .update(payments)
      .set({
        splitState: 'running',
        splitReservedMinor: sql`${payments.splitReservedMinor} + ${planned.total}`,
        nextSplitAtMs: null,
      })
      .where(
        and(
          eq(payments.paymentId, payment.paymentId),
          eq(payments.state, 'succeeded'),
          inArray(payments.splitState, ['none', 'queued']),
          isNull(payments.frozenBecause),
          or(isNull(payments.lateDecision), eq(payments.lateDecision, 'accepted')),
          // The shares were computed from what these left over.
          eq(payments.refundReservedMinor, payment.refundReservedMinor),
          eq(payments.splitReservedMinor, payment.splitReservedMinor),
        ),
      ),
    db.run(insertWhere(splits, split, previousChangedOne)),
    ...shares.map((share) => db.run(insertWhere(splitShares, share, splitIsThere))),
    db.run(
      insertWhere(
        events,
        {
          eventId: newEventId(ports),
          subjectKind: 'split',
          subjectId: splitId,
          version: 1,
          kind: 'split.created',
          source: request.source,
          evidence: '{}',
          atMs: split.createdAtMs,
        },
        splitIsThere,
      ),
    ),
    db.select({ splitId: splits.splitId }).from(splits).where(eq(splits.splitId, splitId)),
  ])
  const written = results.at(-1) as readonly { splitId: SplitId }[]
  return written.length === 1 ? { split, shares, settingsSealed: kase.settingsSealed } : undefined
}

function freshSplit(
  { ports }: Core,
  { payment, attempt }: PaymentCase,
  request: SplitRequest,
  { total }: Plan,
): SplitRow {
  const nowMs = ports.clock.now()
  return {
    splitId: newSplitId(ports),
    paymentId: payment.paymentId,
    attemptId: attempt.attemptId,
    merchantNo: payment.merchantNo,
    appId: payment.appId,
    state: 'created',
    version: 1,
    amountMinor: total,
    currency: payment.currency,
    fingerprint: request.fingerprint,
    // One split a payment: what is not shared goes to the merchant, and refunds need no unfreezing.
    finishes: true,
    notifyUrl: request.notifyUrl ?? null,
    channel: attempt.channel,
    accountId: attempt.accountId,
    configVersion: attempt.configVersion,
    payee: attempt.payee,
    channelPaymentNo: payment.channelPaymentNo ?? '',
    dispatchedAtMs: nowMs,
    sends: 1,
    dispatchLeaseUntilMs: nowMs + DISPATCH_LEASE_MS,
    channelSplitNo: null,
    errorCode: null,
    errorMessage: null,
    createdAtMs: nowMs,
    nextCheckAtMs: nowMs + DISPATCH_LEASE_MS,
    lastCheckAtMs: null,
    checkLeaseUntilMs: null,
  }
}

function freshShares(
  splitId: SplitId,
  sharers: readonly Sharer[],
  amounts: readonly Minor[],
): readonly ShareRow[] {
  return sharers.map(({ receiver }, i) => ({
    splitId,
    number: i + 1,
    receiverId: receiver.receiverId,
    kind: receiver.kind,
    account: receiver.account,
    name: receiver.name,
    relation: receiver.relation,
    relationName: receiver.relationName,
    amountMinor: amounts[i] ?? minor(0),
    state: 'pending',
    channelShareNo: null,
    errorCode: null,
    errorMessage: null,
    returnReservedMinor: minor(0),
  }))
}

/** The latest split of a payment, for queries. */
export async function latestSplit(
  core: Core,
  { payment }: PaymentCase,
): Promise<SplitCase | undefined> {
  const [ids] = await core.store.read.batch([
    core.store.read
      .select({ splitId: splits.splitId })
      .from(splits)
      .where(eq(splits.paymentId, payment.paymentId))
      .orderBy(desc(splits.createdAtMs))
      .limit(1),
  ])
  const splitId = ids[0]?.splitId
  if (splitId === undefined) return undefined
  return (await loadSplits(core, eq(splits.splitId, splitId)))[0]
}
