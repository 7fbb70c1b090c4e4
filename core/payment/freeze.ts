import { and, eq, isNull, type SQL, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { newEventId, type PaymentId } from '../ids.ts'
import type { Statements } from '../store/guarded.ts'
import { events, type FactSource, payments } from '../store/schema.ts'
import { insertWhere } from '../store/store.ts'

/**
 * Stops all further movement of a payment's money, in the batch of the fact that does not fit. The
 * payment's version goes up, so that whoever is about to write a merge decides anew.
 *
 * @param condition besides what holds anyway: a payment is frozen once, for its first reason
 */
export function freezesPayment(
  { ports, store }: Core,
  paymentId: PaymentId,
  why: {
    readonly because: string
    readonly source: FactSource
    readonly evidence: Readonly<Record<string, string>>
  },
  condition: SQL | undefined,
): Statements {
  const isToFreeze = and(
    eq(payments.paymentId, paymentId),
    isNull(payments.frozenBecause),
    condition,
  )
  const event = {
    eventId: newEventId(ports),
    subjectKind: 'payment',
    subjectId: paymentId,
    version: sql`${payments.version} + 1`,
    kind: 'payment.frozen',
    source: why.source,
    evidence: JSON.stringify({ because: why.because, ...why.evidence }),
    atMs: ports.clock.now(),
  } as const
  return [
    store.write.run(insertWhere(events, event, sql`${isToFreeze}`, sql`${payments}`)),
    store.write
      .update(payments)
      .set({ frozenBecause: why.because, version: sql`${payments.version} + 1` })
      .where(isToFreeze),
  ]
}
