/** Where a transfer stands. A channel call whose end is unknown leaves it pending. */
export type TransferState = 'created' | 'pending' | 'succeeded' | 'failed' | 'closed'

/**
 * Where a transfer may go from each state. Everything not listed is refused. No move is made by a
 * clock: what the channel has not decided stays pending, for days if need be.
 */
export const TRANSFER_MOVES = {
  created: ['pending', 'succeeded', 'failed', 'closed'],
  pending: ['succeeded', 'failed', 'closed'],
  // Cancelled or not taken, and then the channel says why: it tells us more, and nothing else.
  closed: ['failed', 'succeeded'],
  failed: ['succeeded'],
  succeeded: [],
} as const satisfies Record<TransferState, readonly TransferState[]>

export const TRANSFER_STATES = Object.keys(TRANSFER_MOVES) as readonly TransferState[]

export function mayMoveTransfer(from: TransferState, to: TransferState): boolean {
  const moves: readonly TransferState[] = TRANSFER_MOVES[from]
  return moves.includes(to)
}
