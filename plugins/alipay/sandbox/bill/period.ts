import { DAY_MS, HOUR_MS, type Milliseconds } from '../../../../core/plugin/api.ts'
import { beijingDay, readBeijingTime } from '../beijing-time.ts'

/** The day or the month that a bill is about. */
export interface Period {
  readonly fromMs: Milliseconds
  /** The first moment that is no longer in it. */
  readonly toMs: Milliseconds
  /** `20260101` or `202601`. */
  readonly digits: string
  readonly readyAtMs: Milliseconds
}

/** @returns undefined when it is neither a day nor a month */
export function periodOf(date: string): Period | undefined {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(date)
  const fromMs = readBeijingTime(`${isDay ? date : `${date}-01`} 00:00:00`)
  if (fromMs === undefined) return undefined
  const digits = date.replaceAll('-', '')
  if (isDay) {
    const toMs = fromMs + DAY_MS
    return { fromMs, toMs, digits, readyAtMs: toMs + 9 * HOUR_MS }
  }
  const toMs = readBeijingTime(`${beijingDay(fromMs + 31 * DAY_MS).slice(0, 7)}-01 00:00:00`) ?? 0
  return { fromMs, toMs, digits, readyAtMs: toMs + 2 * DAY_MS }
}

export function isWithin(atMs: Milliseconds, { fromMs, toMs }: Period): boolean {
  return atMs >= fromMs && atMs < toMs
}
