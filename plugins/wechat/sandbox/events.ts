import * as z from 'zod'
import { HOUR_MS, MINUTE_MS, type Milliseconds, SECOND_MS } from '../../../core/plugin/api.ts'
import type { Books } from '../../../core/plugin/simulator.ts'
import { type Shelf, shelf } from './shelf.ts'

const event = z.object({
  /** What it says is read from the order or transfer each time it is told. */
  about: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('payment'), orderId: z.string() }),
    z.object({
      kind: z.literal('refund'),
      orderId: z.string(),
      outRefundNo: z.string(),
      end: z.enum(['SUCCESS', 'CLOSED', 'ABNORMAL']),
    }),
    z.object({
      kind: z.literal('transfer'),
      transferId: z.string(),
      end: z.enum(['SUCCESS', 'FAIL', 'CANCELLED']),
    }),
    /** Told to who received it, not to who split. */
    z.object({
      kind: z.literal('share'),
      orderId: z.string(),
      outOrderNo: z.string(),
      detailId: z.string(),
      to: z.string(),
    }),
    z.object({
      kind: z.literal('share_return'),
      orderId: z.string(),
      outReturnNo: z.string(),
      to: z.string(),
    }),
  ]),
  url: z.string(),
  createdAtMs: z.number(),
  /** How often it was tried. */
  tries: z.number(),
  dueAtMs: z.number(),
  /** Set back behind the next callback of any other event. */
  behindNext: z.boolean(),
})

export type Event = z.output<typeof event>

/** Events that a merchant has not acknowledged yet, by their id. What is done with is gone. */
export const events = (books: Books): Shelf<Event> => shelf(books, 'event', event)

/** When WeChat tries again, counted from the try before: 15 times in 24 hours and 4 minutes. */
const RETRY_GAPS_MS = [
  15 * SECOND_MS,
  15 * SECOND_MS,
  30 * SECOND_MS,
  3 * MINUTE_MS,
  10 * MINUTE_MS,
  20 * MINUTE_MS,
  30 * MINUTE_MS,
  30 * MINUTE_MS,
  30 * MINUTE_MS,
  60 * MINUTE_MS,
  3 * HOUR_MS,
  3 * HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  6 * HOUR_MS,
] as const

/** The event as it is once a try of it has begun: the next try is planned before this one is made. */
export function begun(event: Event, nowMs: Milliseconds): Event {
  // A try beyond the last is planned for one that a crash cut off.
  const gapMs = RETRY_GAPS_MS[event.tries] ?? 6 * HOUR_MS
  return { ...event, tries: event.tries + 1, dueAtMs: nowMs + gapMs, behindNext: false }
}

export function wasLastTry({ tries }: Event): boolean {
  return tries > RETRY_GAPS_MS.length
}
