import type { Bytes } from './bytes.ts'

/** One of the tables that a bill consists of. */
export interface BillTable {
  readonly columns: readonly string[]
  readonly rows: readonly BillCells[]
  /** The lines behind the table: its sums. */
  readonly remarks: readonly string[]
}

/** The cells of a row by the name of their column, in one spelling. */
export type BillCells = ReadonlyMap<string, string>

/** Not fatal: an odd character in the name of some goods must not hide a day's money. */
export function billText(bytes: Bytes): string {
  return GBK.decode(bytes)
}

const GBK = new TextDecoder('gbk')

/**
 * Reads the text of a bill: comment lines with `#`, a line of column names, rows whose cells are
 * padded with tabs, a closing comment and the sums (reference §13).
 *
 * @returns nothing when the table is cut off, or a row has another number of cells than it has
 *   columns: commas are not quoted in it, so such a row cannot be read
 */
export function readBillTable(text: string): BillTable | undefined {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const start = lines.findIndex((line) => /^#-+[^-]*列表-+$/.test(line))
  const end = lines.findIndex((line) => /^#-+[^-]*列表结束-+$/.test(line))
  if (start === -1 || end < start + 1) return undefined

  const [header, ...body] = lines.slice(start + 1, end)
  const remarks = lines.slice(end + 1)
  if (header === undefined) return { columns: [], rows: [], remarks }
  const columns = cellsOf(header).map(columnName)
  const rows: BillCells[] = []
  for (const line of body) {
    const cells = cellsOf(line)
    // Some exports end each line with a comma.
    if (cells.length === columns.length + 1 && cells.at(-1) === '') cells.pop()
    if (cells.length !== columns.length) return undefined
    rows.push(new Map(columns.map((column, index) => [column, cells[index] ?? ''])))
  }
  return { columns, rows, remarks }
}

/** Over the years Alipay wrote `订单金额（元）`, `订单金额(元)` and `订单金额 (元)`. */
export function columnName(text: string): string {
  return text.replaceAll('（', '(').replaceAll('）', ')').replace(/\s+/g, '')
}

function cellsOf(line: string): string[] {
  return line.split(',').map((cell) => cell.trim())
}
