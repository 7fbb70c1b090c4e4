import * as z from 'zod'
import {
  type Bill,
  type BillInput,
  type BillOutcome,
  type BillRow,
  HOUR_MS,
  type Operation,
  ok,
  type Result,
  refuse,
} from '../../core/plugin/api.ts'
import { parseBeijingTime } from './beijing-time.ts'
import { downloadBill } from './bill-download.ts'
import { readFundsRow, readTradeRow } from './bill-rows.ts'
import { type Sums, sumsOfFunds, sumsOfTrades } from './bill-sums.ts'
import { type BillCells, type BillTable, billText, readBillTable } from './bill-table.ts'
import type { Bytes } from './bytes.ts'
import { callAlipay } from './call.ts'
import type { AlipayConfig } from './config.ts'
import { type EndingTable, each, outcomeOf } from './endings.ts'
import { BUSINESS, canonical, type ErrorAnswer } from './errors.ts'
import { CALL_TIMEOUT_MS } from './gateway.ts'
import { misfitOf } from './json.ts'

const BILL_ENDINGS: EndingTable<'failed' | 'not_sent' | 'unknown'> = {
  turnedAway: 'failed',
  rateLimited: 'not_sent',
  codes: each('failed', 'INVAILID_ARGUMENTS INVALID_ARGUMENTS TYPE_NOT_SUPPORTED'),
  otherwise: 'unknown',
}

/** Codes that say that there is no bill of that day. */
const NO_BILL: ReadonlySet<string> = new Set(['BILL_NOT_EXIST', 'NO_BILL_DATA'])
const RETRY_AFTER_MS = HOUR_MS

/**
 * Fetches the bill of a day and reads it. The address that Alipay answers is good for one download
 * within thirty seconds, so both happen here and now.
 *
 * @see alipay.data.dataservice.bill.downloadurl.query (reference §13)
 */
export const bills: Operation<AlipayConfig, BillInput, BillOutcome> = async (
  ports,
  config,
  { kind, date },
) => {
  const reader = READERS.get(kind)
  if (reader === undefined) return { kind: 'not_sent', reason: `alipay has no bill ${kind}` }
  const answer = await callAlipay(ports, config, {
    method: 'alipay.data.dataservice.bill.downloadurl.query',
    content: { bill_type: kind, bill_date: date },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return withoutBill(answer, date, ports.clock.now())
  if (answer.kind !== 'verified') return answer
  const place = placeSchema.safeParse(answer.body)
  if (!place.success) return { kind: 'unknown', evidence: `answered, but ${misfitOf(place.error)}` }
  const { bill_download_url: url, bill_file_code: code } = place.data
  if (code === 'EMPTY_DATA_WITH_BILL_FILE') return { kind: 'empty' }
  if (url === undefined) return { kind: 'unknown', evidence: 'answered without an address' }

  const files = await downloadBill(ports, url)
  if (!files.ok) return files.refusal
  const bill = readFiles(files.value, reader)
  return bill.ok
    ? { kind: 'ready', ...bill.value }
    : { kind: 'unknown', evidence: `fetched, but ${bill.refusal}` }
}

/** Until noon of the next day the bill may only not be ready; afterwards nothing had happened. */
function withoutBill(answer: ErrorAnswer, date: string, nowMs: number): BillOutcome {
  const code = answer.code === BUSINESS ? canonical(answer.subCode) : ''
  if (code === 'BILL_DATE_BEFORE_REGISTRATION') return { kind: 'empty' }
  if (!NO_BILL.has(code)) return outcomeOf(BILL_ENDINGS, answer)
  const midnightMs = parseBeijingTime(`${date} 00:00:00`)
  const isLate = midnightMs !== undefined && nowMs >= midnightMs + 36 * HOUR_MS
  return isLate ? { kind: 'empty' } : { kind: 'not_ready', retryAfterMs: RETRY_AFTER_MS }
}

interface BillReader {
  /** The column by which files of rows are told from the file of sums beside them. */
  readonly column: string
  readonly row: (cells: BillCells) => Result<BillRow, string>
  readonly sums: (remarks: readonly string[]) => Sums
  /** How many rows the sums speak of; nothing when they do not say. */
  readonly count: (sums: Sums) => number | undefined
}

const READERS: ReadonlyMap<string, BillReader> = new Map([
  [
    'trade',
    {
      column: '支付宝交易号',
      row: readTradeRow,
      sums: sumsOfTrades,
      count: ({ payments, refunds }: Sums) => added(payments, refunds),
    },
  ],
  [
    'signcustomer',
    {
      column: '账务流水号',
      row: readFundsRow,
      sums: sumsOfFunds,
      count: ({ incomes, expenses }: Sums) => added(incomes, expenses),
    },
  ],
])

/**
 * Names of files vary, so what is in them says which have rows: one, or several where a day was too
 * long for one. The sums beside them are not needed, and may look as they like.
 */
function readFiles(files: readonly Bytes[], reader: BillReader): Result<Bill, string> {
  const texts = files.map(billText).filter((text) => text.includes(reader.column))
  if (texts.length === 0) return refuse('there are no rows in it')
  let whole: Bill = { rows: [], totals: {} }
  for (const text of texts) {
    const table = readBillTable(text)
    if (table === undefined) return refuse('a table is cut off or cannot be read')
    const part = readTable(table, reader)
    if (!part.ok) return part
    whole = joined(whole, part.value)
  }
  return ok(whole)
}

function joined(a: Bill, b: Bill): Bill {
  const totals: Record<string, number> = { ...a.totals }
  for (const [name, sum] of Object.entries(b.totals)) totals[name] = (totals[name] ?? 0) + sum
  return { rows: [...a.rows, ...b.rows], totals }
}

function readTable(table: BillTable, reader: BillReader): Result<Bill, string> {
  const rows: BillRow[] = []
  for (const cells of table.rows) {
    const row = reader.row(cells)
    if (!row.ok)
      return refuse(`in row ${rows.length + 1} the column ${row.refusal} is missing or odd`)
    rows.push(row.value)
  }
  const totals = reader.sums(table.remarks)
  const count = reader.count(totals)
  if (count !== undefined && count !== rows.length) {
    return refuse(`it has ${rows.length} rows, and its sums speak of ${count}`)
  }
  return ok({ rows, totals })
}

function added(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}

const placeSchema = z.object({
  bill_download_url: z.url({ protocol: /^https?$/ }).optional(),
  bill_file_code: z.string().optional(),
})
