/** Where a payment stands. A channel call whose end is unknown leaves it pending. */
export type PaymentState = 'created' | 'pending' | 'succeeded' | 'failed' | 'closed'

export type SplitMode = 'none' | 'automatic' | 'manual'

/** What an app wants done with money that arrives after its payment was closed. */
export type LatePolicy = 'accept' | 'refund' | 'hold'

export type LateDecision = 'accepted' | 'refunding' | 'held'

/**
 * Where a payment may go from each state. Everything not listed is refused.
 *
 * Each move goes up one ladder (created, pending, closed, failed, succeeded), so facts can arrive
 * in any order and end in the same state.
 */
export const MOVES = {
  created: ['pending', 'succeeded', 'failed', 'closed'],
  pending: ['succeeded', 'failed', 'closed'],
  // A channel that reports why it failed after the close tells us more, and nothing else.
  closed: ['failed', 'succeeded'],
  // Late money: a payer can beat our close by a second. The channel is right, not our clock.
  failed: ['succeeded'],
  succeeded: [],
} as const satisfies Record<PaymentState, readonly PaymentState[]>

export function mayMove(from: PaymentState, to: PaymentState): boolean {
  const moves: readonly PaymentState[] = MOVES[from]
  return moves.includes(to)
}

/** The states from which a move to `to` is allowed: what a guarded write names. */
export function statesBefore(to: PaymentState): readonly PaymentState[] {
  return PAYMENT_STATES.filter((from) => mayMove(from, to))
}

export const PAYMENT_STATES = Object.keys(MOVES) as readonly PaymentState[]

export function isOpen(state: PaymentState): boolean {
  return state === 'created' || state === 'pending'
}
