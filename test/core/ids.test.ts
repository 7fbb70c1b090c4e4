import { describe, expect, it } from 'vitest'
import {
  attemptIdOf,
  newEventId,
  newInboundCallId,
  newNotificationId,
  newPaymentId,
  newRefundId,
  newRequestNumber,
  newSplitId,
  newSplitReturnId,
  newTransferId,
  type PaymentId,
  randomDigits,
  randomText,
} from '../../core/ids.ts'
import { seededRandom } from '../kit/random.ts'

describe('numbers that we give', () => {
  const at = (ms: number) => ({ clock: { now: () => ms }, random: seededRandom(1) })

  it.each([
    ['P', newPaymentId],
    ['R', newRefundId],
    ['T', newTransferId],
    ['S', newSplitId],
    ['B', newSplitReturnId],
    ['N', newNotificationId],
    ['I', newInboundCallId],
    ['E', newEventId],
    ['Q', newRequestNumber],
  ] as const)('are a letter, the time in 13 digits and eight at random: %s', (letter, newId) => {
    expect(newId(at(1767225600000))).toMatch(new RegExp(`^${letter}1767225600000\\d{8}$`))
    expect(newId(at(5))).toMatch(new RegExp(`^${letter}0000000000005\\d{8}$`))
  })

  it('stand in the order of their time', () => {
    const ids = [5, 1_000, 1767225600000, 1767225600001].map((ms) => newPaymentId(at(ms)))
    expect([...ids].sort()).toEqual(ids)
  })

  it('are the payment’s own for its first attempt, and the payment’s with a number for others', () => {
    const id = 'P1' as PaymentId
    expect([1, 2, 11].map((number) => attemptIdOf(id, number))).toEqual(['P1', 'P1A2', 'P1A11'])
  })

  it('favour no digit and no letter, even if the bytes do', () => {
    const random = { bytes: (length: number) => Uint8Array.from({ length }, (_, i) => 255 - i) }
    expect(randomDigits(random, 8)).toBe('98989898')
    expect(randomText(random, 10)).toBe('9898989898')
    const spread = randomDigits(seededRandom(7), 10_000)
    for (let digit = 0; digit < 10; digit++) {
      const share = spread.split(String(digit)).length - 1
      expect(share).toBeGreaterThan(880)
      expect(share).toBeLessThan(1_120)
    }
  })

  it('are letters and digits for a secret, and all of them', () => {
    const text = randomText(seededRandom(1), 2_000)
    expect(text).toMatch(/^[A-Za-z0-9]{2000}$/)
    expect(new Set(text).size).toBe(62)
  })
})
