import { describe, expect, it } from 'vitest'
import { askedToWaitMs } from '../../../core/notification/retry-after.ts'

const NOW_MS = 1_767_225_600_000

const asks = (text: string, status = 429) =>
  askedToWaitMs(status, new Headers({ 'retry-after': text }), NOW_MS)

describe('what a merchant asks for with Retry-After', () => {
  it.each([
    ['120', 120_000],
    [' 120 ', 120_000],
    ['0', 0],
    ['3600', 3_600_000],
    ['3601', 3_600_000],
    ['99999999999999999999', 3_600_000],
    ['Thu, 01 Jan 2026 00:05:00 GMT', 300_000],
    ['Thu, 01 Jan 2026 09:00:00 GMT', 3_600_000],
    ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
    ['', 0],
    ['-5', 0],
    ['1.5', 0],
    ['soon', 0],
    ['2026-01-01', 0],
    ['Thu, 99 Jan 2026 00:05:00 GMT', 0],
    ['x Thu, 01 Jan 2026 00:05:00 GMT', 0],
    ['Thu, 01 Jan 2026 00:05:00 GMT-01', 0],
    ['Thursday, 01-Jan-26 00:05:00 GMT', 0],
  ])('%j is %i ms', (text, waitMs) => {
    expect(asks(text)).toBe(waitMs)
  })

  it.each([
    [429, 60_000],
    [503, 60_000],
    [200, 0],
    [301, 0],
    [500, 0],
  ])('with status %i is %i ms', (status, waitMs) => {
    expect(asks('60', status)).toBe(waitMs)
  })

  it('is nothing without the header', () => {
    expect(askedToWaitMs(503, new Headers(), NOW_MS)).toBe(0)
  })
})
