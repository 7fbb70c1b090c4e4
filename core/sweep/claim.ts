import { inArray, sql } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type { Core } from '../core.ts'
import type {
  NotificationId,
  PaymentId,
  RefundId,
  SplitId,
  SplitReturnId,
  TransferId,
} from '../ids.ts'
import { putOffWaiting } from '../notification/endpoint.ts'
import { type PaymentCase, selectCases } from '../payment/case.ts'
import { type RefundCase, selectRefundCases } from '../refund/case.ts'
import { drainsConfigs } from '../routing/drain.ts'
import {
  loadSplits,
  type SplitCase,
  type SplitReturnCase,
  selectSplitReturnCases,
} from '../split/case.ts'
import { outbox, payments, refunds, splitReturns, splits, transfers } from '../store/schema.ts'
import { selectTransferCases, type TransferCase } from '../transfer/case.ts'
import type { SweepBounds } from './sweep.ts'

/** Longer than a check may take: query, close and the writes between them. */
const CHECK_LEASE_MS = 60_000

export interface Claimed {
  readonly payments: readonly PaymentCase[]
  readonly refunds: readonly RefundCase[]
  readonly transfers: readonly TransferCase[]
  readonly splits: readonly SplitCase[]
  readonly splitReturns: readonly SplitReturnCase[]
  /** To be split by themselves. */
  readonly toSplit: readonly PaymentCase[]
  /** Not claimed here: whoever delivers one claims it. */
  readonly notifications: readonly NotificationId[]
  /** Which waited too long for their endpoint, or whose endpoint is gone. */
  readonly givenUp: readonly NotificationId[]
}

/**
 * Claims what is due, so much of each as the bounds allow: one round trip, and a few more where
 * something is due. Marks as drained what nothing open needs any more, in the same round trip.
 */
export async function claimDue(core: Core, bounds: SweepBounds): Promise<Claimed> {
  const db = core.store.write
  const nowMs = core.ports.clock.now()
  const [paymentIds, refundIds, transferIds, splitIds, returnIds, toSplitIds, putOff, due] =
    await db.batch([
      claim<PaymentId>(core, payments, payments.paymentId, nowMs, bounds.payments),
      claim<RefundId>(core, refunds, refunds.refundId, nowMs, bounds.refunds),
      claim<TransferId>(core, transfers, transfers.transferId, nowMs, bounds.others),
      claim<SplitId>(core, splits, splits.splitId, nowMs, bounds.others),
      claim<SplitReturnId>(core, splitReturns, splitReturns.splitReturnId, nowMs, bounds.others),
      claimToSplit(core, nowMs, bounds.others),
      putOffWaiting(core, nowMs),
      selectDueNotifications(core, nowMs, bounds.notifications),
      drainsConfigs(core, nowMs, bounds.others),
    ])
  const { read } = core.store
  const [ofPayments, ofRefunds, ofTransfers, ofReturns] = await whenAny(
    [...paymentIds, ...toSplitIds, ...refundIds, ...transferIds, ...returnIds],
    () =>
      read.batch([
        selectCases(
          read,
          inArray(payments.paymentId, [...first(paymentIds), ...first(toSplitIds)]),
        ),
        selectRefundCases(read, inArray(refunds.refundId, first(refundIds))),
        selectTransferCases(read, inArray(transfers.transferId, first(transferIds))),
        selectSplitReturnCases(read, inArray(splitReturns.splitReturnId, first(returnIds))),
      ]),
    [[], [], [], []],
  )
  const mine = new Set(first(paymentIds))
  const toSplit = new Set(first(toSplitIds))
  return {
    payments: ofPayments.filter(({ payment }) => mine.has(payment.paymentId)),
    toSplit: ofPayments.filter(({ payment }) => toSplit.has(payment.paymentId)),
    refunds: ofRefunds,
    transfers: ofTransfers,
    splitReturns: ofReturns,
    splits:
      splitIds.length === 0 ? [] : await loadSplits(core, inArray(splits.splitId, first(splitIds))),
    notifications: first(due),
    givenUp: putOff.flatMap(([id, state]) => (state === 'exhausted' ? [id] : [])),
  }
}

function first<Id>(rows: readonly (readonly [Id])[]): Id[] {
  return rows.map(([id]) => id)
}

async function whenAny<Result>(
  ids: readonly unknown[],
  load: () => Promise<Result>,
  nothing: Result,
): Promise<Result> {
  return ids.length === 0 ? nothing : load()
}

/** All that is looked after has the same three columns: id, when it is due, and who is at it. */
function claim<Id extends string>(
  { store }: Core,
  table: SQLiteTable,
  id: SQLiteColumn,
  nowMs: number,
  limit: number,
) {
  const name = sql.identifier(id.name)
  return store.write.values<[Id]>(sql`
    update ${table} set check_lease_until_ms = ${nowMs + CHECK_LEASE_MS}
    where ${name} in (
      select ${name} from ${table}
      where next_check_at_ms <= ${nowMs}
        and (check_lease_until_ms is null or check_lease_until_ms <= ${nowMs})
      order by next_check_at_ms limit ${limit})
    returning ${name}`)
}

/** Claimed by being due later: when its runner dies, it comes up again then. */
function claimToSplit({ store }: Core, nowMs: number, limit: number) {
  return store.write.values<[PaymentId]>(sql`
    update ${payments} set next_split_at_ms = ${nowMs + CHECK_LEASE_MS}
    where payment_id in (
      select payment_id from ${payments}
      where next_split_at_ms <= ${nowMs} order by next_split_at_ms limit ${limit})
    returning payment_id`)
}

/** The apps take turns, oldest first: the backlog of one doesn't keep another's waiting. */
function selectDueNotifications({ store }: Core, nowMs: number, limit: number) {
  return store.write.values<[NotificationId]>(sql`
    select notification_id from (
      select notification_id, next_try_at_ms,
        row_number() over (partition by app_id order by next_try_at_ms) as turn
      from ${outbox}
      where state = 'waiting' and next_try_at_ms <= ${nowMs}
        and (try_lease_until_ms is null or try_lease_until_ms <= ${nowMs}))
    order by turn, next_try_at_ms limit ${limit}`)
}
