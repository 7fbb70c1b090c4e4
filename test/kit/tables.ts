import { DatabaseSync, type StatementSync } from 'node:sqlite'
import {
  type Database,
  DatabaseError,
  type Rows,
  type SqlValue,
  type Statement,
} from '../../core/ports.ts'
import { migrateDatabase } from '../../edge/migrate.ts'

/**
 * SQLite in memory: batches are done on the spot, one after the other, by statements that are prepared
 * once. To libSQL's own client, which prepares each anew, it is what most of a test's time went to.
 */
export interface Tables {
  /** One transaction. @throws {DatabaseError} */
  run(statements: readonly Statement[], mode: 'read' | 'write'): readonly Rows[]
  /** A look from beside the gateway. */
  all(sql: string, ...args: readonly (string | number)[]): Rows
  /** All rows of all tables. */
  rows(): AllRows
  /** Has these rows and no others. */
  fill(rows: AllRows): void
}

export type AllRows = readonly {
  readonly table: string
  readonly rows: readonly (readonly SqlValue[])[]
}[]

export function openTables(checksReferences = true): Tables {
  const db = new DatabaseSync(':memory:', { enableForeignKeyConstraints: checksReferences })
  const prepared = new Map<string, StatementSync>()
  const statementOf = (sql: string) => {
    let statement = prepared.get(sql)
    if (statement === undefined) {
      statement = db.prepare(sql)
      statement.setReturnArrays(true)
      prepared.set(sql, statement)
    }
    return statement
  }
  const begin = 'begin immediate'
  const execute = ({ sql, args }: Statement): Rows =>
    statementOf(sql).all(...args.map(toArgument)) as unknown as Rows

  return {
    run(statements, mode) {
      if (mode === 'read') return statements.map(execute)
      statementOf(begin).run()
      try {
        const results = statements.map(execute)
        statementOf('commit').run()
        return results
      } catch (error) {
        statementOf('rollback').run()
        throw troubleOf(error)
      }
    },
    all: (sql, ...args) => execute({ sql, args }),
    rows: () =>
      execute({ sql: TABLES, args: [] }).map(([name]) => {
        const table = String(name)
        return { table, rows: execute({ sql: `select * from ${table}`, args: [] }) }
      }),
    fill(all) {
      statementOf(begin).run()
      for (const { table, rows } of all) {
        statementOf(`delete from ${table}`).run()
        if (rows.length === 0) continue
        const places = rows[0]?.map(() => '?').join(', ')
        const insert = statementOf(`insert into ${table} values (${places})`)
        for (const row of rows) insert.run(...row.map(toArgument))
      }
      statementOf('commit').run()
    },
  }
}

/** Batches on tables, as the gateway asks for them. */
export function databaseOf(tables: Tables): Database {
  return { batch: async (statements, mode) => tables.run(statements, mode) }
}

/** A database of its own, with the gateway's tables. */
export async function memoryDatabase(): Promise<Database> {
  const database = databaseOf(openTables())
  await migrateDatabase(database)
  return database
}

/** All but SQLite's own and the list of migrations. */
const TABLES = `select name from sqlite_master
  where type = 'table' and name not like 'sqlite%' and substr(name, 1, 2) <> '__'`

/** As the libSQL ports bind them: a whole number is no REAL. */
function toArgument(value: SqlValue): Exclude<SqlValue, number> | number | bigint {
  return Number.isSafeInteger(value) ? BigInt(value as number) : value
}

function troubleOf(error: unknown): DatabaseError {
  const message = error instanceof Error ? error.message : String(error)
  const trouble = message.includes('UNIQUE constraint failed') ? 'conflict' : 'unavailable'
  return new DatabaseError(trouble, message, { cause: error })
}
