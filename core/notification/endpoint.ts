import { and, eq, gt, isNotNull, or, type SQL, sql } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { AppId, NotificationId } from '../ids.ts'
import { builtOnce } from '../store/built-once.ts'
import { endpoints, outbox } from '../store/schema.ts'
import { HOUR_MS, MINUTE_MS, type Milliseconds, SECOND_MS } from '../time.ts'
import { GIVES_UP_AFTER_MS } from './schedule.ts'
import { firstTryAtMs, TRY_LEASE_MS } from './tries.ts'

/**
 * The breaker of an endpoint, which is an app's address by its origin.
 *
 * It opens when ten tries in a row have failed and the first of them lies a quarter of an hour
 * back: JeePay's six tries take seven and a half minutes, so none of them is ever held back at an
 * endpoint that was well when the first was made. While it is open, notifications that have been
 * tried before wait; when that time is over, one of them goes ahead, and it alone, to ask whether
 * the endpoint is back. The first try of each notification is made all the same: payments that
 * succeed now should not wait for one that a shop chokes on. Any accepted try closes it.
 */
const OPENS_AFTER_FAILURES = 10
const OPENS_AFTER_MS = 15 * MINUTE_MS
/** Open for a quarter of the time that it has been failing, within these. */
const OPEN_AT_LEAST_MS = 5 * MINUTE_MS
const OPEN_AT_MOST_MS = HOUR_MS

export type Endpoint = typeof endpoints.$inferSelect

/** The endpoint that a notification goes to. Its URL is spelled so that it begins with the origin. */
export const isEndpointOfNotification = sql`${endpoints.appId} = ${outbox.appId}
  and substr(${outbox.url}, 1, length(${endpoints.origin}) + 1) = ${endpoints.origin} || '/'`

/** Takes the one try that a breaker lets through when its time is over; changes one row, or none. */
export function takeProbe({ store }: Core, nowMs: Milliseconds, claimable: SQL | undefined) {
  return store.write
    .update(endpoints)
    .set({ openUntilMs: nowMs + TRY_LEASE_MS })
    .where(
      sql`${endpoints.openUntilMs} <= ${nowMs} and exists (
        select 1 from ${outbox} where ${claimable} and ${isEndpointOfNotification})`,
    )
}

/** Whether the breaker lets a notification through. Right behind `takeProbe` in the batch. */
export const passesBreaker = sql`not exists (
    select 1 from ${endpoints} where ${isEndpointOfNotification} and ${endpoints.goneAtMs} is not null)
  and (${outbox.tries} = 0 or changes() = 1 or not exists (
    select 1 from ${endpoints} where ${isEndpointOfNotification} and ${endpoints.openUntilMs} is not null))`

/**
 * Puts off what is due at endpoints that are not tried now, so that it doesn't take others' place in
 * the sweep. What has waited too long, or whose endpoint is gone, is given up and shows as such. A lease
 * that has run out goes with it: by a clock that is behind it would keep a replay away.
 */
export function putOffWaiting(nowMs: Milliseconds) {
  return putOff({ nowMs, lastMs: nowMs - GIVES_UP_AFTER_MS })
}

const putOff = builtOnce(['nowMs', 'lastMs'], (db, { nowMs, lastMs }) =>
  db.values<[NotificationId, 'waiting' | 'exhausted']>(sql`
    update ${outbox} set
      try_lease_until_ms = null,
      next_try_at_ms = coalesce(${endpoints.openUntilMs}, next_try_at_ms),
      state = case when ${endpoints.goneAtMs} is not null
        or ${firstTryAtMs} <= ${lastMs} then 'exhausted' else state end
    from ${endpoints}
    where ${outbox.state} = 'waiting' and ${outbox.nextTryAtMs} <= ${nowMs}
      and (${outbox.tryLeaseUntilMs} is null or ${outbox.tryLeaseUntilMs} <= ${nowMs})
      and ${isEndpointOfNotification}
      and (${endpoints.goneAtMs} is not null
        or (${endpoints.openUntilMs} > ${nowMs} and ${outbox.tries} > 0))
    returning notification_id, state`),
)

export interface EndpointKey {
  readonly appId: AppId
  /** Scheme, host and port. */
  readonly origin: string
}

function isAt({ appId, origin }: EndpointKey) {
  return and(eq(endpoints.appId, appId), eq(endpoints.origin, origin))
}

export function selectEndpoint({ store }: Core, key: EndpointKey) {
  return store.write.select().from(endpoints).where(isAt(key))
}

/** Between two that waited for one endpoint: it has just come back, and is not run over. */
const HURRIES_EVERY_MS = SECOND_MS
/** So many at a time; what is left is tried when it would have been. */
const HURRIES_AT_MOST = 1_000

