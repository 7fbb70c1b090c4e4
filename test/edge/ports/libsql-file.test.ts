import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@libsql/client/sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseFile, openDatabaseFile } from '../../../edge/ports/libsql-file.ts'

let directory: string
let url: string
const closing: (() => unknown)[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tongbao-file-'))
  url = `file:${join(directory, 'gateway.db')}`
})

afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  await rm(directory, { recursive: true })
})

async function opens(busyTimeoutMs?: number): Promise<DatabaseFile> {
  const file = await openDatabaseFile(url, busyTimeoutMs)
  closing.push(() => file.close())
  return file
}

const writes = ({ database }: DatabaseFile, sql: string) =>
  database.batch([{ sql, args: [] }], 'write')

const reads = async ({ database }: DatabaseFile, sql: string) =>
  (await database.batch([{ sql, args: [] }], 'read')).flat(2)

/** Somebody else on the same file, who holds the writer's lock until told to let go. */
async function lockedByAnother(): Promise<{ letGo(): Promise<void> }> {
  const client = createClient({ url, timeout: 5_000 })
  closing.push(() => client.close())
  const transaction = await client.transaction('write')
  return { letGo: () => transaction.rollback() }
}

describe('a database file', () => {
  it('loses nothing that was committed and lets readers in beside the writer', async () => {
    const file = await opens()
    expect(await reads(file, 'PRAGMA journal_mode')).toEqual(['wal'])
    expect(await reads(file, 'PRAGMA synchronous')).toEqual([2])
    expect(await reads(file, 'PRAGMA foreign_keys')).toEqual([1])
  })

  it('keeps what was written for the next one that opens it', async () => {
    const first = await opens()
    await writes(first, 'CREATE TABLE till AS SELECT 7 AS coins')
    await first.close()
    expect(await reads(await opens(), 'SELECT coins FROM till')).toEqual([7])
  })

  it('waits for a lock that another process lets go in time', async () => {
    const file = await opens()
    await writes(file, 'CREATE TABLE till (coins)')
    const lock = await lockedByAnother()
    const waiting = writes(file, 'INSERT INTO till VALUES (1)')
    await sleep(0)
    await lock.letGo()
    await waiting
    expect(await reads(file, 'SELECT coins FROM till')).toEqual([1])
  })

  it('says busy when the lock is held for longer, and reads meanwhile', async () => {
    const file = await opens(0)
    await writes(file, 'CREATE TABLE till (coins)')
    await lockedByAnother()
    await expect(writes(file, 'INSERT INTO till VALUES (1)')).rejects.toMatchObject({
      name: 'DatabaseError',
      trouble: 'busy',
    })
    expect(await reads(file, 'SELECT count(*) FROM till')).toEqual([0])
  })

  it('works on as before once a busy time is over, and keeps no lock itself', async () => {
    const file = await opens(0)
    await writes(file, 'CREATE TABLE till (coins)')
    const lock = await lockedByAnother()
    await expect(writes(file, 'INSERT INTO till VALUES (1)')).rejects.toThrow(/locked/)
    await lock.letGo()

    await writes(file, 'INSERT INTO till VALUES (2)')
    const another = await opens(0)
    await writes(another, 'INSERT INTO till VALUES (3)')
    await writes(file, 'INSERT INTO till VALUES (4)')
    expect(await reads(another, 'SELECT coins FROM till')).toEqual([2, 3, 4])
    expect(await reads(file, 'PRAGMA synchronous')).toEqual([2])
  })

  it('recovers from a batch that met the lock half way', async () => {
    const file = await opens(0)
    await writes(file, 'CREATE TABLE till (coins)')
    const lock = await lockedByAnother()
    // A write that calls itself a read takes the lock late: the client's own BEGIN is then open.
    await expect(reads(file, 'INSERT INTO till VALUES (1)')).rejects.toMatchObject({
      trouble: 'busy',
    })
    await lock.letGo()
    await writes(file, 'INSERT INTO till VALUES (2)')
    expect(await reads(file, 'SELECT coins FROM till')).toEqual([2])
  })

  it.runIf(process.platform === 'linux')(
    'holds no more files open for a lock it waited for',
    async () => {
      const file = await opens(0)
      await lockedByAnother()
      const openFiles = () =>
        readdirSync('/proc/self/fd', { withFileTypes: true }).filter((entry) =>
          entry.isSymbolicLink(),
        ).length
      const before = openFiles()
      for (let tries = 0; tries < 5; tries++) {
        await expect(writes(file, 'CREATE TABLE till (coins)')).rejects.toThrow(/locked/)
      }
      expect(openFiles()).toBeLessThanOrEqual(before + 2)
    },
  )

  it('refuses to open a place that is not there', async () => {
    await expect(openDatabaseFile(`file:${directory}/nowhere/gateway.db`)).rejects.toMatchObject({
      name: 'DatabaseError',
      trouble: 'unavailable',
    })
  })

  it('finishes what was asked for before it closes, and refuses what comes after', async () => {
    const file = await opens()
    const asked = writes(file, 'CREATE TABLE till AS SELECT 7 AS coins')
    const closed = file.close()
    const late = writes(file, 'DROP TABLE till')
    await asked
    await closed
    await expect(late).rejects.toMatchObject({ trouble: 'unavailable' })
    expect(await reads(await opens(), 'SELECT coins FROM till')).toEqual([7])
  })

  it('says full when the disk is', async () => {
    const file = await opens()
    await writes(file, 'CREATE TABLE till (note)')
    const pages = Number((await reads(file, 'PRAGMA page_count'))[0])
    await reads(file, `PRAGMA max_page_count=${pages}`)
    await expect(
      writes(file, 'INSERT INTO till VALUES (randomblob(100000))'),
    ).rejects.toMatchObject({ trouble: 'full' })
    await writes(file, "INSERT INTO till VALUES ('small')")
  })
})
