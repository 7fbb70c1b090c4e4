import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { newEventId } from '../ids.ts'
import { tellOfTransfer } from '../notification/outbox.ts'
import { wakeFor } from '../notification/wake.ts'
import { count } from '../observability/meter.ts'
import { nextCheckAt } from '../payment/schedule.ts'
import type { TransferFact } from '../plugin/api.ts'
import type { TranscriptLine } from '../plugin/host.ts'
import { type Also, decideAndWrite, runAll, stillHolds, writeGuarded } from '../store/guarded.ts'
import { events, type FactSource, transfers } from '../store/schema.ts'
import { eventWritten } from '../store/store.ts'
import { mergeTransferFact, type TransferChange } from './merge.ts'
import { mayMoveTransfer, TRANSFER_STATES, type TransferState } from './state.ts'

export type TransferRow = typeof transfers.$inferSelect

export interface TransferTold {
  readonly fact: TransferFact
  readonly source: FactSource
  readonly transcript?: readonly TranscriptLine[]
  /** Of a sending that never left: it says nothing once the row was sent more often than this. */
  readonly onlyWhileSends?: number
}

/**
 * Merges a fact into a transfer: one guarded batch with its event and outbox row, tried again on
 * what another writer left behind. When it returns, the fact is in the database.
 */
export async function applyTransferFact(
  core: Core,
  known: TransferRow,
  told: TransferTold,
  also: Also<TransferRow> = () => [],
): Promise<TransferRow> {
  const { row, change } = await decideAndWrite(
    known,
    (transfer) =>
      stillHolds(transfer, told)
        ? mergeTransferFact(transfer, told.fact, transfer.payee)
        : undefined,
    (transfer, change) => writeChange(core, transfer, change, told, also),
  )
  if (change === undefined) await runAll(core.store, also(row, sql`1 = 1`))
  return row
}

async function writeChange(
  core: Core,
  transfer: TransferRow,
  change: TransferChange,
  told: TransferTold,
  also: Also<TransferRow>,
) {
  const { ports, store } = core
  const eventId = newEventId(ports)
  const won = eventWritten(eventId)
  const next = nextRow(core, transfer, change)
  const { transferId } = transfer
  const notification =
    change.tells === undefined ? undefined : tellOfTransfer(ports, next, change.tells, won)
  const written = await writeGuarded<TransferRow>(store, {
    update: store.write
      .update(transfers)
      .set(changedColumns(next))
      .where(
        and(
          eq(transfers.transferId, transferId),
          eq(transfers.version, transfer.version),
          inArray(transfers.state, [...statesGuarded(transfer.state, next.state)]),
          told.onlyWhileSends === undefined ? undefined : eq(transfers.sends, told.onlyWhileSends),
        ),
      ),
    event: {
      eventId,
      subjectKind: 'transfer',
      subjectId: transferId,
      version: next.version,
      kind: change.event,
      source: told.source,
      evidence: JSON.stringify({ fact: told.fact, calls: told.transcript ?? [] }),
      atMs: ports.clock.now(),
    },
    rest: [
      ...(notification === undefined ? [] : [store.write.run(notification.statement)]),
      ...also(next, won),
    ],
    read: store.write
      .select({ row: transfers, won: events.eventId })
      .from(transfers)
      .leftJoin(events, eq(events.eventId, eventId))
      .where(eq(transfers.transferId, transferId)),
  })
  if (written.won) {
    const { channel } = transfer
    const outcome = change.event.replace('transfer.', '')
    count(core, 'tongbao_transfers_total', { channel, outcome })
    if (change.alarm !== undefined) {
      count(core, 'tongbao_alarms_total', { alarm: change.alarm, channel })
    }
    ports.log.write(change.alarm === undefined ? 'info' : 'error', change.event, {
      transferId,
      channel,
      version: next.version,
      alarm: change.alarm,
    })
    if (notification !== undefined) wakeFor(core, [notification.notificationId])
  }
  return written
}

function nextRow({ ports }: Core, transfer: TransferRow, change: TransferChange): TransferRow {
  const merged = { ...transfer, ...change.set, version: transfer.version + 1 }
  const waits = merged.state === 'created' || merged.state === 'pending'
  return {
    ...merged,
    nextCheckAtMs: waits ? nextCheckAt(transfer.createdAtMs, ports.clock.now()) : null,
  }
}

function changedColumns(next: TransferRow) {
  const { state, version, channelTransferNo, errorCode, errorMessage } = next
  const { needsOperator, transferredAtMs, nextCheckAtMs } = next
  return {
    state,
    version,
    channelTransferNo,
    errorCode,
    errorMessage,
    needsOperator,
    transferredAtMs,
    nextCheckAtMs,
  }
}

function statesGuarded(from: TransferState, to: TransferState): readonly TransferState[] {
  return from === to ? [from] : TRANSFER_STATES.filter((state) => mayMoveTransfer(state, to))
}
