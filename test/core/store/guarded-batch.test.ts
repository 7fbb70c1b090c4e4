import { eq, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import type { Database } from '../../../core/ports.ts'
import { events } from '../../../core/store/schema.ts'
import {
  eventWritten,
  insertWhere,
  openStore,
  previousChangedOne,
  type Store,
} from '../../../core/store/store.ts'
import { migrateDatabase } from '../../../edge/migrate.ts'
import { openDatabaseFile } from '../../../edge/ports/libsql-file.ts'

const rows = sqliteTable('rows', {
  id: text('id').primaryKey(),
  version: integer('version').notNull(),
  isSpecial: integer('is_special', { mode: 'boolean' }),
})
const notes = sqliteTable('notes', { id: text('id').primaryKey(), about: text('about').notNull() })

async function open(): Promise<{ store: Store; database: Database }> {
  const { database } = await openDatabaseFile(':memory:')
  await migrateDatabase(database)
  const store = openStore(database)
  for (const statement of [
    'create table rows (id text primary key, version integer not null, is_special integer)',
    'create table notes (id text primary key, about text not null)',
    "insert into rows values ('r', 1, 0)",
  ]) {
    await database.batch([{ sql: statement, args: [] }], 'write')
  }
  return { store, database }
}

async function all({ store }: { store: Store }) {
  const [found] = await store.read.batch([store.read.select({ id: notes.id }).from(notes)])
  return found.map(({ id }) => id)
}

/** A writer that read version 1 and moves the row on. */
function movesOn({ write }: Store) {
  return write
    .update(rows)
    .set({ version: sql`${rows.version} + 1` })
    .where(sql`id = 'r' and version = 1`)
}

describe('a row that is inserted only if the update before it changed one', () => {
  it('is there for the writer that won, and not for the one that lost', async () => {
    const { store } = await open()
    for (const id of ['first', 'second']) {
      await store.write.batch([
        movesOn(store),
        store.write.run(insertWhere(notes, { id, about: 'r' }, previousChangedOne)),
      ])
    }
    expect(await all({ store })).toEqual(['first'])
  })

  it('would be there for the loser too if the version alone were checked', async () => {
    const { store } = await open()
    // Wrong, and kept here to show it: the loser sees the version that the winner has made.
    const isVersionTwo = sql`exists (select 1 from ${rows} where ${rows.version} = 2)`
    for (const id of ['first', 'second']) {
      await store.write.batch([
        movesOn(store),
        store.write.run(insertWhere(notes, { id, about: 'r' }, isVersionTwo)),
      ])
    }
    expect(await all({ store })).toEqual(['first', 'second'])
  })

  it('carries on through a chain: each insert lets the next one in', async () => {
    const { store } = await open()
    const chain = (id: string) => [
      store.write.run(insertWhere(notes, { id: `${id}1`, about: 'r' }, previousChangedOne)),
      store.write.run(insertWhere(notes, { id: `${id}2`, about: 'r' }, previousChangedOne)),
    ]
    await store.write.batch([movesOn(store), ...chain('won')])
    await store.write.batch([movesOn(store), ...chain('lost')])
    expect(await all({ store })).toEqual(['won1', 'won2'])
  })

  it('counts the statement before it alone: not behind one that changed nothing', async () => {
    const { store } = await open()
    await store.write.batch([
      movesOn(store),
      store.write.update(rows).set({ version: 9 }).where(eq(rows.id, 'nobody')),
      store.write.run(insertWhere(notes, { id: 'n', about: 'r' }, previousChangedOne)),
    ])
    expect(await all({ store })).toEqual([])
  })

  it('is held by an event of the batch’s own, wherever it stands in the batch', async () => {
    const { store } = await open()
    for (const id of ['first', 'second']) {
      const event = {
        eventId: `E${id}` as never,
        subjectKind: 'payment',
        subjectId: 'P1' as never,
        version: id === 'first' ? 2 : 3,
        kind: 'test',
        source: 'query',
        evidence: '{}',
        atMs: 1,
      } as const
      await store.write.batch([
        movesOn(store),
        store.write.run(insertWhere(events, event, previousChangedOne)),
        store.write.update(rows).set({ isSpecial: true }).where(eq(rows.id, 'nobody')),
        store.write.run(insertWhere(notes, { id, about: 'r' }, eventWritten(event.eventId))),
      ])
    }
    expect(await all({ store })).toEqual(['first'])
  })

  it('is written by one of many that race', async () => {
    const { store } = await open()
    await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        store.write.batch([
          movesOn(store),
          store.write.run(insertWhere(notes, { id: `${i}`, about: 'r' }, previousChangedOne)),
        ]),
      ),
    )
    expect(await all({ store })).toHaveLength(1)
  })
})

