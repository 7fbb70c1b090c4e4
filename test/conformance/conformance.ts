import { describe } from 'vitest'
import { describeBills } from './bills.ts'
import type { Subject } from './market.ts'
import { describeFaultyPayments, describePayments } from './payments.ts'
import { describeFaultyRefunds, describeRefunds } from './refunds.ts'
import { describeSplits } from './splits.ts'
import { describeTransfers } from './transfers.ts'

/**
 * What every channel has to prove: each capability that its manifest declares, over its own wire
 * protocol, with all that a channel can do wrong. The core's promises have to hold in each case.
 */
export function describeChannel(subject: Subject): void {
  describe(subject.name, () => {
    describePayments(subject)
    describeFaultyPayments(subject)
    describeRefunds(subject)
    describeFaultyRefunds(subject)
    describeTransfers(subject)
    describeSplits(subject)
    describeBills(subject)
  })
}

/**
 * A further way to be a merchant at a channel that has proven itself: other settings, other numbers
 * on the wire, the same code for what goes wrong.
 */
export function describeMode(subject: Subject): void {
  describe(subject.name, () => {
    describePayments(subject)
    describeRefunds(subject)
  })
}
