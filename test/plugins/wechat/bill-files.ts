import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { ATTEMPT, REFUND, REFUNDED, TRANSACTION_ID } from './fake-wechat.ts'

/** The 27 columns of a trade bill with all rows, as WeChat writes them. */
export const TRADE_HEADER =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注'
const TRADE_SUMS_HEADER =
  '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额'

export interface TradeRow {
  readonly at?: string
  readonly state?: string
  readonly settled?: string
  readonly refundId?: string
  readonly refundNumber?: string
  readonly refunded?: string
  readonly refundState?: string
  readonly subject?: string
  readonly attach?: string
  readonly fee?: string
  readonly total?: string
  readonly asked?: string
}

export function tradeRow(row: TradeRow = {}): string {
  const paid = [row.settled ?? '10.00', '2.34']
  return line([
    ...[row.at ?? '2026-01-01 08:00:09', 'wx0000000000000001', '1900000109', '0', ''],
    ...[TRANSACTION_ID, ATTEMPT, 'oSharedOpenid000000000000001', 'NATIVE'],
    ...[row.state ?? 'SUCCESS', 'OTHERS', 'CNY', ...paid],
    ...[row.refundId ?? '0', row.refundNumber ?? '0', row.refunded ?? '0.00', '0.00'],
    ...[row.refundState === undefined ? '' : 'ORIGINAL', row.refundState ?? ''],
    ...[row.subject ?? '测试商品', row.attach ?? '', row.fee ?? '0.06000', '0.60%'],
    ...[row.total ?? '12.34', row.asked ?? '0.00', ''],
  ])
}

export const REFUND_ROW: TradeRow = {
  at: '2026-01-01 08:04:00',
  state: 'REFUND',
  settled: '0.00',
  refundId: REFUNDED.refund_id,
  refundNumber: REFUND,
  refunded: '1.62',
  refundState: 'SUCCESS',
  fee: '-0.00972',
  total: '0.00',
  asked: '2.00',
}

export function tradeBill(
  rows: readonly string[],
  { count = String(rows.length), header = TRADE_HEADER } = {},
): string {
  const sums = line([count, '10.00', '1.62', '0.00', '0.05028', '12.34', '2.00'])
  return bill([header, ...rows, TRADE_SUMS_HEADER, sums])
}

export const FUNDS_HEADER =
  '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,业务凭证号'
const FUNDS_SUMS_HEADER = '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额'

export function fundsRow(changes: { remark?: string; direction?: string; balance?: string } = {}) {
  const { remark = '缺货', direction = '支出', balance = '0.17' } = changes
  return line([
    ...['2026-01-01 04:21:23', '50000305742018020103387128253', '1900009231201802015884652186'],
    ...['退款', '退款', direction, '0.02', balance, 'system', remark, REFUND],
  ])
}

export function fundsBill(rows: readonly string[], count = `${rows.length}.0`): string {
  const sums = line([count, '0.0', '0.00', count, '0.02'])
  return bill([FUNDS_HEADER, ...rows, FUNDS_SUMS_HEADER, sums])
}

/** A back-tick before each value, and nothing around it. */
function line(values: readonly string[]): string {
  return values.map((value) => `\`${value}`).join(',')
}

/** With the mark of UTF-8 before it, and the line ends of Windows, after the last line too. */
function bill(lines: readonly string[]): string {
  return `\ufeff${lines.map((text) => `${text}\r\n`).join('')}`
}

export function sha1Of(text: string): string {
  return createHash('sha1').update(text, 'utf8').digest('hex')
}

export function packed(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(Buffer.from(text, 'utf8')))
}
