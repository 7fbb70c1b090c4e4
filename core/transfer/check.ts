import { and, eq, inArray } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { nextCheckAt } from '../payment/schedule.ts'
import type { BoundChannel, QueryTransferOutcome } from '../plugin/api.ts'
import { runOperation } from '../plugin/host.ts'
import { bindChannel } from '../routing/directory.ts'
import { type FactSource, transfers } from '../store/schema.ts'
import type { Milliseconds } from '../time.ts'
import { applyTransferFact, type TransferRow } from './apply.ts'
import { isTransferOnItsWay, pinnedConfigOfTransfer, type TransferCase } from './case.ts'
import { factOfTransfer, sendTransfer, stampTransferAgain } from './send.ts'

/**
 * Looks after one transfer that waits, for as long as it takes: asks the channel, and sends again,
 * under the same number, what the channel does not know.
 *
 * @param kase claimed by its lease, so that one runner at a time looks after it
 */
export async function checkTransfer(core: Core, kase: TransferCase): Promise<void> {
  const { clock } = core.ports
  const { transfer } = kase
  if (isTransferOnItsWay(transfer, clock.now())) {
    return putOff(core, transfer, transfer.dispatchLeaseUntilMs ?? clock.now())
  }
  const channel = await bindChannel(core, pinnedConfigOfTransfer(kase))
  const { outcome } = await askTransfer(core, kase, channel, 'query')
  const grace = channel.manifest.capabilities.transfer?.notFoundIsFinalAfterMs ?? 0
  if (outcome.kind === 'not_found' && clock.now() >= transfer.dispatchedAtMs + grace) {
    const stamped = await stampTransferAgain(core, kase)
    if (stamped !== undefined) await sendTransfer(core, stamped, 'sweep')
  }
  await putOff(core, transfer, nextCheckAt(transfer.createdAtMs, clock.now()))
}

export interface AskedTransfer {
  readonly outcome: QueryTransferOutcome
  readonly transfer: TransferRow
}

/** Asks the channel how a transfer stands, and merges what is heard. */
export async function askTransfer(
  core: Core,
  { transfer }: TransferCase,
  channel: BoundChannel,
  source: FactSource,
): Promise<AskedTransfer> {
  const operations = channel.transfer
  if (operations === undefined) {
    return { outcome: { kind: 'unknown', evidence: 'transfers cannot be queried' }, transfer }
  }
  const { transferId, entry, channelTransferNo } = transfer
  const { outcome, transcript } = await runOperation<QueryTransferOutcome>(
    core,
    channel,
    {
      operation: 'query_transfer',
      hides: [transfer.account, transfer.accountName],
      accountId: transfer.accountId,
      transferId,
    },
    (ports) =>
      operations.query(ports, {
        transferId,
        entry,
        ...(channelTransferNo !== null && { channelTransferNo }),
      }),
  )
  // A question that could not be asked says nothing about the transfer.
  if (outcome.kind === 'not_found' || outcome.kind === 'not_sent' || outcome.kind === 'unknown') {
    return { outcome, transfer }
  }
  const told = { fact: factOfTransfer(transfer, outcome), source, transcript }
  return { outcome, transfer: await applyTransferFact(core, transfer, told) }
}

/** Gives the claim back and says when to look again, if there is still something to wait for. */
async function putOff(
  { ports, store }: Core,
  { transferId }: TransferRow,
  nextCheckAtMs: Milliseconds,
): Promise<void> {
  await store.write.batch([
    store.write
      .update(transfers)
      .set({ nextCheckAtMs, lastCheckAtMs: ports.clock.now(), checkLeaseUntilMs: null })
      .where(
        and(eq(transfers.transferId, transferId), inArray(transfers.state, ['created', 'pending'])),
      ),
  ])
}
