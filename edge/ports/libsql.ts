import type { Client, InStatement, ResultSet, Value } from '@libsql/client/http'
import {
  type Database,
  DatabaseError,
  type DatabaseTrouble,
  type Rows,
  type SqlValue,
  type Statement,
} from '../../core/ports.ts'
import { assert } from '../../core/result.ts'

/** The database port over a libSQL client, whatever the client talks to. */
export function libsqlDatabase(client: Pick<Client, 'batch'>): Database {
  return {
    async batch(statements, mode) {
      const results = await client.batch(statements.map(toLibsql), mode).catch(fail)
      return results.map(toRows)
    },
  }
}

/** @throws {DatabaseError} always: what a libSQL client threw, in the words of the port */
export function fail(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error)
  throw new DatabaseError(troubleOf(error, message), message, { cause: error })
}

function toLibsql({ sql, args }: Statement): InStatement {
  return { sql, args: args.map(toArgument) }
}

/**
 * Whole numbers go as integers. The clients bind every JavaScript number as a REAL, so that 1 would
 * be 1.0 wherever no column's affinity mends it (`? || ''`, `? / 2`, json_object).
 */
function toArgument(value: SqlValue): SqlValue | bigint {
  return Number.isSafeInteger(value) ? BigInt(value as number) : value
}

function toRows({ rows }: ResultSet): Rows {
  // A row is an object that has its columns by number too; duplicate names would hide a column.
  return rows.map((row) => Array.from({ length: row.length }, (_, column) => toValue(row[column])))
}

function toValue(value: Value | undefined): SqlValue {
  assert(value !== undefined && typeof value !== 'bigint', 'integers are read as numbers')
  return value instanceof ArrayBuffer ? new Uint8Array(value) : value
}

/** SQLite's primary result codes; libSQL's own server knows no extended ones. */
const TROUBLES: Readonly<Record<string, DatabaseTrouble>> = {
  SQLITE_BUSY: 'busy',
  SQLITE_LOCKED: 'busy',
  SQLITE_FULL: 'full',
  SQLITE_IOERR: 'full',
  SQLITE_READONLY: 'full',
}

function troubleOf(error: unknown, message: string): DatabaseTrouble {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  // By its text, which is SQLite's own for primary keys too: over HTTP a taken key and a NULL where
  // none may be have the same code, and only the first is a thing to expect.
  if (code === 'SQLITE_CONSTRAINT') {
    return message.includes('UNIQUE constraint failed') ? 'conflict' : 'unavailable'
  }
  return TROUBLES[code] ?? 'unavailable'
}
