import { beijingTime } from '../beijing-time.ts'
import { openingFenOf } from '../fund/account.ts'
import { type Movement, movementsOf } from '../fund/ledger.ts'
import type { Seller } from '../party/sellers.ts'
import type { Alipay } from '../settings.ts'
import { yuan } from '../yuan.ts'
import { isWithin, type Period } from './period.ts'
import { cell, exportedAt, head, lines, totalOf } from './text.ts'

/** A movement, and what the account held when it had been made. */
export interface AccountRow extends Movement {
  readonly balanceFen: number
}

export async function accountRows(
  alipay: Alipay,
  seller: Seller,
  period: Period,
): Promise<readonly AccountRow[]> {
  let balanceFen = openingFenOf(seller)
  return (await movementsOf(alipay, seller.sellerId))
    .map((movement) => {
      balanceFen += movement.fen
      return { ...movement, balanceFen }
    })
    .filter(({ atMs }) => isWithin(atMs, period))
}

/** The file `账务明细`: one row a movement. */
export function accountDetails(
  seller: Seller,
  period: Period,
  rows: readonly AccountRow[],
): string {
  return lines(
    ...head('账务明细', seller.sellerId, period),
    '#-----------------------------------------账务明细列表----------------------------------------',
    '账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注',
    ...rows.map((row, index) => detail(period, row, index)),
    '#-----------------------------------------账务明细列表结束------------------------------------',
    ...sums(rows),
    exportedAt(period),
  )
}

/** The file `账务明细(汇总)`: one row a kind. */
export function accountSummary(
  seller: Seller,
  period: Period,
  rows: readonly AccountRow[],
): string {
  const kinds = [...new Set(rows.map(({ kind }) => kind))]
  return lines(
    ...head('账务汇总', seller.sellerId, period),
    '#-----------------------------------------账务汇总列表----------------------------------------',
    '业务类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）,总金额（元）',
    ...kinds.map((kind) => {
      const own = rows.filter((row) => row.kind === kind)
      const [incoming, outgoing] = [own.filter(isIn), own.filter(isOut)]
      return [
        cell(kind),
        incoming.length,
        totalOf(incoming.map(({ fen }) => fen)),
        outgoing.length,
        totalOf(outgoing.map(({ fen }) => fen)),
        totalOf(own.map(({ fen }) => fen)),
      ].join(',')
    }),
    '#-----------------------------------------账务汇总列表结束------------------------------------',
    exportedAt(period),
  )
}

function detail({ digits }: Period, row: AccountRow, index: number): string {
  const texts = [
    `${digits}${String(index + 1).padStart(10, '0')}`,
    row.channelNo,
    row.number,
    row.subject,
    beijingTime(row.atMs),
    row.counterparty,
  ].map(cell)
  const amounts = [isIn(row) ? yuan(row.fen) : ' ', isOut(row) ? yuan(row.fen) : ' ']
  const rest = [yuan(row.balanceFen), cell('支付宝'), cell(row.kind), cell('')]
  return [...texts, ...amounts, ...rest].join(',')
}

function sums(rows: readonly AccountRow[]): string[] {
  const [incoming, outgoing] = [rows.filter(isIn), rows.filter(isOut)]
  return [
    `#支出合计：${outgoing.length}笔，共${totalOf(outgoing.map(({ fen }) => fen))}元`,
    `#收入合计：${incoming.length}笔，共${totalOf(incoming.map(({ fen }) => fen))}元`,
  ]
}

function isIn({ fen }: Movement): boolean {
  return fen >= 0
}

function isOut({ fen }: Movement): boolean {
  return fen < 0
}
