import { type Bill, type BillRow, money, ok, type Result, refuse } from '../../core/plugin/api.ts'
import { readCells } from './bill-cells.ts'
import { type Cells, readTable } from './bill-table.ts'
import { readTotals } from './bill-totals.ts'

/**
 * Reads a fund-flow bill: all that came into the account and left it.
 *
 * @returns a refusal that names what does not fit
 * @see WeChat Pay APIv3 "fund-flow bill" (reference §14)
 */
export function readFundFlowBill(text: string): Result<Bill, string> {
  const table = readTable(text, FORM)
  if (!table.ok) return table
  const rows: BillRow[] = []
  for (const cells of table.value.rows) {
    const row = rowOf(cells)
    if (!row.ok) return refuse(`row ${rows.length + 1}: ${row.refusal}`)
    rows.push(row.value)
  }
  const totals = readTotals(table.value.summary, TOTALS, rows.length)
  return totals.ok ? ok({ rows, totals: totals.value }) : totals
}

const FORM = { summaryBegins: '资金流水总笔数', freeTexts: ['备注'] }
const CURRENCY = 'CNY'

const DIRECTIONS: ReadonlyMap<string, 'in' | 'out'> = new Map([
  ['收入', 'in'],
  ['支出', 'out'],
])

function rowOf(cells: Cells): Result<BillRow, string> {
  const cell = readCells(cells)
  const direction = DIRECTIONS.get(cell.text('收支类型'))
  const balance = cell.fen('账户结余(元)')
  const amount = cell.fen('收支金额(元)')
  const row = {
    number: cell.text('业务凭证号'),
    // Of a refund it is WeChat's number of the refund, not of the payment.
    channelNo: cell.text('微信支付业务单号'),
    kind: cell.text('业务类型'),
    remark: cell.text('备注'),
    atMs: cell.time('记账时间'),
  }
  const misfit = cell.misfit() ?? (balance < 0 ? '账户结余(元)' : undefined)
  if (misfit !== undefined) return refuse(`its ${misfit} is missing or odd`)
  if (direction === undefined) return refuse('its 收支类型 is missing or odd')
  return ok({
    about: 'funds',
    direction,
    amount: money(Math.abs(amount), CURRENCY),
    balance: money(balance, CURRENCY),
    ...row,
  })
}

const TOTALS = [
  ['资金流水总笔数', 'rows', 0],
  ['收入笔数', 'inRows', 0],
  ['收入金额', 'inMinor', 2],
  ['支出笔数', 'outRows', 0],
  ['支出金额', 'outMinor', 2],
] as const
