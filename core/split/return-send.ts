import { and, eq, inArray, isNull, lte, or } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { keepAnswer, type RequestKey } from '../idempotency/standing.ts'
import { money } from '../money.ts'
import { nextCheckAt } from '../payment/schedule.ts'
import { DISPATCH_LEASE_MS } from '../payment/start.ts'
import type {
  BoundChannel,
  QuerySplitReturnOutcome,
  SplitReturnInput,
  SplitReturnOutcome,
} from '../plugin/api.ts'
import { runOperation } from '../plugin/host.ts'
import { assert } from '../result.ts'
import { bindChannel } from '../routing/directory.ts'
import { type FactSource, splitReturns } from '../store/schema.ts'
import {
  isLeased,
  isPaymentFree,
  pinnedBy,
  type SplitReturnCase,
  type SplitReturnRow,
} from './case.ts'
import { applyReturnFact, type ReturnFact } from './return-apply.ts'
import { answerOfReturn, type ReturnAnswer } from './return-create.ts'

const STORE_TRIES = 3

/** Sends a stamped return to its channel and stores what came back. Unknown leaves it pending. */
export async function sendReturn(
  core: Core,
  kase: SplitReturnCase,
  source: FactSource,
  key?: RequestKey,
): Promise<ReturnAnswer> {
  const { splitReturn, settingsSealed } = kase
  const channel = await bindChannel(core, pinnedBy(splitReturn, settingsSealed))
  const takeBack = channel.split?.takeBack
  assert(takeBack !== undefined, `channel ${splitReturn.channel} takes shares back`)
  const { outcome, transcript } = await runOperation(
    core,
    channel,
    {
      operation: 'return_split',
      hides: [splitReturn.account],
      accountId: splitReturn.accountId,
      splitReturnId: splitReturn.splitReturnId,
    },
    (ports) => takeBack(ports, inputOf(splitReturn)),
  )
  const isFirst = splitReturn.sends === 1 && key !== undefined
  const told = {
    fact: factOf(outcome, isFirst),
    source,
    transcript,
    ...(isFirst && outcome.kind === 'not_sent' && { onlyWhileSends: splitReturn.sends }),
  }
  const answered = core.store.write
    .update(splitReturns)
    .set({ dispatchLeaseUntilMs: null })
    .where(
      and(
        eq(splitReturns.splitReturnId, splitReturn.splitReturnId),
        eq(splitReturns.sends, splitReturn.sends),
      ),
    )
  for (let tries = 1; ; tries++) {
    try {
      const stored = await applyReturnFact(core, splitReturn, told, (next, won) =>
        key === undefined
          ? [answered]
          : [answered, keepAnswer(core.store, key, answerOfReturn(next), won)],
      )
      return answerOfReturn(stored)
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      const { splitReturnId } = splitReturn
      const what = 'what the channel answered was not stored'
      core.ports.log.write('error', what, { splitReturnId, tries, reason })
      if (tries === STORE_TRIES) return answerOfReturn({ ...splitReturn, state: 'pending' })
      await core.ports.clock.sleep(100 * tries)
    }
  }
}

/**
 * Looks after one return that waits: asks the channel, and sends again, under the same number, what
 * the channel does not know.
 */
export async function checkReturn(core: Core, kase: SplitReturnCase): Promise<void> {
  const { ports, store } = core
  const { splitReturn, settingsSealed } = kase
  const { splitReturnId } = splitReturn
  const channel = await bindChannel(core, pinnedBy(splitReturn, settingsSealed))
  if (!isLeased(splitReturn, ports.clock.now())) {
    const outcome = await ask(core, splitReturn, channel)
    const grace = channel.manifest.capabilities.split?.notFoundIsFinalAfterMs ?? 0
    const isFinal = ports.clock.now() >= splitReturn.dispatchedAtMs + grace
    if (outcome.kind === 'not_found' && isFinal) {
      const stamped = await stampAgain(core, kase)
      if (stamped !== undefined) await sendReturn(core, stamped, 'sweep')
    }
  }
  const nextCheckAtMs = nextCheckAt(splitReturn.createdAtMs, ports.clock.now())
  await store.write.batch([
    store.write
      .update(splitReturns)
      .set({ nextCheckAtMs, lastCheckAtMs: ports.clock.now(), checkLeaseUntilMs: null })
      .where(
        and(
          eq(splitReturns.splitReturnId, splitReturnId),
          inArray(splitReturns.state, ['created', 'pending']),
        ),
      ),
  ])
}