describe('a batch', () => {
  it('is all or nothing: a statement that fails takes those before it back', async () => {
    const { store } = await open()
    const batch = store.write.batch([
      movesOn(store),
      store.write.insert(notes).values({ id: 'n', about: 'r' }),
      store.write.insert(notes).values({ id: 'n', about: 'again' }),
    ])
    await expect(batch).rejects.toMatchObject({ name: 'DatabaseError', trouble: 'conflict' })
    expect(await all({ store })).toEqual([])
    const [found] = await store.read.batch([store.read.select().from(rows)])
    expect(found).toEqual([{ id: 'r', version: 1, isSpecial: false }])
  })
})

describe('the values of such a row', () => {
  const ONE = sql`1 = 1`

  it('go through the columns, may be null, and may be made of other rows', async () => {
    const { store } = await open()
    const ofAnother = sql`${rows.isSpecial}`
    await store.write.batch([
      store.write.run(
        insertWhere(
          rows,
          { id: 'copy', version: sql`${rows.version} + 4`, isSpecial: true },
          sql`${rows.id} = 'r'`,
          sql`${rows}`,
        ),
      ),
      store.write.run(
        insertWhere(
          rows,
          { id: 'like r', version: 2, isSpecial: ofAnother },
          sql`${rows.id} = 'r'`,
          sql`${rows}`,
        ),
      ),
      store.write.run(insertWhere(rows, { id: 'absent', version: 1, isSpecial: undefined }, ONE)),
      store.write.run(insertWhere(rows, { id: 'null', version: 1, isSpecial: null }, ONE)),
    ])
    const [found] = await store.read.batch([store.read.select().from(rows).orderBy(rows.id)])
    expect(found).toEqual([
      { id: 'absent', version: 1, isSpecial: null },
      { id: 'copy', version: 5, isSpecial: true },
      { id: 'like r', version: 2, isSpecial: false },
      { id: 'null', version: 1, isSpecial: null },
      { id: 'r', version: 1, isSpecial: false },
    ])
  })

  it('must be of columns that the table has', () => {
    expect(() => insertWhere(notes, { id: 'a', about: 'b', nothing: 1 } as never, sql`1`)).toThrow(
      'broken invariant: column nothing is in the table',
    )
  })

  it('are texts, numbers, bytes and null', async () => {
    const { store } = await open()
    const wrong = store.write.run(insertWhere(notes, { id: {} as never, about: 'b' }, sql`1 = 1`))
    await expect(store.write.batch([wrong])).rejects.toThrow('a object cannot be stored')
  })

  it('go to the database as they are: bytes, too', async () => {
    const { store } = await open()
    const bytes = Uint8Array.from([1, 255])
    const [found] = await store.read.batch([
      store.read.all(sql`select hex(${bytes}), ${'a'}, ${1.5}, ${null}`),
    ])
    expect(found).toEqual([['01FF', 'a', 1.5, null]])
  })
})

describe('a statement by itself', () => {
  it('is a batch of one, of one row or of all', async () => {
    const { store } = await open()
    const select = () => store.read.select().from(rows)
    expect(await select()).toEqual([{ id: 'r', version: 1, isSpecial: false }])
    expect(await select().get()).toEqual({ id: 'r', version: 1, isSpecial: false })
    expect(await select().where(eq(rows.id, 'nobody')).get()).toBeUndefined()
    await store.write.insert(notes).values({ id: 'n', about: 'r' })
    expect(await all({ store })).toEqual(['n'])
  })
})
