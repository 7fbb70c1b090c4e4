import { and, eq, inArray, isNull, lte, or } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { money } from '../money.ts'
import { DISPATCH_LEASE_MS } from '../payment/start.ts'
import type { SplitFact, SplitInput, SplitOutcome } from '../plugin/api.ts'
import { type Ran, runOperation } from '../plugin/host.ts'
import { assert } from '../result.ts'
import { bindChannel } from '../routing/directory.ts'
import { type FactSource, splits } from '../store/schema.ts'
import { applySplitFact } from './apply.ts'
import { isPaymentFree, pinnedBy, type SplitCase, type SplitRow } from './case.ts'

const STORE_TRIES = 3

/** Sends a stamped split to its channel and stores what came back. An unknown end leaves it pending. */
export async function sendSplit(
  core: Core,
  kase: SplitCase,
  source: FactSource,
): Promise<SplitCase> {
  const { split, shares, settingsSealed } = kase
  const channel = await bindChannel(core, pinnedBy(split, settingsSealed))
  const operations = channel.split
  assert(operations !== undefined, `channel ${split.channel} splits`)
  const { splitId, attemptId, channelPaymentNo } = split
  const ran = await runOperation<SplitOutcome>(
    core,
    channel,
    {
      operation: shares.length === 0 ? 'finish_split' : 'split',
      accountId: split.accountId,
      splitId,
      attemptId,
      hides: shares.flatMap(({ account, name }) => [account, name]),
    },
    (ports) =>
      shares.length === 0
        ? operations.finish(ports, { splitId, attemptId, channelPaymentNo })
        : operations.send(ports, splitInput(kase)),
  )
  return storeOutcome(core, kase, ran, source)
}

async function storeOutcome(
  core: Core,
  kase: SplitCase,
  { outcome, transcript }: Ran<SplitOutcome>,
  source: FactSource,
): Promise<SplitCase> {
  const { clock, log } = core.ports
  const { split } = kase
  // That a later sending did not leave says nothing about the first one; and what is split by itself
  // is owed by us, so it is sent until it has arrived.
  const isFirst = split.sends === 1 && source === 'answer'
  const fact = factOfSplit(split, isFirst ? outcome : waits(outcome))
  const told = {
    fact,
    source,
    transcript,
    ...(isFirst && outcome.kind === 'not_sent' && { onlyWhileSends: split.sends }),
  }
  const answered = core.store.write
    .update(splits)
    .set({ dispatchLeaseUntilMs: null })
    .where(and(eq(splits.splitId, split.splitId), eq(splits.sends, split.sends)))
  for (let tries = 1; ; tries++) {
    try {
      return await applySplitFact(core, kase, told, () => [answered])
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      const { splitId } = split
      log.write('error', 'what the channel answered was not stored', { splitId, tries, reason })
      // Nothing is claimed that is not stored.
      if (tries === STORE_TRIES) return { ...kase, split: { ...split, state: 'pending' } }
      await clock.sleep(100 * tries)
    }
  }
}

function waits(outcome: SplitOutcome): SplitOutcome {
  return outcome.kind === 'not_sent' ? { kind: 'pending', shares: [] } : outcome
}

export function factOfSplit(
  { splitId, payee }: Pick<SplitRow, 'splitId' | 'payee'>,
  outcome: SplitOutcome,
): SplitFact {
  const about = { about: 'split', splitId, payee } as const
  switch (outcome.kind) {
    case 'pending':
    case 'finished':
    case 'failed':
      return { ...about, ...outcome }
    case 'not_sent':
      return {
        ...about,
        kind: 'failed',
        error: {
          class: 'config',
          retry: 'new_attempt',
          fault: 'us',
          code: 'NOT_SENT',
          message: outcome.reason,
        },
      }
    case 'unknown':
      return { ...about, kind: 'pending', shares: [] }
  }
}

function splitInput({ split, shares }: SplitCase): SplitInput {
  const { splitId, attemptId, channelPaymentNo, finishes, currency } = split
  return {
    splitId,
    attemptId,
    channelPaymentNo,
    finishes,
    shares: shares.map(({ kind, account, name, relation, relationName, amountMinor }) => ({
      receiver: {
        kind,
        account,
        relation,
        ...(name !== null && { name }),
        ...(relationName !== null && { relationName }),
      },
      amount: money(amountMinor, currency),
      description: '分账',
    })),
  }
}

/**
 * Stamps a split for another sending under its number. Not while its payment is frozen, and not once
 * the channel has given it a number: a channel that does not know what it took contradicts itself.
 *
 * @returns nothing when somebody else was faster
 */
export async function stampSplitAgain(
  { ports, store }: Core,
  kase: SplitCase,
): Promise<SplitCase | undefined> {
  const { split } = kase
  const nowMs = ports.clock.now()
  const stamp = {
    dispatchedAtMs: nowMs,
    sends: split.sends + 1,
    dispatchLeaseUntilMs: nowMs + DISPATCH_LEASE_MS,
  }
  const [stamped] = await store.write.batch([
    store.write
      .update(splits)
      .set(stamp)
      .where(
        and(
          eq(splits.splitId, split.splitId),
          eq(splits.sends, split.sends),
          inArray(splits.state, ['created', 'pending']),
          isNull(splits.channelSplitNo),
          or(isNull(splits.dispatchLeaseUntilMs), lte(splits.dispatchLeaseUntilMs, nowMs)),
          isPaymentFree(split.paymentId),
        ),
      )
      .returning({ splitId: splits.splitId }),
  ])
  return stamped.length === 1 ? { ...kase, split: { ...split, ...stamp } } : undefined
}
