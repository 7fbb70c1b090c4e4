import type {
  Operation,
  QueryRefundInput,
  QueryRefundOutcome,
  RefundId,
  RefundInput,
  RefundOutcome,
  Unknown,
} from '../../core/plugin/api.ts'
import { CALL_TIMEOUT_MS, callWechat } from './call.ts'
import type { WechatConfig } from './config.ts'
import { cutTo } from './cut-text.ts'
import { outcomeOf, settled } from './endings.ts'
import { subMerchant } from './mode.ts'
import { QUERY_REFUND_ENDINGS, REFUND_ENDINGS } from './money-out-endings.ts'
import { type RefundStanding, readRefund } from './refund-standing.ts'
import { queryOf } from './request.ts'

/**
 * Asks WeChat to give money back. The answer says that it was accepted; the end comes by callback or
 * query. Repeatable: the same number with the same content is the same refund.
 *
 * @see WeChat Pay APIv3 "refund" (reference §9)
 */
export const refund: Operation<WechatConfig, RefundInput, RefundOutcome> = async (
  ports,
  config,
  input,
) => {
  const reason = cutTo(input.reason, REASON_CHARACTERS)
  const answer = await callWechat(ports, config, {
    method: 'POST',
    path: REFUNDS_PATH,
    body: {
      ...subMerchant(config),
      transaction_id: input.channelPaymentNo,
      out_refund_no: input.refundId,
      ...(reason !== '' && { reason }),
      // Without it there would be no callback.
      notify_url: input.callbackUrl,
      amount: {
        refund: input.amount.minor,
        total: input.total.minor,
        currency: input.amount.currency,
      },
    },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') {
    return settled(outcomeOf(REFUND_ENDINGS, answer), () => queryRefund(ports, config, input))
  }
  if (answer.kind !== 'verified') return answer
  return standingOf(answer.body, input.refundId)
}

/**
 * Asks where a refund stands. An error is never the end of a refund, only of the question.
 *
 * @see WeChat Pay APIv3 "query a refund" (reference §9)
 */
export const queryRefund: Operation<WechatConfig, QueryRefundInput, QueryRefundOutcome> = async (
  ports,
  config,
  { refundId },
) => {
  const answer = await callWechat(ports, config, {
    method: 'GET',
    path: `${REFUNDS_PATH}/${encodeURIComponent(refundId)}${queryOf(subMerchant(config))}`,
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(QUERY_REFUND_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  return standingOf(answer.body, refundId)
}

/** Direct merchants and service providers share it (reference §1.1). */
const REFUNDS_PATH = '/v3/refund/domestic/refunds'
const REASON_CHARACTERS = 80

function standingOf(body: unknown, refundId: RefundId): RefundStanding | Unknown {
  const refund = readRefund(body)
  if (!refund.ok) return { kind: 'unknown', evidence: `answered, but ${refund.refusal}` }
  if (refund.value.refundId !== refundId) {
    return { kind: 'unknown', evidence: 'answered about another refund' }
  }
  return refund.value.standing
}
