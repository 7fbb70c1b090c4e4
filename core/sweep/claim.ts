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
import { builtOnce } from '../store/built-once.ts'
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
  const lease = { nowMs, untilMs: nowMs + CHECK_LEASE_MS }
  const [paymentIds, refundIds, transferIds, splitIds, returnIds, toSplitIds, putOff, due] =
    await db.batch([
      claimPayments({ ...lease, limit: bounds.payments }),
      claimRefunds({ ...lease, limit: bounds.refunds }),
      claimTransfers({ ...lease, limit: bounds.others }),
      claimSplits({ ...lease, limit: bounds.others }),
      claimSplitReturns({ ...lease, limit: bounds.others }),
      claimToSplit({ ...lease, limit: bounds.others }),
      putOffWaiting(nowMs),
      selectDueNotifications({ nowMs, limit: bounds.notifications }),
      drainsConfigs({ nowMs, limit: bounds.others }),
    ])
  const { read } = core.store
  const [ofPayments, ofRefunds, ofTransfers, ofReturns] = await whenAny(
    [...paymentIds, ...toSplitIds, ...refundIds, ...transferIds, ...returnIds],
    () =>
      read.batch([
        selectCases(inArray(payments.paymentId, [...first(paymentIds), ...first(toSplitIds)])),
        selectRefundCases(inArray(refunds.refundId, first(refundIds))),
        selectTransferCases(inArray(transfers.transferId, first(transferIds))),
        selectSplitReturnCases(inArray(splitReturns.splitReturnId, first(returnIds))),
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
function claimOf<Id extends string>(table: SQLiteTable, id: SQLiteColumn) {
  const name = sql.identifier(id.name)
  return builtOnce(['nowMs', 'untilMs', 'limit'], (db, { nowMs, untilMs, limit }) =>
    db.values<[Id]>(sql`
      update ${table} set check_lease_until_ms = ${untilMs}
      where ${name} in (
        select ${name} from ${table}
        where next_check_at_ms <= ${nowMs}
          and (check_lease_until_ms is null or check_lease_until_ms <= ${nowMs})
        order by next_check_at_ms limit ${limit})
      returning ${name}`),
  )
}

const claimPayments = claimOf<PaymentId>(payments, payments.paymentId)
const claimRefunds = claimOf<RefundId>(refunds, refunds.refundId)
const claimTransfers = claimOf<TransferId>(transfers, transfers.transferId)
const claimSplits = claimOf<SplitId>(splits, splits.splitId)
const claimSplitReturns = claimOf<SplitReturnId>(splitReturns, splitReturns.splitReturnId)

/** Claimed by being due later: when its runner dies, it comes up again then. */
const claimToSplit = builtOnce(['nowMs', 'untilMs', 'limit'], (db, { nowMs, untilMs, limit }) =>
  db.values<[PaymentId]>(sql`
    update ${payments} set next_split_at_ms = ${untilMs}
    where payment_id in (
      select payment_id from ${payments}
      where next_split_at_ms <= ${nowMs} order by next_split_at_ms limit ${limit})
    returning payment_id`),
)

/** The apps take turns, oldest first: the backlog of one doesn't keep another's waiting. */
const selectDueNotifications = builtOnce(['nowMs', 'limit'], (db, { nowMs, limit }) =>
  db.values<[NotificationId]>(sql`
    select notification_id from (
      select notification_id, next_try_at_ms,
        row_number() over (partition by app_id order by next_try_at_ms) as turn
      from ${outbox}
      where state = 'waiting' and next_try_at_ms <= ${nowMs}
        and (try_lease_until_ms is null or try_lease_until_ms <= ${nowMs}))
    order by turn, next_try_at_ms limit ${limit}`),
)
