import { type SQL, sql } from 'drizzle-orm'
import { deliveries, outbox } from '../store/schema.ts'
import { SECOND_MS } from '../time.ts'

/** Longer than a try may take: a runner that died holds a notification up for no longer. */
export const TRY_LEASE_MS = 20 * SECOND_MS

/** The number of the last try, 0 before the first. A replay starts the schedule, not the numbers. */
export function lastNumberOf(notificationId: SQL): SQL {
  return sql`(select coalesce(max(${deliveries.number}), 0) from ${deliveries}
    where ${deliveries.notificationId} = ${notificationId})`
}

/** When the schedule that a notification is in made its first try; null before that. */
export const firstTryAtMs = sql<number | null>`(select ${deliveries.startedAtMs} from ${deliveries}
  where ${deliveries.notificationId} = ${outbox.notificationId} and ${deliveries.number} =
    ${lastNumberOf(sql`${outbox.notificationId}`)} - ${outbox.tries} + 1)`
