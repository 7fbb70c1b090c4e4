import { expect, it } from 'vitest'
import { takeFrom, type Window } from '../../../core/limits/window.ts'

/** Asks at each of the given seconds. @returns who was let in */
function letIn(perMinute: number, seconds: readonly number[]): boolean[] {
  let window: Window | undefined
  return seconds.map((second) => {
    const asked = takeFrom(window, perMinute, second * 1_000)
    window = asked.window
    return asked.taken.within
  })
}

it.each([
  ['lets in as many as a minute has', 2, [0, 1, 2], [true, true, false]],
  [
    'counts the minute before by what the sliding one covers of it',
    2,
    [59, 59.5, 60, 89, 91],
    [true, true, false, true, true],
  ],
  [
    'counts it together with what this minute has had',
    2,
    [58, 59, 62, 70],
    [true, true, true, false],
  ],
  ['forgets what is two minutes ago', 1, [59, 180], [true, true]],
  ['does not count who was refused', 1, [0, 1, 2, 3, 120], [true, false, false, false, true]],
])('%s', (_, perMinute, seconds, expected) => {
  expect(letIn(perMinute, seconds)).toEqual(expected)
})

it('says when to come again: with the next minute of the clock', () => {
  const { window } = takeFrom(undefined, 1, 45_000)
  expect(takeFrom(window, 1, 45_500).taken).toEqual({ within: false, retryAfterMs: 14_500 })
})
