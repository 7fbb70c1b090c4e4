import { type Client, createClient } from '@libsql/client/sqlite3'
import { type Database, DatabaseError, type Statement } from '../../core/ports.ts'
import { fail, libsqlDatabase } from './libsql.ts'

export interface DatabaseFile {
  readonly database: Database
  /** Waits for the batches that were asked for before. */
  close(): Promise<void>
}

/**
 * How long one try waits inside SQLite, which stops the whole process: longer, and the deadlines of
 * channel calls would pass while their answers lie unread.
 */
const TRY_MS = 50

/**
 * An embedded database, for Node and Deno: one connection, one batch at a time.
 *
 * @param url `file:` and a path, or `:memory:`
 * @param busyTimeoutMs how long a batch waits for a lock that another process holds
 * @throws {DatabaseError} when it cannot be opened
 */
export async function openDatabaseFile(url: string, busyTimeoutMs = 5_000): Promise<DatabaseFile> {
  let client: Client | undefined
  let closed = false
  let last: Promise<unknown> = Promise.resolve()

  // One after the other: the connection is replaced below, and nobody else may be using it then.
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = last.then(work, work)
    last = turn
    return turn
  }

  async function attempt(statements: readonly Statement[], mode: 'read' | 'write') {
    if (closed) throw new DatabaseError('unavailable', 'the database was closed')
    client ??= await connect(url)
    if (mode === 'write') await client.executeMultiple(TRY_TO_LOCK).catch(fail)
    try {
      return await libsqlDatabase(client).batch(statements, mode)
    } catch (error) {
      if (isBusy(error)) {
        client.close()
        client = undefined
      }
      throw error
    }
  }

  const database: Database = {
    batch(statements, mode) {
      // Counted from here, so that a queue behind a held lock does not add up.
      const giveUpAtMs = Date.now() + busyTimeoutMs
      return inTurn(async () => {
        for (;;) {
          try {
            return await attempt(statements, mode)
          } catch (error) {
            if (!isBusy(error) || Date.now() >= giveUpAtMs) throw error
          }
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      })
    },
  }

  // Now, so that a wrong path stops the start and not the first payment.
  await database.batch([{ sql: 'SELECT 1', args: [] }], 'read')
  return {
    database,
    close: () =>
      inTurn(async () => {
        closed = true
        client?.close()
      }),
  }
}

/**
 * Meets a lock that somebody holds before the batch does. A BEGIN of the client that met SQLITE_BUSY
 * stays unfinished on its connection, where from then on every COMMIT fails with "SQL statements in
 * progress" (libsql-client-ts#352). `executeMultiple` leaves nothing behind. A batch can still be
 * beaten to the lock in between, and then its connection is given up: not the usual way, because
 * the files of a closed connection stay open until garbage collection finds its statements.
 */
const TRY_TO_LOCK = 'BEGIN IMMEDIATE; ROLLBACK'

function isBusy(error: unknown): boolean {
  return error instanceof DatabaseError && error.trouble === 'busy'
}

async function connect(url: string): Promise<Client> {
  // Concurrency 1, so that the PRAGMAs are those of the connection that the batches run on; the
  // timeout as an option, since the client gives no connection a busy_timeout by itself (#288).
  const client = open(url)
  try {
    await client.executeMultiple(
      'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON',
    )
    return client
  } catch (error) {
    client.close()
    return fail(error)
  }
}

function open(url: string): Client {
  try {
    return createClient({ url, concurrency: 1, timeout: TRY_MS })
  } catch (error) {
    return fail(error)
  }
}
