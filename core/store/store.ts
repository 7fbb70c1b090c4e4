import { getTableColumns, type SQL, type SQLChunk, StringChunk, sql } from 'drizzle-orm'
import type { SQLiteInsertValue, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { drizzle, type SqliteRemoteDatabase } from 'drizzle-orm/sqlite-proxy'
import type { Database, SqlValue } from '../ports.ts'
import { assert } from '../result.ts'
import { events } from './schema.ts'

/**
 * The tables behind the database port. `read` and `write` differ in the mode of their batches; one
 * `batch` is one transaction and one round trip.
 */
export interface Store {
  readonly read: SqliteRemoteDatabase
  readonly write: SqliteRemoteDatabase
}

export function openStore(database: Database): Store {
  return { read: connect(database, 'read'), write: connect(database, 'write') }
}

interface Query {
  readonly sql: string
  readonly params: readonly unknown[]
  readonly method: 'run' | 'all' | 'values' | 'get'
}

function connect(database: Database, mode: 'read' | 'write'): SqliteRemoteDatabase {
  const many = async (queries: readonly Query[]) => {
    const statements = queries.map(({ sql, params }) => ({ sql, args: params.map(toSqlValue) }))
    const results = await database.batch(statements, mode)
    return queries.map((query, i) => {
      const rows = results[i] ?? []
      // Drizzle wants the bare row where it asked for one.
      return { rows: query.method === 'get' ? (rows[0] as never) : [...rows] }
    })
  }
  const one = async (sql: string, params: unknown[], method: Query['method']) => {
    const [result] = await many([{ sql, params, method }])
    assert(result !== undefined, 'a batch of one has one result')
    return result
  }
  return drizzle(one, many)
}

function toSqlValue(value: unknown): SqlValue {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value
  if (value instanceof Uint8Array) return new Uint8Array(value)
  throw new TypeError(`a ${typeof value} cannot be stored`)
}

/**
 * `INSERT … SELECT … WHERE condition`: a row that comes to be only if the condition holds at that
 * point of the batch.
 *
 * @param values may hold SQL over the tables of `from`
 * @param from tables (with their joins) that the row is made of; one row each, by the condition
 */
export function insertWhere<Table extends SQLiteTable>(
  table: Table,
  values: SQLiteInsertValue<Table>,
  condition: SQL,
  from?: SQL,
): SQL {
  const columns = getTableColumns(table)
  const names: string[] = []
  const selected: SQLChunk[] = []
  for (const [key, value] of Object.entries(values)) {
    const column = columns[key]
    assert(column !== undefined, `column ${key} is in the table`)
    names.push(`"${column.name}"`)
    selected.push(isSql(value) ? value : sql.param(value ?? null, column))
  }
  const source = from === undefined ? sql`` : sql` from ${from}`
  return sql`insert into ${table} (${sql.raw(names.join(', '))}) select ${sql.join(selected, COMMA)}${source} where ${condition}`
}

const COMMA = new StringChunk(', ')

function isSql(value: unknown): value is SQL {
  return typeof value === 'object' && value !== null && 'queryChunks' in value
}

/**
 * The statement before this one in the batch changed a row. Only for the first statement behind a
 * guarded update: each statement sets the count anew.
 */
export const previousChangedOne = sql`changes() = 1`

/**
 * This batch won its guarded update. For every further statement: the event has an id that only
 * this batch knows, and is there only if the update changed a row.
 */
export function eventWritten(eventId: string): SQL {
  return sql`exists (select 1 from ${events} where ${events.eventId} = ${eventId})`
}
