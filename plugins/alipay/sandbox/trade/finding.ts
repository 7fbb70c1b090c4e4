import type { Call } from '../door/call.ts'
import type { Alipay } from '../settings.ts'
import { isOpened } from './standing.ts'
import { type OpenedTrade, type Trade, tradeId, tradePaths, trades } from './trade.ts'

interface Named {
  readonly out_trade_no?: string | undefined
  readonly trade_no?: string | undefined
}

export interface Found {
  readonly id: string
  readonly trade: OpenedTrade
}

/** The trade that a call names, if it is the caller's and exists at Alipay. trade_no wins. */
export async function findTrade(
  alipay: Alipay,
  { seller }: Call,
  { out_trade_no, trade_no }: Named,
): Promise<Found | undefined> {
  const found =
    trade_no === undefined
      ? await byId(alipay, tradeId(seller.sellerId, out_trade_no ?? ''))
      : await followTo(alipay, trade_no)
  if (found === undefined || found.trade.sellerId !== seller.sellerId) return undefined
  const { id, trade } = found
  if (!isOpened(trade)) return undefined
  return trade_no === undefined || trade.opened.tradeNo === trade_no ? { id, trade } : undefined
}

/** The trade behind a trade_no, the text of a QR code, or the ticket of a cashier page. */
export async function followTo(
  alipay: Alipay,
  path: string,
): Promise<{ readonly id: string; readonly trade: Trade } | undefined> {
  const id = await tradePaths(alipay.books).get(path)
  const found = id === undefined ? undefined : await byId(alipay, id)
  const leads = found?.trade.opened?.tradeNo === path || found?.trade.opening?.key === path
  return leads ? found : undefined
}

async function byId(alipay: Alipay, id: string) {
  const trade = await trades(alipay.books).get(id)
  return trade && { id, trade }
}
