import * as z from 'zod'
import { type Operation, type PayInput, type PayOutcome, SECOND_MS } from '../../core/plugin/api.ts'
import { callAlipay } from './call.ts'
import { type AlipayConfig, payeeOf } from './config.ts'
import { outcomeOf } from './endings.ts'
import { SLOW_CALL_TIMEOUT_MS } from './gateway.ts'
import { misfitOf } from './json.ts'
import { expired, orderOf } from './order.ts'
import { CODE_ENDINGS } from './pay-endings.ts'
import { readPaid } from './trade.ts'

/** Reference §8: asked every three to five seconds while the payer types a password. */
const POLL_AFTER_MS = 5 * SECOND_MS

/**
 * Charges the code that was scanned off the payer's phone, or the face that a terminal recognised.
 * Never sent twice: what is not known afterwards is asked for, and then cancelled.
 *
 * @see alipay.trade.pay (reference §8)
 */
export const payByCode: Operation<
  AlipayConfig,
  PayInput<{ readonly authCode: string }>,
  PayOutcome
> = async (ports, config, input) => {
  const late = expired(ports, input)
  if (late !== undefined) return late
  const { authCode } = input.extra
  const answer = await callAlipay(ports, config, {
    method: 'alipay.trade.pay',
    content: {
      ...orderOf(config, input),
      // Not `time_expire`: Alipay wants it a minute away at least, and we give up after one. This is
      // for the case that nobody is left to cancel the trade; five minutes is what Alipay advises.
      timeout_express: '5m',
      product_code: 'FACE_TO_FACE_PAYMENT',
      scene: authCode.startsWith('fp') ? 'security_code' : 'bar_code',
      auth_code: authCode,
    },
    parameters: { notify_url: input.callbackUrl },
    timeoutMs: SLOW_CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(CODE_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer

  const trade = tradeSchema.safeParse(answer.body)
  if (!trade.success) return { kind: 'unknown', evidence: `charged, but ${misfitOf(trade.error)}` }
  const { out_trade_no, trade_no } = trade.data
  if (out_trade_no !== input.attemptId) {
    return { kind: 'unknown', evidence: 'answered about another payment' }
  }
  if (answer.code === '10003') {
    return {
      kind: 'pending',
      pollAfterMs: POLL_AFTER_MS,
      ...(trade_no !== undefined && { channelPaymentNo: trade_no }),
    }
  }
  const paid = readPaid(answer.body, payeeOf(config), ports.clock.now())
  if (!paid.ok) return { kind: 'unknown', evidence: `charged, but ${paid.refusal}` }
  return { kind: 'succeeded', ...paid.value }
}

const tradeSchema = z.object({
  out_trade_no: z.string(),
  trade_no: z.string().min(1).max(64).optional(),
})
