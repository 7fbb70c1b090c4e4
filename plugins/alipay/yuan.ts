import * as z from 'zod'
import { isMinor, type Money, money } from '../../core/plugin/api.ts'

/** Alipay settles in one currency, and writes it in yuan. */
const CURRENCY = 'CNY'

/** `88.88`. Written with whole numbers: a float has no eighty-eight hundredths. */
export function yuanOf({ minor }: Money): string {
  const digits = String(minor).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/**
 * Yuan as fen, or as smaller parts of a yuan: `decimals` says how many digits behind the point count.
 * Digits beyond them must be zeros.
 *
 * @returns nothing when it is no amount, or has a part that is smaller still
 */
export function parseYuan(text: string, decimals = 2): number | undefined {
  const found = /^([+-]?)(\d{1,13})(?:\.(\d{1,8}))?$/.exec(text)
  if (found === null) return undefined
  const [, sign, whole = '', fraction = ''] = found
  if (/[^0]/.test(fraction.slice(decimals))) return undefined
  const parts = Number(whole + fraction.slice(0, decimals).padEnd(decimals, '0'))
  if (!Number.isSafeInteger(parts)) return undefined
  return sign === '-' && parts !== 0 ? -parts : parts
}

export function moneyOf(fen: number): Money {
  return money(fen, CURRENCY)
}

/**
 * An amount in an answer: text nearly everywhere. A number of JSON is printed by the shortest text
 * that means it, which is the text that Alipay wrote.
 */
export const moneySchema = z.union([z.string(), z.number()]).transform((yuan, context) => {
  const fen = parseYuan(String(yuan))
  if (fen !== undefined && isMinor(fen)) return moneyOf(fen)
  context.addIssue('is not an amount')
  return z.NEVER
})
