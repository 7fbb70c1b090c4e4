import { and, eq, inArray } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { money } from '../money.ts'
import { nextCheckAt } from '../payment/schedule.ts'
import type { BoundChannel, QueryRefundOutcome } from '../plugin/api.ts'
import { runOperation } from '../plugin/host.ts'
import { bindChannel } from '../routing/directory.ts'
import { refunds } from '../store/schema.ts'
import type { Milliseconds } from '../time.ts'
import { applyRefundFact } from './apply.ts'
import { callOf, pinnedConfigOfRefund, type RefundCase, type RefundRow } from './case.ts'
import { isRefundOnItsWay } from './repeat.ts'
import { factOfRefund, sendRefund, stampRefundAgain } from './send.ts'

/**
 * Looks after one refund that waits: sends what was never sent, asks the channel about the rest,
 * and sends again, under the same number, what the channel does not know.
 *
 * A refund is never given up by the clock: only the channel says that it failed.
 *
 * @param kase claimed by its lease, so that one runner at a time looks after it
 */
export async function checkRefund(core: Core, kase: RefundCase): Promise<void> {
  const { ports } = core
  const { refund } = kase
  if (isRefundOnItsWay(core, refund)) {
    return putOff(core, refund, refund.dispatchLeaseUntilMs ?? ports.clock.now())
  }
  if (refund.dispatchedAtMs === null) return sendOnceMore(core, kase)

  const channel = await bindChannel(core, pinnedConfigOfRefund(kase))
  const outcome = await ask(core, refund, channel)
  if (outcome.kind === 'not_found') {
    const grace = channel.manifest.capabilities.refund?.notFoundIsFinalAfterMs ?? 0
    const isFinal = ports.clock.now() >= refund.dispatchedAtMs + grace
    if (isFinal) return sendOnceMore(core, kase)
  }
  await putOff(core, refund, nextCheckAt(refund.createdAtMs, ports.clock.now()))
}

async function sendOnceMore(core: Core, kase: RefundCase): Promise<void> {
  const stamped = await stampRefundAgain(core, kase)
  if (stamped !== undefined) await sendRefund(core, stamped, 'sweep')
  const { refund } = kase
  await putOff(core, refund, nextCheckAt(refund.createdAtMs, core.ports.clock.now()))
}

async function ask(
  core: Core,
  refund: RefundRow,
  channel: BoundChannel,
): Promise<QueryRefundOutcome> {
  const { queryRefund } = channel
  if (queryRefund === undefined) return { kind: 'unknown', evidence: 'refunds cannot be queried' }
  const { refundId, attemptId, way, channelPaymentNo } = refund
  const amount = money(refund.amountMinor, refund.currency)
  const { outcome, transcript } = await runOperation(
    core,
    channel,
    { operation: 'query_refund', ...callOf(refund) },
    (ports) => queryRefund(ports, { refundId, attemptId, way, channelPaymentNo, amount }),
  )
  // A question that could not be asked says nothing about the refund.
  if (outcome.kind === 'not_found' || outcome.kind === 'not_sent' || outcome.kind === 'unknown') {
    return outcome
  }
  const fact = factOfRefund(refund, outcome)
  await applyRefundFact(core, refund, { fact, source: 'query', transcript })
  return outcome
}

/** Gives the claim back and says when to look again, if there is still something to wait for. */
async function putOff(
  { ports, store }: Core,
  { refundId }: RefundRow,
  nextCheckAtMs: Milliseconds,
): Promise<void> {
  await store.write.batch([
    store.write
      .update(refunds)
      .set({ nextCheckAtMs, lastCheckAtMs: ports.clock.now(), checkLeaseUntilMs: null })
      .where(and(eq(refunds.refundId, refundId), inArray(refunds.state, ['created', 'pending']))),
  ])
}
