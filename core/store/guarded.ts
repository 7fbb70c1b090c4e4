import type { SQL } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { EventId } from '../ids.ts'
import { assert } from '../result.ts'
import { events } from './schema.ts'
import { insertWhere, previousChangedOne, type Store } from './store.ts'

export type Statements = readonly BatchItem<'sqlite'>[]

/**
 * Further statements for a guarded batch, given the row as it will be and a condition that holds
 * only if the batch wins. Asked anew for each try; what does not use the condition may run twice.
 */
export type Also<Row> = (row: Row, won: SQL) => Statements

/** One change of a row, with all that has to be true together with it. */
export interface GuardedChange {
  /** An `UPDATE` that names the version and the states that it may leave. */
  readonly update: BatchItem<'sqlite'>
  readonly event: typeof events.$inferInsert
  readonly rest: Statements
  /** Reads `{ row, won }`: the row, and the event's id if this batch wrote it. */
  readonly read: BatchItem<'sqlite'>
}

export interface Written<Row> {
  readonly won: boolean
  readonly row: Row
}

/**
 * Writes a change, its event, and what goes with them as one transaction, in one round trip. Nothing
 * but the update happens when the guard does not hold, and then that does not happen either.
 */
export async function writeGuarded<Row>(
  { write }: Store,
  { update, event, rest, read }: GuardedChange,
): Promise<Written<Row>> {
  const results = await write.batch([
    update,
    write.run(insertWhere(events, event, previousChangedOne)),
    ...rest,
    read,
  ])
  // The type of a batch's last result is lost among statements of any number.
  const [last] = results.at(-1) as readonly { row: Row; won: EventId | null }[]
  assert(last !== undefined, `${event.subjectKind} ${event.subjectId} is still there`)
  return { won: last.won === event.eventId, row: last.row }
}

/** How often another writer may get between our read and our write before something is wrong. */
const MAX_RACES = 20

/**
 * Decides on a row and writes the change; when another writer was faster, decides again on what
 * that one left behind.
 *
 * @returns the row as it is now, and the change that was made, if any
 */
export async function decideAndWrite<Row, Change>(
  known: Row,
  decide: (row: Row) => Change | undefined,
  write: (row: Row, change: Change) => Promise<Written<Row>>,
): Promise<{ readonly row: Row; readonly change?: Change }> {
  let row = known
  for (let races = 0; races < MAX_RACES; races++) {
    const change = decide(row)
    if (change === undefined) return { row }
    const written = await write(row, change)
    if (written.won) return { row: written.row, change }
    row = written.row
  }
  throw new Error('one row is written to by too many at once')
}

/** Whether what is told of one sending of a row still says something of the row as it is now. */
export function stillHolds(
  row: { readonly sends: number },
  told: { readonly onlyWhileSends?: number },
): boolean {
  return told.onlyWhileSends === undefined || told.onlyWhileSends === row.sends
}

export async function runAll({ write }: Store, statements: Statements): Promise<void> {
  const [first, ...others] = statements
  if (first !== undefined) await write.batch([first, ...others])
}
