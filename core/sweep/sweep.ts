import type { Core } from '../core.ts'
import { deliver } from '../notification/deliver.ts'
import { sweepFinished } from '../observability/keep.ts'
import { checkPayment } from '../payment/check.ts'
import { checkRefund } from '../refund/check.ts'
import { splitAutomatically } from '../split/automatic.ts'
import { checkSplit } from '../split/check.ts'
import { checkReturn } from '../split/return-send.ts'
import { checkTransfer } from '../transfer/check.ts'
import { claimDue } from './claim.ts'

/** How much one sweep does at most, so that it fits into a Worker's limit of 50 subrequests. */
export interface SweepBounds {
  readonly payments: number
  readonly refunds: number
  readonly notifications: number
  /** Transfers, splits and returns of shares, of each so many. */
  readonly others: number
}

export const WORKER_BOUNDS: SweepBounds = { payments: 4, refunds: 2, notifications: 5, others: 1 }
export const SERVER_BOUNDS: SweepBounds = {
  payments: 100,
  refunds: 50,
  notifications: 100,
  others: 50,
}

export interface SweepReport {
  readonly payments: number
  readonly refunds: number
  readonly notifications: number
  readonly others: number
  readonly troubles: number
}

/**
 * Does what waits: asks about open payments and refunds, closes what expired, tells merchants what
 * they have not heard. Each piece is claimed by a lease in one write, so any number of runners may
 * sweep; one that dies gives its pieces back when their leases end.
 */
export async function sweep(core: Core, bounds: SweepBounds): Promise<SweepReport> {
  let tellsUntilMs: number | undefined
  const due = await claimDue(core, bounds)
  for (const notificationId of due.givenUp) {
    core.ports.log.write('error', 'a notification is given up: an operator can replay it', {
      notificationId,
    })
  }
  const others = [
    ...due.transfers.map((kase) => () => checkTransfer(core, kase)),
    ...due.splits.map((kase) => () => checkSplit(core, kase)),
    ...due.splitReturns.map((kase) => () => checkReturn(core, kase)),
    ...due.toSplit.map((kase) => () => splitAutomatically(core, kase)),
  ]
  const work: (() => Promise<unknown>)[] = [
    ...due.payments.map((kase) => () => checkPayment(core, kase)),
    ...due.refunds.map((kase) => () => checkRefund(core, kase)),
    ...others,
    ...due.notifications.map((notificationId) => async () => {
      const nowMs = core.ports.clock.now()
      tellsUntilMs ??= nowMs + TELLS_FOR_MS
      if (nowMs < tellsUntilMs) await deliver(core, notificationId)
    }),
  ]
  const results = await runFew(work)
  const troubles = results.filter((trouble) => trouble !== undefined)
  for (const trouble of troubles) {
    // What failed keeps its lease and comes up again; one piece never holds up another.
    core.ports.log.write('error', 'a piece of the sweep failed', { reason: String(trouble) })
  }
  sweepFinished(core)
  return {
    payments: due.payments.length,
    refunds: due.refunds.length,
    notifications: due.notifications.length,
    others: others.length,
    troubles: troubles.length,
  }
}

/**
 * So long after the first notification no further one is begun: merchants who never answer would hold up the next
 * sweep. What was not begun is not claimed either, and comes first in the next.
 */
const TELLS_FOR_MS = 5_000

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
