import { eq, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { newEventId } from '../ids.ts'
import { closeTroubled, type EndpointKey, hurryPutOffAt } from '../notification/endpoint.ts'
import { ok, type Result, refuse } from '../result.ts'
import { events } from '../store/schema.ts'
import { insertWhere, previousChangedOne } from '../store/store.ts'
import { inWords } from './note.ts'

/**
 * Opens an address of a merchant again that answered 410, or that failed so often that it is tried
 * less: from now on it is told as if nothing had happened, and what was put off meanwhile is tried
 * soon. What was given up stays given up until it is replayed.
 */
export async function reopenEndpoint(
  core: Core,
  key: EndpointKey,
  note: string,
): Promise<Result<undefined, { readonly code: 'endpoint_not_closed' }>> {
  const { ports, store } = core
  const db = store.write
  const nowMs = ports.clock.now()
  const subjectId = `${key.appId} ${key.origin}` as (typeof events.$inferInsert)['subjectId']
  const eventId = newEventId(ports)
  const [, , , written] = await db.batch([
    hurryPutOffAt(core, key, nowMs),
    closeTroubled(core, key),
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
          atMs: nowMs,
        },
        previousChangedOne,
      ),
    ),
    db.select({ eventId: events.eventId }).from(events).where(eq(events.eventId, eventId)),
  ])
  return written.length === 1 ? ok(undefined) : refuse({ code: 'endpoint_not_closed' })
}
