import { and, eq, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { newEventId, type RefundId, type TransferId } from '../ids.ts'
import { ok, type Result, refuse } from '../result.ts'
import { events, refunds, transfers } from '../store/schema.ts'
import { insertWhere, previousChangedOne } from '../store/store.ts'
import { inWords } from './note.ts'

export type LookRefusal =
  | { readonly code: 'not_found' }
  /** It needs nobody, or another fact came in between: look again. */
  | { readonly code: 'needs_no_operator' }

type Looked = Result<undefined, LookRefusal>

/**
 * An operator has seen to a refund (in the channel's console, mostly): it leaves the work list, and
 * the channel is asked about it by the next sweep. It comes back if the channel still waits.
 */
export function lookAtRefund(core: Core, refundId: RefundId, note: string): Promise<Looked> {
  return lookAt(core, { kind: 'refund', table: refunds, key: refunds.refundId }, refundId, note)
}

/** The same for a transfer. */
export function lookAtTransfer(core: Core, transferId: TransferId, note: string): Promise<Looked> {
  const subject = { kind: 'transfer', table: transfers, key: transfers.transferId } as const
  return lookAt(core, subject, transferId, note)
}

type Subject =
  | {
      readonly kind: 'refund'
      readonly table: typeof refunds
      readonly key: typeof refunds.refundId
    }
  | {
      readonly kind: 'transfer'
      readonly table: typeof transfers
      readonly key: typeof transfers.transferId
    }

async function lookAt(
  { ports, store }: Core,
  { kind, table, key }: Subject,
  id: RefundId | TransferId,
  note: string,
): Promise<Looked> {
  const db = store.write
  const nowMs = ports.clock.now()
  const eventId = newEventId(ports)
  const isIt = eq(key, id)
  const event = {
    eventId,
    subjectKind: kind,
    subjectId: id,
    version: sql`${table.version}`,
    kind: `${kind}.looked_at`,
    source: 'operator',
    evidence: JSON.stringify({ note: inWords(note) }),
    atMs: nowMs,
  } as const
  const isOpen = sql`${table.state} in ('created', 'pending')`
  const [, , there, written] = await db.batch([
    db
      .update(table)
      .set({
        needsOperator: false,
        version: sql`${table.version} + 1`,
        nextCheckAtMs: sql`case when ${isOpen} then ${nowMs} else ${table.nextCheckAtMs} end`,
      })
      .where(and(isIt, eq(table.needsOperator, true))),
    db.run(insertWhere(events, event, sql`${previousChangedOne} and ${isIt}`, sql`${table}`)),
    db.select({ id: key }).from(table).where(isIt),
    db.select({ eventId: events.eventId }).from(events).where(eq(events.eventId, eventId)),
  ])
  if (there.length === 0) return refuse({ code: 'not_found' })
  return written.length === 1 ? ok(undefined) : refuse({ code: 'needs_no_operator' })
}
