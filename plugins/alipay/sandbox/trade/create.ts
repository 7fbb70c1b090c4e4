import { type Handler, readContent } from '../door/call.ts'
import { accepted, refusal } from '../door/refusals.ts'
import { ask } from './asking.ts'
import { createBody } from './body.ts'
import { payEarly } from './early.ts'
import { openTrade } from './paying.ts'

/**
 * `alipay.trade.create`: a trade for a payer whom the merchant knows, paid inside Alipay. Repeating
 * it gives the same trade.
 */
export const create: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, createBody, 'ACQ.INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const { buyer_id, buyer_open_id = body.value.op_buyer_open_id } = body.value
  if (buyer_id === undefined && buyer_open_id === undefined) {
    return refusal('ACQ.INVALID_PARAMETER', 'buyer_id和buyer_open_id不能同时为空')
  }

  const asked = await ask(alipay, call, {
    product: 'create',
    body: body.value,
    buyerId: buyer_id,
    buyerOpenId: buyer_open_id,
  })
  if (!asked.ok) return asked.refusal
  const opened = await openTrade(alipay, asked.value.id)
  if (!opened.ok) return refusal('ACQ.TRADE_HAS_SUCCESS') // paid between the two
  await payEarly(alipay, asked.value.id)
  const { outTradeNo, opened: trade } = opened.value
  return accepted({ out_trade_no: outTradeNo, trade_no: trade.tradeNo })
}
