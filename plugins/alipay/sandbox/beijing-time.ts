import { DAY_MS, HOUR_MS, type Milliseconds } from '../../../core/plugin/api.ts'

// China has had no daylight saving time since 1991, so a fixed offset is right.
const OFFSET_MS = 8 * HOUR_MS

/** `2026-01-01 08:00:00`: how Alipay writes times, without saying where. */
export function beijingTime(atMs: Milliseconds): string {
  return iso(atMs).slice(0, 19).replace('T', ' ')
}

/** `2026-01-01 08:00:05.123`: `gmt_refund` alone has milliseconds. */
export function beijingTimeWithMs(atMs: Milliseconds): string {
  return iso(atMs).slice(0, 23).replace('T', ' ')
}

/** `20260101080000`. */
export function beijingDigits(atMs: Milliseconds): string {
  return iso(atMs).slice(0, 19).replace(/[-T:]/g, '')
}

/** `2026-01-01`, in Beijing. */
export function beijingDay(atMs: Milliseconds): string {
  return iso(atMs).slice(0, 10)
}

/**
 * Reads `2026-01-01 08:00:00`; seconds may be missing.
 *
 * @returns undefined when there is no such moment
 */
export function readBeijingTime(text: string): Milliseconds | undefined {
  if (!/^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?$/.test(text)) return undefined
  const whole = text.length === 16 ? `${text}:00` : text
  const atMs = Date.parse(`${whole.replace(' ', 'T')}Z`) - OFFSET_MS
  return Number.isNaN(atMs) || beijingTime(atMs) !== whole ? undefined : atMs
}

/** The last moment at which it is still the same day in Beijing. */
export function endOfBeijingDay(atMs: Milliseconds): Milliseconds {
  return Math.floor((atMs + OFFSET_MS) / DAY_MS + 1) * DAY_MS - OFFSET_MS - 1
}

function iso(atMs: Milliseconds): string {
  return new Date(atMs + OFFSET_MS).toISOString()
}
