import { DAY_MS, HOUR_MS, type Milliseconds } from '../../../../core/plugin/api.ts'

/** From midnight to midnight in Beijing. */
export interface Day {
  readonly fromMs: Milliseconds
  readonly untilMs: Milliseconds
  /** When its bills are made: what stands in them is what stood then. */
  readonly billedAtMs: Milliseconds
}

/** @param date `2026-01-31` */
export function dayOf(date: string): Day | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) return undefined
  const midnightMs = Date.parse(`${date}T00:00:00Z`)
  // `2026-02-30` is parsed as the second of March by some.
  if (Number.isNaN(midnightMs) || !new Date(midnightMs).toISOString().startsWith(date)) {
    return undefined
  }
  const fromMs = midnightMs - 8 * HOUR_MS
  const untilMs = fromMs + DAY_MS
  return { fromMs, untilMs, billedAtMs: untilMs + 10 * HOUR_MS }
}

export function isWithin({ fromMs, untilMs }: Day, atMs: Milliseconds): boolean {
  return fromMs <= atMs && atMs < untilMs
}
