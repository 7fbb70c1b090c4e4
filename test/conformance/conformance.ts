import { describe } from 'vitest'
import { assert } from '../../core/result.ts'
import { describeBills } from './bills.ts'
import type { Subject } from './market.ts'
import { describeFaultyPayments, describePayments } from './payments.ts'
import { describeFaultyRefunds, describeRefunds } from './refunds.ts'
import { describeSecrets } from './secrets.ts'
import { describeSplits } from './splits.ts'
import { describeTenancy } from './tenancy.ts'
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
    describeSecrets(subject)
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

/** Merchants below a service provider: they can do what others can, and are kept apart. */
export function describeProvider(subject: Subject): void {
  describeMode({
    ...subject,
    async settings(simulator) {
      const [below] = (await simulator.cast?.())?.belowProvider ?? []
      assert(below !== undefined, 'there is a merchant below a provider')
      return below
    },
  })
  describe(subject.name, () => {
    describeTenancy(subject)
  })
}
