import * as z from 'zod'
import type { Milliseconds } from '../../../../core/plugin/api.ts'
import { beijingTime } from '../beijing-time.ts'
import { type Call, type Handler, readContent } from '../door/call.ts'
import { namesTrade, TRADE_KEY_MISSING, tradeKey } from '../door/fields.ts'
import { accepted, type Members, refusal } from '../door/refusals.ts'
import { IN_ANSWERS, showPayer } from '../party/payers.ts'
import type { Alipay } from '../settings.ts'
import { describeSettlement } from '../split/describe.ts'
import { yuan } from '../yuan.ts'
import { describeReceipt, fundBills, nameTrade } from './descriptions.ts'
import { findTrade } from './finding.ts'
import { tradeStatus } from './standing.ts'
import type { OpenedTrade } from './trade.ts'

const queryBody = z
  .strictObject({ ...tradeKey, query_options: z.array(z.string()).optional() })
  .refine(namesTrade, TRADE_KEY_MISSING)

/** `alipay.trade.query`: where a trade stands. It does not say what was refunded. */
export const query: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, queryBody, 'ACQ.INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const found = await findTrade(alipay, call, body.value)
  if (found === undefined) return refusal('ACQ.TRADE_NOT_EXIST')
  const { query_options: options = [] } = body.value
  return accepted({
    ...describeTrade(alipay, call, found.trade),
    ...(options.includes('trade_settle_info') && {
      trade_settle_info: describeSettlement(found.trade),
    }),
  })
}

function describeTrade({ settings, clock }: Alipay, { app }: Call, trade: OpenedTrade): Members {
  return {
    ...nameTrade(trade),
    ...showPayer(app, trade.buyer, IN_ANSWERS),
    trade_status: tradeStatus(trade, settings, clock.now()),
    total_amount: yuan(trade.fen),
    ...(trade.paidAtMs === null ? NOTHING_PAID : describePaid(trade, trade.paidAtMs)),
    ...(trade.storeId !== null && { store_id: trade.storeId }),
    ...(trade.terminalId !== null && { terminal_id: trade.terminalId }),
    ...(trade.passback !== null && { passback_params: trade.passback }),
  }
}

/** Its presence tells a trade that was paid and paid back from one that was never paid. */
function describePaid(trade: OpenedTrade, paidAtMs: Milliseconds): Members {
  return {
    ...describeReceipt(trade),
    send_pay_date: beijingTime(paidAtMs),
    fund_bill_list: fundBills(trade),
  }
}

const NOTHING_PAID: Members = {
  receipt_amount: '0.00',
  buyer_pay_amount: '0.00',
  point_amount: '0.00',
  invoice_amount: '0.00',
}
