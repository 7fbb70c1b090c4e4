import { type SQL, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Core } from '../core.ts'
import { counters } from '../store/schema.ts'
import { type Meter, meterOf } from './meter.ts'

/** At most one small write an isolate in this time, however much was counted. */
const KEEP_EVERY_MS = 10_000
/** Series in one write; the rest comes with the next. */
const MAX_AT_ONCE = 500
/** Rows of the table: an upper bound for what all isolates together can make of it. */
const MAX_ROWS = 20_000
export const SWEPT = 'tongbao_swept_at_seconds'

/** Remembers that a sweep came to its end, for whoever asks how long ago that was. */
export function sweepFinished(core: Core): void {
  meterOf(core).sweptAtMs = core.ports.clock.now()
}

/**
 * Adds to the table what this isolate has counted, unless it did so a moment ago. Not for the path
 * of a request: for its background, and the sweep's.
 */
export async function keepCounts(core: Core): Promise<void> {
  const meter = meterOf(core)
  const nowMs = core.ports.clock.now()
  if (meter.keptAtMs !== undefined && nowMs < meter.keptAtMs + KEEP_EVERY_MS) return
  const { statements, giveBack } = takeCounts(core)
  const [first, ...rest] = statements
  if (first === undefined) return
  try {
    await core.store.write.batch([first, ...rest])
  } catch (error) {
    giveBack()
    const reason = error instanceof Error ? error.name : 'unknown'
    core.ports.log.write('warn', 'what was counted could not be stored yet', { reason })
  }
}

/**
 * Takes what was counted out of the meter, as statements that add it to the table.
 *
 * @returns `giveBack` for when they could not be run. If they ran and only the answer was lost, it is
 *   counted twice: of the two mistakes the one that is seen.
 */
export function takeCounts(core: Core): {
  readonly statements: readonly BatchItem<'sqlite'>[]
  giveBack(): void
} {
  const { store, ports } = core
  const meter = meterOf(core)
  const { sweptAtMs } = meter
  const taken = [...meter.counts].slice(0, MAX_AT_ONCE)
  for (const [series] of taken) meter.counts.delete(series)
  if (taken.length > 0 || sweptAtMs !== undefined) meter.keptAtMs = ports.clock.now()
  meter.sweptAtMs = undefined
  return {
    statements: [
      ...(taken.length === 0 ? [] : [store.write.run(addition(taken))]),
      ...(sweptAtMs === undefined ? [] : [store.write.run(stamp(sweptAtMs))]),
    ],
    giveBack: () => putBack(meter, taken, sweptAtMs),
  }
}

function putBack(meter: Meter, taken: Iterable<[string, number]>, sweptAtMs?: number): void {
  for (const [series, by] of taken) meter.counts.set(series, (meter.counts.get(series) ?? 0) + by)
  meter.sweptAtMs ??= sweptAtMs
}

function addition(taken: readonly (readonly [string, number])[]): SQL {
  const rows = taken.map(([series, by]) => {
    const at = series.indexOf(' ')
    return sql`(${series.slice(0, at)}, ${series.slice(at + 1)}, ${by})`
  })
  return sql`insert into ${counters} (name, labels, value)
    select column1, column2, column3 from (values ${sql.join(rows, sql`, `)})
    where (select count(*) from ${counters}) < ${MAX_ROWS}
      or exists (select 1 from ${counters} where name = column1 and labels = column2)
    on conflict (name, labels) do update set value = value + excluded.value`
}

/** Any number of runners sweep: the latest counts. */
function stamp(sweptAtMs: number): SQL {
  return sql`insert into ${counters} (name, labels, value) values (${SWEPT}, '', ${sweptAtMs / 1_000})
    on conflict (name, labels) do update set value = max(value, excluded.value)`
}
