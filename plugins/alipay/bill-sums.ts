import { parseYuan } from './yuan.ts'

/** The sums that Alipay writes behind a table; amounts in fen, without sign. */
export type Sums = Readonly<Record<string, number>>

/**
 * `#交易合计：2笔，商家实收共100.00元，商家优惠共0.00元`, and the same of refunds.
 *
 * @see reference §13
 */
export function sumsOfTrades(remarks: readonly string[]): Sums {
  return {
    ...sumsIn(remarks, '交易合计', { 笔: 'payments', 商家实收: 'receivedMinor' }),
    ...sumsIn(remarks, '退款合计', { 笔: 'refunds', 商家实收退款: 'returnedMinor' }),
  }
}

/** `#收入合计：2笔，共100.00元`, and the same of what left the account. */
export function sumsOfFunds(remarks: readonly string[]): Sums {
  return {
    ...sumsIn(remarks, '收入合计', { 笔: 'incomes', '': 'incomeMinor' }),
    ...sumsIn(remarks, '支出合计', { 笔: 'expenses', '': 'expenseMinor' }),
  }
}

/** @param names what each part of the line is called in the sums, by the word before 共 */
function sumsIn(
  remarks: readonly string[],
  title: string,
  names: Readonly<Record<string, string>>,
): Sums {
  const line = remarks.find((remark) => remark.startsWith(`#${title}`))
  if (line === undefined) return {}
  const sums: Record<string, number> = {}
  for (const part of line.slice(title.length + 1).split(/[：:，,]/)) {
    const count = /^(\d+)笔$/.exec(part.trim())?.[1]
    if (count !== undefined && names.笔 !== undefined) sums[names.笔] = Number(count)
    const [, word = '', yuan] = /^(.*)共([+-]?[\d.]+)元$/.exec(part.trim()) ?? []
    const name = names[word]
    const fen = yuan === undefined ? undefined : parseYuan(yuan)
    if (name !== undefined && fen !== undefined) sums[name] = Math.abs(fen)
  }
  return sums
}
