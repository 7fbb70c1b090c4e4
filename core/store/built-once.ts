import { fillPlaceholders, type Placeholder, type Query, type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { SQLiteSyncDialect } from 'drizzle-orm/sqlite-core'
import { drizzle, type SqliteRemoteDatabase } from 'drizzle-orm/sqlite-proxy'
import type { SqlValue } from '../ports.ts'
import { assert } from '../result.ts'

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
export function builtOnce<Name extends string, Built extends BatchItem<'sqlite'>>(
  names: readonly Name[],
  build: (db: SqliteRemoteDatabase, values: PlacesOf<Record<Name, SqlValue>>) => Built,
): (values: Readonly<Record<Name, SqlValue>>) => Built {
  const places = names.map((name) => [name, sql.placeholder(name)])
  let text: Text | undefined
  return (values) => {
    // At its first use, for a Worker has no time to spare when it starts.
    text ??= textOf(build(UNCONNECTED, Object.fromEntries(places)))
    const { query } = text
    return standingFor({ ...query, params: fillPlaceholders(query.params, values) }, text)
  }
}

/**
 * A select of which all but the condition is built once.
 *
 * @param build a select that is complete but for its condition, and has no values
 * @returns makes the query of what a condition holds for, for any batch
 */
export function selectOnce<Built extends BatchItem<'sqlite'>>(
  build: (db: SqliteRemoteDatabase) => Built,
): (condition: SQL | undefined) => Built {
  let text: Text | undefined
  return (condition) => {
    text ??= textOf(build(UNCONNECTED))
    const { query } = text
    assert(
      query.params.length === 0,
      'only the condition of a select that is built once has values',
    )
    if (condition === undefined) return standingFor(query, text)
    const where = DIALECT.sqlToQuery(condition)
    return standingFor({ ...query, ...where, sql: `${query.sql} where ${where.sql}` }, text)
  }
}

interface Text {
  readonly query: Query
  readonly mapResult: Prepared['mapResult']
}

function textOf(built: BatchItem<'sqlite'>): Text {
  // What drizzle's `batch` calls of whatever stands in it, and its types do not mention.
  const prepared = (built as unknown as Preparable)._prepare()
  return { query: prepared.getQuery(), mapResult: prepared.mapResult.bind(prepared) }
}

function standingFor<Built>(query: Query, { mapResult }: Text): Built {
  const filled = { getQuery: () => query, mapResult }
  // All that drizzle's `batch` asks of a query; the type says what comes out of it.
  return { _prepare: () => filled } as unknown as Built
}

/** Where values will stand, by their names. */
export type PlacesOf<Values> = { readonly [Name in keyof Values]: Placeholder }

interface Preparable {
  _prepare(): Prepared
}

interface Prepared {
  getQuery(): Query
  mapResult(result: unknown, isFromBatch?: boolean): unknown
}

const UNCONNECTED = drizzle(async () => {
  throw new Error('queries are built here, and run in batches')
})

const DIALECT = new SQLiteSyncDialect()
