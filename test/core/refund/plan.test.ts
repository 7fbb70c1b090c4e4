import { describe, expect, it } from 'vitest'
import type { Minor } from '../../../core/money.ts'
import { planRefund, type Refundable } from '../../../core/refund/plan.ts'
import { DAY_MS } from '../../../core/time.ts'

const PAID: Refundable = {
  state: 'succeeded',
  amountMinor: 100 as Minor,
  currency: 'CNY',
  refundReservedMinor: 0 as Minor,
  refundedMinor: 0 as Minor,
  refundCount: 0,
  frozenBecause: null,
  lateDecision: null,
  paidAtMs: 0,
}
const CHANNEL = {
  partial: true,
  maxCount: 3,
  windowDays: 365,
  async: true,
  notFoundIsFinalAfterMs: 0,
}
const ask = (amount: number, currency = 'CNY') => ({ amountMinor: amount as Minor, currency })

describe('whether a refund may start', () => {
  it.each([
    ['a part', PAID, 30],
    ['one fen', PAID, 1],
    ['all of it', PAID, 100],
    ['exactly what is left', { ...PAID, refundReservedMinor: 70 as Minor }, 30],
    ['money that was late and accepted', { ...PAID, lateDecision: 'accepted' as const }, 100],
  ])('%s may', (_, payment, amount) => {
    expect(planRefund(payment, CHANNEL, ask(amount), 1)).toMatchObject({ ok: true })
  })

  it.each([
    ['created', { state: 'created' as const }, { code: 'payment_not_succeeded' }],
    ['pending', { state: 'pending' as const }, { code: 'payment_not_succeeded' }],
    ['closed', { state: 'closed' as const }, { code: 'payment_not_succeeded' }],
    ['failed', { state: 'failed' as const }, { code: 'payment_not_succeeded' }],
    ['held', { lateDecision: 'held' as const }, { code: 'payment_not_succeeded' }],
    ['on its way back', { lateDecision: 'refunding' as const }, { code: 'payment_not_succeeded' }],
    ['frozen', { frozenBecause: 'paid_twice' }, { code: 'payment_frozen' }],
    [
      'refunded in full',
      { refundedMinor: 100 as Minor, refundReservedMinor: 100 as Minor },
      { code: 'already_refunded' },
    ],
    [
      'spoken for, though not yet refunded',
      { refundReservedMinor: 100 as Minor },
      { code: 'exceeds_refundable', refundableMinor: 0 },
    ],
    [
      'one fen short',
      { refundReservedMinor: 71 as Minor },
      { code: 'exceeds_refundable', refundableMinor: 29 },
    ],
    ['refunded too often', { refundCount: 3 }, { code: 'too_many_refunds', maxCount: 3 }],
  ])('a payment that is %s may not', (_, change, refusal) => {
    expect(planRefund({ ...PAID, ...change }, CHANNEL, ask(30), 1)).toEqual({ ok: false, refusal })
  })

  it('not in another currency', () => {
    expect(planRefund(PAID, CHANNEL, ask(30, 'USD'), 1)).toEqual({
      ok: false,
      refusal: { code: 'currency_differs', currency: 'CNY' },
    })
  })

  it('not at a channel that cannot', () => {
    expect(planRefund(PAID, undefined, ask(30), 1)).toEqual({
      ok: false,
      refusal: { code: 'channel_cannot_refund' },
    })
  })

  it('a part not at a channel that refunds the whole only', () => {
    const whole = { ...CHANNEL, partial: false }
    expect(planRefund(PAID, whole, ask(99), 1)).toEqual({
      ok: false,
      refusal: { code: 'channel_refunds_whole_only' },
    })
    expect(planRefund(PAID, whole, ask(100), 1)).toMatchObject({ ok: true })
  })

  it('until the last millisecond of the window, and not after it', () => {
    const paid = { ...PAID, paidAtMs: 7 * DAY_MS }
    expect(planRefund(paid, CHANNEL, ask(1), 372 * DAY_MS)).toMatchObject({ ok: true })
    expect(planRefund(paid, CHANNEL, ask(1), 372 * DAY_MS + 1)).toEqual({
      ok: false,
      refusal: { code: 'too_late', windowDays: 365 },
    })
  })

  it('at any time when nobody knows since when it is paid', () => {
    const paid = { ...PAID, paidAtMs: null }
    expect(planRefund(paid, CHANNEL, ask(1), 999 * DAY_MS)).toMatchObject({ ok: true })
  })
})
