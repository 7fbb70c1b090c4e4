import type { Database } from '../../core/ports.ts'
import { openDatabaseFile } from '../../edge/ports/libsql-file.ts'
import { remoteDatabase } from '../../edge/ports/libsql-http.ts'

/** A second look at a gateway's database, from beside it. */
export interface Rows {
  /** How many rows each table has that a request may write to. */
  counts(): Promise<Readonly<Record<string, number>>>
  /** One query, its rows as arrays. */
  select(sql: string, ...args: readonly string[]): Promise<readonly (readonly unknown[])[]>
  close(): Promise<void>
}

/**
 * Raw callbacks are kept whether they verify or not: a row there is no change of anything. What the
 * sweep finds out about other payments meanwhile is nobody's doing; each outbox row has its event.
 */
const TABLES = [
  'payments',
  'attempts',
  'refunds',
  'transfers',
  'splits',
  'idempotency',
  "events where source not in ('query', 'sweep')",
]

export async function openRows(databaseUrl: string): Promise<Rows> {
  const { database, close } = await open(databaseUrl)
  const select: Rows['select'] = async (sql, ...args) => {
    const [rows = []] = await database.batch([{ sql, args }], 'read')
    return rows
  }
  return {
    select,
    close,
    async counts() {
      const counted = await database.batch(
        TABLES.map((table) => ({ sql: `select count(*) from ${table}`, args: [] })),
        'read',
      )
      return Object.fromEntries(TABLES.map((table, at) => [table, Number(counted[at]?.[0]?.[0])]))
    },
  }
}

async function open(url: string): Promise<{ database: Database; close(): Promise<void> }> {
  if (url.startsWith('file:')) return openDatabaseFile(url)
  return { database: remoteDatabase({ url }), close: async () => {} }
}
