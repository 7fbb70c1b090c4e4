/** What moved on a merchant's account: read from trades and transfers, written down nowhere else. */
import type { Milliseconds } from '../../../../core/plugin/api.ts'
import type { Alipay } from '../settings.ts'
import { hasArrived, isOpened } from '../trade/standing.ts'
import { type OpenedTrade, type Trade, trades } from '../trade/trade.ts'
import { type Transfer, transfers } from './transfer.ts'

export interface Movement {
  readonly atMs: Milliseconds
  /** Below zero: out. */
  readonly fen: number
  /** In the words of the account bill. */
  readonly kind:
    | '在线支付'
    | '收费'
    | '交易退款'
    | '收费退回'
    | '交易分账'
    | '分账退回'
    | '转账'
    | '转账退回'
  /** Alipay's number of this movement's business. */
  readonly channelNo: string
  /** The merchant's number. */
  readonly number: string
  readonly subject: string
  readonly counterparty: string
}

/** 0.6 %, what most merchants pay, rounded half up. */
export function feeOf(fen: number): number {
  return Math.floor((fen * 6 + 500) / 1_000)
}

/** The merchant's trades that exist at Alipay. */
export async function tradesOf({ books }: Alipay, sellerId: string): Promise<OpenedTrade[]> {
  return (await trades(books).list())
    .map(({ document }) => document)
    .filter((trade): trade is OpenedTrade => trade.sellerId === sellerId && isOpened(trade))
}

/** All movements until now, in their order. */
export async function movementsOf(alipay: Alipay, sellerId: string): Promise<readonly Movement[]> {
  const nowMs = alipay.clock.now()
  const ofTrades = (await tradesOf(alipay, sellerId)).flatMap((trade) => moved(trade, nowMs))
  const ofTransfers = (await transfers(alipay.books).list())
    .map(({ document }) => document)
    .filter((transfer) => transfer.sellerId === sellerId)
    .flatMap(sent)
  return [...ofTrades, ...ofTransfers].sort((a, b) => a.atMs - b.atMs)
}

/** The refunds of a trade that have arrived, with the part of the fee that came back with each. */
export function refundsWithFees(trade: Trade, nowMs: Milliseconds) {
  let backFen = 0
  return trade.refunds
    .filter((refund) => hasArrived(refund, nowMs))
    .map((refund) => {
      const feeFen = feeOf(backFen + refund.fen) - feeOf(backFen)
      backFen += refund.fen
      return { refund, feeFen }
    })
}

function moved(trade: OpenedTrade, nowMs: Milliseconds): Movement[] {
  if (trade.paidAtMs === null) return []
  const common = {
    channelNo: trade.opened.tradeNo,
    number: trade.outTradeNo,
    subject: trade.subject,
    counterparty: trade.buyer.logonId,
  }
  const paid = { ...common, atMs: trade.paidAtMs }
  return [
    { ...paid, fen: trade.fen, kind: '在线支付' },
    { ...paid, fen: -feeOf(trade.fen), kind: '收费' },
    ...refundsWithFees(trade, nowMs).flatMap(({ refund, feeFen }): Movement[] => {
      const back = { ...common, atMs: refund.arrivesAtMs, number: refund.outRequestNo }
      return [
        ...refund.takenBack.map(
          (one): Movement => ({
            ...back,
            fen: one.fen,
            kind: '分账退回',
            counterparty: one.transOut,
          }),
        ),
        { ...back, fen: -refund.fen, kind: '交易退款' },
        { ...back, fen: feeFen, kind: '收费退回' },
      ]
    }),
    ...shared(trade, common),
  ]
}

type Common = Pick<Movement, 'channelNo' | 'number' | 'subject'>

function shared(trade: OpenedTrade, common: Common): Movement[] {
  return trade.splits.flatMap(({ shares, outRequestNo }) =>
    shares.flatMap(({ state, executedAtMs, fen, transIn }): Movement[] =>
      state !== 'SUCCESS' || executedAtMs === null
        ? []
        : [
            {
              ...common,
              atMs: executedAtMs,
              fen: -fen,
              kind: '交易分账',
              number: outRequestNo,
              counterparty: transIn,
            },
          ],
    ),
  )
}

function sent(transfer: Transfer): Movement[] {
  if (transfer.paidAtMs === null) return []
  const { orderNo, outBizNo, title, payee, fen, paidAtMs, returnedAtMs } = transfer
  const common = { channelNo: orderNo, number: outBizNo, subject: title, counterparty: payee }
  const out: Movement = { ...common, atMs: paidAtMs, fen: -fen, kind: '转账' }
  return returnedAtMs === null
    ? [out]
    : [out, { ...common, atMs: returnedAtMs, fen, kind: '转账退回' }]
}
