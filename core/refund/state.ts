/** Where a refund stands. A channel call whose end is unknown leaves it pending. */
export type RefundState = 'created' | 'pending' | 'succeeded' | 'failed'

/**
 * Where a refund may go from each state. Everything not listed is refused. No move is made by a
 * clock: a refund that the channel has not decided stays pending, however long it takes.
 */
export const REFUND_MOVES = {
  created: ['pending', 'succeeded', 'failed'],
  pending: ['succeeded', 'failed'],
  // A channel may correct itself: it said "failed", and the payer has the money all the same.
  failed: ['succeeded'],
  succeeded: [],
} as const satisfies Record<RefundState, readonly RefundState[]>

export const REFUND_STATES = Object.keys(REFUND_MOVES) as readonly RefundState[]

export function mayMoveRefund(from: RefundState, to: RefundState): boolean {
  const moves: readonly RefundState[] = REFUND_MOVES[from]
  return moves.includes(to)
}

/** Whether money is still set aside for it: all that has not failed. */
export function isReserved(state: RefundState): boolean {
  return state !== 'failed'
}
