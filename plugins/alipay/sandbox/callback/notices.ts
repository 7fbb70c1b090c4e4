/** What callbacks about a trade say, in the order in which Alipay was seen to say it or not. */
import type { Milliseconds } from '../../../../core/plugin/api.ts'
import { beijingTime, beijingTimeWithMs } from '../beijing-time.ts'
import type { App } from '../party/apps.ts'
import { IN_CALLBACKS, showPayer } from '../party/payers.ts'
import type { Seller } from '../party/sellers.ts'
import { refundedFen, type TradeStatus } from '../trade/standing.ts'
import type { OpenedTrade } from '../trade/trade.ts'
import { yuan } from '../yuan.ts'

export type Fields = Readonly<Record<string, string>>

/** What happened, of which the merchant is told at the payment's own address. */
export type Happening =
  | { readonly what: 'paid' | 'finished' }
  | { readonly what: 'closed'; readonly atMs: Milliseconds }
  /** A cancel has no number of its own. */
  | { readonly what: 'refunded'; readonly number: string | null; readonly atMs: Milliseconds }

export function noticeOf(
  trade: OpenedTrade,
  { app, seller }: { readonly app: App; readonly seller: Seller },
  happening: Happening,
): Fields {
  const paid = trade.paidAtMs === null ? {} : describeReceipt(trade, trade.paidAtMs)
  return present({
    notify_type: 'trade_status_sync',
    charset: trade.charset,
    version: '1.0',
    app_id: trade.appId,
    auth_app_id: trade.authAppId,
    trade_no: trade.opened.tradeNo,
    out_trade_no: trade.outTradeNo,
    ...(showPayer(app, trade.buyer, IN_CALLBACKS) as Fields),
    seller_id: seller.sellerId,
    seller_email: seller.email,
    subject: trade.subject,
    body: trade.body,
    passback_params: trade.passback,
    total_amount: yuan(trade.fen),
    gmt_create: beijingTime(trade.opened.createdAtMs),
    ...paid,
    ...describeHappening(trade, happening),
  })
}

function describeReceipt({ fen }: OpenedTrade, paidAtMs: Milliseconds): Fields {
  const all = yuan(fen)
  return {
    receipt_amount: all,
    invoice_amount: all,
    buyer_pay_amount: all,
    point_amount: '0.00',
    gmt_payment: beijingTime(paidAtMs),
    // Camel case here, though answers write it with underscores.
    fund_bill_list: JSON.stringify([{ amount: all, fundChannel: 'ALIPAYACCOUNT' }]),
  }
}

/** A refund never shows in the status of a trade that is paid back in part. */
function describeHappening(
  trade: OpenedTrade,
  happening: Happening,
): Readonly<Record<string, string | null>> {
  switch (happening.what) {
    case 'paid':
      return status('TRADE_SUCCESS')
    case 'finished':
      return status('TRADE_FINISHED')
    case 'closed':
      return { ...status('TRADE_CLOSED'), gmt_close: beijingTime(happening.atMs) }
    case 'refunded': {
      const backFen = refundedFen(trade, happening.atMs)
      const isAll = backFen === trade.fen
      return {
        ...status(isAll ? 'TRADE_CLOSED' : 'TRADE_SUCCESS'),
        // What has come back by now, not what came back this time.
        refund_fee: yuan(backFen),
        gmt_refund: beijingTimeWithMs(happening.atMs),
        out_biz_no: happening.number,
        ...(isAll && { gmt_close: beijingTime(happening.atMs) }),
      }
    }
  }
}

function status(trade_status: TradeStatus) {
  return { trade_status }
}

/** Alipay signs no empty values; so it sends none. */
function present(fields: Readonly<Record<string, string | null>>): Fields {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value !== null && value !== '') kept[name] = value
  }
  return kept
}
