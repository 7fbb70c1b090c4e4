import type { Operation, QueryInput, QueryOutcome } from '../../core/plugin/api.ts'
import { CALL_TIMEOUT_MS, callWechat } from './call.ts'
import type { WechatConfig } from './config.ts'
import { outcomeOf } from './endings.ts'
import { queryMicroPay } from './micropay.ts'
import { owner, transactionsPath } from './mode.ts'
import { QUERY_ENDINGS } from './payment-endings.ts'
import { readTransaction } from './transaction.ts'

/**
 * Asks where a payment stands, by our own number: WeChat's own exists only once it is paid.
 *
 * @see WeChat Pay APIv3 "query an order by the merchant's number" (reference §7)
 */
export const query: Operation<WechatConfig, QueryInput, QueryOutcome> = async (
  ports,
  config,
  input,
) => {
  // The API that charged the code is the one that knows it for certain.
  if (input.way === 'WX_BAR' && config.codePay !== 'v3') return queryMicroPay(ports, config, input)

  const { attemptId } = input
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
