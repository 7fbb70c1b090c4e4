import { and, eq, isNotNull, type SQL, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { type AttemptId, type InboundCallId, newInboundCallId, type RefundId } from '../ids.ts'
import { applyFact } from '../payment/apply.ts'
import { type PaymentCase, pinnedConfig, selectCases } from '../payment/case.ts'
import type {
  BoundChannel,
  CallbackAnswer,
  CallbackFacts,
  Fact,
  InboundCall,
} from '../plugin/api.ts'
import { channelPorts } from '../plugin/host.ts'
import { applyRefundFact } from '../refund/apply.ts'
import { pinnedConfigOfRefund, type RefundCase, selectRefundCases } from '../refund/case.ts'
import { bindChannel } from '../routing/directory.ts'
import { attempts, inboundCalls, payments, refunds } from '../store/schema.ts'
import { insertWhere } from '../store/store.ts'

/** What the route of a callback names, without trusting a byte of the body. */
export interface CallbackRoute {
  readonly channel: string
  readonly about: 'payment' | 'refund'
  /** Our number for the channel: of the attempt, or of the refund. */
  readonly reference: string
}

export type Received =
  | { readonly kind: 'answered'; readonly answer: CallbackAnswer }
  | { readonly kind: 'unknown_reference' }
  | { readonly kind: 'unknown_channel' }

/** What a callback is about, as it stood when the call was stored. */
type Known =
  | { readonly about: 'payment'; readonly kase: PaymentCase }
  | { readonly about: 'refund'; readonly kase: RefundCase }

/** How soon the channel is asked after a call that could not be verified. */
const ASK_AFTER_MS = 5_000

/**
 * Takes a channel's callback: store it raw, verify it with the keys that the route names, read its
 * facts, merge them in one batch, acknowledge. Two round trips to the database.
 *
 * What does not verify changes nothing. What cannot be stored is not acknowledged, so the channel
 * tells us again.
 */
export async function receiveCallback(
  core: Core,
  route: CallbackRoute,
  call: InboundCall,
): Promise<Received> {
  if (!core.channels.has(route.channel)) return { kind: 'unknown_channel' }
  const inboundCallId = newInboundCallId(core.ports)
  const known = await store(core, route, call, inboundCallId)
  if (known === undefined) return { kind: 'unknown_reference' }

  const pinned =
    known.about === 'payment' ? pinnedConfig(known.kase) : pinnedConfigOfRefund(known.kase)
  const channel = await bindChannel(core, pinned)
  const read = await channel.readCallback(channelPorts(core, channel, pinned.accountId), call)
  if (!read.ok) {
    await reject(core, known, inboundCallId, read.refusal.code, read.refusal.reason)
    return answer(channel, false)
  }
  const misfit = read.value.facts.find((fact) => !isAbout(known, fact))
  if (misfit !== undefined) {
    await reject(core, known, inboundCallId, 'mismatched', `it is about another ${misfit.about}`)
    return answer(channel, false)
  }
  await merge(core, known, read.value, inboundCallId)
  return answer(channel, true)
}

function answer(channel: BoundChannel, accepted: boolean): Received {
  return { kind: 'answered', answer: channel.acknowledge(accepted) }
}

/** Stores the call if its reference is known, and reads what it is about; one round trip. */
async function store(
  core: Core,
  route: CallbackRoute,
  call: InboundCall,
  inboundCallId: InboundCallId,
): Promise<Known | undefined> {
  const db = core.store.write
  const isPayment = route.about === 'payment'
  const attemptId = route.reference as AttemptId
  const refundId = route.reference as RefundId
  const thisAttempt = and(eq(attempts.attemptId, attemptId), eq(attempts.channel, route.channel))
  const thisRefund = and(eq(refunds.refundId, refundId), eq(refunds.channel, route.channel))
  const isKnown = isPayment
    ? sql`exists (select 1 from ${attempts} where ${thisAttempt})`
    : sql`exists (select 1 from ${refunds} where ${thisRefund})`
  const stored = db.run(insertWhere(inboundCalls, rowOf(route, call, inboundCallId), isKnown))
  if (isPayment) {
    const [, cases] = await db.batch([stored, selectCases(db, thisAttempt)])
    const kase = cases[0]
    return kase === undefined ? undefined : { about: 'payment', kase }
  }
  const [, cases] = await db.batch([stored, selectRefundCases(db, thisRefund)])
  const kase = cases[0]
  return kase === undefined ? undefined : { about: 'refund', kase }
}

function rowOf(
  route: CallbackRoute,
  call: InboundCall,
  inboundCallId: InboundCallId,
): typeof inboundCalls.$inferInsert {
  return {
    inboundCallId,
    channel: route.channel,
    reference: route.reference,
    method: call.method,
    url: call.url,
    headers: JSON.stringify(call.headers),
    body: call.body,
    receivedAtMs: call.receivedAtMs,
  }
}

function isAbout(known: Known, fact: Fact): boolean {
  if (known.about === 'payment') {
    return fact.about === 'payment' && fact.attemptId === known.kase.attempt.attemptId
  }
  return fact.about === 'refund' && fact.refundId === known.kase.refund.refundId
}

async function merge(
  core: Core,
  known: Known,
  { facts, dedupeKey }: CallbackFacts,
  inboundCallId: InboundCallId,
): Promise<void> {
  const accepted = () => [verdict(core, inboundCallId, 'accepted', dedupeKey)]
  if (facts.length === 0) {
    await core.store.write.batch([verdict(core, inboundCallId, 'accepted', dedupeKey)])
    return
  }
  for (const fact of facts) {
    if (known.about === 'payment' && fact.about === 'payment') {
      await applyFact(core, known.kase, { fact, source: 'callback' }, accepted)
    }
    if (known.about === 'refund' && fact.about === 'refund') {
      await applyRefundFact(core, known.kase.refund, { fact, source: 'callback' }, accepted)
    }
  }
}

/**
 * Keeps the verdict and nothing else. Whoever sent it knows an address of ours, and perhaps we lack
 * a key: the channel is asked about it soon.
 */
async function reject(
  core: Core,
  known: Known,
  inboundCallId: InboundCallId,
  code: 'unverifiable' | 'malformed' | 'mismatched',
  reason: string,
): Promise<void> {
  const db = core.store.write
  const soonMs = core.ports.clock.now() + ASK_AFTER_MS
  const sooner = (column: SQL | typeof payments.nextCheckAtMs | typeof refunds.nextCheckAtMs) =>
    sql`min(${column}, ${soonMs})`
  const ask =
    known.about === 'payment'
      ? db
          .update(payments)
          .set({ nextCheckAtMs: sooner(payments.nextCheckAtMs) })
          .where(
            and(
              eq(payments.paymentId, known.kase.payment.paymentId),
              isNotNull(payments.nextCheckAtMs),
            ),
          )
      : db
          .update(refunds)
          .set({ nextCheckAtMs: sooner(refunds.nextCheckAtMs) })
          .where(
            and(eq(refunds.refundId, known.kase.refund.refundId), isNotNull(refunds.nextCheckAtMs)),
          )
  await db.batch([verdict(core, inboundCallId, code), ask])
  core.ports.log.write('warn', 'a callback was refused', { inboundCallId, code, reason })
}

function verdict(
  { store }: Core,
  inboundCallId: InboundCallId,
  code: NonNullable<(typeof inboundCalls.$inferSelect)['verdict']>,
  dedupeKey?: string,
) {
  return store.write
    .update(inboundCalls)
    .set({ verdict: code, ...(dedupeKey !== undefined && { dedupeKey }) })
    .where(eq(inboundCalls.inboundCallId, inboundCallId))
}
