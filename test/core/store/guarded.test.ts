import { eq, sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { describe, expect, it } from 'vitest'
import type { EventId, PaymentId } from '../../../core/ids.ts'
import {
  decideAndWrite,
  runAll,
  type Statements,
  stillHolds,
  writeGuarded,
} from '../../../core/store/guarded.ts'
import { events } from '../../../core/store/schema.ts'
import { eventWritten, insertWhere, openStore, type Store } from '../../../core/store/store.ts'
import { memoryDatabase } from '../../kit/tables.ts'

const rows = sqliteTable('rows', { id: text('id').primaryKey(), version: integer('version') })
const notes = sqliteTable('notes', { id: text('id').primaryKey() })

/** A database with one row, `r`, at version 1; it counts the batches that it is asked for. */
async function open() {
  const database = await memoryDatabase()
  for (const sql of [
    'create table rows (id text primary key, version integer)',
    'create table notes (id text primary key)',
    "insert into rows values ('r', 1)",
  ]) {
    await database.batch([{ sql, args: [] }], 'write')
  }
  let batches = 0
  const store = openStore({
    batch(statements, mode) {
      batches++
      return database.batch(statements, mode)
    },
  })
  const [eventIds, noteIds] = [
    async () => (await store.read.select().from(events)).map(({ eventId }) => eventId),
    async () => (await store.read.select().from(notes)).map(({ id }) => id),
  ]
  return { store, eventIds, noteIds, batches: () => batches }
}

/** Moves the row on from version 1, with an event and a note of this name. */
function movesOn({ write }: Store, name: string, id = 'r') {
  const eventId = `E${name}` as EventId
  const won = eventWritten(eventId)
  return {
    update: write
      .update(rows)
      .set({ version: sql`${rows.version} + 1` })
      .where(sql`${rows.id} = ${id} and ${rows.version} = 1`),
    event: {
      eventId,
      subjectKind: 'payment',
      subjectId: 'P1' as PaymentId,
      version: 2,
      kind: 'test',
      source: 'query',
      evidence: '{}',
      atMs: 1,
    },
    rest: [
      write.run(insertWhere(notes, { id: name }, won)),
      write.run(insertWhere(notes, { id: `${name}, too` }, won)),
    ],
    read: write
      .select({
        row: rows,
        won: sql<EventId | null>`(select ${events.eventId} from ${events} where ${won})`,
      })
      .from(rows)
      .where(eq(rows.id, id)),
  } as const
}

describe('a guarded change', () => {
  it('is written with its event and all that goes with it, in one round trip', async () => {
    const { store, eventIds, noteIds, batches } = await open()
    expect(await writeGuarded(store, movesOn(store, 'first'))).toEqual({
      won: true,
      row: { id: 'r', version: 2 },
    })
    expect(batches()).toBe(1)
    expect(await eventIds()).toEqual(['Efirst'])
    expect(await noteIds()).toEqual(['first', 'first, too'])
  })

  it('leaves nothing behind when another was faster, and gives the row that the other made', async () => {
    const { store, eventIds, noteIds } = await open()
    await writeGuarded(store, movesOn(store, 'first'))
    expect(await writeGuarded(store, movesOn(store, 'second'))).toEqual({
      won: false,
      row: { id: 'r', version: 2 },
    })
    expect(await eventIds()).toEqual(['Efirst'])
    expect(await noteIds()).toEqual(['first', 'first, too'])
  })

  it('is of a row that is there: rows are never deleted', async () => {
    const { store } = await open()
    await expect(writeGuarded(store, movesOn(store, 'lost', 'nobody'))).rejects.toThrow(
      'broken invariant: payment P1 is still there',
    )
  })
})

describe('a decision on a row', () => {
  /** A row is a number here, and a decision to add one to it, up to 100. */
  const decide = (row: number) => (row < 100 ? `${row} + 1` : undefined)

  /** Others are so often faster, and each adds ten. */
  function racedBy(others: number) {
    const writes: [number, string][] = []
    return {
      writes,
      async write(row: number, change: string) {
        writes.push([row, change])
        const won = writes.length > others
        return { won, row: won ? row + 1 : row + 10 }
      },
    }
  }

  it('that nothing is to be done writes nothing', async () => {
    const { writes, write } = racedBy(0)
    expect(await decideAndWrite(100, decide, write)).toEqual({ row: 100 })
    expect(writes).toEqual([])
  })

  it('is written once when nobody else writes', async () => {
    const { writes, write } = racedBy(0)
    expect(await decideAndWrite(5, decide, write)).toEqual({ row: 6, change: '5 + 1' })
    expect(writes).toEqual([[5, '5 + 1']])
  })

  it('is made anew on what a faster writer has left', async () => {
    const { writes, write } = racedBy(2)
    expect(await decideAndWrite(5, decide, write)).toEqual({ row: 26, change: '25 + 1' })
    expect(writes).toEqual([
      [5, '5 + 1'],
      [15, '15 + 1'],
      [25, '25 + 1'],
    ])
  })

  it('may come to nothing on what a faster writer has left', async () => {
    const { write } = racedBy(1)
    expect(await decideAndWrite(95, decide, write)).toEqual({ row: 105 })
  })

  it('is given up when twenty others in a row were faster, not one earlier', async () => {
    const always = () => 'again'
    const { writes, write } = racedBy(19)
    expect(await decideAndWrite(0, always, write)).toEqual({ row: 191, change: 'again' })
    expect(writes).toHaveLength(20)
    await expect(decideAndWrite(0, always, racedBy(20).write)).rejects.toThrow(
      'one row is written to by too many at once',
    )
  })
})

describe('statements that go with no change', () => {
  it('run in one round trip, and none when there are none', async () => {
    const { store, noteIds, batches } = await open()
    await runAll(store, [])
    expect(batches()).toBe(0)
    const inserts: Statements = ['a', 'b', 'c'].map((id) =>
      store.write.insert(notes).values({ id }),
    )
    await runAll(store, inserts)
    expect(batches()).toBe(1)
    expect(await noteIds()).toEqual(['a', 'b', 'c'])
  })
})

describe('what is told of one sending of a row', () => {
  it('holds until the row is sent again; what is told of the row itself holds for ever', () => {
    expect(stillHolds({ sends: 2 }, { onlyWhileSends: 2 })).toBe(true)
    expect(stillHolds({ sends: 3 }, { onlyWhileSends: 2 })).toBe(false)
    expect(stillHolds({ sends: 3 }, {})).toBe(true)
  })
})
