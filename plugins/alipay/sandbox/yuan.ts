import { type Minor, minor } from '../../../core/plugin/api.ts'

/** `1.00`: how Alipay writes an amount of so many fen. Negative in bills alone. */
export function yuan(fen: number): string {
  const digits = String(Math.abs(fen)).padStart(3, '0')
  return `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** @returns undefined when it is not a number of yuan with at most two decimals */
export function fenOf(text: string): Minor | undefined {
  const [, whole, decimals = ''] = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(text) ?? []
  return whole === undefined ? undefined : minor(Number(whole + decimals.padEnd(2, '0')))
}
