import { HOUR_MS, type Milliseconds } from '../../../core/plugin/api.ts'

/** `2026-01-01T08:00:00+08:00`: how WeChat writes every time in a body. Seconds are cut, not rounded. */
export function beijingTime(atMs: Milliseconds): string {
  return `${beijingClock(atMs).slice(0, 19)}+08:00`
}

/** `20260101080000` in Beijing: what WeChat builds its numbers from. */
export function beijingDigits(atMs: Milliseconds): string {
  return beijingClock(atMs).slice(0, 19).replace(/[-T:]/g, '')
}

// China has had no daylight saving time since 1991, so a fixed offset is right.
function beijingClock(atMs: Milliseconds): string {
  return new Date(atMs + 8 * HOUR_MS).toISOString()
}
