import type { Clock } from '../../core/ports.ts'

export interface PatientClock extends Clock {
  /** Lets time pass at once. */
  advance(ms: number): void
}

/** Turns of the event loop without work after which everybody is taken to be asleep. */
const QUIET_TURNS = 8
const TURN_MS = 1

/**
 * A clock for a process in which keys are really computed with: while anybody is at work no time
 * passes; when all are asleep it jumps to whoever wakes first.
 *
 * @param isIdle whether no call and no batch is under way
 */
export function patientClock(isIdle: () => boolean, startMs = 1_767_225_600_000): PatientClock {
  let nowMs = startMs
  let quiet = 0
  let watching = false
  const sleepers: { readonly atMs: number; readonly wake: () => void }[] = []

  function wakeUntil(untilMs: number): boolean {
    sleepers.sort((a, b) => a.atMs - b.atMs)
    const next = sleepers[0]
    if (next === undefined || next.atMs > untilMs) return false
    sleepers.shift()
    nowMs = Math.max(nowMs, next.atMs)
    next.wake()
    return true
  }

  function watch(): void {
    watching = sleepers.length > 0
    if (!watching) return
    quiet = isIdle() ? quiet + 1 : 0
    if (quiet >= QUIET_TURNS) {
      quiet = 0
      wakeUntil(Number.POSITIVE_INFINITY)
    }
    setTimeout(watch, TURN_MS)
  }

  return {
    now: () => nowMs,
    sleep: (ms) =>
      new Promise((wake) => {
        sleepers.push({ atMs: nowMs + ms, wake })
        if (!watching) watch()
      }),
    advance(ms) {
      const untilMs = nowMs + ms
      while (wakeUntil(untilMs));
      nowMs = Math.max(nowMs, untilMs)
    },
  }
}
