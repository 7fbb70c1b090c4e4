import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AttemptId, RefundId, SplitId, TransferId } from '../../../core/ids.ts'
import { type Minor, minor, money } from '../../../core/money.ts'
import { mergeFact, type Standing } from '../../../core/payment/merge.ts'
import type { LatePolicy } from '../../../core/payment/state.ts'
import type {
  ChannelError,
  PaymentFact,
  RefundFact,
  ShareStanding,
  SplitFact,
  TransferFact,
} from '../../../core/plugin/api.ts'
import { mergeRefundFact, type RefundStanding } from '../../../core/refund/merge.ts'
import { mergeSplitFact, type SplitStanding } from '../../../core/split/merge.ts'
import { mergeTransferFact, type TransferStanding } from '../../../core/transfer/merge.ts'
import { retellings } from './histories.ts'

/**
 * The merge law over whole rows: facts in any order and any number leave one and the same row, sums
 * and all. Each fact of a set is what a channel may say of one thing; it says one error for one
 * failure, and calls a thing by one number.
 */

const DECLINED: ChannelError = {
  class: 'risk',
  retry: 'never',
  fault: 'merchant',
  code: 'RISK',
  message: '风险',
}
const shop = { payee: 'shop' } as const
/** When all of it is heard: nothing is heard of before it has happened. */
const times = fc.constantFrom(50, 60)

describe('whatever is told of a payment, in whatever order', () => {
  const about = { about: 'payment', attemptId: 'P1' as AttemptId } as const
  const CREATED: Standing = {
    state: 'created',
    amountMinor: 100 as Minor,
    currency: 'CNY',
    attemptId: 'P1' as AttemptId,
    channelPaymentNo: null,
    payer: null,
    errorCode: null,
    errorMessage: null,
    paidAtMs: null,
    closedAtMs: null,
    lateDecision: null,
    frozenBecause: null,
    judgedMisfits: null,
  }
  const paid = {
    ...about,
    ...shop,
    kind: 'succeeded',
    channelPaymentNo: 'B1',
    paid: money(100, 'CNY'),
    paidAtMs: 50,
    payer: 'openid',
  } as const
  const unpaid = fc.constantFrom<PaymentFact[]>(
    { ...about, kind: 'pending' },
    { ...about, kind: 'closed' },
    { ...about, kind: 'failed', error: DECLINED },
    { ...paid, paid: money(101, 'CNY') },
    { ...paid, paid: money(100, 'USD') },
    { ...paid, payee: 'somebody else' },
  )
  const facts = fc.oneof({ weight: 4, arbitrary: unpaid }, fc.constant<PaymentFact>(paid))
  const policies = fc.constantFrom<LatePolicy[]>('accept', 'hold', 'refund')

  function merged(history: readonly PaymentFact[], observedAtMs: number, policy: LatePolicy) {
    const context = { ...shop, latePolicy: policy, observedAtMs }
    let standing = CREATED
    for (const fact of history) {
      standing = { ...standing, ...mergeFact(standing, fact, context)?.set }
    }
    return standing
  }

  it('leaves the same row', () => {
    fc.assert(
      fc.property(retellings(fc.array(facts, { maxLength: 6 })), times, policies, (two, at, p) => {
        const [one, other] = two
        expect(merged(other, at, p)).toEqual(merged(one, at, p))
      }),
    )
  })

  it('is one thing, told at once or told in two halves', () => {
    const halves = fc.array(facts, { maxLength: 4 })
    fc.assert(
      fc.property(halves, halves, times, (before, after, at) => {
        const forth = merged([...before, ...after], at, 'hold')
        expect(merged([...after, ...before], at, 'hold')).toEqual(forth)
      }),
    )
  })

  it('freezes with every reason there is, when two successes are told besides', () => {
    const second = { ...paid, channelPaymentNo: 'B2' }
    const all = [paid, second, { ...paid, payee: 'x' }, { ...paid, paid: money(9, 'CNY') }] as const
    fc.assert(
      fc.property(retellings(fc.constant(all)), ([, told]) => {
        expect(merged(told, 60, 'hold')).toMatchObject({
          state: 'succeeded',
          frozenBecause: 'amount_differs,paid_twice,payee_differs',
        })
      }),
    )
  })
})

