import { and, eq, isNotNull, or, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { type AppId, newEventId } from '../ids.ts'
import { ok, type Result, refuse } from '../result.ts'
import { endpoints, events } from '../store/schema.ts'
import { insertWhere, previousChangedOne } from '../store/store.ts'
import { inWords } from './note.ts'

/**
 * Opens an address of a merchant again that answered 410, or that failed so often that it is tried
 * less: from now on it is told as if nothing had happened. What was given up meanwhile stays given
 * up until it is replayed.
 *
 * @param origin scheme, host and port
 */
export async function reopenEndpoint(
  { ports, store }: Core,
  appId: AppId,
  origin: string,
  note: string,
): Promise<Result<undefined, { readonly code: 'endpoint_not_closed' }>> {
  const db = store.write
  const subjectId = `${appId} ${origin}` as (typeof events.$inferInsert)['subjectId']
  const eventId = newEventId(ports)
  const [, , written] = await db.batch([
    db
      .update(endpoints)
      .set({
        failures: 0,
        firstFailedAtMs: null,
        lastFailedAtMs: null,
        openUntilMs: null,
        goneAtMs: null,
      })
      .where(
        and(
          eq(endpoints.appId, appId),
          eq(endpoints.origin, origin),
          or(isNotNull(endpoints.openUntilMs), isNotNull(endpoints.goneAtMs)),
        ),
      ),
    db.run(
      insertWhere(
        events,
        {
          eventId,
          subjectKind: 'endpoint',
          subjectId,
          version: sql`(select coalesce(max(version), 0) + 1 from ${events} where subject_id = ${subjectId})`,
          kind: 'endpoint.reopened',
          source: 'operator',
          evidence: JSON.stringify({ note: inWords(note) }),
          atMs: ports.clock.now(),
        },
        previousChangedOne,
      ),
    ),
    db.select({ eventId: events.eventId }).from(events).where(eq(events.eventId, eventId)),
  ])
  return written.length === 1 ? ok(undefined) : refuse({ code: 'endpoint_not_closed' })
}
