/**
 * A decimal number as WeChat's bills write it, as a whole number of its 10^-places, exactly: text
 * in, no floating point. `2` places make fen of yuan, `5` thousandths of a fen.
 *
 * @returns nothing when it is no such number, has more places than that, or is too large to be exact
 */
export function scaled(text: string, places: number): number | undefined {
  const parts = /^(-?)(\d{1,15})(?:\.(\d{1,15}))?$/.exec(text)
  if (parts === null) return undefined
  const [, sign, whole = '', written = ''] = parts
  const fraction = written.replace(/0+$/, '')
  if (fraction.length > places) return undefined
  const digits = Number(whole + fraction.padEnd(places, '0'))
  if (!Number.isSafeInteger(digits)) return undefined
  return sign === '-' ? 0 - digits : digits
}
