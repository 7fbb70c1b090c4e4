// Runs in Deno: writes to the database file that its argument names, and prints what it reads.
import { openDatabaseFile } from '../../../edge/ports/libsql-file.ts'

const { database, close } = await openDatabaseFile(process.argv[2] ?? '')
await database.batch(
  [
    { sql: 'CREATE TABLE till (coins INTEGER, seal BLOB)', args: [] },
    { sql: 'INSERT INTO till VALUES (?, ?)', args: [7, new Uint8Array([1, 2])] },
  ],
  'write',
)
const [rows] = await database.batch(
  [{ sql: 'SELECT coins, hex(seal) FROM till', args: [] }],
  'read',
)
await close()
console.log(JSON.stringify(rows))
