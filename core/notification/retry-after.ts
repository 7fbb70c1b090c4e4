import { HOUR_MS, type Milliseconds, SECOND_MS } from '../time.ts'

/** A merchant who asks for more is asked again by then. */
const LONGEST_MS = HOUR_MS

/** A date as HTTP writes it; `Date.parse` alone would take almost anything for one. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/**
 * How long a merchant asks us to wait, an hour at most. Heard only where HTTP gives it a meaning for
 * us: with 429 and 503.
 *
 * @returns 0 when it asks for nothing that we understand
 * @see RFC 9110 §10.2.3, RFC 6585 §4
 */
export function askedToWaitMs(status: number, headers: Headers, nowMs: Milliseconds): number {
  if (status !== 429 && status !== 503) return 0
  const text = headers.get('retry-after') ?? ''
  if (/^\d+$/.test(text)) return bounded(Number(text) * SECOND_MS)
  const atMs = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(atMs) ? 0 : bounded(atMs - nowMs)
}

function bounded(waitMs: number): number {
  return Math.min(Math.max(waitMs, 0), LONGEST_MS)
}
