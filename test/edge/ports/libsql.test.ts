import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database, Rows, SqlValue } from '../../../core/ports.ts'
import { openDatabaseFile } from '../../../edge/ports/libsql-file.ts'
import { remoteDatabase } from '../../../edge/ports/libsql-http.ts'
import { sqldMissing, startSqld } from '../../kit/sqld.ts'
import { databaseOf, openTables } from '../../kit/tables.ts'

/** What every database must do, wherever it is. */
interface Opened {
  readonly database: Database
  close(): Promise<void>
}

const DATABASES: Readonly<
  Record<string, { missing?: string | undefined; open(): Promise<Opened> }>
> = {
  'a file': {
    async open() {
      const directory = await mkdtemp(join(tmpdir(), 'tongbao-libsql-'))
      const file = await openDatabaseFile(`file:${join(directory, 'gateway.db')}`)
      return {
        database: file.database,
        async close() {
          await file.close()
          await rm(directory, { recursive: true })
        },
      }
    },
  },
  memory: { open: () => openDatabaseFile(':memory:') },
  // Not libSQL: what most tests of the gateway run on has to do what libSQL does.
  'the memory of a test': {
    open: async () => ({ database: databaseOf(openTables()), close: async () => undefined }),
  },
  'a libSQL server': {
    missing: sqldMissing(),
    async open() {
      const sqld = await startSqld()
      return { database: remoteDatabase({ url: sqld.url }), close: () => sqld.stop() }
    },
  },
}

describe.each(Object.entries(DATABASES))('a database in %s', (_, { missing, open }) => {
  describe.skipIf(missing !== undefined)(missing ?? 'is there', () => {
    let opened: Opened

    beforeAll(async () => {
      opened = await open()
      await write('CREATE TABLE till (no INTEGER PRIMARY KEY, coins INTEGER NOT NULL, note TEXT)')
    })

    afterAll(() => opened.close())

    const write = (...sql: string[]) => batch('write', ...sql.map((text) => ({ sql: text })))
    const read = (sql: string, ...args: SqlValue[]) => batch('read', { sql, args })

    async function batch(
      mode: 'read' | 'write',
      ...statements: { sql: string; args?: SqlValue[] }[]
    ): Promise<readonly Rows[]> {
      return opened.database.batch(
        statements.map(({ sql, args = [] }) => ({ sql, args })),
        mode,
      )
    }

    it('answers rows as arrays in the order of their columns, one list a statement', async () => {
      expect(
        await batch(
          'write',
          { sql: 'INSERT INTO till VALUES (?, ?, ?) RETURNING note, coins, no', args: [1, 5, 'a'] },
          { sql: 'UPDATE till SET coins = 6 WHERE no = 1' },
          { sql: 'SELECT changes(), changes() AS again' },
        ),
      ).toEqual([[['a', 5, 1]], [], [[1, 1]]])
    })

    it('keeps two columns of one name apart', async () => {
      expect(await read("SELECT 'left' AS side, 'right' AS side")).toEqual([[['left', 'right']]])
    })

    it.each<SqlValue>([
      0,
      -1,
      1.5,
      9_007_199_254_740_991,
      -9_007_199_254_740_991,
      '',
      '通宝',
      null,
      new Uint8Array([0, 1, 255]),
      new Uint8Array(),
    ])('gives %o back as it was', async (value) => {
      expect(await read('SELECT ?', value)).toEqual([[[value]]])
    })

    it('binds whole numbers as integers, also where no column is there to say so', async () => {
      expect(await read('SELECT typeof(?), ? / 2, ? || ?', 1, 5, 2, 'x')).toEqual([
        [['integer', 2, '2x']],
      ])
    })

    it('undoes the whole batch when one statement fails', async () => {
      await expect(
        write('INSERT INTO till VALUES (10, 1, NULL)', 'INSERT INTO till VALUES (11, NULL, NULL)'),
      ).rejects.toThrow(/NOT NULL/)
      expect(await read('SELECT no FROM till WHERE no >= 10')).toEqual([[]])
    })

    it('inserts a second row only where the first statement changed one', async () => {
      const guarded = (no: number) =>
        write(
          `UPDATE till SET coins = coins + 1 WHERE no = ${no}`,
          `INSERT INTO till SELECT 20 + ${no}, 1, NULL WHERE changes() = 1`,
        )
      await write('INSERT INTO till VALUES (2, 1, NULL)')
      await guarded(2)
      await guarded(3)
      expect(await read('SELECT no FROM till WHERE no > 20')).toEqual([[[22]]])
    })

    it.each([
      ['a taken primary key', 'INSERT INTO till VALUES (30, 1, NULL)', 'conflict'],
      ['a NULL where none may be', 'INSERT INTO till VALUES (31, NULL, NULL)', 'unavailable'],
      ['a table that is not there', 'SELECT * FROM vault', 'unavailable'],
      ['an integer above 2^53', 'SELECT 9007199254740993', 'unavailable'],
    ])('names the trouble of %s', async (_trouble, sql, trouble) => {
      await write('INSERT OR IGNORE INTO till VALUES (30, 1, NULL)')
      await expect(write(sql)).rejects.toMatchObject({
        name: 'DatabaseError',
        trouble,
        cause: expect.any(Error),
      })
    })

    it('carries out every one of many batches asked for at once', async () => {
      await write('INSERT INTO till VALUES (40, 0, NULL)')
      await Promise.all(
        Array.from({ length: 30 }, () => write('UPDATE till SET coins = coins + 1 WHERE no = 40')),
      )
      expect(await read('SELECT coins FROM till WHERE no = 40')).toEqual([[[30]]])
    })
  })
})