describe('whatever is told of a refund, in whatever order', () => {
  const about = { about: 'refund', refundId: 'R1' as RefundId, ...shop } as const
  const CREATED: RefundStanding = {
    state: 'created',
    amountMinor: 30 as Minor,
    currency: 'CNY',
    channelRefundNo: null,
    errorCode: null,
    errorMessage: null,
    needsOperator: false,
    refundedAtMs: null,
  }
  const refunded = {
    ...about,
    kind: 'succeeded',
    channelRefundNo: 'B1',
    refunded: money(30, 'CNY'),
    refundedAtMs: 5,
  } as const
  const facts = fc.constantFrom<RefundFact[]>(
    { ...about, kind: 'pending' },
    { ...about, kind: 'pending', needs: 'operator' },
    { ...about, kind: 'failed', error: DECLINED },
    { ...refunded, refunded: money(31, 'CNY') },
    { ...refunded, refunded: money(30, 'USD') },
    { ...refunded, payee: 'somebody else' },
    refunded,
  )

  function merged(history: readonly RefundFact[]) {
    let standing = CREATED
    let [reserved, refundedSum] = [30, 0]
    const alarms = new Set<string>()
    for (const fact of history) {
      const change = mergeRefundFact(standing, fact, 'shop')
      standing = { ...standing, ...change?.set }
      reserved += (change?.reservesAgain ? 30 : 0) - (change?.released ?? 0)
      refundedSum += change?.refunded ?? 0
      expect([0, 30]).toContain(reserved)
      expect(refundedSum).toBeLessThanOrEqual(reserved)
      if (change?.alarm !== undefined) alarms.add(change.alarm)
    }
    return { standing, reserved, refundedSum, alarms }
  }

  it('leaves the same row and the same sums', () => {
    fc.assert(
      fc.property(retellings(fc.array(facts, { maxLength: 6 })), ([one, other]) => {
        const { alarms: _, ...rows } = merged(one)
        expect(merged(other)).toMatchObject(rows)
      }),
    )
  })

  it('has somebody look at money that went back otherwise than asked, unless it comes right', () => {
    const misfit = { ...refunded, refunded: money(31, 'CNY') }
    const histories = retellings(fc.array(facts, { maxLength: 5 }).map((all) => [...all, misfit]))
    fc.assert(
      fc.property(histories, ([, told]) => {
        const { standing, alarms } = merged(told)
        if (standing.state === 'succeeded') return
        expect(standing).toMatchObject({ needsOperator: true, errorCode: 'REFUND_DIFFERS' })
        expect(alarms).toContain('refund_differs')
      }),
    )
  })
})

describe('whatever is told of a transfer, in whatever order', () => {
  const about = { about: 'transfer', transferId: 'T1' as TransferId, ...shop } as const
  const CREATED: TransferStanding = {
    state: 'created',
    amountMinor: minor(1000),
    currency: 'CNY',
    channelTransferNo: null,
    errorCode: null,
    errorMessage: null,
    needsOperator: false,
    transferredAtMs: null,
  }
  const paid = {
    ...about,
    kind: 'succeeded',
    channelTransferNo: 'C1',
    transferred: money(1000, 'CNY'),
    transferredAtMs: 7,
  } as const
  const facts = fc.constantFrom<TransferFact[]>(
    { ...about, kind: 'pending' },
    { ...about, kind: 'closed', reason: '已撤销' },
    { ...about, kind: 'failed', error: DECLINED },
    { ...paid, transferred: money(1001, 'CNY') },
    { ...paid, transferred: money(1000, 'USD') },
    { ...paid, payee: 'somebody else' },
    paid,
  )
  function merged(history: readonly TransferFact[]) {
    let standing = CREATED
    for (const fact of history) {
      standing = { ...standing, ...mergeTransferFact(standing, fact, 'shop')?.set }
    }
    return standing
  }

  it('leaves the same row', () => {
    fc.assert(
      fc.property(retellings(fc.array(facts, { maxLength: 6 })), ([one, other]) => {
        expect(merged(other)).toEqual(merged(one))
      }),
    )
  })

  it('never takes a success back', () => {
    fc.assert(
      fc.property(fc.array(facts), fc.array(facts), (before, after) => {
        expect(merged([...before, paid, ...after])).toEqual(merged([paid]))
      }),
    )
  })
})

