import {
  type BillRow,
  type Fee,
  type Money,
  ok,
  type Result,
  refuse,
} from '../../core/plugin/api.ts'
import { parseBeijingTime } from './beijing-time.ts'
import type { BillCells } from './bill-table.ts'
import { moneyOf, parseYuan } from './yuan.ts'

/**
 * A row of a `trade` bill: a payment, or a refund with the payment's numbers and negative amounts.
 * Refunds have no number of Alipay's own, so the payment's stands for it.
 *
 * @returns a refusal that names the column that is missing or odd
 * @see reference §13
 */
export function readTradeRow(cells: BillCells): Result<BillRow, string> {
  const about = cells.get('业务类型')
  const number = cells.get('商户订单号')
  const channelPaymentNo = cells.get('支付宝交易号')
  const amount = moneyIn(cells, '订单金额(元)')
  const fee = feeIn(cells)
  const atMs = timeIn(cells, '完成时间') ?? timeIn(cells, '创建时间')
  if (!number) return refuse('商户订单号')
  if (!channelPaymentNo) return refuse('支付宝交易号')
  if (amount === undefined) return refuse('订单金额(元)')
  if (fee === undefined) return refuse('服务费(元)')
  if (atMs === undefined) return refuse('完成时间')
  const trade = { number, channelPaymentNo, fee, atMs, state: 'succeeded' } as const
  if (about === '交易') return ok({ about: 'payment', ...trade, paid: amount })
  if (about !== '退款') return refuse('业务类型')

  const refundNumber = cells.get('退款批次号/请求号')
  if (!refundNumber) return refuse('退款批次号/请求号')
  const refund = { refundNumber, channelRefundNo: channelPaymentNo, refunded: amount }
  return ok({ about: 'refund', ...trade, ...refund })
}

/** A row of a `signcustomer` bill: money that came to the account or left it. */
export function readFundsRow(cells: BillCells): Result<BillRow, string> {
  const channelNo = cells.get('账务流水号')
  const income = moneyIn(cells, '收入金额(+元)')
  const expense = moneyIn(cells, '支出金额(-元)')
  const balance = moneyIn(cells, '账户余额(元)')
  const atMs = timeIn(cells, '发生时间')
  if (!channelNo) return refuse('账务流水号')
  if (income === undefined) return refuse('收入金额(+元)')
  if (expense === undefined) return refuse('支出金额(-元)')
  if (balance === undefined) return refuse('账户余额(元)')
  if (atMs === undefined) return refuse('发生时间')
  return ok({
    about: 'funds',
    direction: income.minor > 0 ? 'in' : 'out',
    amount: income.minor > 0 ? income : expense,
    balance,
    channelNo,
    number: cells.get('商户订单号') ?? '',
    kind: cells.get('业务类型') ?? '',
    remark: cells.get('备注') ?? '',
    atMs,
  })
}

/** The sign says which way the money went, as the kind of the row does. An empty cell is nothing. */
function moneyIn(cells: BillCells, column: string): Money | undefined {
  const cell = cells.get(column)
  if (cell === undefined) return undefined
  const fen = parseYuan(cell === '' ? '0' : cell)
  return fen === undefined ? undefined : moneyOf(Math.abs(fen))
}

/** Below zero where it was a cost, above where it was given back. Fractions of a fen are possible. */
function feeIn(cells: BillCells): Fee | undefined {
  const cell = cells.get('服务费(元)')
  if (cell === undefined) return undefined
  const milliMinor = parseYuan(cell === '' ? '0' : cell, 5)
  return milliMinor === undefined
    ? undefined
    : { milliMinor: Math.abs(milliMinor), currency: 'CNY' }
}

function timeIn(cells: BillCells, column: string): number | undefined {
  return parseBeijingTime(cells.get(column) ?? '')
}
