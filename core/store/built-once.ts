import { fillPlaceholders, type Placeholder, type Query, sql } from 'drizzle-orm'
import { drizzle, type SqliteRemoteDatabase } from 'drizzle-orm/sqlite-proxy'
import type { SqlValue } from '../ports.ts'

/**
 * A query of which the text is built once, for those that every payment needs: to build a select of
 * fifty columns takes drizzle longer than it takes the database to run it.
 *
 * ```ts
 * const paymentOf = builtOnce(['paymentId'], (db, { paymentId }) =>
 *   db.select().from(payments).where(eq(payments.paymentId, paymentId)),
 * )
 * const [found] = await store.read.batch([paymentOf({ paymentId: 'P1' })])
 * ```
 *
 * @param names of the values that differ from one run to the next
 * @returns makes the query with its values, for any batch
 */
export function builtOnce<Name extends string, Built extends Preparable>(
  names: readonly Name[],
  build: (db: SqliteRemoteDatabase, values: PlacesOf<Record<Name, SqlValue>>) => Built,
): (values: Readonly<Record<Name, SqlValue>>) => Built {
  const places = names.map((name) => [name, sql.placeholder(name)])
  let prepared: Prepared | undefined
  return (values) => {
    // At its first use, for a Worker has no time to spare when it starts.
    prepared ??= build(UNCONNECTED, Object.fromEntries(places)).prepare()
    const { mapResult } = prepared
    const query = prepared.getQuery()
    const filled = {
      getQuery: () => ({ ...query, params: fillPlaceholders(query.params, values) }),
      mapResult: mapResult.bind(prepared),
    }
    // All that drizzle's `batch` asks of a query; the type says what comes out of it.
    return { _prepare: () => filled } as unknown as Built
  }
}

/** Where values will stand, by their names. */
export type PlacesOf<Values> = { readonly [Name in keyof Values]: Placeholder }

interface Preparable {
  prepare(): Prepared
}

interface Prepared {
  getQuery(): Query
  mapResult(result: unknown, isFromBatch?: boolean): unknown
}

const UNCONNECTED = drizzle(async () => {
  throw new Error('queries are built here, and run in batches')
})
