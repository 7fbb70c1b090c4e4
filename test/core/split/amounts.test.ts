import { describe, expect, it } from 'vitest'
import { minor } from '../../../core/money.ts'
import { parsePortion, portionNumber, shareAmounts } from '../../../core/split/amounts.ts'

const shared = (base: number, ...parts: readonly number[]) =>
  shareAmounts(
    minor(base),
    parts.map((sharePartsPerMillion) => ({ sharePartsPerMillion })),
  )

describe('what each receiver gets: the sum rounded down, each share half up, the rest for the last', () => {
  it.each([
    // base, parts of a million, shares
    [1000, [300_000], [300]],
    [1000, [300_000, 200_000], [300, 200]],
    [994, [300_000], [298]],
    [994, [500_000, 500_000], [497, 497]],
    [995, [500_000, 500_000], [498, 497]],
    [5, [100_000], [0]],
    [15, [100_000], [1]],
    [10, [150_000], [1]],
    [10, [150_000, 150_000], [2, 1]],
    [3, [333_333, 333_333, 333_334], [1, 1, 1]],
    [100, [333_333, 333_333, 333_334], [33, 33, 33]],
    [1, [500_000, 500_000], [1, 0]],
    [1, [1_000_000], [1]],
    [1, [999_999], [0]],
    [0, [1_000_000], [0]],
    [100, [100], [0]],
    [10_000, [100], [1]],
    [9_007_199_254_740_991, [1_000_000], [9_007_199_254_740_991]],
    [9_007_199_254_740_991, [333_333], [3_002_396_749_180_578]],
    [1000, [], []],
  ] as const)('%d fen in %j parts: %j', (base, parts, amounts) => {
    expect(shared(base, ...parts)).toEqual(amounts)
  })

  it('never adds up to more than there is, nor than was asked for', () => {
    for (let base = 0; base <= 60; base++) {
      for (const parts of [
        [1, 999_999],
        [333_333, 666_667],
        [500_000, 250_000, 250_000],
        [55_555, 55_555],
      ]) {
        const sum = shared(base, ...parts).reduce((total, share) => total + share, 0)
        const asked = parts.reduce((total, part) => total + part, 0)
        expect(sum).toBeLessThanOrEqual(Math.floor((base * asked) / 1_000_000))
      }
    }
  })
})

describe('divisionProfit', () => {
  it.each([
    ['0.3', 300_000],
    ['0.10', 100_000],
    ['1', 1_000_000],
    ['1.0000', 1_000_000],
    ['0.0001', 100],
    ['0.000001', 1],
    [' 0.5 ', 500_000],
  ])('%j is %d parts of a million', (text, parts) => {
    expect(parsePortion(text)).toBe(parts)
  })

  it.each([
    ...['0', '0.0', '1.0001', '-0.1', '2', '.5', '30%', '3e-1', '0.0000001', '', 'abc', '0x1'],
    ...['0.5000001', '0.5%', '0.5 0.5', '1e0', '10'],
  ])('%j is none', (text) => {
    expect(parsePortion(text)).toBeUndefined()
  })

  it.each([
    [300_000, '0.3'],
    [100, '0.0001'],
    [1_000_000, '1'],
    [123_456, '0.123456'],
  ])('%d is signed as the number that stands in the answer: %s', (parts, text) => {
    expect(String(portionNumber(parts))).toBe(text)
  })
})
