import type { Core } from '../core.ts'
import { deliver } from '../notification/deliver.ts'
import { sweepFinished } from '../observability/keep.ts'
import { checkPayment } from '../payment/check.ts'
import { checkRefund } from '../refund/check.ts'
import { splitAutomatically } from '../split/automatic.ts'
import { checkSplit } from '../split/check.ts'
import { checkReturn } from '../split/return-send.ts'
import { MINUTE_MS } from '../time.ts'
import { checkTransfer } from '../transfer/check.ts'
import { type Budget, openBudget } from './budget.ts'
import { claimDue } from './claim.ts'

/** How much one sweep does at most. */
export interface SweepBounds {
  readonly payments: number
  readonly refunds: number
  readonly notifications: number
  /** Transfers, splits, returns of shares and payments to be split, of each so many. */
  readonly others: number
  /** Calls of the database, channels, merchants and the timer; any number of them when not given. */
  readonly calls?: number
}

/**
 * Workers allow 50 subrequests an invocation: what was counted meanwhile is stored with one of them,
 * and one is left over. How many pieces 48 calls are enough for, depends on what comes of them.
 */
export const WORKER_BOUNDS: SweepBounds = {
  payments: 8,
  refunds: 4,
  notifications: 12,
  others: 2,
  calls: 48,
}
export const SERVER_BOUNDS: SweepBounds = {
  payments: 100,
  refunds: 50,
  notifications: 100,
  others: 50,
}

/**
 * What one piece takes at most, with all going wrong that can: asked about, at the other host of its
 * channel too; closed or sent again; stored at the third try; told of.
 */
const CHECK_TAKES = 10
/** Claimed, made, recorded; and the timer set for the next one. */
const TRY_TAKES = 4
/** For so many tries there is always something left: whoever was paid hears of it. */
const TRIES_KEPT = 4

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
  const budget = openBudget(core, bounds.calls)
  const due = await claimDue(budget.core, bounds)
  for (const notificationId of due.givenUp) {
    core.ports.log.write('error', 'a notification is given up: an operator can replay it', {
      notificationId,
    })
  }
  const leaves = TRY_TAKES * Math.min(due.notifications.length, TRIES_KEPT)
  const checks = <Case>(
    cases: readonly Case[],
    check: (core: Core, kase: Case) => Promise<unknown>,
  ) => cases.map((kase): Piece => ({ atMost: CHECK_TAKES, leaves, run: (its) => check(its, kase) }))
  const others = [
    checks(due.transfers, checkTransfer),
    checks(due.splits, checkSplit),
    checks(due.splitReturns, checkReturn),
    checks(due.toSplit, splitAutomatically),
  ]
  const kinds = [checks(due.payments, checkPayment), checks(due.refunds, checkRefund), ...others]
  const tries = due.notifications.map(
    (notificationId): Piece => ({
      atMost: TRY_TAKES,
      leaves: 0,
      async run(its) {
        const nowMs = core.ports.clock.now()
        tellsUntilMs ??= nowMs + TELLS_FOR_MS
        if (nowMs < tellsUntilMs) await deliver(its, notificationId)
      },
    }),
  )
  const turn = Math.floor(core.ports.clock.now() / MINUTE_MS)
  const results = await runFew([...inTurn(kinds, turn), ...tries], budget)
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
    others: others.flat().length,
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

interface Piece {
  readonly atMost: number
  readonly leaves: number
  run(core: Core): Promise<unknown>
}

/**
 * One of each kind, then the next of each. Which kind is first changes from sweep to sweep: where
 * there is not enough for all, none is always left out.
 */
function inTurn(kinds: readonly (readonly Piece[])[], turn: number): readonly Piece[] {
  const first = turn % kinds.length
  const rotated = [...kinds.slice(first), ...kinds.slice(0, first)]
  const longest = Math.max(...kinds.map(({ length }) => length))
  return Array.from({ length: longest }, (_, at) =>
    rotated.flatMap((kind) => kind[at] ?? []),
  ).flat()
}

/**
 * Runs all of it that there is enough left for, a few at a time. What was claimed and not begun keeps
 * its lease for its minute, and comes up again then.
 *
 * @returns what each one threw, if it threw
 */
async function runFew(work: readonly Piece[], budget: Budget): Promise<readonly unknown[]> {
  const troubles: unknown[] = []
  const running = new Set<Promise<unknown>>()
  for (const piece of work) {
    let begun = running.size < AT_ONCE ? budget.begin(piece.atMost, piece.leaves) : undefined
    while (begun === undefined && running.size > 0) {
      await Promise.race(running)
      begun = running.size < AT_ONCE ? budget.begin(piece.atMost, piece.leaves) : undefined
    }
    if (begun === undefined) continue
    const { core, ends } = begun
    const ended: Promise<unknown> = piece
      .run(core)
      .catch((error: unknown) => troubles.push(error))
      .finally(() => {
        ends()
        running.delete(ended)
      })
    running.add(ended)
  }
  await Promise.all(running)
  return troubles
}
