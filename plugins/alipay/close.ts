import * as z from 'zod'
import type {
  AttemptId,
  ChannelPorts,
  CloseInput,
  CloseOutcome,
  Operation,
} from '../../core/plugin/api.ts'
import { callAlipay } from './call.ts'
import type { AlipayConfig } from './config.ts'
import { outcomeOf } from './endings.ts'
import { CALL_TIMEOUT_MS } from './gateway.ts'
import { misfitOf } from './json.ts'
import { CANCEL_ENDINGS, CLOSE_ENDINGS } from './pay-endings.ts'
import { queryTrade } from './query.ts'

/**
 * Closes a payment, so that it can no longer be paid. A payer's code that was charged is cancelled
 * instead: nobody knows whether the payer is just typing a password.
 */
export const close: Operation<AlipayConfig, CloseInput, CloseOutcome> = (
  ports,
  config,
  { attemptId, way },
) =>
  way === 'ALI_BAR' ? cancelUnpaid(ports, config, attemptId) : closeTrade(ports, config, attemptId)

/**
 * Repeated, it ends as "already paid" too, since Alipay has one word for every other state: the
 * query that follows tells.
 *
 * @see alipay.trade.close (reference §9)
 */
async function closeTrade(
  ports: ChannelPorts,
  config: AlipayConfig,
  attemptId: AttemptId,
): Promise<CloseOutcome> {
  const answer = await callAlipay(ports, config, {
    method: 'alipay.trade.close',
    content: { out_trade_no: attemptId },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(CLOSE_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  const closed = closedSchema.safeParse(answer.body)
  if (!closed.success || closed.data.out_trade_no !== attemptId) {
    return { kind: 'unknown', evidence: 'answered about another payment' }
  }
  return { kind: 'closed' }
}

/**
 * Cancel gives a payer's money back without asking, so the trade is looked at first: one that is
 * paid stays paid. Only a payer who is faster than the second call is paid back by it.
 */
async function cancelUnpaid(
  ports: ChannelPorts,
  config: AlipayConfig,
  attemptId: AttemptId,
): Promise<CloseOutcome> {
  const standing = await queryTrade(ports, config, attemptId)
  switch (standing.kind) {
    case 'succeeded':
      return { kind: 'already_paid' }
    case 'closed':
      return standing
    case 'not_sent':
    case 'unknown':
      return standing
    case 'failed':
      return { kind: 'refused', error: standing.error }
    // What Alipay does not know yet may still be on its way to it: cancelled all the same.
    case 'not_found':
    case 'pending':
      return cancel(ports, config, attemptId)
  }
}

/** @see alipay.trade.cancel (reference §9) */
async function cancel(
  ports: ChannelPorts,
  config: AlipayConfig,
  attemptId: AttemptId,
): Promise<CloseOutcome> {
  const answer = await callAlipay(ports, config, {
    method: 'alipay.trade.cancel',
    content: { out_trade_no: attemptId },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(CANCEL_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  const cancelled = cancelledSchema.safeParse(answer.body)
  if (!cancelled.success) {
    return { kind: 'unknown', evidence: `cancelled, but ${misfitOf(cancelled.error)}` }
  }
  const { out_trade_no, retry_flag, action } = cancelled.data
  if (out_trade_no !== undefined && out_trade_no !== attemptId) {
    return { kind: 'unknown', evidence: 'answered about another payment' }
  }
  // Not carried out: whoever asks next time asks for it again.
  if (retry_flag === 'Y') return { kind: 'unknown', evidence: 'cancel wants to be repeated' }
  // Without an action there was no trade, and nothing keeps one from coming.
  if (action === undefined || action === '') return { kind: 'not_found' }
  return { kind: 'closed', ...(action === 'refund' && { paidBack: true }) }
}

const closedSchema = z.object({ out_trade_no: z.string() })

const cancelledSchema = z.object({
  out_trade_no: z.string().optional(),
  retry_flag: z.string().optional(),
  /** `close` or `refund`. */
  action: z.string().optional(),
})
