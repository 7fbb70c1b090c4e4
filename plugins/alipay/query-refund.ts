import * as z from 'zod'
import type {
  ChannelPorts,
  Operation,
  QueryRefundInput,
  QueryRefundOutcome,
} from '../../core/plugin/api.ts'
import { timeSchema } from './beijing-time.ts'
import { callAlipay } from './call.ts'
import type { AlipayConfig } from './config.ts'
import { outcomeOf } from './endings.ts'
import { CALL_TIMEOUT_MS } from './gateway.ts'
import { misfitOf } from './json.ts'
import { QUERY_REFUND_ENDINGS } from './refund-endings.ts'
import { moneySchema } from './yuan.ts'

/**
 * Asks where a refund stands. An answer without a status means that no such refund has succeeded:
 * it is "not found", and can be sent again under its number (reference §10).
 *
 * @see alipay.trade.fastpay.refund.query (reference §10)
 */
export const queryRefund: Operation<AlipayConfig, QueryRefundInput, QueryRefundOutcome> = (
  ports,
  config,
  input,
) => askAboutRefund(ports, config, input, CALL_TIMEOUT_MS)

/** What a question about a refund needs; how much it was for, the answer says. */
export type AskedRefund = Pick<QueryRefundInput, 'refundId' | 'attemptId' | 'channelPaymentNo'>

export async function askAboutRefund(
  ports: ChannelPorts,
  config: AlipayConfig,
  { refundId, attemptId, channelPaymentNo }: AskedRefund,
  timeoutMs: number,
): Promise<QueryRefundOutcome> {
  const answer = await callAlipay(ports, config, {
    method: 'alipay.trade.fastpay.refund.query',
    content: {
      trade_no: channelPaymentNo,
      out_request_no: refundId,
      query_options: ['gmt_refund_pay'],
    },
    timeoutMs,
  })
  if (answer.kind === 'error') return outcomeOf(QUERY_REFUND_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer

  const asked = statusSchema.safeParse(answer.body)
  if (!asked.success) return { kind: 'unknown', evidence: `answered, but ${misfitOf(asked.error)}` }
  const status = asked.data.refund_status ?? ''
  if (status === '') return { kind: 'not_found' }
  if (status !== 'REFUND_SUCCESS') return { kind: 'pending' }

  const done = doneSchema.safeParse(answer.body)
  if (!done.success) return { kind: 'unknown', evidence: `answered, but ${misfitOf(done.error)}` }
  const { out_request_no, out_trade_no, trade_no, refund_amount, gmt_refund_pay } = done.data
  if (out_request_no !== refundId || out_trade_no !== attemptId) {
    return { kind: 'unknown', evidence: 'answered about another refund' }
  }
  return {
    kind: 'succeeded',
    channelRefundNo: trade_no,
    refunded: refund_amount,
    refundedAtMs: gmt_refund_pay ?? ports.clock.now(),
  }
}

const statusSchema = z.object({ refund_status: z.string().optional() })

const doneSchema = z.object({
  out_request_no: z.string(),
  out_trade_no: z.string(),
  trade_no: z.string().min(1).max(64),
  /** Of this refund alone, unlike `refund_fee` elsewhere. */
  refund_amount: moneySchema,
  gmt_refund_pay: timeSchema.optional(),
})
