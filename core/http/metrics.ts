import { asc, type SQL, sql } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Core } from '../core.ts'
import { expositionOf, type Sample } from '../observability/exposition.ts'
import { SWEPT, takeCounts } from '../observability/keep.ts'
import { equalInConstantTime } from '../signing/equal.ts'
import {
  counters,
  outbox,
  payments,
  refunds,
  splitReturns,
  splits,
  transfers,
} from '../store/schema.ts'

/**
 * `/metrics`: the sums over all isolates, in Prometheus' text format. Closed unless the deployment
 * opens it or gives a token, and then as if it were not there.
 */
export async function serveMetrics(core: Core, request: Request): Promise<Response> {
  const { metrics } = core.settings
  if (metrics === undefined) return new Response('not found', { status: 404 })
  const given = request.headers.get('authorization') ?? ''
  if (metrics !== 'open' && !equalInConstantTime(given, `Bearer ${metrics.token}`)) {
    return new Response('unauthorized', { status: 401, headers: { 'www-authenticate': 'Bearer' } })
  }
  return new Response(expositionOf(await samples(core)), {
    headers: {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
    },
  })
}

/** What this isolate counted goes into the table first; one round trip with the reading of it. */
async function samples(core: Core): Promise<readonly Sample[]> {
  const { statements, giveBack } = takeCounts(core)
  try {
    const results = await core.store.write.batch([
      selectOldest(core),
      ...statements,
      core.store.write.select().from(counters).orderBy(asc(counters.name), asc(counters.labels)),
    ])
    const [[oldest]] = results
    // The type of a batch's last result is lost among statements of any number.
    const kept = results.at(-1) as readonly (typeof counters.$inferSelect)[]
    return [...kept, ...ages(core.ports.clock.now(), kept, oldest ?? [])]
  } catch (error) {
    giveBack()
    throw error
  }
}

/** In the order of what `selectOldest` selects. */
const DUE = [
  'payment',
  'refund',
  'transfer',
  'split',
  'split_return',
  'automatic_split',
  'notification',
]

/** One row, by the indexes that the sweep finds its work by. */
function selectOldest({ store }: Core) {
  const check = sql.raw('next_check_at_ms')
  const earliest = (table: SQLiteTable, column: SQL, condition = sql`${column} is not null`) =>
    sql`(select min(${column}) from ${table} where ${condition})`
  const columns = [
    ...[payments, refunds, transfers, splits, splitReturns].map((table) => earliest(table, check)),
    earliest(payments, sql.raw('next_split_at_ms')),
    earliest(outbox, sql.raw('next_try_at_ms'), sql`state = 'waiting'`),
  ]
  return store.write.values<(number | null)[]>(sql`select ${sql.join(columns, sql`, `)}`)
}

function ages(
  nowMs: number,
  kept: readonly Sample[],
  oldest: readonly (number | null)[],
): Sample[] {
  const swept = kept.find(({ name }) => name === SWEPT)
  const age = (sinceMs: number) => Math.max(0, (nowMs - sinceMs) / 1_000)
  return [
    ...(swept === undefined
      ? []
      : [{ name: 'tongbao_sweep_age_seconds', labels: '', value: age(swept.value * 1_000) }]),
    ...DUE.map((what, at) => {
      const dueAtMs = oldest[at] ?? null
      const value = dueAtMs === null ? 0 : age(dueAtMs)
      return { name: 'tongbao_oldest_due_seconds', labels: `what="${what}"`, value }
    }),
  ]
}
