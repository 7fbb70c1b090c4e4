import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/sqlite-proxy'
import { migrate } from 'drizzle-orm/sqlite-proxy/migrator'
import type { Database } from '../core/ports.ts'

const MIGRATIONS = fileURLToPath(new URL('../core/store/migrations', import.meta.url))

/**
 * Brings a database to this release's tables. What was applied before is left alone; what is new
 * is one transaction.
 *
 * Not on Workers, which have no files: there `npm run migrate` does it from a shell.
 */
export async function migrateDatabase(database: Database): Promise<void> {
  const run = async (sql: string, args: readonly (string | number)[]) => {
    const [rows = []] = await database.batch([{ sql, args }], 'write')
    return { rows: [...rows] }
  }
  const db = drizzle((sql, params) => run(sql, params))
  await migrate(
    db,
    async (queries) => {
      if (queries.length === 0) return
      await database.batch(
        queries.map((sql) => ({ sql, args: [] })),
        'write',
      )
    },
    { migrationsFolder: MIGRATIONS },
  )
}
