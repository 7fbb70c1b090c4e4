/** An amount in the currency's minor unit (fen for CNY), whole and not negative. */
export type Minor = number & { readonly __unit: 'minor' }

/** Money never travels without its currency. */
export interface Money {
  readonly minor: Minor
  /** ISO 4217, upper case. */
  readonly currency: string
}

/**
 * Makes a minor amount out of a number that is already known to be one.
 *
 * @throws when the number has a fraction, is negative or above 2^53 − 1: that is a broken
 *   invariant, not bad input. Input is refused by a schema at the door.
 */
export function minor(value: number): Minor {
  if (!isMinor(value)) throw new RangeError(`not a whole, non-negative minor amount: ${value}`)
  return value
}

export function isMinor(value: number): value is Minor {
  return Number.isSafeInteger(value) && value >= 0
}

export function money(value: number, currency: string): Money {
  return { minor: minor(value), currency }
}

export function sameMoney(a: Money, b: Money): boolean {
  return a.minor === b.minor && a.currency === b.currency
}

/**
 * The fee for an amount, rounded half up, as JeePay rounds it.
 *
 * @param ratePartsPerMillion 6,000 is 0.6 %
 */
export function feeOf(amount: Minor, ratePartsPerMillion: number): Minor {
  // BigInt: 2^53 fen times a rate leaves the range in which numbers are exact.
  const product = BigInt(amount) * BigInt(ratePartsPerMillion)
  return minor(Number((product + 500_000n) / 1_000_000n))
}
