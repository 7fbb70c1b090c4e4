import type { Database, SqlValue, Statement } from '../../core/ports.ts'

export interface Batch {
  readonly statements: readonly Statement[]
  readonly mode: 'read' | 'write'
}

/** A database that writes down what is asked of it while it is told to. */
export interface RecordedDatabase extends Database {
  /** @returns the batches that `work` issued */
  record(work: () => Promise<unknown>): Promise<readonly Batch[]>
}

export function recorded(database: Database): RecordedDatabase {
  let batches: Batch[] | undefined
  return {
    batch(statements, mode) {
      batches?.push({ statements, mode })
      return database.batch(statements, mode)
    },
    async record(work) {
      const mine: Batch[] = []
      batches = mine
      await work()
      batches = undefined
      return mine
    },
  }
}

/** The same batches again, with ids that nobody has had. */
export type Replay = (merchantPaymentNo: string) => readonly Batch[]

/** Our ids: a letter, 13 digits of milliseconds and 8 random ones. */
const OUR_ID = /\b[A-Z]\d{21}\b/g

/**
 * @param batches what one order issued
 * @param merchantPaymentNo the number of that order; each replay has another
 */
export function replayOf(batches: readonly Batch[], merchantPaymentNo: string): Replay {
  const ids = new Set(batches.flatMap(textsOf).flatMap((text) => text.match(OUR_ID) ?? []))
  // Cut into pieces once, so that a replay costs next to nothing beside its statements.
  const cut = [...ids, merchantPaymentNo]
  const patterns = batches.map(({ statements, mode }) => ({
    mode,
    statements: statements.map(({ sql, args }) => ({
      sql,
      args: args.map((arg) => pattern(arg, cut)),
    })),
  }))
  let sequence = 0
  return (number) => {
    const nowMs = Date.now()
    const fresh = cut.map((id, i) =>
      i === ids.size ? number : `${id.charAt(0)}${nowMs}${String(sequence++).padStart(8, '0')}`,
    )
    return patterns.map(({ statements, mode }) => ({
      mode,
      statements: statements.map(({ sql, args }) => ({
        sql,
        args: args.map((make) => make(fresh)),
      })),
    }))
  }
}

function textsOf({ statements }: Batch): string[] {
  return statements.flatMap(({ args }) => args.filter((arg) => typeof arg === 'string'))
}

function pattern(arg: SqlValue, cut: readonly string[]): (fresh: readonly string[]) => SqlValue {
  if (typeof arg !== 'string') return () => arg
  const whole = cut.indexOf(arg)
  if (whole !== -1) return (fresh) => fresh[whole] ?? arg
  const held = cut.flatMap((id, i) => (arg.includes(id) ? [{ id, i }] : []))
  if (held.length === 0) return () => arg
  return (fresh) => held.reduce((text, { id, i }) => text.replaceAll(id, fresh[i] ?? id), arg)
}
