import { and, eq, isNull, lte, or, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { NotificationId } from '../ids.ts'
import { SECRET_COLUMNS, type SealedSecrets } from '../merchant/secrets.ts'
import { builtOnce } from '../store/built-once.ts'
import { apps, deliveries, outbox } from '../store/schema.ts'
import { insertWhere, previousChangedOne } from '../store/store.ts'
import { passesBreaker, takeProbe } from './endpoint.ts'
import { firstTryAtMs, lastNumberOf, TRY_LEASE_MS } from './tries.ts'

export interface ClaimedTry {
  readonly notification: typeof outbox.$inferSelect
  readonly number: number
  /** Of this round: a replay begins another. */
  readonly firstTryAtMs: number | null
  readonly sealed: SealedSecrets
}

/**
 * Counts a try and gives it to us alone, if it is time for it, nobody else is at it, and the
 * endpoint's breaker lets it through. One round trip.
 *
 * @param number of the only try that is wanted; any when not given
 */
export async function claimTry(
  core: Core,
  notificationId: NotificationId,
  number?: number,
): Promise<ClaimedTry | undefined> {
  const { ports, store } = core
  const db = store.write
  const nowMs = ports.clock.now()
  const lastNumber = lastNumberOf(sql`${notificationId}`)
  const claimable = and(
    eq(outbox.notificationId, notificationId),
    eq(outbox.state, 'waiting'),
    lte(outbox.nextTryAtMs, nowMs),
    or(isNull(outbox.tryLeaseUntilMs), lte(outbox.tryLeaseUntilMs, nowMs)),
    number === undefined ? undefined : sql`${lastNumber} = ${number - 1}`,
  )
  const [, , , claimed] = await db.batch([
    takeProbe(core, nowMs, claimable),
    db
      .update(outbox)
      .set({ tries: sql`${outbox.tries} + 1`, tryLeaseUntilMs: nowMs + TRY_LEASE_MS })
      .where(and(claimable, passesBreaker)),
    db.run(
      insertWhere(
        deliveries,
        { notificationId, number: sql`${lastNumber} + 1`, startedAtMs: nowMs },
        previousChangedOne,
      ),
    ),
    selectIfMade({ notificationId }),
  ])
  return claimed[0]
}

/** The notification, if the statement before made a try of it. */
const selectIfMade = builtOnce(['notificationId'], (db, { notificationId }) =>
  db
    .select({
      notification: outbox,
      number: sql<number>`${lastNumberOf(sql`${outbox.notificationId}`)}`,
      firstTryAtMs,
      sealed: SECRET_COLUMNS,
    })
    .from(outbox)
    .innerJoin(apps, eq(apps.appId, outbox.appId))
    .where(and(eq(outbox.notificationId, notificationId), previousChangedOne)),
)
