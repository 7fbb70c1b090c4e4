import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AttemptId } from '../../../core/ids.ts'
import { type Minor, money } from '../../../core/money.ts'
import {
  contradicts,
  type MergeContext,
  mergeFact,
  misfitKey,
  type Standing,
} from '../../../core/payment/merge.ts'
import type { LatePolicy } from '../../../core/payment/state.ts'
import type { ChannelError, PaymentFact } from '../../../core/plugin/api.ts'

const attemptId = 'P1' as AttemptId
const about = { about: 'payment', attemptId } as const

const CREATED: Standing = {
  state: 'created',
  amountMinor: 100 as Minor,
  currency: 'CNY',
  attemptId,
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

const DECLINED: ChannelError = {
  class: 'payer_declined',
  retry: 'never',
  fault: 'payer',
  code: 'DECLINED',
  message: '余额不足',
}

type Success = PaymentFact & { readonly kind: 'succeeded' }
const paid = (atMs: number, change: Partial<Success> = {}): Success => ({
  ...about,
  kind: 'succeeded',
  channelPaymentNo: 'B1',
  paid: money(100, 'CNY'),
  paidAtMs: atMs,
  payee: 'shop',
  ...change,
})
const pending: PaymentFact = { ...about, kind: 'pending' }
const closed: PaymentFact = { ...about, kind: 'closed' }
const paidBack: PaymentFact = { ...about, kind: 'closed', paidBack: true }
const failed: PaymentFact = { ...about, kind: 'failed', error: DECLINED }

/** A fact and when we heard of it. */
interface Heard {
  readonly fact: PaymentFact
  readonly atMs: number
}

function merge(start: Standing, heard: readonly Heard[], latePolicy: LatePolicy = 'hold') {
  let standing = start
  const tells: string[] = []
  for (const { fact, atMs } of heard) {
    const context: MergeContext = { payee: 'shop', latePolicy, observedAtMs: atMs }
    const change = mergeFact(standing, fact, context)
    if (change === undefined) continue
    standing = { ...standing, ...change.set }
    if (change.tells !== undefined) tells.push(change.tells)
  }
  return { standing, tells }
}

const heardAt = (atMs: number, ...facts: PaymentFact[]): Heard[] =>
  facts.map((fact) => ({ fact, atMs }))

describe('what one fact does to a payment', () => {
  it.each([
    ['created', pending, 'pending'],
    ['created', failed, 'failed'],
    ['created', closed, 'closed'],
    ['created', paid(1), 'succeeded'],
    ['pending', pending, 'pending'],
    ['pending', failed, 'failed'],
    ['pending', closed, 'closed'],
    ['pending', paid(1), 'succeeded'],
    ['closed', pending, 'closed'],
    ['closed', failed, 'failed'],
    ['closed', paid(1), 'succeeded'],
    ['failed', pending, 'failed'],
    ['failed', closed, 'failed'],
    ['failed', paid(1), 'succeeded'],
    ['succeeded', pending, 'succeeded'],
    ['succeeded', failed, 'succeeded'],
    ['succeeded', closed, 'succeeded'],
    ['succeeded', paid(1), 'succeeded'],
  ] as const)('%s and %o make %s', (state, fact, result) => {
    const channelPaymentNo = state === 'succeeded' ? 'B1' : null
    const { standing } = merge({ ...CREATED, state, channelPaymentNo }, heardAt(5, fact))
    expect(standing.state).toBe(result)
  })

  it('does not believe a success that is told of what was paid back by the close', () => {
    for (const heard of [
      [...heardAt(5, paidBack), ...heardAt(6, paid(4))],
      // That it was paid back is learned later than that it was closed.
      [...heardAt(5, closed, paidBack), ...heardAt(6, paid(4))],
    ]) {
      const { standing, tells } = merge(CREATED, heard, 'accept')
      expect(standing).toMatchObject({ state: 'closed', errorCode: 'PAID_BACK', paidAtMs: null })
      expect(tells).toEqual(['payment.closed'])
    }
  })

  it('is frozen when it was told as paid, and then paid back by a close; not when we paid it back', () => {
    const { standing } = merge(CREATED, heardAt(5, paid(4), paidBack, paidBack))
    expect(standing).toMatchObject({ state: 'succeeded', frozenBecause: 'paid_back' })
    const context = { payee: 'shop', latePolicy: 'hold', observedAtMs: 9 } as const
    const succeeded = { ...CREATED, state: 'succeeded', channelPaymentNo: 'B1' } as const
    expect(mergeFact(succeeded, paidBack, context)).toMatchObject({ alarm: 'paid_back' })
    expect(mergeFact(succeeded, paidBack, { ...context, isRefunded: true })).toBeUndefined()
  })

  it('keeps who paid, when and under which number, and forgets an earlier error', () => {
    const { standing, tells } = merge(CREATED, [
      ...heardAt(5, failed),
      ...heardAt(6, paid(4, { payer: 'openid' })),
    ])
    expect(standing).toMatchObject({
      state: 'succeeded',
      channelPaymentNo: 'B1',
      payer: 'openid',
      paidAtMs: 4,
      errorCode: null,
      errorMessage: null,
    })
    expect(tells).toEqual(['payment.failed', 'payment.succeeded'])
  })

  it('raises an alarm when a payment succeeds that was said to have failed', () => {
    const context = { payee: 'shop', latePolicy: 'hold', observedAtMs: 9 } as const
    expect(mergeFact({ ...CREATED, state: 'failed' }, paid(1), context)).toMatchObject({
      event: 'payment.succeeded',
      alarm: 'succeeded_after_failure',
    })
  })

  it.each([
    ['amount_differs', paid(1, { paid: money(101, 'CNY') })],
    ['amount_differs', paid(1, { paid: money(99, 'CNY') })],
    ['amount_differs', paid(1, { paid: money(100, 'USD') })],
    ['payee_differs', paid(1, { payee: 'somebody else' })],
  ])('freezes with %s and lets the state be', (reason, fact) => {
    const { standing, tells } = merge({ ...CREATED, state: 'pending' }, heardAt(5, fact, fact))
    expect(standing).toMatchObject({ state: 'pending', frozenBecause: reason, paidAtMs: null })
    expect(tells).toEqual([])
  })

  it('freezes when one payment was paid twice, and keeps the first', () => {
    const second = paid(2, { channelPaymentNo: 'B2' })
    const { standing, tells } = merge(CREATED, heardAt(5, paid(1), second, second))
    expect(standing).toMatchObject({
      state: 'succeeded',
      channelPaymentNo: 'B1',
      paidAtMs: 1,
      frozenBecause: 'paid_twice',
    })
    expect(tells).toEqual(['payment.succeeded'])
  })
})

describe('what is written of one fact', () => {
  const at = (latePolicy: LatePolicy) => ({ payee: 'shop', latePolicy, observedAtMs: 9 }) as const
  const asPaid = {
    state: 'succeeded',
    channelPaymentNo: 'B1',
    paidAtMs: 6,
    payer: null,
    errorCode: null,
    errorMessage: null,
  }
  const closedAt5 = { state: 'closed', closedAtMs: 5 } as const
  const asPaidBack = {
    errorCode: 'PAID_BACK',
    errorMessage: '订单已撤销，款项已退回付款人',
  } as const
  const late = { event: 'payment.paid_late', tells: 'payment.succeeded' }
  const more = paid(6, { paid: money(101, 'CNY') })

  it.each([
    ['that it waits', {}, pending, { set: { state: 'pending' }, event: 'payment.pending' }],
    [
      'that it failed',
      {},
      failed,
      {
        set: { state: 'failed', errorCode: 'DECLINED', errorMessage: '余额不足' },
        event: 'payment.failed',
        tells: 'payment.failed',
      },
    ],
    [
      'that it is closed',
      {},
      closed,
      {
        set: { state: 'closed', closedAtMs: 9 },
        event: 'payment.closed',
        tells: 'payment.closed',
      },
    ],
    [
      'that what failed is closed, too',
      { state: 'failed' },
      closed,
      { set: { closedAtMs: 9 }, event: 'payment.closed' },
    ],
    ['that it was closed later than we know', closedAt5, closed, undefined],
    [
      'that it was closed earlier than we know',
      { state: 'failed', closedAtMs: 12 },
      closed,
      { set: { closedAtMs: 9 }, event: 'payment.closed' },
    ],
    [
      'that it is closed and paid back',
      {},
      paidBack,
      {
        set: { state: 'closed', closedAtMs: 9, ...asPaidBack },
        event: 'payment.closed',
        tells: 'payment.closed',
      },
    ],
    [
      'that what is closed was paid back',
      closedAt5,
      paidBack,
      { set: { closedAtMs: 5, ...asPaidBack }, event: 'payment.closed' },
    ],
    ['that, again', { ...closedAt5, ...asPaidBack }, paidBack, undefined],
    [
      'that what failed was closed and paid back',
      { state: 'failed' },
      paidBack,
      { set: { closedAtMs: 9 }, event: 'payment.closed' },
    ],
    [
      'that what was told as paid was paid back',
      { state: 'succeeded', channelPaymentNo: 'B1' },
      paidBack,
      {
        set: { state: 'succeeded', frozenBecause: 'paid_back' },
        event: 'payment.frozen',
        alarm: 'paid_back',
      },
    ],
    ['that what was paid back is paid', { ...closedAt5, ...asPaidBack }, paid(6), undefined],
    ['that what was paid back failed', { ...closedAt5, ...asPaidBack }, failed, undefined],
    [
      'that what failed is paid, whatever the channel called its failure',
      { state: 'failed', ...asPaidBack },
      paid(6),
      {
        set: asPaid,
        event: 'payment.succeeded',
        tells: 'payment.succeeded',
        alarm: 'succeeded_after_failure',
      },
    ],
    [
      'that it is paid',
      {},
      paid(6),
      { set: asPaid, event: 'payment.succeeded', tells: 'payment.succeeded' },
    ],
    [
      'that another amount is paid',
      {},
      more,
      {
        set: { state: 'pending', frozenBecause: 'amount_differs' },
        event: 'payment.frozen',
        alarm: 'amount_differs',
      },
    ],
    ['the same again', { state: 'pending', frozenBecause: 'amount_differs' }, more, undefined],
    [
      'another reason to freeze',
      { ...closedAt5, frozenBecause: 'paid_twice' },
      more,
      {
        set: { state: 'closed', frozenBecause: 'amount_differs,paid_twice' },
        event: 'payment.frozen',
        alarm: 'amount_differs',
      },
    ],
  ] as const)('%s', (_, change, fact, written) => {
    expect(mergeFact({ ...CREATED, ...change }, fact, at('accept'))).toEqual(written)
  })

  it.each([
    ['accept', { set: { ...asPaid, lateDecision: 'accepted' }, ...late }],
    [
      'hold',
      {
        set: { ...asPaid, lateDecision: 'held' },
        event: 'payment.paid_late',
        alarm: 'late_money_held',
      },
    ],
    [
      'refund',
      {
        set: { ...asPaid, lateDecision: 'refunding' },
        event: 'payment.paid_late',
        refundsAll: true,
      },
    ],
  ] as const)('that it is paid after its close, by policy %s', (policy, written) => {
    expect(mergeFact({ ...CREATED, ...closedAt5 }, paid(6), at(policy))).toEqual(written)
  })
})

describe('a misfit that an operator has judged', () => {
  const misfit = paid(1, { paid: money(101, 'CNY') })
  const judged = { ...CREATED, judgedMisfits: JSON.stringify([misfitKey(misfit)]) }

  it.each(['pending', 'succeeded'] as const)('is no news of a %s payment', (state) => {
    const context = { payee: 'shop', latePolicy: 'hold', observedAtMs: 9 } as const
    expect(mergeFact({ ...judged, state, channelPaymentNo: 'B1' }, misfit, context)).toBeUndefined()
  })

  it.each([
    ['another amount', paid(1, { paid: money(102, 'CNY') }), 'amount_differs'],
    ['another currency', paid(1, { paid: money(101, 'USD') }), 'amount_differs'],
    ['another merchant number', { ...misfit, payee: 'somebody else' }, 'payee_differs'],
    ['another number of the channel', { ...misfit, channelPaymentNo: 'B9' }, 'amount_differs'],
  ])('does not hide another one: %s', (_, fact, reason) => {
    const { standing } = merge({ ...judged, state: 'succeeded' }, heardAt(9, fact))
    expect(standing.frozenBecause).toBe(reason)
  })
})

describe('facts that contradict each other', () => {
  it.each([
    ['succeeded', failed, true],
    ['succeeded', closed, false],
    ['succeeded', pending, false],
    ['succeeded', paid(1), false],
    ['failed', failed, false],
    ['closed', failed, false],
    ['pending', failed, false],
  ] as const)('%s, then %o: %s', (state, fact, does) => {
    expect(contradicts({ state }, fact)).toBe(does)
  })
})

describe('money that comes after the close', () => {
  it.each([
    ['accept', 'accepted', ['payment.closed', 'payment.succeeded']],
    ['hold', 'held', ['payment.closed']],
    ['refund', 'refunding', ['payment.closed']],
  ] as const)('is, by policy %s, %s', (policy, decision, told) => {
    const { standing, tells } = merge(
      CREATED,
      [...heardAt(5, closed), ...heardAt(9, paid(6))],
      policy,
    )
    expect(standing).toMatchObject({ state: 'succeeded', lateDecision: decision })
    expect(tells).toEqual(told)
  })

  it('calls somebody when it is held', () => {
    const closedAt5 = { ...CREATED, state: 'closed', closedAtMs: 5 } as const
    const alarmBy = (latePolicy: LatePolicy) =>
      mergeFact(closedAt5, paid(6), { payee: 'shop', latePolicy, observedAtMs: 9 })?.alarm
    expect(alarmBy('hold')).toBe('late_money_held')
    expect(alarmBy('accept')).toBeUndefined()
    expect(alarmBy('refund')).toBeUndefined()
  })

  it.each(['accept', 'hold', 'refund'] as const)(
    'is decided by the times of the facts alone, whenever they are heard of (%s)',
    (policy) => {
      fc.assert(
        fc.property(
          fc.integer({ min: 10, max: 20 }),
          fc.integer({ min: 10, max: 20 }),
          fc.integer({ min: 0, max: 30 }),
          (closedAtMs, paidAtMs, delay) => {
            fc.pre(closedAtMs !== paidAtMs)
            const close = { fact: closed, atMs: closedAtMs }
            // Nothing is heard of before it has happened.
            const success = { fact: paid(paidAtMs), atMs: paidAtMs + delay }
            const heard = [close, success].sort((a, b) => a.atMs - b.atMs)
            const { standing } = merge(CREATED, heard, policy)
            expect(standing.lateDecision !== null).toBe(paidAtMs > closedAtMs)
          },
        ),
      )
    },
  )

  it('is not late when the channel had it at the time of the close, though we heard later', () => {
    const { standing, tells } = merge(CREATED, [...heardAt(5, closed), ...heardAt(9, paid(5))])
    expect(standing).toMatchObject({ state: 'succeeded', lateDecision: null })
    expect(tells).toEqual(['payment.closed', 'payment.succeeded'])
  })

  it.each(['accept', 'hold', 'refund'] as const)(
    'is never what the merchant was told of before: a close that is heard of later changes nothing (%s)',
    (policy) => {
      // The channel's clock is ahead of ours, so that it seems to have been paid after the close.
      const { standing, tells } = merge(
        CREATED,
        [...heardAt(5, paid(600)), ...heardAt(6, closed)],
        policy,
      )
      expect(standing).toMatchObject({ state: 'succeeded', lateDecision: null })
      expect(tells).toEqual(['payment.succeeded'])
    },
  )
})

describe('the merge law', () => {
  const facts = fc.oneof(
    fc.constant(pending),
    fc.constant(closed),
    fc.constant(failed),
    fc.integer({ min: 50, max: 50 }).map((at) => paid(at)),
    fc.constant(paid(50, { paid: money(101, 'CNY') })),
    fc.constant(paid(50, { payee: 'somebody else' })),
  )
  const histories = fc.array(facts, { maxLength: 8 })
  const policies = fc.constantFrom('accept', 'hold', 'refund')
  const essence = ({ standing }: { standing: Standing }) => {
    const { state, closedAtMs, paidAtMs, lateDecision, frozenBecause, channelPaymentNo } = standing
    return { state, closedAtMs, paidAtMs, lateDecision, frozenBecause, channelPaymentNo }
  }

  it('ends equal for any order and any repetition of facts that were heard at one time', () => {
    const shuffled = histories.chain((history) =>
      fc.tuple(
        fc.constant(history),
        fc.shuffledSubarray([...history, ...history, ...history], {
          minLength: history.length * 3,
        }),
      ),
    )
    fc.assert(
      fc.property(shuffled, policies, fc.constantFrom(50, 60), (pair, policy, atMs) => {
        const [history, other] = pair
        const one = essence(merge(CREATED, heardAt(atMs, ...history), policy))
        expect(essence(merge(CREATED, heardAt(atMs, ...other), policy))).toEqual(one)
      }),
    )
  })

  it('never leaves success, whatever comes after it', () => {
    fc.assert(
      fc.property(histories, histories, policies, (before, after, policy) => {
        const { standing } = merge(CREATED, heardAt(60, ...before, paid(50), ...after), policy)
        expect(standing.state).toBe('succeeded')
      }),
    )
  })

  it('tells of a success once, and of each other end at most once', () => {
    fc.assert(
      fc.property(histories, policies, (history, policy) => {
        const { tells } = merge(CREATED, heardAt(60, ...history), policy)
        expect(new Set(tells).size).toBe(tells.length)
      }),
    )
  })

  it('does nothing the second time', () => {
    fc.assert(
      fc.property(histories, policies, (history, policy) => {
        const heard = heardAt(60, ...history)
        const { standing } = merge(CREATED, heard, policy)
        expect(merge(standing, heard, policy)).toEqual({ standing, tells: [] })
      }),
    )
  })
})
