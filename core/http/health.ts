import { eq } from 'drizzle-orm'
import type { Core } from '../core.ts'
import { notedTimerState, noteTimerState, type TimerState } from '../notification/timer-state.ts'
import { SWEPT } from '../observability/keep.ts'
import { counters } from '../store/schema.ts'
import { MINUTE_MS } from '../time.ts'

/** Longer than a database that is well ever takes; whoever asks does not wait for one that hangs. */
const PATIENCE_MS = 3_000

/**
 * `/healthz`: what can be reached. Without the database nothing can be taken: `failing`, 503. Without
 * anything else payments go on, later or with less behind them: `degraded`, 200. A supervisor that
 * restarts processes asks `/livez`, which depends on nothing.
 */
export async function serveHealth(core: Core): Promise<Response> {
  const { timer, shared } = core.ports
  const [database, ofTimer, redis] = await Promise.all([
    inTime(core, askDatabase(core)),
    timer.isReachable === undefined ? 'in_process' : stateOfTimer(core, timer.isReachable),
    shared === undefined ? 'none' : reached(core, shared.isReachable()),
  ])
  const isDegraded = ofTimer === 'unreachable' || redis === 'unreachable'
  const status = database === undefined ? 'failing' : isDegraded ? 'degraded' : 'ok'
  return Response.json(
    {
      status,
      database: database === undefined ? 'unreachable' : 'reachable',
      timer: ofTimer,
      redis,
      ...(database?.sweepAgeSeconds !== undefined && database),
    },
    { status: status === 'failing' ? 503 : 200, headers: { 'cache-control': 'no-store' } },
  )
}

/** For so long the last call of the timer says how it is. */
const TIMER_ASKED_EVERY_MS = MINUTE_MS

/**
 * By the last call that was made of it. Where none was lately, it is asked: anybody may probe us, and
 * a timer outside counts its calls.
 */
async function stateOfTimer(core: Core, ask: () => Promise<boolean>): Promise<TimerState> {
  const { ports } = core
  const noted = notedTimerState(ports)
  if (noted !== undefined && ports.clock.now() < noted.atMs + TIMER_ASKED_EVERY_MS) {
    return noted.state
  }
  // Noted before it answers: of many probes at once, one asks.
  noteTimerState(ports, noted?.state ?? 'unknown')
  const state = await reached(core, ask())
  noteTimerState(ports, state)
  return state
}

async function askDatabase({ ports, store }: Core): Promise<{ sweepAgeSeconds?: number }> {
  const [swept] = await store.read.batch([
    store.read.select({ atSeconds: counters.value }).from(counters).where(eq(counters.name, SWEPT)),
  ])
  const [last] = swept
  if (last === undefined) return {}
  return { sweepAgeSeconds: Math.max(0, Math.round(ports.clock.now() / 1_000 - last.atSeconds)) }
}

async function reached(core: Core, asking: Promise<boolean>): Promise<'reachable' | 'unreachable'> {
  return (await inTime(core, asking)) ? 'reachable' : 'unreachable'
}

/** @returns nothing when it failed or takes too long */
async function inTime<Answer>(
  { ports }: Core,
  asking: Promise<Answer>,
): Promise<Answer | undefined> {
  const tooLate = ports.clock.sleep(PATIENCE_MS).then(() => undefined)
  return Promise.race([asking.catch(() => undefined), tooLate])
}
