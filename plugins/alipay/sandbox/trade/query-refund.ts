import * as z from 'zod'
import { beijingTime } from '../beijing-time.ts'
import { type Handler, readContent } from '../door/call.ts'
import { namesTrade, outRequestNo, TRADE_KEY_MISSING, tradeKey } from '../door/fields.ts'
import { accepted, type Members, refusal } from '../door/refusals.ts'
import { yuan } from '../yuan.ts'
import { nameTrade } from './descriptions.ts'
import { findTrade } from './finding.ts'
import { hasArrived } from './standing.ts'
import type { OpenedTrade, Refund } from './trade.ts'

const queryRefundBody = z
  .strictObject({
    ...tradeKey,
    out_request_no: outRequestNo,
    query_options: z.array(z.string()).optional(),
  })
  .refine(namesTrade, TRADE_KEY_MISSING)

/**
 * `alipay.trade.fastpay.refund.query`: success with no `refund_status` is the answer for a refund
 * that is not known, and for one that has not arrived yet.
 */
export const queryRefund: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, queryRefundBody, 'ACQ.INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const found = await findTrade(alipay, call, body.value)
  if (found === undefined) return refusal('ACQ.TRADE_NOT_EXIST')

  const { out_request_no: number, query_options: options = [] } = body.value
  const refund = found.trade.refunds.find(({ outRequestNo }) => outRequestNo === number)
  if (refund === undefined || !hasArrived(refund, alipay.clock.now())) return accepted({})
  return accepted(describe(found.trade, refund, options))
}

function describe(trade: OpenedTrade, refund: Refund, options: readonly string[]): Members {
  return {
    ...nameTrade(trade),
    out_request_no: refund.outRequestNo,
    total_amount: yuan(trade.fen),
    refund_amount: yuan(refund.fen),
    refund_status: 'REFUND_SUCCESS',
    send_back_fee: yuan(refund.fen),
    ...(refund.reason !== null && { refund_reason: refund.reason }),
    ...(refund.takenBack.length > 0 && {
      refund_royaltys: refund.takenBack.map(({ transOut, fen }) => ({
        refund_amount: yuan(fen),
        royalty_type: 'transfer',
        result_code: 'SUCCESS',
        trans_out: transOut,
        trans_in: trade.sellerId,
      })),
    }),
    ...(options.includes('gmt_refund_pay') && {
      gmt_refund_pay: beijingTime(refund.arrivesAtMs),
    }),
    ...(options.includes('refund_detail_item_list') && {
      refund_detail_item_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: yuan(refund.fen) }],
    }),
    // Nobody pays from a bank card here, so nothing goes back to a bank.
    ...(options.includes('deposit_back_info') && {
      deposit_back_info: { has_deposit_back: 'false' },
    }),
  }
}
