import * as z from 'zod'
import { HOUR_MS, MINUTE_MS, type Milliseconds } from '../../../../core/plugin/api.ts'
import type { Books } from '../../../../core/plugin/simulator.ts'
import { type Shelf, shelf } from '../shelf.ts'

const event = z.object({
  /** Whose key signs it. */
  appId: z.string(),
  /** `notice`: about a trade. `message`: from the application gateway, which signs sign_type too. */
  family: z.enum(['notice', 'message']),
  url: z.string(),
  /** As it was when it happened: what is told again is the same, whatever happened since. */
  fields: z.record(z.string(), z.string()),
  charset: z.enum(['utf-8', 'gbk']),
  signType: z.enum(['RSA2', 'RSA']),
  /** Events of one moment are told in the order in which they happened. */
  place: z.number(),
  /** How often it was tried. */
  tries: z.number(),
  dueAtMs: z.number(),
  /** Set back behind the next callback of any other event. */
  behindNext: z.boolean(),
})

export type Event = z.output<typeof event>

/** Events that a merchant has not acknowledged yet, by their notify_id. What is done with is gone. */
export const events = (books: Books): Shelf<Event> => shelf(books, 'event', event)

/** @returns how many events there have been, this one included */
export function nextPlace(books: Books): Promise<number> {
  return shelf(books, 'event_count', z.number()).change('all', (count = 0) => ({
    document: count + 1,
    outcome: count + 1,
  }))
}

/** When Alipay tries again, counted from the try before: eight tries in 24 hours and 24 minutes. */
const RETRY_GAPS_MS = [
  4 * MINUTE_MS,
  10 * MINUTE_MS,
  10 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  6 * HOUR_MS,
  15 * HOUR_MS,
] as const

/** The event as it is once a try of it has begun: the next try is planned before this one is made. */
export function begun(event: Event, nowMs: Milliseconds): Event {
  // A try beyond the last is planned for one that a crash cut off.
  const gapMs = RETRY_GAPS_MS[event.tries] ?? 15 * HOUR_MS
  return { ...event, tries: event.tries + 1, dueAtMs: nowMs + gapMs, behindNext: false }
}

export function wasLastTry({ tries }: Event): boolean {
  return tries > RETRY_GAPS_MS.length
}
