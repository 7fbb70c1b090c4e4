import { ok, type Result, refuse } from '../../core/plugin/api.ts'

/** One line of a bill, by the names of its columns. */
export type Cells = ReadonlyMap<string, string>

export interface BillTable {
  readonly rows: readonly Cells[]
  /** The line of sums at the end. */
  readonly summary: Cells
}

export interface BillForm {
  /** The first column of the sums: where their header begins, the rows are over. */
  readonly summaryBegins: string
  /** Columns whose texts people write, and that may therefore hold anything. They stand together. */
  readonly freeTexts: readonly string[]
}

/**
 * Reads a bill: a header, rows, a header of sums, the sums. Columns go by name, for WeChat has added
 * some. Values have a back-tick before them and no quotes around them, so a comma tells nothing: only
 * a comma with a back-tick after it parts two values, and in a text that people wrote even that may
 * stand. Then the columns to its left and right are counted from both ends.
 *
 * @returns a refusal that says what does not fit: a bill is read as a whole, or not at all
 * @see WeChat Pay "download bills" (reference §14)
 */
export function readTable(text: string, form: BillForm): Result<BillTable, string> {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/)
  const columns = (lines[0] ?? '').split(',')
  // The last one: whatever people write into a text stands before it.
  const end = lines.findLastIndex((line) => line.startsWith(`${form.summaryBegins},`))
  const [sums, ...rest] = lines.slice(end + 1).filter((line) => line !== '')
  if (end < 1 || sums === undefined) return refuse('it has no sums')
  if (rest.length > 0) return refuse('it goes on after its sums')

  const summary = cellsOf(sums, (lines[end] ?? '').split(','), [])
  if (summary === undefined) return refuse('its sums do not fit their columns')
  const rows: Cells[] = []
  for (const line of rowsOf(lines.slice(1, end))) {
    const row = cellsOf(line, columns, form.freeTexts)
    if (row === undefined) return refuse(`row ${rows.length + 1} does not fit its columns`)
    rows.push(row)
  }
  return ok({ rows, summary })
}

/** A line that has no back-tick before it goes on with a text of the line before. */
function rowsOf(lines: readonly string[]): readonly string[] {
  const rows: string[] = []
  for (const line of lines) {
    const previous = rows.at(-1)
    if (line.startsWith('`') || previous === undefined) rows.push(line)
    else rows[rows.length - 1] = `${previous}\n${line}`
  }
  return rows
}

function cellsOf(
  line: string,
  columns: readonly string[],
  freeTexts: readonly string[],
): Cells | undefined {
  if (!line.startsWith('`')) return undefined
  const values = line.slice(1).split(',`')
  const surplus = values.length - columns.length
  const first = columns.findIndex((column) => freeTexts.includes(column))
  if (surplus < 0 || (surplus > 0 && first < 0)) return undefined
  if (surplus > 0) {
    const whole = values.slice(first, first + surplus + 1).join(',`')
    values.splice(first, surplus + 1, whole)
  }
  return new Map(columns.map((column, index) => [column, (values[index] ?? '').trim()]))
}
