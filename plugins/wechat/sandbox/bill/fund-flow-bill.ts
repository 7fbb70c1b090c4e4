import { billTime, type Line, type Table, yuan } from './csv.ts'
import { type Day, isWithin } from './days.ts'
import type { Entry } from './ledger.ts'

/**
 * @param entries all of the account, oldest first: a balance counts from the beginning
 * @returns undefined when nothing moved on the day
 */
export function fundFlowBill(
  entries: readonly Entry[],
  day: Day,
  openingMinor: number,
): Table | undefined {
  const rows: Line[] = []
  const of = { in: { rows: 0, minor: 0 }, out: { rows: 0, minor: 0 } }
  let balanceMinor = openingMinor
  for (const [index, entry] of entries.entries()) {
    balanceMinor += entry.minor
    if (!isWithin(day, entry.atMs)) continue
    const side = of[entry.minor > 0 ? 'in' : 'out']
    side.rows += 1
    side.minor += Math.abs(entry.minor)
    rows.push(rowOf(entry, index, balanceMinor))
  }
  if (rows.length === 0) return undefined
  const counts = [rows.length, of.in.rows, of.out.rows].map((count) => `${count}.0`)
  const [all = '', came = '', went = ''] = counts
  return {
    columns: COLUMNS,
    rows,
    sumColumns: SUM_COLUMNS,
    sums: [all, came, yuan(of.in.minor), went, yuan(of.out.minor)],
  }
}

function rowOf(entry: Entry, index: number, balanceMinor: number): Line {
  const { atMs, channelNo, number, name, type, minor, remark } = entry
  // The same in every bill of the account: entries are only ever added.
  const flowNo = `19${channelNo.slice(-18)}${String(index).padStart(8, '0')}`
  const direction = minor > 0 ? '收入' : '支出'
  const amounts = [yuan(Math.abs(minor)), yuan(balanceMinor)]
  return [
    billTime(atMs),
    channelNo,
    flowNo,
    name,
    type,
    direction,
    ...amounts,
    'system',
    remark,
    number,
  ]
}

const COLUMNS = [
  '记账时间',
  '微信支付业务单号',
  '资金流水单号',
  '业务名称',
  '业务类型',
  '收支类型',
  '收支金额(元)',
  '账户结余(元)',
  '资金变更提交申请人',
  '备注',
  '业务凭证号',
]

const SUM_COLUMNS = ['资金流水总笔数', '收入笔数', '收入金额', '支出笔数', '支出金额']
