import { plan } from '../agenda.ts'
import { tellSoon } from '../callback/tell.ts'
import { type Call, type Handler, readContent } from '../door/call.ts'
import { accepted, type Reply, refusal } from '../door/refusals.ts'
import type { Alipay } from '../settings.ts'
import { ask } from './asking.ts'
import { payBody } from './body.ts'
import { describeCharge, describeWaiting } from './descriptions.ts'
import { endingOf, looksLikeCode, useCode } from './payer-codes.ts'
import { openTrade, payTrade } from './paying.ts'
import { tradeId, trades } from './trade.ts'

/**
 * `alipay.trade.pay`: charges the code that the payer shows. How that ends is in the code.
 *
 * Of a trade that is paid a repeat says so; of one that waits it says that it waits.
 */
export const pay: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, payBody, 'ACQ.INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const { auth_code: code, out_trade_no } = body.value
  if (!looksLikeCode(code)) return refusal('ACQ.PAYMENT_AUTH_CODE_INVALID')

  const id = tradeId(call.seller.sellerId, out_trade_no)
  const before = await trades(alipay.books).get(id)
  const ending = endingOf(code)
  if (before === undefined && ending.kind === 'refused' && !ending.leavesTrade) {
    return refusal(ending.answer)
  }
  const asked = await ask(alipay, call, { product: 'pay', body: body.value })
  if (!asked.ok) return asked.refusal
  if (!(await useCode(alipay, code, id))) return refusal('ACQ.PAYMENT_AUTH_CODE_INVALID')
  const opened = await openTrade(alipay, id)
  if (!opened.ok) return refusal('ACQ.TRADE_HAS_SUCCESS') // paid between the two

  switch (ending.kind) {
    case 'paid':
      return charge(alipay, call, id)
    case 'waits':
      if (ending.paysAfterMs !== null && before === undefined) {
        const atMs = alipay.clock.now() + ending.paysAfterMs
        await plan(alipay, atMs, { what: 'pay', tradeId: id })
      }
      return { code: '10003', members: describeWaiting(call.app, opened.value) }
    case 'unknown':
      if (ending.isPaid) await charge(alipay, call, id)
      return refusal(ending.answer)
    case 'refused':
      return refusal(ending.answer)
  }
}

async function charge(alipay: Alipay, { app, seller }: Call, id: string): Promise<Reply> {
  const paid = await payTrade(alipay, id, tellSoon)
  if (!paid.ok) return refusal('ACQ.TRADE_HAS_SUCCESS')
  const { value: trade } = paid
  return accepted(describeCharge(app, trade, trade.paidAtMs ?? 0, seller.name))
}
