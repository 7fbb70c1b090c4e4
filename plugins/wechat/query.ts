import type { Operation, QueryInput, QueryOutcome } from '../../core/plugin/api.ts'
import { CALL_TIMEOUT_MS, callWechat } from './call.ts'
import type { WechatConfig } from './config.ts'
import { outcomeOf, QUERY_ENDINGS } from './endings.ts'
import { owner, transactionsPath } from './mode.ts'
import { readTransaction } from './transaction.ts'

/**
 * Asks where a payment stands, by our own number: WeChat's own exists only once it is paid.
 *
 * @see WeChat Pay APIv3 "query an order by the merchant's number" (reference §7)
 */
export const query: Operation<WechatConfig, QueryInput, QueryOutcome> = async (
  ports,
  config,
  { attemptId },
) => {
  const number = encodeURIComponent(attemptId)
  const answer = await callWechat(ports, config, {
    method: 'GET',
    path: `${transactionsPath(config)}/out-trade-no/${number}?${new URLSearchParams(owner(config))}`,
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(QUERY_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer

  const transaction = readTransaction(answer.body)
  if (!transaction.ok) return { kind: 'unknown', evidence: `answered, but ${transaction.refusal}` }
  if (transaction.value.attemptId !== attemptId) {
    return { kind: 'unknown', evidence: 'answered about another payment' }
  }
  return transaction.value.standing
}
