import { and, eq, inArray, isNull, lte, or } from 'drizzle-orm'
import * as z from 'zod'
import type { Core } from '../core.ts'
import { keepAnswer, type RequestKey } from '../idempotency/standing.ts'
import { money } from '../money.ts'
import { DISPATCH_LEASE_MS } from '../payment/start.ts'
import type { TransferFact, TransferInput, TransferOutcome } from '../plugin/api.ts'
import { type Ran, runOperation } from '../plugin/host.ts'
import { assert } from '../result.ts'
import { bindChannel } from '../routing/directory.ts'
import { type FactSource, transfers } from '../store/schema.ts'
import { applyTransferFact, type TransferRow } from './apply.ts'
import { pinnedConfigOfTransfer, type TransferCase } from './case.ts'
import type { TransferAnswer } from './create.ts'

const STORE_TRIES = 3

/**
 * Sends a stamped transfer to its channel and stores what came back. An unknown end leaves it
 * pending; money may be on its way, so no other number is ever tried.
 *
 * @param key under which the merchant's first answer is kept; none when the sweep sends it
 */
export async function sendTransfer(
  core: Core,
  kase: TransferCase,
  source: FactSource,
  key?: RequestKey,
): Promise<TransferAnswer> {
  const { transfer } = kase
  const channel = await bindChannel(core, pinnedConfigOfTransfer(kase))
  const operations = channel.transfer
  assert(operations !== undefined, `channel ${transfer.channel} transfers`)
  const input = transferInput(core, transfer)
  const ran = await runOperation<TransferOutcome>(
    core,
    channel,
    {
      operation: 'transfer',
      hides: [transfer.account, transfer.accountName],
      accountId: transfer.accountId,
      transferId: transfer.transferId,
    },
    (ports) => operations.send(ports, input),
  )
  return storeOutcome(core, transfer, ran, source, key)
}

async function storeOutcome(
  core: Core,
  transfer: TransferRow,
  { outcome, transcript }: Ran<TransferOutcome>,
  source: FactSource,
  key: RequestKey | undefined,
): Promise<TransferAnswer> {
  const { clock, log } = core.ports
  // That a later sending did not leave says nothing about the first one.
  const isFirst = transfer.sends === 1 && key !== undefined
  const fact = factOfTransfer(transfer, isFirst ? outcome : waits(outcome))
  const onlyWhileSends = isFirst &&
    outcome.kind === 'not_sent' && { onlyWhileSends: transfer.sends }
  const clientData = outcome.kind === 'requires_action' ? outcome.clientData : transfer.clientData
  const answered = core.store.write
    .update(transfers)
    .set({ dispatchLeaseUntilMs: null, clientData })
    .where(and(eq(transfers.transferId, transfer.transferId), eq(transfers.sends, transfer.sends)))
  for (let tries = 1; ; tries++) {
    try {
      const stored = await applyTransferFact(
        core,
        { ...transfer, clientData },
        { fact, source, transcript, ...onlyWhileSends },
        (next, won) =>
          key === undefined
            ? [answered]
            : [
                answered,
                keepAnswer(core.store, key, answerOfTransfer({ ...next, clientData }), won),
              ],
      )
      return answerOfTransfer({ ...stored, clientData })
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      const { transferId } = transfer
      log.write('error', 'what the channel answered was not stored', { transferId, tries, reason })
      // Nothing is claimed that is not stored; what the payee needs is handed on all the same.
      if (tries === STORE_TRIES) {
        return answerOfTransfer({ ...transfer, state: 'pending', clientData })
      }
      await clock.sleep(100 * tries)
    }
  }
}

function waits(outcome: TransferOutcome): TransferOutcome {
  return outcome.kind === 'not_sent' ? { kind: 'pending' } : outcome
}

export function factOfTransfer(
  { transferId, payee }: Pick<TransferRow, 'transferId' | 'payee'>,
  outcome: TransferOutcome,
): TransferFact {
  const about = { about: 'transfer', transferId, payee } as const
  switch (outcome.kind) {
    case 'succeeded':
    case 'pending':
    case 'failed':
    case 'closed':
      return { ...about, ...outcome }
    case 'requires_action': {
      const { channelTransferNo } = outcome
      return { ...about, kind: 'pending', ...(channelTransferNo && { channelTransferNo }) }
    }
    // Provably nothing left: no money moved, and the merchant may ask again with a new number.
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
      return { ...about, kind: 'pending' }
  }
}

/**
 * Stamps a transfer for another sending under its number. Not once the channel has given it a number:
 * a channel that does not know what it took contradicts itself, and might pay out twice.
 *
 * @returns nothing when somebody was faster
 */
export async function stampTransferAgain(
  { ports, store }: Core,
  kase: TransferCase,
): Promise<TransferCase | undefined> {
  const { transfer } = kase
  const nowMs = ports.clock.now()
  const stamp = {
    dispatchedAtMs: nowMs,
    sends: transfer.sends + 1,
    dispatchLeaseUntilMs: nowMs + DISPATCH_LEASE_MS,
  }
  const [stamped] = await store.write.batch([
    store.write
      .update(transfers)
      .set(stamp)
      .where(
        and(
          eq(transfers.transferId, transfer.transferId),
          eq(transfers.sends, transfer.sends),
          eq(transfers.needsOperator, false),
          isNull(transfers.channelTransferNo),
          inArray(transfers.state, ['created', 'pending']),
          or(isNull(transfers.dispatchLeaseUntilMs), lte(transfers.dispatchLeaseUntilMs, nowMs)),
        ),
      )
      .returning({ transferId: transfers.transferId }),
  ])
  return stamped.length === 1 ? { ...kase, transfer: { ...transfer, ...stamp } } : undefined
}

const storedExtra = z.record(z.string(), z.unknown())

function transferInput({ settings }: Core, transfer: TransferRow): TransferInput {
  const { transferId, entry, account, accountName, bankName, description, clientIp } = transfer
  return {
    transferId,
    entry,
    account,
    ...(accountName !== null && { accountName }),
    ...(bankName !== null && { bankName }),
    description,
    clientIp,
    amount: money(transfer.amountMinor, transfer.currency),
    callbackUrl: `${settings.publicUrl}/api/transfer/notify/${transfer.channel}/${transferId}`,
    extra: storedExtra.parse(JSON.parse(transfer.extra)),
  }
}

export function answerOfTransfer(transfer: TransferRow): TransferAnswer {
  const { transferId, state, channelTransferNo, clientData } = transfer
  const failed = state === 'failed' || state === 'closed'
  const error = failed
    ? { code: transfer.errorCode ?? '', message: transfer.errorMessage ?? '' }
    : null
  return { transferId, state, channelTransferNo, clientData, error }
}
