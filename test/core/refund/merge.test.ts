import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RefundId } from '../../../core/ids.ts'
import { type Minor, money } from '../../../core/money.ts'
import type { ChannelError, RefundFact } from '../../../core/plugin/api.ts'
import { mergeRefundFact, type RefundStanding } from '../../../core/refund/merge.ts'
import {
  isReserved,
  mayMoveRefund,
  REFUND_STATES,
  type RefundState,
} from '../../../core/refund/state.ts'

/** From each state (row) to each state (column): whether a refund may go there. */
const TO = ['created', 'pending', 'failed', 'succeeded'] as const
const TABLE: Readonly<Record<RefundState, readonly (0 | 1)[]>> = {
  created: /*  */ [0, 1, 1, 1],
  pending: /*  */ [0, 0, 1, 1],
  failed: /*   */ [0, 0, 0, 1],
  succeeded: /**/ [0, 0, 0, 0],
}

describe('the state machine of refunds', () => {
  it.each(
    REFUND_STATES.flatMap((from) =>
      TO.map((to, column) => [from, to, TABLE[from][column] === 1] as const),
    ),
  )('%s → %s: %s', (from, to, allowed) => {
    expect(mayMoveRefund(from, to)).toBe(allowed)
  })

  it.each([
    ['created', true],
    ['pending', true],
    ['succeeded', true],
    ['failed', false],
  ] as const)('keeps the money of a %s refund set aside: %s', (state, kept) => {
    expect(isReserved(state)).toBe(kept)
  })
})

const about = { about: 'refund', refundId: 'R1' as RefundId, payee: 'shop' } as const
const DECLINED: ChannelError = {
  class: 'not_enough_merchant_balance',
  retry: 'new_attempt',
  fault: 'merchant',
  code: 'NOT_ENOUGH',
  message: '余额不足',
}
const pending: RefundFact = { ...about, kind: 'pending' }
const failed: RefundFact = { ...about, kind: 'failed', error: DECLINED }
const refunded: RefundFact = {
  ...about,
  kind: 'succeeded',
  channelRefundNo: 'B1',
  refunded: money(30, 'CNY'),
  refundedAtMs: 5,
}
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

interface Sums {
  standing: RefundStanding
  reserved: number
  refunded: number
  readonly tells: string[]
}

/** What becomes of a refund of 30 fen and of the sums of its payment. */
function merge(facts: readonly RefundFact[]): Sums {
  const sums: Sums = { standing: CREATED, reserved: 30, refunded: 0, tells: [] }
  for (const fact of facts) {
    const change = mergeRefundFact(sums.standing, fact, 'shop')
    if (change === undefined) continue
    sums.standing = { ...sums.standing, ...change.set }
    if (change.reservesAgain) sums.reserved += change.refunded ?? 0
    sums.reserved -= change.released ?? 0
    sums.refunded += change.refunded ?? 0
    if (change.tells !== undefined) sums.tells.push(change.tells)
  }
  return sums
}

