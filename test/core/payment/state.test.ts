import { describe, expect, it } from 'vitest'
import {
  isOpen,
  mayMove,
  PAYMENT_STATES,
  type PaymentState,
  statesBefore,
} from '../../../core/payment/state.ts'

/** From each state (row) to each state (column): whether a payment may go there. */
const TO = ['created', 'pending', 'closed', 'failed', 'succeeded'] as const
const TABLE: Readonly<Record<PaymentState, readonly (0 | 1)[]>> = {
  created: /*  */ [0, 1, 1, 1, 1],
  pending: /*  */ [0, 0, 1, 1, 1],
  closed: /*   */ [0, 0, 0, 1, 1],
  failed: /*   */ [0, 0, 0, 0, 1],
  succeeded: /**/ [0, 0, 0, 0, 0],
}
const cells = PAYMENT_STATES.flatMap((from) =>
  TO.map((to, column) => [from, to, TABLE[from][column] === 1] as const),
)

describe('the state machine of payments', () => {
  it('has these states', () => {
    expect([...PAYMENT_STATES].sort()).toEqual([...TO].sort())
  })

  it.each(cells)('%s → %s: %s', (from, to, allowed) => {
    expect(mayMove(from, to)).toBe(allowed)
    expect(statesBefore(to).includes(from)).toBe(allowed)
  })

  it.each([
    ['created', true],
    ['pending', true],
    ['closed', false],
    ['failed', false],
    ['succeeded', false],
  ] as const)('takes %s for open: %s', (state, open) => {
    expect(isOpen(state)).toBe(open)
  })
})
