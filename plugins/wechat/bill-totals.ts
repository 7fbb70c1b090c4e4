import { ok, type Result, refuse } from '../../core/plugin/api.ts'
import type { Cells } from './bill-table.ts'
import { scaled } from './yuan.ts'

/** A column of the sums, its name here, and to how many places it is exact: 0 counts, 2 yuan, 5 fees. */
export type TotalColumn = readonly [column: string, name: string, places: 0 | 2 | 5]

/**
 * Reads the sums at the end of a bill, and checks the one that tells whether all rows are there.
 *
 * @param columns the first one counts the rows
 */
export function readTotals(
  summary: Cells,
  columns: readonly TotalColumn[],
  rowCount: number,
): Result<Readonly<Record<string, number>>, string> {
  const totals: Record<string, number> = {}
  for (const [column, name, places] of columns) {
    const text = summary.get(column)
    // Older bills have fewer sums; one that is there has to be a number.
    if (text === undefined) continue
    const value = scaled(text, places)
    if (value === undefined) return refuse(`its ${column} is odd`)
    totals[name] = value
  }
  if (totals.rows === rowCount) return ok(totals)
  return refuse(`it counts ${totals.rows ?? 'no'} rows and has ${rowCount}`)
}
