import { and, eq, inArray } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { nextCheckAt } from '../payment/schedule.ts'
import type { BoundChannel, QuerySplitOutcome } from '../plugin/api.ts'
import { runOperation } from '../plugin/host.ts'
import { bindChannel } from '../routing/directory.ts'
import { splits } from '../store/schema.ts'
import type { Milliseconds } from '../time.ts'
import { applySplitFact } from './apply.ts'
import { isLeased, pinnedBy, type SplitCase, type SplitRow } from './case.ts'
import { factOfSplit, sendSplit, stampSplitAgain } from './send.ts'

/**
 * Looks after one split that waits: asks the channel, and sends again, under the same number, what
 * the channel does not know. Never given up by the clock.
 *
 * @param kase claimed by its lease, so that one runner at a time looks after it
 */
export async function checkSplit(core: Core, kase: SplitCase): Promise<void> {
  const { clock } = core.ports
  const { split } = kase
  if (isLeased(split, clock.now())) {
    return putOff(core, split, split.dispatchLeaseUntilMs ?? clock.now())
  }
  const channel = await bindChannel(core, pinnedBy(split, kase.settingsSealed))
  const outcome = await ask(core, kase, channel)
  const grace = channel.manifest.capabilities.split?.notFoundIsFinalAfterMs ?? 0
  const isFinal = clock.now() >= (split.dispatchedAtMs ?? 0) + grace
  if (outcome.kind === 'not_found' && isFinal) {
    const stamped = await stampSplitAgain(core, kase)
    if (stamped !== undefined) await sendSplit(core, stamped, 'sweep')
  }
  await putOff(core, split, nextCheckAt(split.createdAtMs, clock.now()))
}

async function ask(core: Core, kase: SplitCase, channel: BoundChannel): Promise<QuerySplitOutcome> {
  const operations = channel.split
  if (operations === undefined) return { kind: 'unknown', evidence: 'splits cannot be queried' }
  const { splitId, attemptId, channelPaymentNo, channelSplitNo, accountId } = kase.split
  const { outcome, transcript } = await runOperation<QuerySplitOutcome>(
    core,
    channel,
    {
      operation: 'query_split',
      accountId,
      splitId,
      attemptId,
      hides: kase.shares.flatMap(({ account, name }) => [account, name]),
    },
    (ports) =>
      operations.query(ports, {
        splitId,
        attemptId,
        channelPaymentNo,
        ...(channelSplitNo !== null && { channelSplitNo }),
      }),
  )
  // A question that could not be asked says nothing about the split.
  if (outcome.kind === 'not_found' || outcome.kind === 'not_sent' || outcome.kind === 'unknown') {
    return outcome
  }
  const fact = factOfSplit(kase.split, outcome)
  await applySplitFact(core, kase, { fact, source: 'query', transcript })
  return outcome
}

async function putOff(
  { ports, store }: Core,
  { splitId }: SplitRow,
  nextCheckAtMs: Milliseconds,
): Promise<void> {
  await store.write.batch([
    store.write
      .update(splits)
      .set({ nextCheckAtMs, lastCheckAtMs: ports.clock.now(), checkLeaseUntilMs: null })
      .where(and(eq(splits.splitId, splitId), inArray(splits.state, ['created', 'pending']))),
  ])
}
