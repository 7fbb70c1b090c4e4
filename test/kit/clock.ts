import type { Clock } from '../../core/ports.ts'

export interface VirtualClock extends Clock {
  /** Lets time pass: whoever sleeps wakes up in order. */
  advance(ms: number): Promise<void>
}

/**
 * A clock on which nobody waits: when everybody sleeps, time jumps to whoever wakes first.
 *
 * 2026-01-01T00:00:00Z unless told otherwise.
 */
export function virtualClock(startMs = 1_767_225_600_000): VirtualClock {
  let nowMs = startMs
  let sequence = 0
  const sleepers: { readonly atMs: number; readonly order: number; readonly wake: () => void }[] =
    []

  function wakeNext(untilMs: number): boolean {
    sleepers.sort((a, b) => a.atMs - b.atMs || a.order - b.order)
    const next = sleepers[0]
    if (next === undefined || next.atMs > untilMs) return false
    sleepers.shift()
    nowMs = Math.max(nowMs, next.atMs)
    next.wake()
    return true
  }

  return {
    now: () => nowMs,
    sleep(ms) {
      return new Promise((resolve) => {
        sleepers.push({ atMs: nowMs + ms, order: sequence++, wake: resolve })
        // After everything that can go on without time: then time is what they wait for.
        setImmediate(() => wakeNext(Number.POSITIVE_INFINITY))
      })
    },
    async advance(ms) {
      const untilMs = nowMs + ms
      while (wakeNext(untilMs)) await new Promise((resolve) => setImmediate(resolve))
      nowMs = Math.max(nowMs, untilMs)
    },
  }
}