describe('whatever is told of a split, in whatever order', () => {
  const about = { about: 'split', splitId: 'S1' as SplitId } as const
  const ACCOUNTS = ['a', 'b', 'c'] as const
  const CREATED: SplitStanding = {
    state: 'created',
    currency: 'CNY',
    channelSplitNo: null,
    errorCode: null,
    errorMessage: null,
    shares: ACCOUNTS.map((account, i) => ({
      number: i + 1,
      account,
      amountMinor: minor(100 * (i + 1)),
      state: 'pending',
    })),
  }
  const TOTAL = 600
  const states = fc.constantFrom('pending', 'succeeded', 'failed')
  const shares: fc.Arbitrary<readonly ShareStanding[]> = fc
    .tuple(
      fc.subarray([...ACCOUNTS]),
      fc.array(states, { minLength: 3, maxLength: 3 }),
      fc.nat({ max: 11 }),
    )
    .map(([accounts, each, odd]) =>
      accounts.map((account, i) => {
        const place = ACCOUNTS.indexOf(account)
        const fen = 100 * (place + 1) + (odd === place ? 1 : 0)
        const state = each[i] ?? 'pending'
        return { receiver: { kind: 'person', account }, amount: money(fen, 'CNY'), state }
      }),
    )
  const told = fc.record({
    kind: fc.constantFrom('pending', 'finished'),
    payee: fc.constantFrom('shop', 'shop', 'shop', 'somebody else'),
    channelSplitNo: fc.constant('C1'),
    shares,
  })
  const facts: fc.Arbitrary<SplitFact> = fc.oneof(
    { weight: 4, arbitrary: told.map((standing): SplitFact => ({ ...about, ...standing })) },
    fc.constant<SplitFact>({ ...about, ...shop, kind: 'failed', error: DECLINED }),
  )

  function merged(history: readonly SplitFact[]) {
    let standing = CREATED
    let reserved = TOTAL
    for (const fact of history) {
      const change = mergeSplitFact(standing, fact, 'shop')
      if (change === undefined) continue
      reserved += change.reservedAgainMinor - change.releasedMinor
      const { state, channelSplitNo, errorCode, errorMessage } = change
      const shares = standing.shares.map((share) => ({
        ...share,
        state: change.shares.find(({ number }) => number === share.number)?.state ?? share.state,
      }))
      standing = { ...standing, state, channelSplitNo, errorCode, errorMessage, shares }
    }
    return { standing, reserved }
  }

  /** What the channel calls a split that has failed is known only to who heard it before. */
  const row = (history: readonly SplitFact[]) => {
    const { standing, reserved } = merged(history)
    return { ...standing, channelSplitNo: null, reserved }
  }

  it('leaves the same row, the same shares, and the same money set aside', () => {
    fc.assert(
      fc.property(retellings(fc.array(facts, { maxLength: 5 })), ([one, other]) => {
        expect(row(other)).toEqual(row(one))
      }),
      { numRuns: 500 },
    )
  })

  it('keeps set aside what the shares that did not fail come to', () => {
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 6 }), (history) => {
        const { standing, reserved } = merged(history)
        const kept = standing.shares.filter(({ state }) => state !== 'failed')
        expect(reserved).toBe(kept.reduce((sum, { amountMinor }) => sum + amountMinor, 0))
      }),
    )
  })

  it('never takes a share back that was paid', () => {
    fc.assert(
      fc.property(fc.array(facts), fc.array(facts), (before, after) => {
        const paid = merged(before).standing.shares.filter(({ state }) => state === 'succeeded')
        const then = merged([...before, ...after]).standing.shares
        for (const { number } of paid) expect(then[number - 1]?.state).toBe('succeeded')
      }),
    )
  })
})
