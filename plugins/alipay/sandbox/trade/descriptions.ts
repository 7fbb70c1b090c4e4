/** How trades look in answers. */
import type { Milliseconds } from '../../../../core/plugin/api.ts'
import { beijingTime } from '../beijing-time.ts'
import type { Members } from '../door/refusals.ts'
import type { App } from '../party/apps.ts'
import { IN_ANSWERS, showPayer } from '../party/payers.ts'
import { yuan } from '../yuan.ts'
import type { OpenedTrade } from './trade.ts'

export function nameTrade({ opened, outTradeNo }: OpenedTrade): Members {
  return { trade_no: opened.tradeNo, out_trade_no: outTradeNo }
}

/** A trade that waits for its payer's password. */
export function describeWaiting(app: App, trade: OpenedTrade): Members {
  return {
    ...nameTrade(trade),
    ...showPayer(app, trade.buyer, IN_ANSWERS),
    total_amount: yuan(trade.fen),
  }
}

/** What the answer to a code that was charged shows. */
export function describeCharge(
  app: App,
  trade: OpenedTrade,
  paidAtMs: Milliseconds,
  storeName: string,
): Members {
  return {
    ...describeWaiting(app, trade),
    ...describeReceipt(trade),
    gmt_payment: beijingTime(paidAtMs),
    fund_bill_list: fundBills(trade),
    ...(trade.storeId !== null && { store_name: storeName }),
  }
}

/** Nothing is taken off here by coupons or points: the payer pays all, the merchant receives all. */
export function describeReceipt({ fen }: OpenedTrade): Members {
  const all = yuan(fen)
  return {
    receipt_amount: all,
    buyer_pay_amount: all,
    point_amount: '0.00',
    invoice_amount: all,
  }
}

export function fundBills({ fen }: OpenedTrade) {
  return [{ fund_channel: 'ALIPAYACCOUNT', amount: yuan(fen), real_amount: yuan(fen) }]
}
