import { asc, desc, inArray } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { deliveries, events, inboundCalls } from '../store/schema.ts'
import type { Milliseconds } from '../time.ts'

/** One thing that speaks for how something came to stand as it does. */
export type Evidence =
  | {
      readonly kind: 'event'
      readonly event: string
      readonly version: number
      readonly source: string
      readonly atMs: Milliseconds
      /** The fact as the channel said it, without who paid, and what the call did on the wire. */
      readonly says: unknown
    }
  /** Kept raw under this id. */
  | {
      readonly kind: 'callback'
      readonly inboundCallId: string
      readonly verdict: string | null
      readonly atMs: Milliseconds
    }
  | {
      readonly kind: 'try'
      readonly number: number
      readonly atMs: Milliseconds
      readonly status: number | null
      readonly answer: string | null
      readonly problem: string | null
    }

/** Rows of evidence that are read for an item, on average; one with more has the rest cut off. */
const PER_ITEM = 20

/**
 * What is known about subjects, by their ids.
 *
 * @param references the numbers that callbacks about them name: an attempt's for a payment
 */
export async function evidenceOf(
  { store }: Core,
  subjects: readonly { readonly id: string; readonly reference: string }[],
): Promise<ReadonlyMap<string, readonly Evidence[]>> {
  const limit = subjects.length * PER_ITEM
  const [happened, calls] = await store.read.batch([
    store.read
      .select({
        subjectId: events.subjectId,
        event: events.kind,
        version: events.version,
        source: events.source,
        atMs: events.atMs,
        evidence: events.evidence,
      })
      .from(events)
      .where(
        inArray(
          events.subjectId,
          subjects.map(({ id }) => id as (typeof events.$inferSelect)['subjectId']),
        ),
      )
      .orderBy(asc(events.subjectId), asc(events.version))
      .limit(limit),
    store.read
      .select({
        reference: inboundCalls.reference,
        inboundCallId: inboundCalls.inboundCallId,
        verdict: inboundCalls.verdict,
        atMs: inboundCalls.receivedAtMs,
      })
      .from(inboundCalls)
      .where(
        inArray(
          inboundCalls.reference,
          subjects.map(({ reference }) => reference),
        ),
      )
      .orderBy(asc(inboundCalls.reference), desc(inboundCalls.receivedAtMs))
      .limit(limit),
  ])
  return new Map(
    subjects.map(({ id, reference }) => [
      id,
      [
        ...happened
          .filter(({ subjectId }) => subjectId === (id as string))
          .map(
            ({ event, version, source, atMs, evidence }): Evidence => ({
              kind: 'event',
              event,
              version,
              source,
              atMs,
              says: JSON.parse(evidence),
            }),
          ),
        ...calls
          .filter((call) => call.reference === reference)
          .map(
            ({ inboundCallId, verdict, atMs }): Evidence => ({
              kind: 'callback',
              inboundCallId,
              verdict,
              atMs,
            }),
          ),
      ],
    ]),
  )
}

/** The latest tries of notifications, by their ids. */
export async function triesOf(
  { store }: Core,
  notificationIds: readonly (typeof deliveries.$inferSelect)['notificationId'][],
): Promise<ReadonlyMap<string, readonly Evidence[]>> {
  const [tries] = await store.read.batch([
    store.read
      .select()
      .from(deliveries)
      .where(inArray(deliveries.notificationId, [...notificationIds]))
      .orderBy(asc(deliveries.notificationId), desc(deliveries.number))
      .limit(notificationIds.length * PER_ITEM),
  ])
  return new Map(
    notificationIds.map((id) => [
      id,
      tries
        .filter(({ notificationId }) => notificationId === id)
        .map(
          ({ number, startedAtMs, status, answer, problem }): Evidence => ({
            kind: 'try',
            number,
            atMs: startedAtMs,
            status,
            answer,
            problem,
          }),
        ),
    ]),
  )
}
