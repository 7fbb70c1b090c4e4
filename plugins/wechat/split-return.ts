import * as z from 'zod'
import {
  type ErrorRule,
  money,
  type Operation,
  type QuerySplitReturnInput,
  type QuerySplitReturnOutcome,
  type SplitReturnInput,
  type SplitReturnOutcome,
} from '../../core/plugin/api.ts'
import { timeSchema } from './beijing-time.ts'
import { type Answer, CALL_TIMEOUT_MS, callWechat } from './call.ts'
import type { WechatConfig } from './config.ts'
import { cutTo } from './cut-text.ts'
import { outcomeOf, settled } from './endings.ts'
import { misfitOf } from './misfit.ts'
import { subMerchant } from './mode.ts'
import { MONEY_OUT_ENDINGS, QUERY_MONEY_OUT_ENDINGS } from './money-out-endings.ts'

/**
 * Takes a share back from a merchant that has allowed it. A refund does not do this: whoever refunds
 * a payment that was shared out takes the shares back first. Repeatable by its number.
 *
 * @see WeChat Pay APIv3 "profit sharing: return" (reference §12)
 */
export const takeBack: Operation<WechatConfig, SplitReturnInput, SplitReturnOutcome> = async (
  ports,
  config,
  input,
) => {
  const { receiver, splitReturnId } = input
  if (receiver.kind !== 'merchant') {
    return { kind: 'not_sent', reason: 'WeChat Pay takes shares back from merchants only' }
  }
  const answer = await callWechat(ports, config, {
    method: 'POST',
    path: RETURNS_PATH,
    body: {
      ...subMerchant(config),
      out_order_no: input.splitId,
      out_return_no: splitReturnId,
      return_mchid: receiver.account,
      amount: input.amount.minor,
      description: cutTo(input.description, DESCRIPTION_CHARACTERS),
    },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind !== 'error') return standingOf(answer, splitReturnId)
  const outcome = outcomeOf(MONEY_OUT_ENDINGS, answer)
  return settled<SplitReturnOutcome>(outcome, () => queryReturn(ports, config, input))
}

/** @see WeChat Pay APIv3 "profit sharing: query a return" (reference §12) */
export const queryReturn: Operation<
  WechatConfig,
  QuerySplitReturnInput,
  QuerySplitReturnOutcome
> = async (ports, config, { splitReturnId, splitId: out_order_no }) => {
  const of = new URLSearchParams({ out_order_no, ...subMerchant(config) })
  const answer = await callWechat(ports, config, {
    method: 'GET',
    path: `${RETURNS_PATH}/${encodeURIComponent(splitReturnId)}?${of}`,
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind !== 'error') return standingOf(answer, splitReturnId)
  return outcomeOf(QUERY_MONEY_OUT_ENDINGS, answer)
}

const RETURNS_PATH = '/v3/profitsharing/return-orders'
const DESCRIPTION_CHARACTERS = 80

function standingOf(
  answer: Exclude<Answer, { kind: 'error' }>,
  splitReturnId: string,
): SplitReturnOutcome {
  if (answer.kind !== 'verified') return answer
  const read = returnSchema.safeParse(answer.body)
  if (!read.success) return { kind: 'unknown', evidence: `answered, but ${misfitOf(read.error)}` }
  const { out_return_no, return_id: channelReturnNo, result, fail_reason, amount } = read.data
  if (out_return_no !== splitReturnId) {
    return { kind: 'unknown', evidence: 'answered about another return' }
  }
  switch (result) {
    case 'SUCCESS': {
      const time = timeSchema.safeParse(read.data.finish_time)
      if (!time.success) {
        return { kind: 'unknown', evidence: 'answered, but its finish_time is missing or odd' }
      }
      const returned = money(amount, 'CNY')
      return { kind: 'succeeded', channelReturnNo, returned, returnedAtMs: time.data }
    }
    case 'FAILED': {
      const message = 'WeChat Pay did not take the share back; no money moved'
      return { kind: 'failed', error: { ...NOT_RETURNED, code: fail_reason || result, message } }
    }
    // PROCESSING, and whatever else WeChat may come to say: not an end.
    default:
      return { kind: 'pending', channelReturnNo }
  }
}

const NOT_RETURNED: ErrorRule = { class: 'already_closed', retry: 'new_attempt', fault: 'merchant' }

const returnSchema = z.object({
  out_return_no: z.string(),
  return_id: z.string().min(1).max(64),
  result: z.string(),
  fail_reason: z.string().default(''),
  amount: z.int().nonnegative(),
  finish_time: z.unknown().optional(),
})
