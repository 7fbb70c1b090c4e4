import { describe, expect, it } from 'vitest'
import { money } from '../../../core/plugin/api.ts'
import { beijingTime, parseBeijingTime } from '../../../plugins/alipay/beijing-time.ts'
import { moneySchema, parseYuan, yuanOf } from '../../../plugins/alipay/yuan.ts'

describe('an amount', () => {
  it.each([
    [0, '0.00'],
    [1, '0.01'],
    [10, '0.10'],
    [100, '1.00'],
    [8888, '88.88'],
    [10_000_000_000, '100000000.00'],
  ])('of %i fen is written %s', (fen, yuan) => {
    expect(yuanOf(money(fen, 'CNY'))).toBe(yuan)
    expect(parseYuan(yuan)).toBe(fen)
  })

  it.each([
    ['0', 0],
    ['-0.00', 0],
    ['1', 100],
    ['0.1', 10],
    ['0.29', 29],
    ['1.10', 110],
    ['1.100', 110],
    ['4.35', 435],
    ['+88.88', 8888],
    ['-88.88', -8888],
    ['9007199254.99', 900_719_925_499],
  ])('written %s is %i fen', (yuan, fen) => {
    expect(parseYuan(yuan)).toBe(fen)
  })

  it.each([
    '',
    ' ',
    '.5',
    '1.',
    '1,000.00',
    '1.001',
    '0x10',
    '1e3',
    'NaN',
    '--1',
    '99999999999999',
  ])('written %j is none', (yuan) => {
    expect(parseYuan(yuan)).toBeUndefined()
  })

  it('of a fee may have parts of a fen', () => {
    expect(parseYuan('0.12345', 5)).toBe(12_345)
    expect(parseYuan('-0.6', 5)).toBe(-60_000)
    expect(parseYuan('0.123456', 5)).toBeUndefined()
  })

  it.each([
    ['88.88', 8888],
    [88.88, 8888],
    [4.35, 435],
    [1.1, 110],
    [0.07, 7],
    [100_000_000, 10_000_000_000],
  ])('in an answer, text or number (%s), is exact', (value, fen) => {
    expect(moneySchema.parse(value)).toEqual({ minor: fen, currency: 'CNY' })
  })

  it.each(['-0.01', '1.005', 'abc', null, undefined, true, 1e21])(
    'in an answer is not %j',
    (value) => {
      expect(moneySchema.safeParse(value).success).toBe(false)
    },
  )
})

describe("Beijing's time", () => {
  it('is eight hours ahead, and names no zone', () => {
    expect(beijingTime(1_767_225_600_000)).toBe('2026-01-01 08:00:00')
    expect(beijingTime(1_767_196_799_999)).toBe('2025-12-31 23:59:59')
  })

  it.each([
    ['2026-01-01 08:00:00', 1_767_225_600_000],
    ['2026-02-02 09:00:05.123', 1_769_994_005_123],
    [' 2026-01-01 08:00:00\t', 1_767_225_600_000],
  ])('written %j is a moment', (text, ms) => {
    expect(parseBeijingTime(text)).toBe(ms)
  })

  it.each(['', '2026-01-01', '2026-13-01 00:00:00', '2026-01-01T08:00:00Z', 'now'])(
    'is not %j',
    (text) => {
      expect(parseBeijingTime(text)).toBeUndefined()
    },
  )
})
