import { and, desc, eq, inArray, isNull, ne, or, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { waitForOther } from '../idempotency/standing.ts'
import { newEventId, newSplitId, type SplitId } from '../ids.ts'
import { type Minor, minor } from '../money.ts'
import { type PaymentCase, pinnedConfig, selectCases } from '../payment/case.ts'
import { DISPATCH_LEASE_MS } from '../payment/start.ts'
import { DatabaseError } from '../ports.ts'
import { isWithheld } from '../refund/plan.ts'
import { assert, ok, type Result, refuse } from '../result.ts'
import { bindChannel } from '../routing/directory.ts'
import { needsConfigAgain } from '../routing/drain.ts'
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

/** Each with the part that it was bound with. */
export function asSharers(receivers: readonly ReceiverRow[]): Sharer[] {
  return receivers.map((receiver) => {
    const { sharePartsPerMillion } = receiver
    return { receiver, sharePartsPerMillion }
  })
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
  /** Channels tell of shares by their receiver: two shares of one could not be told apart. */
  | { readonly code: 'receiver_twice' }
  | { readonly code: 'nothing_to_share' }

const MAX_RACES = 20

/**
 * Shares a payment out: sets the shares aside in the same write that creates the split, then sends
 * it. Without receivers it only releases what was frozen for sharing.
 *
 * The same request again gets the same split; a payment is split once. A split that failed as a
 * whole moved no money and does not count: then the same request makes a new one, under a new number.
 *
 * Shares are taken from what refunds have left, never the other way round: a payer can be given back
 * all that they paid whatever has been shared, as with JeePay. Such a refund is paid by the merchant
 * from their own money at the channel, until they take the shares back.
 */
export async function createSplit(
  core: Core,
  known: PaymentCase,
  request: SplitRequest,
): Promise<Result<SplitCase, SplitRefusal>> {
  let kase = known
  for (let races = 0; races < MAX_RACES; races++) {
    const repeat = await findRepeat(core, kase, request)
    if (repeat !== undefined) return ok(repeat)
    const planned = plan(core, kase, request)
    if (!planned.ok) {
      // What was under way when the payment was read may have failed before we looked for it.
      const now = await readAgain(core, kase)
      if (now.payment.splitState === kase.payment.splitState) return planned
      kase = now
      continue
    }
    // Nothing is written for settings that do not open.
    await bindChannel(core, pinnedConfig(kase))
    const started = await reserve(core, kase, request, planned.value)
    // What is owed by us is sent until it has arrived; a merchant may ask again.
    const source = request.source === 'request' ? 'answer' : request.source
    if (started !== undefined) return ok(await sendSplit(core, started, source))
    // Somebody was faster: a copy of this request, a refund, or the sweep.
    kase = await readAgain(core, kase)
  }
  throw new Error(`a split of payment ${known.payment.paymentId} lost too many races`)
}

async function readAgain({ store }: Core, { payment }: PaymentCase): Promise<PaymentCase> {
  const { paymentId } = payment
  const [cases] = await store.read.batch([selectCases(eq(payments.paymentId, paymentId))])
  const [kase] = cases
  assert(kase !== undefined, `payment ${paymentId} is still there`)
  return kase
}

/** The split that the same request made, once its runner has an answer. */
async function findRepeat(
  core: Core,
  { payment }: PaymentCase,
  { fingerprint }: SplitRequest,
): Promise<SplitCase | undefined> {
  const same = and(
    eq(splits.paymentId, payment.paymentId),
    eq(splits.fingerprint, fingerprint),
    ne(splits.state, 'failed'),
  )
  const [found] = await loadSplits(core, same)
  const { clock } = core.ports
  if (found === undefined || !isLeased(found.split, clock.now())) return found
  const { splitId, dispatchLeaseUntilMs } = found.split
  // By its number, for it may end as failed: whoever waited for it is answered that.
  const settled = await waitForOther(core, dispatchLeaseUntilMs ?? 0, async () => {
    const [again] = await loadSplits(core, eq(splits.splitId, splitId))
    return again === undefined || isLeased(again.split, clock.now()) ? undefined : again
  })
  return settled ?? found
}

interface Plan {
  readonly shares: readonly { readonly receiver: ReceiverRow; readonly amountMinor: Minor }[]
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
  const accounts = new Set(sharers.map(({ receiver }) => receiver.account))
  if (accounts.size < sharers.length) return refuse({ code: 'receiver_twice' })
  const parts = sharers.reduce((sum, { sharePartsPerMillion }) => sum + sharePartsPerMillion, 0)
  if (parts > 1_000_000) return refuse({ code: 'more_than_all' })

  const taken = payment.refundReservedMinor + payment.splitReservedMinor
  const base = minor(Math.max(0, payment.amountMinor - payment.feeMinor - taken))
  const amounts = shareAmounts(base, sharers)
  const shares = sharers
    .map(({ receiver }, i) => ({ receiver, amountMinor: amounts[i] ?? minor(0) }))
    // Less than half a fen: nothing is sent for it, as with JeePay.
    .filter(({ amountMinor }) => amountMinor > 0)
  if (sharers.length > 0 && shares.length === 0) return refuse({ code: 'nothing_to_share' })
  const total = minor(shares.reduce((sum, { amountMinor }) => sum + amountMinor, 0))
  return ok({ shares, total })
}

/** @returns nothing when the payment has changed since it was read: look again */
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
  const shares = freshShares(splitId, planned)
  const splitIsThere = sql`exists (select 1 from ${splits} where ${splits.splitId} = ${splitId})`
  const statements = [
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
    needsConfigAgain(core, split),
    db.select({ splitId: splits.splitId }).from(splits).where(eq(splits.splitId, splitId)),
  ] as const
  try {
    const results = await db.batch(statements)
    const written = results.at(-1) as readonly { splitId: SplitId }[]
    return written.length === 1 ? { split, shares, settingsSealed: kase.settingsSealed } : undefined
  } catch (error) {
    // Somebody else's split has the number that we drew: nothing was written.
    if (error instanceof DatabaseError && error.trouble === 'conflict') return undefined
    throw error
  }
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

function freshShares(splitId: SplitId, { shares }: Plan): readonly ShareRow[] {
  return shares.map(({ receiver, amountMinor }, i) => ({
    splitId,
    number: i + 1,
    receiverId: receiver.receiverId,
    kind: receiver.kind,
    account: receiver.account,
    name: receiver.name,
    relation: receiver.relation,
    relationName: receiver.relationName,
    amountMinor,
    state: 'pending',
    channelShareNo: null,
    errorCode: null,
    errorMessage: null,
    returnReservedMinor: minor(0),
  }))
}

/** The split of a payment that counts: the one that did not fail, or else the latest. */
export async function latestSplit(
  core: Core,
  { payment }: PaymentCase,
): Promise<SplitCase | undefined> {
  const [ids] = await core.store.read.batch([
    core.store.read
      .select({ splitId: splits.splitId })
      .from(splits)
      .where(eq(splits.paymentId, payment.paymentId))
      .orderBy(sql`${splits.state} = 'failed'`, desc(splits.createdAtMs))
      .limit(1),
  ])
  const splitId = ids[0]?.splitId
  if (splitId === undefined) return undefined
  return (await loadSplits(core, eq(splits.splitId, splitId)))[0]
}
