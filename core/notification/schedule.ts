import { HOUR_MS, MINUTE_MS, type Milliseconds, SECOND_MS } from '../time.ts'

/**
 * Gaps after the first, second, … failed try. The first five are JeePay's own, so that a merchant
 * who counts on them finds them; then ever longer ones, out to 72 hours.
 *
 * @see JeePay V3.2.9, `PayOrderMchNotifyMQReceiver`; reference §13
 */
const JEEPAY_GAPS_MS = [30, 60, 90, 120, 150].map((seconds) => seconds * SECOND_MS)
const TAIL_GAPS_MS = [
  5 * MINUTE_MS,
  15 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
  8 * HOUR_MS,
  12 * HOUR_MS,
  12 * HOUR_MS,
  16 * HOUR_MS,
  16 * HOUR_MS,
]
const JITTER = 0.1

/**
 * No try is made later than so long after the first: the 72 hours and their jitter. Only tries that
 * were put off would be, by a breaker, a Retry-After or runners that were away.
 */
export const GIVES_UP_AFTER_MS = 80 * HOUR_MS

/**
 * When to try again.
 *
 * @param failedTries how many have failed, this one included
 * @param chance from 0 to 1: spreads the tail, so that a shop that comes back is not run over
 * @returns nothing when the last try has failed
 */
export function nextTryAt(
  failedTries: number,
  nowMs: Milliseconds,
  chance: number,
): Milliseconds | undefined {
  const early = JEEPAY_GAPS_MS[failedTries - 1]
  if (early !== undefined) return nowMs + early
  const late = TAIL_GAPS_MS[failedTries - 1 - JEEPAY_GAPS_MS.length]
  if (late === undefined) return undefined
  return nowMs + Math.round(late * (1 + JITTER * (2 * chance - 1)))
}
