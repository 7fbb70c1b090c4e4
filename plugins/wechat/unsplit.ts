import * as z from 'zod'
import {
  money,
  type Operation,
  type QuerySplitInput,
  type UnsplitOutcome,
} from '../../core/plugin/api.ts'
import { CALL_TIMEOUT_MS, callWechat } from './call.ts'
import type { WechatConfig } from './config.ts'
import { outcomeOf } from './endings.ts'
import { misfitOf } from './misfit.ts'
import { UNSPLIT_ENDINGS } from './money-out-endings.ts'

/**
 * Asks how much of a payment may still be shared.
 *
 * @see WeChat Pay APIv3 "profit sharing: what is left to share" (reference §12)
 */
export const unsplit: Operation<WechatConfig, QuerySplitInput, UnsplitOutcome> = async (
  ports,
  config,
  { channelPaymentNo },
) => {
  const answer = await callWechat(ports, config, {
    method: 'GET',
    path: `/v3/profitsharing/transactions/${encodeURIComponent(channelPaymentNo)}/amounts`,
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(UNSPLIT_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  const left = leftSchema.safeParse(answer.body)
  if (!left.success) return { kind: 'unknown', evidence: `answered, but ${misfitOf(left.error)}` }
  if (left.data.transaction_id !== channelPaymentNo) {
    return { kind: 'unknown', evidence: 'answered about another payment' }
  }
  return { kind: 'known', unsplit: money(left.data.unsplit_amount, 'CNY') }
}

const leftSchema = z.object({
  transaction_id: z.string(),
  unsplit_amount: z.int().nonnegative(),
})