async function ask(
  core: Core,
  splitReturn: SplitReturnRow,
  channel: BoundChannel,
): Promise<QuerySplitReturnOutcome> {
  const query = channel.split?.queryReturn
  if (query === undefined) return { kind: 'unknown', evidence: 'returns cannot be queried' }
  const { splitReturnId, splitId, channelSplitNo, channelPaymentNo } = splitReturn
  const { outcome, transcript } = await runOperation<QuerySplitReturnOutcome>(
    core,
    channel,
    {
      operation: 'query_split_return',
      hides: [splitReturn.account],
      accountId: splitReturn.accountId,
      splitReturnId,
    },
    (ports) => query(ports, { splitReturnId, splitId, channelSplitNo, channelPaymentNo }),
  )
  // A question that could not be asked says nothing about the return.
  if (outcome.kind === 'not_found' || outcome.kind === 'not_sent' || outcome.kind === 'unknown') {
    return outcome
  }
  await applyReturnFact(core, splitReturn, { fact: outcome, source: 'query', transcript })
  return outcome
}

/** Not while its payment is frozen, nor once the channel has given it a number: see splits. */
async function stampAgain(
  { ports, store }: Core,
  kase: SplitReturnCase,
): Promise<SplitReturnCase | undefined> {
  const { splitReturn } = kase
  const nowMs = ports.clock.now()
  const stamp = {
    dispatchedAtMs: nowMs,
    sends: splitReturn.sends + 1,
    dispatchLeaseUntilMs: nowMs + DISPATCH_LEASE_MS,
  }
  const [stamped] = await store.write.batch([
    store.write
      .update(splitReturns)
      .set(stamp)
      .where(
        and(
          eq(splitReturns.splitReturnId, splitReturn.splitReturnId),
          eq(splitReturns.sends, splitReturn.sends),
          inArray(splitReturns.state, ['created', 'pending']),
          isNull(splitReturns.channelReturnNo),
          isPaymentFree(splitReturn.paymentId),
          or(
            isNull(splitReturns.dispatchLeaseUntilMs),
            lte(splitReturns.dispatchLeaseUntilMs, nowMs),
          ),
        ),
      )
      .returning({ splitReturnId: splitReturns.splitReturnId }),
  ])
  return stamped.length === 1 ? { ...kase, splitReturn: { ...splitReturn, ...stamp } } : undefined
}

function factOf(outcome: SplitReturnOutcome, isFirst: boolean): ReturnFact {
  switch (outcome.kind) {
    case 'succeeded':
    case 'pending':
    case 'failed':
      return outcome
    case 'unknown':
      return { kind: 'pending' }
    case 'not_sent':
      // That a later sending did not leave says nothing about the first one.
      if (!isFirst) return { kind: 'pending' }
      return {
        kind: 'failed',
        error: {
          class: 'config',
          retry: 'new_attempt',
          fault: 'us',
          code: 'NOT_SENT',
          message: outcome.reason,
        },
      }
  }
}

function inputOf(splitReturn: SplitReturnRow): SplitReturnInput {
  const { splitReturnId, splitId, channelSplitNo, channelPaymentNo, kind, account } = splitReturn
  return {
    splitReturnId,
    splitId,
    channelSplitNo,
    channelPaymentNo,
    receiver: { kind, account },
    amount: money(splitReturn.amountMinor, splitReturn.currency),
    description: splitReturn.description,
  }
}
