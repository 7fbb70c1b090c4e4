import * as z from 'zod'
import {
  type ChannelError,
  type ChannelPorts,
  type Operation,
  type RefundInput,
  type RefundOutcome,
  SECOND_MS,
} from '../../core/plugin/api.ts'
import { timeSchema } from './beijing-time.ts'
import { callAlipay } from './call.ts'
import type { AlipayConfig } from './config.ts'
import { cutTo } from './cut-text.ts'
import { outcomeOf } from './endings.ts'
import { CALL_TIMEOUT_MS } from './gateway.ts'
import { misfitOf } from './json.ts'
import { queryRefund } from './query-refund.ts'
import { REFUND_ENDINGS } from './refund-endings.ts'
import { moneySchema, yuanOf } from './yuan.ts'

/** Reference §10. */
const REASON_CHARACTERS = 256
const ASK_AFTER_MS = 10 * SECOND_MS

/**
 * Gives money back, at once. Repeatable: the same number with the same amount is the same refund.
 *
 * @see alipay.trade.refund (reference §10)
 */
export const refund: Operation<AlipayConfig, RefundInput, RefundOutcome> = async (
  ports,
  config,
  input,
) => {
  const reason = cutTo(input.reason, REASON_CHARACTERS)
  const answer = await callAlipay(ports, config, {
    method: 'alipay.trade.refund',
    content: {
      trade_no: input.channelPaymentNo,
      // Always, or a full refund would take the payment's number for its own.
      out_request_no: input.refundId,
      refund_amount: yuanOf(input.amount),
      ...(reason !== '' && { refund_reason: reason }),
    },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') {
    const outcome = outcomeOf(REFUND_ENDINGS, answer)
    return outcome.kind === 'doubtful' ? settleDoubt(ports, config, input, outcome.error) : outcome
  }
  if (answer.kind !== 'verified') return answer

  const accepted = acceptedSchema.safeParse(answer.body)
  if (!accepted.success) {
    return { kind: 'unknown', evidence: `accepted, but ${misfitOf(accepted.error)}` }
  }
  const { out_trade_no, trade_no, fund_change, refund_fee, gmt_refund_pay } = accepted.data
  if (out_trade_no !== input.attemptId) {
    return { kind: 'unknown', evidence: 'answered about another payment' }
  }
  // No money was moved by this very call: an earlier one did, or it is still to come.
  if (fund_change !== 'Y') {
    return { kind: 'pending', channelRefundNo: trade_no, pollAfterMs: ASK_AFTER_MS }
  }
  // All refunds of the trade together, so it cannot be less than this one.
  if (refund_fee.minor < input.amount.minor) {
    return { kind: 'unknown', evidence: 'accepted, but its refund_fee is less than was asked for' }
  }
  return {
    kind: 'succeeded',
    channelRefundNo: trade_no,
    refunded: input.amount,
    refundedAtMs: gmt_refund_pay ?? ports.clock.now(),
  }
}

/**
 * A refusal that an earlier send of this number may have brought about itself: a trade that is
 * closed because we gave everything back, say. Only what Alipay does not know has failed.
 */
async function settleDoubt(
  ports: ChannelPorts,
  config: AlipayConfig,
  input: RefundInput,
  error: ChannelError,
): Promise<RefundOutcome> {
  const standing = await queryRefund(ports, config, input)
  switch (standing.kind) {
    case 'not_found':
      return { kind: 'failed', error }
    case 'not_sent':
      return { kind: 'unknown', evidence: standing.reason, error }
    case 'unknown':
      return { ...standing, error }
    case 'succeeded':
    case 'pending':
    case 'failed':
      return standing
  }
}

const acceptedSchema = z.object({
  out_trade_no: z.string(),
  // Refunds have no number of Alipay's own: the trade's number and ours name one.
  trade_no: z.string().min(1).max(64),
  fund_change: z.string(),
  refund_fee: moneySchema,
  gmt_refund_pay: timeSchema.optional(),
})
