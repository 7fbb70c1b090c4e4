import type { Taken } from '../ports.ts'
import { MINUTE_MS, type Milliseconds } from '../time.ts'

/** Requests of one caller in this minute of the clock and in the one before. */
export interface Window {
  readonly minute: number
  readonly current: number
  readonly previous: number
}

/**
 * Counts one request in a sliding minute: those of the minute before count by the part of it that the
 * sliding one still covers. What is refused is not counted, so that who keeps asking gets in again.
 *
 * The same rule as `@upstash/ratelimit`'s sliding window, so that the fallback limits alike.
 */
export function takeFrom(
  known: Window | undefined,
  perMinute: number,
  nowMs: Milliseconds,
): { readonly window: Window; readonly taken: Taken } {
  const minute = Math.floor(nowMs / MINUTE_MS)
  const window = slid(known, minute)
  const passed = (nowMs % MINUTE_MS) / MINUTE_MS
  const used = Math.floor(window.previous * (1 - passed)) + window.current
  if (used >= perMinute) {
    const retryAfterMs = (minute + 1) * MINUTE_MS - nowMs
    return { window, taken: { within: false, retryAfterMs } }
  }
  return { window: { ...window, current: window.current + 1 }, taken: { within: true } }
}

function slid(known: Window | undefined, minute: number): Window {
  if (known?.minute === minute) return known
  const previous = known?.minute === minute - 1 ? known.current : 0
  return { minute, current: 0, previous }
}
