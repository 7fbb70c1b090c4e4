import { eq, sql } from 'drizzle-orm'
import { builtOnce } from '../store/built-once.ts'
import { settings } from '../store/schema.ts'
import type { Store } from '../store/store.ts'

const NAME = 'config_revision'

/**
 * One number that goes up with each change of a merchant, app, account or passage, in the same
 * batch as the change. What an isolate remembers is fresh as long as the number is the same, and
 * the first batch of every request reads it along, so checking costs no round trip.
 */
export const configRevision = sql<string>`coalesce((select ${settings.value} from ${settings} where ${settings.name} = ${NAME}), '0')`

/** Reads the revision along with whatever else a batch is for. */
export const selectConfigRevision = builtOnce([], (db) =>
  db.select({ revision: settings.value }).from(settings).where(eq(settings.name, NAME)).limit(1),
)

/** Belongs into the batch of every change of configuration. */
export function raiseConfigRevision(store: Store) {
  return store.write
    .insert(settings)
    .values({ name: NAME, value: '1' })
    .onConflictDoUpdate({
      target: settings.name,
      set: { value: sql`cast(cast(${settings.value} as integer) + 1 as text)` },
    })
}

/** A database without any configuration has revision 0. */
export function revisionOf(rows: readonly { readonly revision: string }[]): string {
  return rows[0]?.revision ?? '0'
}
