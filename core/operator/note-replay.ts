import { eq, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { type AppId, type NotificationId, newEventId } from '../ids.ts'
import { apps, events, outbox } from '../store/schema.ts'
import { insertWhere } from '../store/store.ts'
import { inWords } from './note.ts'

/**
 * Keeps that an operator has notifications told again, and why: before they are, so that none is
 * told without it.
 *
 * @param what one notification, those of an app, or of all apps
 * @returns whether there is such a one; if not, nothing is kept
 */
export async function noteReplay(
  { ports, store }: Core,
  what: NotificationId | AppId | 'all',
  note: string,
): Promise<boolean> {
  const db = store.write
  const eventId = newEventId(ports)
  const subjectId = what as (typeof events.$inferInsert)['subjectId']
  const event = {
    eventId,
    subjectKind: 'notification',
    subjectId,
    version: sql`(select coalesce(max(version), 0) + 1 from ${events} where subject_id = ${what})`,
    kind: 'notification.replayed',
    source: 'operator',
    evidence: JSON.stringify({ note: inWords(note) }),
    atMs: ports.clock.now(),
  } as const
  const isThere = sql`${what} = 'all'
    or exists (select 1 from ${outbox} where ${outbox.notificationId} = ${what})
    or exists (select 1 from ${apps} where ${apps.appId} = ${what})`
  const [, written] = await db.batch([
    db.run(insertWhere(events, event, isThere)),
    db.select({ eventId: events.eventId }).from(events).where(eq(events.eventId, eventId)),
  ])
  return written.length === 1
}