describe('what facts do to a refund and to the sums of its payment', () => {
  it.each([
    ['nothing yet', [pending], 'pending', 30, 0, []],
    ['success', [refunded], 'succeeded', 30, 30, ['refund.succeeded']],
    ['failure', [failed], 'failed', 0, 0, ['refund.failed']],
    ['success twice', [refunded, refunded], 'succeeded', 30, 30, ['refund.succeeded']],
    ['failure twice', [failed, failed], 'failed', 0, 0, ['refund.failed']],
    ['failure after success', [refunded, failed], 'succeeded', 30, 30, ['refund.succeeded']],
    ['pending after success', [refunded, pending], 'succeeded', 30, 30, ['refund.succeeded']],
    ['pending after failure', [failed, pending], 'failed', 0, 0, ['refund.failed']],
    [
      'success after failure',
      [failed, refunded],
      'succeeded',
      30,
      30,
      ['refund.failed', 'refund.succeeded'],
    ],
  ] as const)('%s', (_, facts, state, reserved, refundedSum, told) => {
    const sums = merge(facts)
    expect(sums.standing.state).toBe(state)
    expect(sums).toMatchObject({ reserved, refunded: refundedSum, tells: told })
  })

  it.each([
    ['one fen more', { ...refunded, refunded: money(31, 'CNY') }],
    ['another currency', { ...refunded, refunded: money(30, 'USD') }],
    ['another account', { ...refunded, payee: 'somebody else' }],
  ] as const)('calls an operator when %s went back, and releases nothing', (_, fact) => {
    const sums = merge([fact, fact])
    expect(sums.standing).toMatchObject({ state: 'created', needsOperator: true })
    expect(sums).toMatchObject({ reserved: 30, refunded: 0, tells: [] })
  })

  it.each([
    [
      'that it waits, with its number',
      {},
      { ...pending, channelRefundNo: 'B1' },
      {
        set: { state: 'pending', channelRefundNo: 'B1', needsOperator: false },
        event: 'refund.pending',
      },
    ],
    ['what is known', { state: 'pending', channelRefundNo: 'B1' }, pending, undefined],
    [
      'a number that was not known',
      { state: 'pending' },
      { ...pending, channelRefundNo: 'B1' },
      {
        set: { state: 'pending', channelRefundNo: 'B1', needsOperator: false },
        event: 'refund.pending',
      },
    ],
    [
      'that it waits for an operator',
      { state: 'pending', channelRefundNo: 'B1' },
      { ...pending, needs: 'operator' },
      {
        set: { state: 'pending', channelRefundNo: 'B1', needsOperator: true },
        event: 'refund.needs_operator',
        alarm: 'refund_needs_operator',
      },
    ],
    [
      'that it waits, after it failed',
      { state: 'failed' },
      { ...pending, channelRefundNo: 'B1' },
      undefined,
    ],
    [
      'that it waits for an operator, after it succeeded',
      { state: 'succeeded', channelRefundNo: 'B1' },
      { ...pending, needs: 'operator' },
      undefined,
    ],
    [
      'that it failed',
      { needsOperator: true },
      failed,
      {
        set: {
          state: 'failed',
          errorCode: 'NOT_ENOUGH',
          errorMessage: '余额不足',
          needsOperator: false,
        },
        event: 'refund.failed',
        tells: 'refund.failed',
        released: 30,
      },
    ],
    [
      'that it succeeded after all',
      { state: 'failed', errorCode: 'NOT_ENOUGH' },
      refunded,
      {
        set: {
          state: 'succeeded',
          channelRefundNo: 'B1',
          refundedAtMs: 5,
          errorCode: null,
          errorMessage: null,
          needsOperator: false,
        },
        event: 'refund.succeeded',
        tells: 'refund.succeeded',
        refunded: 30,
        reservesAgain: true,
        alarm: 'refunded_after_failure',
      },
    ],
    [
      'that another amount went back',
      { needsOperator: true },
      { ...refunded, refunded: money(31, 'CNY') },
      {
        set: {
          errorCode: 'REFUND_DIFFERS',
          errorMessage: '通道退款结果与请求不一致，等待人工核对',
          needsOperator: true,
        },
        event: 'refund.needs_operator',
        alarm: 'refund_differs',
      },
    ],
    [
      'that another amount went back, again',
      { needsOperator: true, errorCode: 'REFUND_DIFFERS' },
      { ...refunded, refunded: money(31, 'CNY') },
      undefined,
    ],
    [
      'that it failed, after another amount went back',
      { needsOperator: true, errorCode: 'REFUND_DIFFERS' },
      failed,
      {
        set: {
          state: 'failed',
          errorCode: 'REFUND_DIFFERS',
          errorMessage: '通道退款结果与请求不一致，等待人工核对',
          needsOperator: true,
        },
        event: 'refund.failed',
        tells: 'refund.failed',
        released: 30,
      },
    ],
  ] as const)('writes, when it is told %s, just that', (_, change, fact, written) => {
    expect(mergeRefundFact({ ...CREATED, ...change }, fact, 'shop')).toEqual(written)
  })

  it('calls an operator again when one has looked and the channel says the same', () => {
    const lookedAt = { ...CREATED, errorCode: 'REFUND_DIFFERS', needsOperator: false }
    const differs = { ...refunded, refunded: money(31, 'CNY') }
    expect(mergeRefundFact(lookedAt, differs, 'shop')?.alarm).toBe('refund_differs')
  })

  it('calls an operator once when the channel waits for one', () => {
    const needs: RefundFact = { ...pending, needs: 'operator' }
    const first = mergeRefundFact(CREATED, needs, 'shop')
    expect(first).toMatchObject({ event: 'refund.needs_operator', alarm: 'refund_needs_operator' })
    expect(mergeRefundFact({ ...CREATED, ...first?.set }, needs, 'shop')).toBeUndefined()
  })

  it('ends equal for any order and any repetition of facts', () => {
    const history = fc.array(fc.constantFrom(pending, failed, refunded), { maxLength: 6 })
    const pairs = history.chain((facts) =>
      fc.tuple(
        fc.constant(facts),
        fc.shuffledSubarray([...facts, ...facts], { minLength: facts.length * 2 }),
      ),
    )
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        const essence = ({ standing, reserved, refunded }: Sums) => ({
          state: standing.state,
          refundedAtMs: standing.refundedAtMs,
          channelRefundNo: standing.channelRefundNo,
          reserved,
          refunded,
        })
        expect(essence(merge(other))).toEqual(essence(merge(one)))
      }),
    )
  })
})
