import { and, eq, inArray, isNull, lte, or, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { keepAnswer, type RequestKey } from '../idempotency/standing.ts'
import { money } from '../money.ts'
import { DISPATCH_LEASE_MS } from '../payment/start.ts'
import type { RefundFact, RefundInput, RefundOutcome } from '../plugin/api.ts'
import { type Ran, runOperation } from '../plugin/host.ts'
import { assert } from '../result.ts'
import { bindChannel } from '../routing/directory.ts'
import { type FactSource, payments, refunds } from '../store/schema.ts'
import { applyRefundFact } from './apply.ts'
import { callOf, pinnedConfigOfRefund, type RefundCase, type RefundRow } from './case.ts'
import type { RefundAnswer } from './create.ts'

const STORE_TRIES = 3

/**
 * Sends a stamped refund to its channel and stores what came back.
 *
 * An unknown end leaves it pending with its amount set aside; the sweep asks, and sends it again
 * under the same number only when the channel does not know it.
 *
 * @param key under which the merchant's first answer is kept; none when the sweep sends it
 */
export async function sendRefund(
  core: Core,
  kase: RefundCase,
  source: FactSource,
  key?: RequestKey,
): Promise<RefundAnswer> {
  const { refund } = kase
  const channel = await bindChannel(core, pinnedConfigOfRefund(kase))
  const operation = channel.refund
  assert(operation !== undefined, `channel ${refund.channel} refunds`)
  const input = refundInput(core, refund)
  const ran = await runOperation<RefundOutcome>(
    core,
    channel,
    { operation: 'refund', ...callOf(refund) },
    (ports) => operation(ports, input),
  )
  return storeOutcome(core, refund, ran, source, key)
}

/** Tries again when the database is away for a moment; at last the sweep asks the channel. */
async function storeOutcome(
  core: Core,
  refund: RefundRow,
  { outcome, transcript }: Ran<RefundOutcome>,
  source: FactSource,
  key: RequestKey | undefined,
): Promise<RefundAnswer> {
  const { clock, log } = core.ports
  const isFirst = refund.sends === 1 && key !== undefined
  const told = {
    fact: factOfRefund(refund, isFirst ? outcome : waits(outcome)),
    source,
    transcript,
    ...(isFirst && outcome.kind === 'not_sent' && { onlyWhileSends: refund.sends }),
  }
  const answered = core.store.write
    .update(refunds)
    .set({ dispatchLeaseUntilMs: null })
    .where(and(eq(refunds.refundId, refund.refundId), eq(refunds.sends, refund.sends)))
  for (let tries = 1; ; tries++) {
    try {
      const stored = await applyRefundFact(core, refund, told, (next, won) =>
        key === undefined
          ? [answered]
          : [answered, keepAnswer(core.store, key, answerOfRefund(next), won)],
      )
      return answerOfRefund(stored)
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      const { refundId } = refund
      log.write('error', 'what the channel answered was not stored', { refundId, tries, reason })
      // Nothing is claimed that is not stored.
      if (tries === STORE_TRIES) return answerOfRefund({ ...refund, state: 'pending' })
      await clock.sleep(100 * tries)
    }
  }
}

/**
 * Stamps a refund for another sending under its number. Not while its payment is frozen: facts that
 * do not fit stop all further movement of money.
 *
 * @returns nothing when somebody else was faster
 */
export async function stampRefundAgain(
  core: Core,
  kase: RefundCase,
): Promise<RefundCase | undefined> {
  const { ports, store } = core
  const { refund } = kase
  const nowMs = ports.clock.now()
  const stamp = {
    dispatchedAtMs: nowMs,
    sends: refund.sends + 1,
    dispatchLeaseUntilMs: nowMs + DISPATCH_LEASE_MS,
  }
  const [stamped] = await store.write.batch([
    store.write
      .update(refunds)
      .set(stamp)
      .where(
        and(
          eq(refunds.refundId, refund.refundId),
          eq(refunds.sends, refund.sends),
          inArray(refunds.state, ['created', 'pending']),
          or(isNull(refunds.dispatchLeaseUntilMs), lte(refunds.dispatchLeaseUntilMs, nowMs)),
          sql`exists (select 1 from ${payments} where ${and(
            eq(payments.paymentId, refund.paymentId),
            isNull(payments.frozenBecause),
          )})`,
        ),
      )
      .returning({ refundId: refunds.refundId }),
  ])
  return stamped.length === 1 ? { ...kase, refund: { ...refund, ...stamp } } : undefined
}

function refundInput({ settings }: Core, refund: RefundRow): RefundInput {
  const { refundId, attemptId, way, channel, channelPaymentNo, reason } = refund
  return {
    refundId,
    attemptId,
    way,
    channelPaymentNo,
    reason,
    amount: money(refund.amountMinor, refund.currency),
    total: money(refund.paymentAmountMinor, refund.currency),
    callbackUrl: `${settings.publicUrl}/api/refund/notify/${channel}/${refundId}`,
  }
}

/** Sent before, or owed by us: that this sending did not leave is no reason to give the refund up. */
function waits(outcome: RefundOutcome): RefundOutcome {
  return outcome.kind === 'not_sent' ? { kind: 'pending' } : outcome
}

export function factOfRefund(
  { refundId, payee }: Pick<RefundRow, 'refundId' | 'payee'>,
  outcome: RefundOutcome,
): RefundFact {
  // Answered to a call that was signed for this account.
  const about = { about: 'refund', refundId, payee } as const
  switch (outcome.kind) {
    case 'succeeded':
    case 'pending':
    case 'failed':
      return { ...about, ...outcome }
    // Provably nothing left: no money moved, and the merchant may ask again with a new number.
    case 'not_sent':
      return { ...about, kind: 'failed', error: notSentError(outcome.reason) }
    case 'unknown':
      return { ...about, kind: 'pending' }
  }
}

function notSentError(message: string) {
  return { class: 'config', retry: 'new_attempt', fault: 'us', code: 'NOT_SENT', message } as const
}

export function answerOfRefund(refund: RefundRow): RefundAnswer {
  const { refundId, state, paymentAmountMinor, amountMinor, channelRefundNo } = refund
  const error =
    state === 'failed' ? { code: refund.errorCode ?? '', message: refund.errorMessage ?? '' } : null
  return { refundId, state, paymentAmountMinor, amountMinor, channelRefundNo, error }
}
