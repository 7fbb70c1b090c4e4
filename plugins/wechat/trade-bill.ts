import { type Bill, type BillRow, money, ok, type Result, refuse } from '../../core/plugin/api.ts'
import { type CellReader, readCells } from './bill-cells.ts'
import { type Cells, readTable } from './bill-table.ts'
import { readTotals } from './bill-totals.ts'
import { own } from './errors.ts'

/**
 * Reads a trade bill with all rows, payments and refunds.
 *
 * @returns a refusal that names what does not fit
 * @see WeChat Pay APIv3 "trade bill" (reference §14)
 */
export function readTradeBill(text: string): Result<Bill, string> {
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

const FORM = { summaryBegins: '总交易单数', freeTexts: ['商品名称', '商户数据包'] }
const CURRENCY = 'CNY'

function rowOf(cells: Cells): Result<BillRow, string> {
  const cell = readCells(cells)
  const state = cell.text('交易状态')
  const make = own(ROWS, state)
  const row = make?.(cell)
  if (row === undefined) return refuse(`its state is ${state.slice(0, 32)}`)
  const misfit = cell.misfit()
  return misfit === undefined ? ok(row) : refuse(`its ${misfit} is missing or odd`)
}

const ROWS: Readonly<Record<string, (cell: CellReader) => BillRow>> = {
  SUCCESS: (cell) => ({
    about: 'payment',
    ...paymentNumbers(cell),
    // What it was for; 应结订单金额 is less by coupons.
    paid: amountOf(cell, '订单金额'),
    fee: feeOf(cell),
    atMs: cell.time('交易时间'),
    state: 'succeeded',
  }),
  // A code payment that was reversed after it was paid: the money went back, and the row says how much.
  REVOKED: (cell) => ({
    about: 'payment',
    ...paymentNumbers(cell),
    paid: amountOf(cell, '申请退款金额'),
    fee: feeOf(cell),
    atMs: cell.time('交易时间'),
    state: 'reversed',
  }),
  REFUND: (cell) => ({
    about: 'refund',
    ...paymentNumbers(cell),
    refundNumber: cell.text('商户退款单号'),
    channelRefundNo: cell.text('微信退款单号'),
    // What was asked for; 退款金额 is less by coupons.
    refunded: amountOf(cell, '申请退款金额'),
    fee: feeOf(cell),
    // Of a refund this is when it was accepted.
    atMs: cell.time('交易时间'),
    state: REFUND_STATES.get(cell.text('退款状态')) ?? 'pending',
  }),
}

/** As it stood when the bill was made. What is not listed (CHANGE, say) is no end. */
const REFUND_STATES: ReadonlyMap<string, 'succeeded' | 'failed'> = new Map([
  ['SUCCESS', 'succeeded'],
  ['FAIL', 'failed'],
])

function paymentNumbers(cell: CellReader) {
  return { number: cell.text('商户订单号'), channelPaymentNo: cell.text('微信订单号') }
}

/** Rows that give money back have signs in some columns and not in others; ours have none. */
function amountOf(cell: CellReader, column: string) {
  return money(Math.abs(cell.fen(column)), CURRENCY)
}

function feeOf(cell: CellReader) {
  return { milliMinor: Math.abs(cell.milliFen('手续费')), currency: CURRENCY }
}

const TOTALS = [
  // Counts have been seen with a decimal point.
  ['总交易单数', 'rows', 0],
  ['应结订单总金额', 'settledMinor', 2],
  ['退款总金额', 'refundedMinor', 2],
  ['充值券退款总金额', 'couponRefundedMinor', 2],
  ['手续费总金额', 'feeMilliMinor', 5],
  ['订单总金额', 'paidMinor', 2],
  ['申请退款总金额', 'refundAskedMinor', 2],
] as const
