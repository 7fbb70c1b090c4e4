import * as z from 'zod'
import type { Operation, PayInput, PayOutcome } from '../../core/plugin/api.ts'
import { isUserId } from './account.ts'
import { callAlipay } from './call.ts'
import type { AlipayConfig } from './config.ts'
import { outcomeOf } from './endings.ts'
import { CALL_TIMEOUT_MS } from './gateway.ts'
import { misfitOf } from './json.ts'
import { expired, expiryOf, orderOf } from './order.ts'
import { ORDER_ENDINGS } from './pay-endings.ts'

type ByBuyer = PayInput<{ readonly buyerUserId: string }>
type Pay = Operation<AlipayConfig, ByBuyer, PayOutcome>

/**
 * Makes a trade that the payer pays on a web page inside Alipay.
 *
 * Repeatable: the same number with the same content answers for the same trade.
 *
 * @see alipay.trade.create (reference §8)
 */
export const payInPage: Pay = create((_config, { buyerUserId }) =>
  isUserId(buyerUserId) ? { buyer_id: buyerUserId } : { buyer_open_id: buyerUserId },
)

/** The same for a mini program, which has to be named; its open ids are its own. */
export const payInMiniProgram: Pay = create((config, { buyerUserId }) => {
  const app = config.miniProgramAppId ?? config.appId
  const openId = app === config.appId ? 'buyer_open_id' : 'op_buyer_open_id'
  return {
    product_code: 'JSAPI_PAY',
    op_app_id: app,
    [isUserId(buyerUserId) ? 'buyer_id' : openId]: buyerUserId,
  }
})

function create(membersOf: (config: AlipayConfig, extra: ByBuyer['extra']) => object): Pay {
  return async (ports, config, input) => {
    const late = expired(ports, input)
    if (late !== undefined) return late
    const answer = await callAlipay(ports, config, {
      method: 'alipay.trade.create',
      content: {
        ...orderOf(config, input),
        ...expiryOf(input),
        ...membersOf(config, input.extra),
      },
      parameters: { notify_url: input.callbackUrl },
      timeoutMs: CALL_TIMEOUT_MS,
    })
    if (answer.kind === 'error') return outcomeOf(ORDER_ENDINGS, answer)
    if (answer.kind !== 'verified') return answer

    const made = madeSchema.safeParse(answer.body)
    if (!made.success) {
      return { kind: 'unknown', evidence: `ordered, but ${misfitOf(made.error)}` }
    }
    const { out_trade_no, trade_no: channelPaymentNo } = made.data
    if (out_trade_no !== input.attemptId) {
      return { kind: 'unknown', evidence: 'answered about another payment' }
    }
    const data = JSON.stringify({ alipayTradeNo: channelPaymentNo })
    const presentation = { kind: 'alipay_client', data } as const
    return { kind: 'requires_action', of: 'payer', presentation, channelPaymentNo }
  }
}

const madeSchema = z.object({
  out_trade_no: z.string(),
  trade_no: z.string().min(1).max(64),
})
