import * as z from 'zod'
import type { Operation, PayInput, PayOutcome } from '../../core/plugin/api.ts'
import { callAlipay } from './call.ts'
import type { AlipayConfig } from './config.ts'
import { outcomeOf } from './endings.ts'
import { CALL_TIMEOUT_MS } from './gateway.ts'
import { misfitOf } from './json.ts'
import { expired, expiryOf, orderOf } from './order.ts'
import { ORDER_ENDINGS } from './pay-endings.ts'

type Pay = Operation<AlipayConfig, PayInput, PayOutcome>

/**
 * Makes a code that the payer scans. There is no trade at Alipay before that, so a code may be asked
 * for again and again.
 *
 * @see alipay.trade.precreate (reference §8)
 */
export const payByQr: Pay = precreate('FACE_TO_FACE_PAYMENT')

/** The same under the product of online shops. */
export const payByOrderCode: Pay = precreate('QR_CODE_OFFLINE')

function precreate(productCode: string): Pay {
  return async (ports, config, input) => {
    const late = expired(ports, input)
    if (late !== undefined) return late
    const answer = await callAlipay(ports, config, {
      method: 'alipay.trade.precreate',
      content: { ...orderOf(config, input), ...expiryOf(input), product_code: productCode },
      parameters: { notify_url: input.callbackUrl },
      timeoutMs: CALL_TIMEOUT_MS,
    })
    if (answer.kind === 'error') return outcomeOf(ORDER_ENDINGS, answer)
    if (answer.kind !== 'verified') return answer

    const made = madeSchema.safeParse(answer.body)
    if (!made.success) {
      return { kind: 'unknown', evidence: `ordered, but ${misfitOf(made.error)}` }
    }
    if (made.data.out_trade_no !== input.attemptId) {
      return { kind: 'unknown', evidence: 'answered about another payment' }
    }
    const presentation = { kind: 'qr_text', data: made.data.qr_code } as const
    return { kind: 'requires_action', of: 'payer', presentation }
  }
}

const madeSchema = z.object({
  out_trade_no: z.string(),
  qr_code: z.string().min(1).max(1024),
})
