import { beijingTime } from '../beijing-time.ts'
import { feeOf, refundsWithFees, tradesOf } from '../fund/ledger.ts'
import type { Seller } from '../party/sellers.ts'
import type { Alipay } from '../settings.ts'
import type { OpenedTrade } from '../trade/trade.ts'
import { yuan } from '../yuan.ts'
import { isWithin, type Period } from './period.ts'
import { cell, exportedAt, head, lines, totalOf } from './text.ts'

/** A payment or a refund, as the trade bill has it. */
export interface TradeRow {
  readonly trade: OpenedTrade
  readonly kind: '交易' | '退款'
  readonly atMs: number
  /** Below zero for a refund. */
  readonly fen: number
  /** Below zero for a payment: it is a cost. */
  readonly feeFen: number
  readonly requestNo: string
  readonly remark: string
}

export async function tradeRows(
  alipay: Alipay,
  { sellerId }: Seller,
  period: Period,
): Promise<readonly TradeRow[]> {
  return (await tradesOf(alipay, sellerId))
    .flatMap(rowsOf)
    .filter(({ atMs }) => isWithin(atMs, period))
    .sort((a, b) => a.atMs - b.atMs)
}

/** The file `业务明细`: 25 columns, one row a payment or refund. */
export function tradeDetails(seller: Seller, period: Period, rows: readonly TradeRow[]): string {
  const paid = rows.filter(({ kind }) => kind === '交易')
  const back = rows.filter(({ kind }) => kind === '退款')
  const received = totalOf(paid.map(({ fen }) => fen))
  const returned = totalOf(back.map(({ fen }) => fen))
  return lines(
    ...head('业务明细', seller.sellerId, period),
    '#-----------------------------------------业务明细列表----------------------------------------',
    DETAIL_COLUMNS,
    ...rows.map((row) => detail(seller, row)),
    '#-----------------------------------------业务明细列表结束------------------------------------',
    `#交易合计：${paid.length}笔，商家实收共${received}元，商家优惠共0.00元`,
    `#退款合计：${back.length}笔，商家实收退款共${returned}元，商家优惠退款共0.00元`,
    exportedAt(period),
  )
}

/** The file `业务明细(汇总)`: one row a store, and the sum of them. */
export function tradeSummary(seller: Seller, period: Period, rows: readonly TradeRow[]): string {
  const stores = [...new Set(rows.map(({ trade }) => trade.storeId ?? ''))].sort()
  const ofStore = (store: string) => rows.filter(({ trade }) => (trade.storeId ?? '') === store)
  return lines(
    ...head('业务汇总', seller.sellerId, period),
    '#-----------------------------------------业务汇总列表----------------------------------------',
    SUMMARY_COLUMNS,
    ...stores.map((store) => summary(store, store === '' ? '' : seller.name, ofStore(store))),
    summary('合计', '', rows),
    '#----------------------------------------业务汇总列表结束-------------------------------------',
    exportedAt(period),
  )
}

const DETAIL_COLUMNS =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注'

const SUMMARY_COLUMNS =
  '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）'

function rowsOf(trade: OpenedTrade): TradeRow[] {
  const { paidAtMs } = trade
  if (paidAtMs === null) return []
  const payment: TradeRow = {
    trade,
    kind: '交易',
    atMs: paidAtMs,
    fen: trade.fen,
    feeFen: -feeOf(trade.fen),
    requestNo: '',
    remark: trade.body ?? '',
  }
  return [
    payment,
    ...refundsWithFees(trade, Number.MAX_SAFE_INTEGER).map(
      ({ refund, feeFen }): TradeRow => ({
        trade,
        kind: '退款',
        atMs: refund.arrivesAtMs,
        fen: -refund.fen,
        feeFen,
        requestNo: refund.outRequestNo,
        remark: refund.reason ?? '',
      }),
    ),
  ]
}

function detail(seller: Seller, { trade, kind, atMs, fen, feeFen, requestNo, remark }: TradeRow) {
  const texts = [
    trade.opened.tradeNo,
    trade.outTradeNo,
    kind,
    trade.subject,
    beijingTime(trade.opened.createdAtMs),
    beijingTime(atMs),
    trade.storeId ?? '',
    trade.storeId === null ? '' : seller.name,
    trade.operatorId ?? '',
    trade.terminalId ?? '',
    `付款人(${trade.buyer.logonId})`,
  ].map(cell)
  const none = yuan(0)
  const amounts = [yuan(fen), yuan(fen), none, none, none, none, none, cell(''), none, none]
  const rest = [cell(requestNo), yuan(feeFen), none, cell(remark)]
  return [...texts, ...amounts, ...rest].join(',')
}

function summary(store: string, name: string, rows: readonly TradeRow[]): string {
  const all = totalOf(rows.map(({ fen }) => fen))
  const none = yuan(0)
  return [
    cell(store),
    cell(name),
    rows.filter(({ kind }) => kind === '交易').length,
    rows.filter(({ kind }) => kind === '退款').length,
    all,
    all,
    none,
    none,
    none,
    totalOf(rows.map(({ feeFen }) => feeFen)),
    none,
    totalOf(rows.flatMap(({ fen, feeFen }) => [fen, feeFen])),
  ].join(',')
}
