import { and, asc, eq, inArray, isNull, lte, or } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { deliver } from '../notification/deliver.ts'
import { type PaymentCase, selectCases } from '../payment/case.ts'
import { checkPayment } from '../payment/check.ts'
import { type RefundCase, selectRefundCases } from '../refund/case.ts'
import { checkRefund } from '../refund/check.ts'
import { outbox, payments, refunds } from '../store/schema.ts'

/** Longer than a check may take: query, close and the writes between them. */
const CHECK_LEASE_MS = 60_000

/** How much one sweep does at most, so that it fits into a Worker's limit of 50 subrequests. */
export interface SweepBounds {
  readonly payments: number
  readonly refunds: number
  readonly notifications: number
}

export const WORKER_BOUNDS: SweepBounds = { payments: 5, refunds: 3, notifications: 5 }
export const SERVER_BOUNDS: SweepBounds = { payments: 100, refunds: 50, notifications: 100 }

export interface SweepReport {
  readonly payments: number
  readonly refunds: number
  readonly notifications: number
  readonly troubles: number
}

/**
 * Does what waits: asks about open payments and refunds, closes what expired, tells merchants what
 * they have not heard. Each piece is claimed by a lease in one write, so any number of runners may
 * sweep; one that dies gives its pieces back when their leases end.
 */
export async function sweep(core: Core, bounds: SweepBounds): Promise<SweepReport> {
  const [paymentCases, refundCases, notifications] = [
    await claimPayments(core, bounds.payments),
    await claimRefunds(core, bounds.refunds),
    await dueNotifications(core, bounds.notifications),
  ]
  const work: (() => Promise<unknown>)[] = [
    ...paymentCases.map((kase) => () => checkPayment(core, kase)),
    ...refundCases.map((kase) => () => checkRefund(core, kase)),
    ...notifications.map(
      ({ notificationId }) =>
        () =>
          deliver(core, notificationId),
    ),
  ]
  const results = await runFew(work)
  const troubles = results.filter((trouble) => trouble !== undefined)
  for (const trouble of troubles) {
    // What failed keeps its lease and comes up again; one piece never holds up another.
    core.ports.log.write('error', 'a piece of the sweep failed', { reason: String(trouble) })
  }
  return {
    payments: paymentCases.length,
    refunds: refundCases.length,
    notifications: notifications.length,
    troubles: troubles.length,
  }
}

async function claimPayments(
  { ports, store }: Core,
  limit: number,
): Promise<readonly PaymentCase[]> {
  const db = store.write
  const nowMs = ports.clock.now()
  const due = db
    .select({ paymentId: payments.paymentId })
    .from(payments)
    .where(
      and(
        lte(payments.nextCheckAtMs, nowMs),
        or(isNull(payments.checkLeaseUntilMs), lte(payments.checkLeaseUntilMs, nowMs)),
      ),
    )
    .orderBy(asc(payments.nextCheckAtMs))
    .limit(limit)
  const [claimed] = await db.batch([
    db
      .update(payments)
      .set({ checkLeaseUntilMs: nowMs + CHECK_LEASE_MS })
      .where(inArray(payments.paymentId, due))
      .returning({ paymentId: payments.paymentId }),
  ])
  if (claimed.length === 0) return []
  const ids = claimed.map(({ paymentId }) => paymentId)
  const [cases] = await store.read.batch([
    selectCases(store.read, inArray(payments.paymentId, ids)),
  ])
  return cases
}

async function claimRefunds({ ports, store }: Core, limit: number): Promise<readonly RefundCase[]> {
  const db = store.write
  const nowMs = ports.clock.now()
  const due = db
    .select({ refundId: refunds.refundId })
    .from(refunds)
    .where(
      and(
        lte(refunds.nextCheckAtMs, nowMs),
        or(isNull(refunds.checkLeaseUntilMs), lte(refunds.checkLeaseUntilMs, nowMs)),
      ),
    )
    .orderBy(asc(refunds.nextCheckAtMs))
    .limit(limit)
  const [claimed] = await db.batch([
    db
      .update(refunds)
      .set({ checkLeaseUntilMs: nowMs + CHECK_LEASE_MS })
      .where(inArray(refunds.refundId, due))
      .returning({ refundId: refunds.refundId }),
  ])
  if (claimed.length === 0) return []
  const ids = claimed.map(({ refundId }) => refundId)
  const [cases] = await store.read.batch([
    selectRefundCases(store.read, inArray(refunds.refundId, ids)),
  ])
  return cases
}

/** Claimed one by one by whoever delivers them. */
async function dueNotifications({ ports, store }: Core, limit: number) {
  const db = store.read
  const nowMs = ports.clock.now()
  const [due] = await db.batch([
    db
      .select({ notificationId: outbox.notificationId })
      .from(outbox)
      .where(
        and(
          eq(outbox.state, 'waiting'),
          lte(outbox.nextTryAtMs, nowMs),
          or(isNull(outbox.tryLeaseUntilMs), lte(outbox.tryLeaseUntilMs, nowMs)),
        ),
      )
      .orderBy(asc(outbox.nextTryAtMs))
      .limit(limit),
  ])
  return due
}

/** Workers hold six connections open at a time; more would only queue. */
const AT_ONCE = 6

/** Runs all of it, a few at a time. @returns what each one threw, if it threw */
async function runFew(work: readonly (() => Promise<unknown>)[]): Promise<readonly unknown[]> {
  const troubles: unknown[] = []
  let next = 0
  const runner = async () => {
    for (let job = work[next++]; job !== undefined; job = work[next++]) {
      try {
        await job()
      } catch (error) {
        troubles.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, runner))
  return troubles
}
