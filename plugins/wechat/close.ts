import type { CloseInput, CloseOutcome, Operation } from '../../core/plugin/api.ts'
import { CALL_TIMEOUT_MS, callWechat } from './call.ts'
import { reverse } from './code-pay.ts'
import type { WechatConfig } from './config.ts'
import { outcomeOf } from './endings.ts'
import { owner, transactionsPath } from './mode.ts'
import { CLOSE_ENDINGS } from './payment-endings.ts'

/**
 * Closes a payment, so that it can no longer be paid. The charge of a payer's code cannot be closed:
 * it is reversed, which also gives back what was paid in the meantime.
 *
 * Safe to repeat: WeChat answers 204 for a closed order too.
 *
 * @see WeChat Pay APIv3 "close an order" (reference §7)
 */
export const close: Operation<WechatConfig, CloseInput, CloseOutcome> = async (
  ports,
  config,
  input,
) => {
  if (input.way === 'WX_BAR') return reverse(ports, config, input)
  const answer = await callWechat(ports, config, {
    method: 'POST',
    path: `${transactionsPath(config)}/out-trade-no/${encodeURIComponent(input.attemptId)}/close`,
    body: owner(config),
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(CLOSE_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  if (answer.status !== 204) return { kind: 'unknown', evidence: `answered ${answer.status}` }
  return { kind: 'closed' }
}
