import { HOUR_MS } from '../../../../core/plugin/api.ts'
import { endOfBeijingDay } from '../beijing-time.ts'
import { type Handler, readContent } from '../door/call.ts'
import { accepted } from '../door/refusals.ts'
import { newQrCode } from '../numbers.ts'
import { ask } from './asking.ts'
import { precreateBody } from './body.ts'
import { payEarly } from './early.ts'

/**
 * `alipay.trade.precreate`: a QR code for the payer to scan. Until somebody does there is no trade,
 * and no query or close will find one.
 */
export const precreate: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, precreateBody, 'ACQ.INVALID_PARAMETER')
  if (!body.ok) return body.refusal

  const nowMs = alipay.clock.now()
  const { qr_code_timeout_express: timeout = 2 * HOUR_MS } = body.value
  const validForMs = timeout === 'today' ? endOfBeijingDay(nowMs) - nowMs : timeout
  const asked = await ask(alipay, call, {
    product: 'precreate',
    body: body.value,
    opening: { key: newQrCode(alipay.random), validForMs },
  })
  if (!asked.ok) return asked.refusal
  const { id, trade } = asked.value
  await payEarly(alipay, id)
  return accepted({ out_trade_no: trade.outTradeNo, qr_code: trade.opening?.key ?? '' })
}
