import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateDatabase } from '../../edge/migrate.ts'
import { type DatabaseFile, openDatabaseFile } from '../../edge/ports/libsql-file.ts'

/** A folder that goes when its work is done, however it ends. */
export async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'tongbao-bench-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** An embedded database as `npm start` has it, with all tables. */
export async function openTables(path: string): Promise<DatabaseFile> {
  const file = await openDatabaseFile(`file:${path}`)
  await migrateDatabase(file.database)
  return file
}
