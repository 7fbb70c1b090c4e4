/** Where a split stands: shares of one payment, sent to the channel under one number. */
export type SplitState = 'created' | 'pending' | 'finished' | 'failed'

export const SPLIT_MOVES = {
  created: ['pending', 'finished', 'failed'],
  pending: ['finished', 'failed'],
  // The channel said no, and then shared all the same.
  failed: ['finished'],
  // Over for all receivers; each share says for itself how it ended.
  finished: [],
} as const satisfies Record<SplitState, readonly SplitState[]>

export const SPLIT_STATES = Object.keys(SPLIT_MOVES) as readonly SplitState[]

export function mayMoveSplit(from: SplitState, to: SplitState): boolean {
  const moves: readonly SplitState[] = SPLIT_MOVES[from]
  return moves.includes(to)
}

export type ShareState = 'pending' | 'succeeded' | 'failed'

/** Taking a share back from its receiver. */
export type SplitReturnState = 'created' | 'pending' | 'succeeded' | 'failed'

export const SPLIT_RETURN_MOVES = {
  created: ['pending', 'succeeded', 'failed'],
  pending: ['succeeded', 'failed'],
  failed: ['succeeded'],
  succeeded: [],
} as const satisfies Record<SplitReturnState, readonly SplitReturnState[]>

/** How far the sharing of a payment has come; JeePay's `divisionState`. */
export type PaymentSplitState = 'none' | 'queued' | 'running' | 'finished'
