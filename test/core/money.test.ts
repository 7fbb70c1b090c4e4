import { describe, expect, it } from 'vitest'
import { feeOf, isMinor, type Minor, minor, money, sameMoney } from '../../core/money.ts'

describe('money', () => {
  it.each([0, 1, 9007199254740991])('takes %d minor units', (value) => {
    expect(minor(value)).toBe(value)
  })

  it.each([-1, 0.5, 9007199254740992, Number.NaN, Number.POSITIVE_INFINITY])(
    'does not take %d',
    (value) => {
      expect(isMinor(value)).toBe(false)
      expect(() => minor(value)).toThrow(
        new RangeError(`not a whole, non-negative minor amount: ${value}`),
      )
    },
  )

  it('is the same in amount and in currency', () => {
    expect(sameMoney(money(1, 'CNY'), money(1, 'CNY'))).toBe(true)
    expect(sameMoney(money(1, 'CNY'), money(2, 'CNY'))).toBe(false)
    expect(sameMoney(money(1, 'CNY'), money(1, 'USD'))).toBe(false)
  })

  it.each([
    ['nothing at no rate', 1000, 0, 0],
    ['0.6 % of 10 yuan', 1000, 6_000, 6],
    ['half a fen, up', 250, 6_000, 2],
    ['a hair less than half a fen, down', 249, 6_000, 1],
    ['0.38 % of one fen', 1, 3_800, 0],
    ['all of it', 1000, 1_000_000, 1000],
    ['a great amount, exactly', 9007199254740991, 6_000, 54043195528446],
  ])('takes for a fee %s', (_, amount, rate, fee) => {
    expect(feeOf(amount as Minor, rate)).toBe(fee)
  })
})
