import { HOUR_MS, type Milliseconds } from '../../core/plugin/api.ts'
import type { Cells } from './bill-table.ts'
import { scaled } from './yuan.ts'

/** Reads cells of one line, and remembers the first column that is missing or odd. */
export interface CellReader {
  text(column: string): string
  /** Fen of yuan, with its sign. */
  fen(column: string): number
  /** Thousandths of a fen, of yuan with five decimals: what WeChat bills its fee in. */
  milliFen(column: string): number
  /** `2026-01-01 08:00:09`, always Beijing time. */
  time(column: string): Milliseconds
  /** The column that does not fit, if one was read that does not. */
  misfit(): string | undefined
}

export function readCells(cells: Cells): CellReader {
  let misfit: string | undefined
  const read = <Value>(
    column: string,
    parse: (text: string) => Value | undefined,
    instead: Value,
  ) => {
    const text = cells.get(column)
    const value = text === undefined ? undefined : parse(text)
    if (value === undefined) misfit ??= column
    return value ?? instead
  }
  return {
    text: (column) => read(column, (text) => text, ''),
    fen: (column) => read(column, (text) => scaled(text, 2), 0),
    milliFen: (column) => read(column, (text) => scaled(text, 5), 0),
    time: (column) => read(column, timeOf, 0),
    misfit: () => misfit,
  }
}

function timeOf(text: string): Milliseconds | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text)?.slice(1).map(Number)
  if (parts === undefined) return undefined
  const [year = 0, month = 0, day, hour, minute, second] = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - 8 * HOUR_MS
}
