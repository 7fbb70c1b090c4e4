import type { Order } from '../order.ts'
import { billTime, feeYuan, type Line, type Table, yuan } from './csv.ts'
import type { Day } from './days.ts'
import { type TradeRow, tradeRows, tradeTypeOf } from './trade-rows.ts'

export type TradeBillType = 'ALL' | 'SUCCESS' | 'REFUND'

/** @returns undefined when nothing of that kind happened on the day */
export function tradeBill(
  orders: readonly Order[],
  day: Day,
  type: TradeBillType,
  feePartsPerMillion: number,
): Table | undefined {
  const rows = tradeRows(orders, day).filter(({ kind }) => SHOWN[type].includes(kind))
  if (rows.length === 0) return undefined
  const rate = `${(feePartsPerMillion / 10_000).toFixed(2)}%`
  const columns = COLUMNS.filter(({ types }) => types.includes(type))
  return {
    columns: columns.map(({ name }) => name),
    rows: rows.map((row): Line => columns.map(({ value }) => value(row, rate))),
    sumColumns: SUM_COLUMNS,
    sums: sumsOf(rows),
  }
}

const SHOWN: Readonly<Record<TradeBillType, readonly TradeRow['kind'][]>> = {
  ALL: ['payment', 'refund', 'reversal'],
  SUCCESS: ['payment'],
  REFUND: ['refund', 'reversal'],
}

const STATES = { payment: 'SUCCESS', refund: 'REFUND', reversal: 'REVOKED' } as const

interface Column {
  readonly name: string
  readonly types: readonly TradeBillType[]
  value(row: TradeRow, rate: string): string
}

const EVERYWHERE = ['ALL', 'SUCCESS', 'REFUND'] as const
const WITH_REFUNDS = ['ALL', 'REFUND'] as const
const REFUNDS_ONLY = ['REFUND'] as const

const column = (name: string, types: Column['types'], value: Column['value']): Column => ({
  name,
  types,
  value,
})

const appidOf = ({ order: { party } }: TradeRow) =>
  party.kind === 'direct' ? party.appid : party.spAppid
const signerOfRow = ({ order: { party } }: TradeRow) =>
  party.kind === 'direct' ? party.mchid : party.spMchid
const subOf = ({ order: { party } }: TradeRow) => (party.kind === 'direct' ? '0' : party.subMchid)

/** The bills differ in which of these columns they have. */
const COLUMNS: readonly Column[] = [
  // Of the payment itself, where there are nothing but refunds.
  column('交易时间', ['ALL', 'SUCCESS'], ({ atMs }) => billTime(atMs)),
  column('交易时间', REFUNDS_ONLY, ({ payment }) => billTime(payment.paidAtMs)),
  column('公众账号ID', EVERYWHERE, appidOf),
  column('商户号', EVERYWHERE, signerOfRow),
  column('特约商户号', EVERYWHERE, subOf),
  column('设备号', EVERYWHERE, ({ order }) => order.deviceId),
  column('微信订单号', EVERYWHERE, ({ payment }) => payment.transactionId),
  column('商户订单号', EVERYWHERE, ({ order }) => order.outTradeNo),
  column('用户标识', EVERYWHERE, ({ payment }) => payment.openid),
  column('交易类型', EVERYWHERE, ({ order }) => tradeTypeOf(order)),
  column('交易状态', EVERYWHERE, ({ kind }) => STATES[kind]),
  column('付款银行', EVERYWHERE, () => 'OTHERS'),
  column('货币种类', EVERYWHERE, ({ order }) => order.amount.currency),
  column('应结订单金额', EVERYWHERE, ({ settledMinor }) => yuan(settledMinor)),
  column('代金券金额', EVERYWHERE, () => '0.00'),
  column('退款申请时间', REFUNDS_ONLY, ({ refund }) => timeOf(refund?.acceptedAtMs)),
  column('退款成功时间', REFUNDS_ONLY, ({ refund }) => timeOf(refund?.succeededAtMs)),
  column('微信退款单号', WITH_REFUNDS, ({ refund }) => refund?.refundId ?? '0'),
  column('商户退款单号', WITH_REFUNDS, ({ refund }) => refund?.outRefundNo ?? '0'),
  column('退款金额', WITH_REFUNDS, ({ refund }) => yuan(refund?.minor ?? 0)),
  column('充值券退款金额', WITH_REFUNDS, () => '0.00'),
  column('退款类型', WITH_REFUNDS, ({ refund }) => (refund === undefined ? '' : 'ORIGINAL')),
  column('退款状态', WITH_REFUNDS, ({ refund }) => refund?.status ?? ''),
  column('商品名称', EVERYWHERE, ({ order }) => order.description),
  column('商户数据包', EVERYWHERE, ({ order }) => order.attach),
  column('手续费', EVERYWHERE, ({ feeMinor }) => feeYuan(feeMinor)),
  column('费率', EVERYWHERE, (_row, rate) => rate),
  column('订单金额', EVERYWHERE, ({ totalMinor }) => yuan(totalMinor)),
  column('申请退款金额', WITH_REFUNDS, ({ refund }) => yuan(refund?.minor ?? 0)),
  column('费率备注', EVERYWHERE, () => ''),
]

function timeOf(atMs: number | null | undefined): string {
  return atMs == null ? '' : billTime(atMs)
}

const SUM_COLUMNS = [
  '总交易单数',
  '应结订单总金额',
  '退款总金额',
  '充值券退款总金额',
  '手续费总金额',
  '订单总金额',
  '申请退款总金额',
]

function sumsOf(rows: readonly TradeRow[]): Line {
  const sum = (of: (row: TradeRow) => number) => rows.reduce((total, row) => total + of(row), 0)
  const refunded = yuan(sum(({ refund }) => refund?.minor ?? 0))
  return [
    String(rows.length),
    yuan(sum(({ settledMinor }) => settledMinor)),
    refunded,
    '0.00',
    feeYuan(sum(({ feeMinor }) => feeMinor)),
    yuan(sum(({ totalMinor }) => totalMinor)),
    refunded,
  ]
}
