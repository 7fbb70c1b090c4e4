import { and, asc, eq, gt, inArray, isNull, lt, lte, or, type SQL, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { AppId, NotificationId } from '../ids.ts'
import { apps, outbox } from '../store/schema.ts'
import type { Milliseconds } from '../time.ts'
import { closeBreakersOf, hurryPutOffWith } from './endpoint.ts'
import { lastNumberOf } from './tries.ts'
import { setTimer } from './wake.ts'

/** Where a batch of replays ended: the next one goes on behind it. */
export interface ReplayCursor {
  readonly createdAtMs: Milliseconds
  readonly notificationId: NotificationId
}

export interface ReplayBatch {
  readonly replayed: readonly NotificationId[]
  /** There is more; none when this was the end. */
  readonly next?: ReplayCursor
}

export interface ReplayBounds {
  /** Notifications looked at in this batch: 100 unless told, 500 at most. */
  readonly limit?: number
  readonly after?: ReplayCursor
}

const LIMIT = 100
/** A batch names each notification, and SQLite takes so many parameters in a statement. */
const MAX_LIMIT = 500

/**
 * Tells a merchant again, whatever became of it: also one that was heard, for merchants who lost it.
 *
 * The schedule begins anew, and so does what a merchant may take for the same message: its id, its
 * fields and their sign stay. Tries so far are kept. One that is being tried right now is left alone.
 *
 * @returns whether it will be told again
 */
export async function replayNotification(
  core: Core,
  notificationId: NotificationId,
): Promise<boolean> {
  const replayed = await beginAnew(core, [notificationId])
  return replayed.length === 1
}

/**
 * All notifications of an app that were written in a time, oldest first, a batch at a time: what was
 * heard is told again too.
 */
export async function replayRange(
  core: Core,
  range: { readonly appId: AppId; readonly fromMs: Milliseconds; readonly untilMs: Milliseconds },
  bounds: ReplayBounds = {},
): Promise<ReplayBatch> {
  const { appId, fromMs, untilMs } = range
  const merchantNo = sql`(select ${apps.merchantNo} from ${apps} where ${apps.appId} = ${appId})`
  return replayWhere(
    core,
    and(
      // The index is by merchant.
      eq(outbox.merchantNo, merchantNo),
      eq(outbox.appId, appId),
      sql`${outbox.createdAtMs} >= ${fromMs}`,
      lt(outbox.createdAtMs, untilMs),
    ),
    bounds,
  )
}

/** All that was given up on without having been heard, of one app or of all; oldest first. */
export async function replayExhausted(
  core: Core,
  bounds: ReplayBounds & { readonly appId?: AppId } = {},
): Promise<ReplayBatch> {
  const { appId } = bounds
  return replayWhere(
    core,
    and(eq(outbox.state, 'exhausted'), appId === undefined ? undefined : eq(outbox.appId, appId)),
    bounds,
  )
}

async function replayWhere(
  core: Core,
  which: SQL | undefined,
  { limit = LIMIT, after }: ReplayBounds,
): Promise<ReplayBatch> {
  const size = Math.min(Math.max(Math.floor(limit), 1), MAX_LIMIT)
  const [rows] = await core.store.read.batch([
    core.store.read
      .select({ notificationId: outbox.notificationId, createdAtMs: outbox.createdAtMs })
      .from(outbox)
      .where(and(which, after === undefined ? undefined : isBehind(after)))
      .orderBy(asc(outbox.createdAtMs), asc(outbox.notificationId))
      .limit(size),
  ])
  const last = rows.at(-1)
  if (last === undefined) return { replayed: [] }
  const replayed = await beginAnew(
    core,
    rows.map(({ notificationId }) => notificationId),
  )
  return rows.length < size ? { replayed } : { replayed, next: last }
}

function isBehind({ createdAtMs, notificationId }: ReplayCursor): SQL | undefined {
  return or(
    gt(outbox.createdAtMs, createdAtMs),
    and(eq(outbox.createdAtMs, createdAtMs), gt(outbox.notificationId, notificationId)),
  )
}

/** One guarded write. Endpoints that were tried no more are tried again: an operator says so. */
async function beginAnew(
  core: Core,
  notificationIds: readonly NotificationId[],
): Promise<readonly NotificationId[]> {
  const { ports, store } = core
  const nowMs = ports.clock.now()
  const which = inArray(outbox.notificationId, [...notificationIds])
  const [begun] = await store.write.batch([
    store.write
      .update(outbox)
      .set({
        state: 'waiting',
        tries: 0,
        nextTryAtMs: nowMs,
        tryLeaseUntilMs: null,
        deliveredAtMs: null,
      })
      .where(and(which, or(isNull(outbox.tryLeaseUntilMs), lte(outbox.tryLeaseUntilMs, nowMs))))
      .returning({
        notificationId: outbox.notificationId,
        lastNumber: sql<number>`${lastNumberOf(sql`${outbox.notificationId}`)}`,
      }),
    hurryPutOffWith(core, which, nowMs),
    closeBreakersOf(core, which),
  ])
  for (const { notificationId, lastNumber } of begun) {
    setTimer(core, { notificationId, number: lastNumber + 1, atMs: nowMs })
  }
  ports.log.write('info', 'notifications are told again', { count: begun.length })
  return begun.map(({ notificationId }) => notificationId)
}
