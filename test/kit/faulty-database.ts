import { type Database, DatabaseError } from '../../core/ports.ts'

/** How a database fails: at one batch, or from that batch on until it is mended. */
export interface Fault {
  /** Before it did anything, or after it has committed, with the answer lost. */
  readonly when: 'before' | 'after'
  readonly lasts: 'once' | 'until mended'
}

export interface FaultyDatabase {
  wrap(database: Database): Database
  /** Fails at the given batch from now on, counted from 1. */
  arm(fault: Fault, atBatch: number): void
  mend(): void
  /** Whether the batch that it was armed for was reached. */
  hasFailed(): boolean
}

const TROUBLES = ['busy', 'full', 'unavailable'] as const

/** A database that fails where a test wants it to. */
export function faultyDatabase(): FaultyDatabase {
  let armed: Fault | undefined
  let left = 0
  let failed = false

  return {
    wrap: (database) => ({
      async batch(statements, mode) {
        if (armed === undefined) return database.batch(statements, mode)
        left--
        const strikes = left === 0
        const isAway = left < 0 && armed.lasts === 'until mended'
        if (!strikes && !isAway) return database.batch(statements, mode)
        failed = true
        if (strikes && armed.when === 'after') {
          await database.batch(statements, mode)
          throw new DatabaseError('unavailable', 'the answer was lost')
        }
        const trouble = TROUBLES[Math.abs(left) % TROUBLES.length] ?? 'busy'
        throw new DatabaseError(trouble, `the database is ${trouble}`)
      },
    }),
    arm(fault, atBatch) {
      armed = fault
      left = atBatch
      failed = false
    },
    mend() {
      armed = undefined
    },
    hasFailed: () => failed,
  }
}
