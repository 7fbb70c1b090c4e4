import type { Milliseconds } from '../../../../core/plugin/api.ts'
import { beijingTime } from '../beijing-time.ts'

export type Line = readonly string[]

export interface Table {
  readonly columns: Line
  readonly rows: readonly Line[]
  readonly sumColumns: Line
  readonly sums: Line
}

/**
 * A bill as bytes: the mark of UTF-8, lines ended as on Windows, the last one too. Headers are plain;
 * each value has a back-tick before it and no quotes, whatever is in it.
 */
export function writeBill({ columns, rows, sumColumns, sums }: Table): Uint8Array<ArrayBuffer> {
  const lines = [columns.join(','), ...rows.map(valued), sumColumns.join(','), valued(sums)]
  return new TextEncoder().encode(`\ufeff${lines.map((line) => `${line}\r\n`).join('')}`)
}

function valued(line: Line): string {
  return line.map((value) => `\`${value}`).join(',')
}

/** Fen as yuan. */
export function yuan(minor: number): string {
  const fen = String(Math.abs(minor)).padStart(3, '0')
  return `${minor < 0 ? '-' : ''}${fen.slice(0, -2)}.${fen.slice(-2)}`
}

/** A fee has five places, though WeChat takes whole fen. */
export function feeYuan(minor: number): string {
  return `${yuan(minor)}000`
}

/** `2026-01-01 08:00:09` */
export function billTime(atMs: Milliseconds): string {
  return beijingTime(atMs).slice(0, 19).replace('T', ' ')
}
