import * as z from 'zod'
import { type Handler, readContent } from '../door/call.ts'
import { shortRequestNo, tradeNo } from '../door/fields.ts'
import { accepted, refusal } from '../door/refusals.ts'
import { findTrade } from '../trade/finding.ts'
import { frozenFen } from '../trade/standing.ts'
import { trades } from '../trade/trade.ts'
import { yuan } from '../yuan.ts'
import { describeSplit } from './describe.ts'
import { settlePath, settlePaths } from './settle.ts'

const querySettleBody = z
  .strictObject({
    settle_no: z.string().optional(),
    out_request_no: shortRequestNo.optional(),
    trade_no: tradeNo.optional(),
  })
  .refine((body) => body.settle_no !== undefined || body.out_request_no !== undefined, {
    path: ['settle_no'],
    message: '与out_request_no不能同时为空',
  })
  .refine((body) => body.settle_no !== undefined || body.trade_no !== undefined, {
    path: ['trade_no'],
    message: '不能为空',
  })

/** `alipay.trade.order.settle.query`: how each share of a settlement stands. */
export const querySettle: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, querySettleBody, 'INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const { settle_no, out_request_no = '' } = body.value
  const path = settlePath(call.seller.sellerId, settle_no ?? out_request_no)
  const id = await settlePaths(alipay.books).get(path)
  const trade = id === undefined ? undefined : await trades(alipay.books).get(id)
  const split = trade?.splits.find((one) =>
    settle_no === undefined ? one.outRequestNo === out_request_no : one.settleNo === settle_no,
  )
  return split === undefined ? refusal('ACQ.TRADE_NOT_EXIST') : accepted(describeSplit(split))
}

const unsettledBody = z.strictObject({ trade_no: tradeNo })

/** `alipay.trade.order.onsettle.query`: what still waits, frozen, to be shared out. */
export const queryUnsettled: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, unsettledBody, 'ACQ.INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const found = await findTrade(alipay, call, body.value)
  if (found === undefined) return refusal('ACQ.TRADE_NOT_EXIST')
  return accepted({ unsettled_amount: yuan(frozenFen(found.trade)) })
}

const rateBody = z.strictObject({ out_request_no: shortRequestNo })

/** `alipay.trade.royalty.rate.query`: how much of a trade this merchant may share out. */
export const queryRate: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, rateBody, 'INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  return accepted({
    user_id: call.seller.sellerId,
    max_ratio: alipay.settings.splitCeilingPercent,
  })
}
