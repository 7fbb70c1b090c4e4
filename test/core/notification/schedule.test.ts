import { describe, expect, it } from 'vitest'
import { GIVES_UP_AFTER_MS, nextTryAt } from '../../../core/notification/schedule.ts'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/time.ts'

describe('when a notification is tried again', () => {
  it.each([
    [1, 30 * SECOND_MS],
    [2, 60 * SECOND_MS],
    [3, 90 * SECOND_MS],
    [4, 120 * SECOND_MS],
    [5, 150 * SECOND_MS],
    [6, 5 * MINUTE_MS],
    [7, 15 * MINUTE_MS],
    [8, 30 * MINUTE_MS],
    [9, HOUR_MS],
    [10, 2 * HOUR_MS],
    [11, 4 * HOUR_MS],
    [12, 8 * HOUR_MS],
    [13, 12 * HOUR_MS],
    [14, 12 * HOUR_MS],
    [15, 16 * HOUR_MS],
    [16, 16 * HOUR_MS],
  ])('after %i failures: in %i ms', (failed, gapMs) => {
    expect(nextTryAt(failed, 1_000, 0.5)).toBe(1_000 + gapMs)
  })

  it.each([17, 18, 1_000])('never, after %i failures', (failed) => {
    expect(nextTryAt(failed, 1_000, 0.5)).toBeUndefined()
  })

  it('keeps to JeePay’s own gaps, and spreads the later ones by a tenth', () => {
    expect([nextTryAt(5, 0, 0), nextTryAt(5, 0, 1)]).toEqual([150_000, 150_000])
    expect([nextTryAt(6, 0, 0), nextTryAt(6, 0, 1)]).toEqual([270_000, 330_000])
  })

  it('comes to its end before a notification is given up, even if each gap is the longest', () => {
    let atMs = 0
    for (let failed = 1; failed <= 16; failed++) atMs = nextTryAt(failed, atMs, 1) ?? Infinity
    expect(atMs).toBeGreaterThan(79 * HOUR_MS)
    expect(atMs).toBeLessThan(GIVES_UP_AFTER_MS)
  })
})