/**
 * Has what a breaker put off tried soon, the oldest first; nothing is tried later than it would have
 * been, and nothing that waits for a time of its own schedule is tried sooner. Belongs right before
 * the end of the breaker in its batch: what it put off is due when its time is over, and at no other.
 */
function hurryPutOff({ store }: Core, nowMs: Milliseconds, whichEndpoints: SQL | undefined) {
  return store.write.run(sql`
    update ${outbox} set
      next_try_at_ms = min(next_try_at_ms, ${nowMs} + ${HURRIES_EVERY_MS} * place)
    from (
      select ${outbox.notificationId} as put_off_id, row_number() over (
        partition by ${endpoints.appId}, ${endpoints.origin}
        order by ${outbox.createdAtMs}, ${outbox.notificationId}) - 1 as place
      from ${endpoints} cross join ${outbox}
      where ${whichEndpoints} and ${endpoints.openUntilMs} > ${nowMs}
        and ${outbox.nextTryAtMs} = ${endpoints.openUntilMs} and ${outbox.state} = 'waiting'
        and ${outbox.tries} > 0 and ${isEndpointOfNotification}
      order by place limit ${HURRIES_AT_MOST})
    where notification_id = put_off_id`)
}

/** What the breaker of one endpoint put off. */
export function hurryPutOffAt(core: Core, key: EndpointKey, nowMs: Milliseconds) {
  return hurryPutOff(core, nowMs, isAt(key))
}

/** An accepted try: whatever was counted is forgotten. Changes nothing for one that is well. */
export function closeBreaker({ store }: Core, key: EndpointKey) {
  return store.write
    .update(endpoints)
    .set(WELL)
    .where(and(isAt(key), or(gt(endpoints.failures, 0), isNotNull(endpoints.goneAtMs))))
    .returning()
}

/** An operator's word: only of one that is tried less often or no more. */
export function closeTroubled({ store }: Core, key: EndpointKey) {
  return store.write
    .update(endpoints)
    .set(WELL)
    .where(and(isAt(key), isTroubled))
}

/** A try that failed, or one that found nobody there for good. */
export function countFailure(
  { store }: Core,
  { appId, origin }: EndpointKey,
  nowMs: Milliseconds,
  isGone: boolean,
) {
  const failingForMs = sql`(${nowMs} - ${endpoints.firstFailedAtMs})`
  const gone = isGone ? { goneAtMs: nowMs } : {}
  return store.write
    .insert(endpoints)
    .values({
      appId,
      origin,
      failures: 1,
      firstFailedAtMs: nowMs,
      lastFailedAtMs: nowMs,
      ...gone,
    })
    .onConflictDoUpdate({
      target: [endpoints.appId, endpoints.origin],
      set: {
        failures: sql`${endpoints.failures} + 1`,
        firstFailedAtMs: sql`coalesce(${endpoints.firstFailedAtMs}, ${nowMs})`,
        lastFailedAtMs: nowMs,
        // Moved by the try that was let through to ask, not by first tries that fail meanwhile: what
        // is put off is known by this very time.
        openUntilMs: sql`case
          when ${endpoints.openUntilMs} > ${nowMs + TRY_LEASE_MS} then ${endpoints.openUntilMs}
          when ${endpoints.failures} + 1 >= ${OPENS_AFTER_FAILURES}
            and ${failingForMs} >= ${OPENS_AFTER_MS}
          then ${nowMs} + min(max(${failingForMs} / 4, ${OPEN_AT_LEAST_MS}), ${OPEN_AT_MOST_MS})
        end`,
        ...gone,
      },
    })
    .returning()
}

const WELL = { failures: 0, firstFailedAtMs: null, openUntilMs: null, goneAtMs: null } as const

const isTroubled = or(isNotNull(endpoints.goneAtMs), isNotNull(endpoints.openUntilMs))

/** Endpoints that are tried less often or no more: an operator's business, worst first. */
export function troubledEndpoints({ store }: Core, limit: number): Promise<Endpoint[]> {
  return store.read
    .select()
    .from(endpoints)
    .where(isTroubled)
    .orderBy(sql`${endpoints.goneAtMs} is null`, endpoints.firstFailedAtMs)
    .limit(limit)
}

/** The endpoints of notifications that are replayed. */
export function closeBreakersOf({ store }: Core, which: SQL | undefined) {
  return store.write
    .update(endpoints)
    .set(WELL)
    .where(
      sql`(${endpoints.failures} > 0 or ${endpoints.goneAtMs} is not null) and ${isToldBy(which)}`,
    )
}

/** What waits at the endpoints of notifications that are replayed. */
export function hurryPutOffWith(core: Core, which: SQL | undefined, nowMs: Milliseconds) {
  return hurryPutOff(core, nowMs, isToldBy(which))
}

function isToldBy(which: SQL | undefined): SQL {
  return sql`exists (select 1 from ${outbox} where ${which} and ${isEndpointOfNotification})`
}
