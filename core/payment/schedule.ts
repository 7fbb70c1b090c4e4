import { DAY_MS, HOUR_MS, MINUTE_MS, type Milliseconds, SECOND_MS } from '../time.ts'

/** Up to an age, how long to wait before the channel is asked again. Never ends by the clock. */
const LADDER: readonly { readonly untilAgeMs: number; readonly everyMs: number }[] = [
  // While the payer looks at the code.
  { untilAgeMs: MINUTE_MS, everyMs: 10 * SECOND_MS },
  { untilAgeMs: 10 * MINUTE_MS, everyMs: 30 * SECOND_MS },
  { untilAgeMs: HOUR_MS, everyMs: 2 * MINUTE_MS },
  { untilAgeMs: 6 * HOUR_MS, everyMs: 10 * MINUTE_MS },
  { untilAgeMs: 3 * DAY_MS, everyMs: HOUR_MS },
]
const AT_LAST_MS = 6 * HOUR_MS

/** When to ask the channel next about something that still waits. */
export function nextCheckAt(startedAtMs: Milliseconds, nowMs: Milliseconds): Milliseconds {
  const ageMs = nowMs - startedAtMs
  const step = LADDER.find(({ untilAgeMs }) => ageMs < untilAgeMs)
  return nowMs + (step?.everyMs ?? AT_LAST_MS)
}

/** The same for a payment, which is also looked at when it expires. */
export function nextPaymentCheckAt(
  payment: { readonly createdAtMs: Milliseconds; readonly expiresAtMs: Milliseconds },
  nowMs: Milliseconds,
): Milliseconds {
  const byLadder = nextCheckAt(payment.createdAtMs, nowMs)
  const { expiresAtMs } = payment
  return expiresAtMs > nowMs ? Math.min(byLadder, expiresAtMs) : byLadder
}
