import { type Minor, minor } from '../money.ts'

const WHOLE = 1_000_000n

/** A receiver's part of what can be shared; 300,000 is 30 %. */
export interface Portion {
  readonly sharePartsPerMillion: number
}

/**
 * What each receiver gets, as JeePay computes it: the sum is rounded down, each share half up, and
 * the last ones get what is left of the sum.
 *
 * @param base what can still be shared: paid, less fee, refunds and earlier shares
 * @see reference §11
 */
export function shareAmounts(base: Minor, portions: readonly Portion[]): readonly Minor[] {
  const sumOfParts = portions.reduce(
    (sum, portion) => sum + BigInt(portion.sharePartsPerMillion),
    0n,
  )
  let left = (BigInt(base) * sumOfParts) / WHOLE
  return portions.map(({ sharePartsPerMillion }) => {
    const rounded = (BigInt(base) * BigInt(sharePartsPerMillion) + WHOLE / 2n) / WHOLE
    const share = rounded < left ? rounded : left
    left -= share
    return minor(Number(share))
  })
}

/**
 * Reads JeePay's `divisionProfit`: a decimal text above 0 and up to 1, with at most six decimals.
 *
 * @returns parts of a million, or nothing when it is no such text
 */
export function parsePortion(text: string): number | undefined {
  const match = /^([01])(?:\.(\d{1,6}))?$/.exec(text.trim())
  if (match === null) return undefined
  const [, whole, decimals = ''] = match
  const parts = Number(whole) * 1_000_000 + Number(decimals.padEnd(6, '0'))
  return parts > 0 && parts <= 1_000_000 ? parts : undefined
}

/** The number again, without exponent or trailing zeros. */
export function portionNumber(sharePartsPerMillion: number): number {
  return sharePartsPerMillion / 1_000_000
}
