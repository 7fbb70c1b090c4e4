import * as z from 'zod'
import type {
  ChannelPorts,
  CloseInput,
  CloseOutcome,
  Operation,
  PayInput,
  PayOutcome,
} from '../../core/plugin/api.ts'
import { CALL_TIMEOUT_MS, callWechat } from './call.ts'
import type { WechatConfig } from './config.ts'
import { outcomeOf, PAYER_AT_IT } from './endings.ts'
import { CODE_PAY_TIMEOUT_MS, microPay, reverseMicroPay } from './micropay.ts'
import { misfitOf } from './misfit.ts'
import { collector, transactionsPath } from './mode.ts'
import { CODE_PAY_ENDINGS, PAYER_HAS_NOT_ENOUGH, REVERSE_ENDINGS } from './payment-endings.ts'
import { descriptionOf, EXPIRED, hasExpired, settlementOf } from './prepay.ts'
import { payOutcomeOf, readTransaction } from './transaction.ts'

type CodePayInput = PayInput<{ readonly authCode: string }>

/**
 * Charges the code that a payer shows. Not repeatable: a code is good for one attempt. There is no
 * callback for it; the end is in the answer, or is asked for.
 */
export const payByCode: Operation<WechatConfig, CodePayInput, PayOutcome> = async (
  ports,
  config,
  input,
) => {
  // Nobody stands at the till any more.
  if (hasExpired(ports, input)) return EXPIRED
  const outcome = await (config.codePay === 'v3' ? codePay : microPay)(ports, config, input)
  return outcome.kind === 'failed' ? asOfThePayer(outcome) : outcome
}

/** Undoes the charge of a payer's code: closes what is unpaid, gives back what is paid. */
export const reverse: Operation<WechatConfig, CloseInput, CloseOutcome> = (ports, config, input) =>
  (config.codePay === 'v3' ? reverseCodePay : reverseMicroPay)(ports, config, input)

/** @see WeChat Pay APIv3 "payment code" (reference §8.1) */
async function codePay(
  ports: ChannelPorts,
  config: WechatConfig,
  input: CodePayInput,
): Promise<PayOutcome> {
  const answer = await callWechat(ports, config, {
    method: 'POST',
    path: `${transactionsPath(config)}/codepay`,
    body: {
      ...collector(config, 'web'),
      description: descriptionOf(input),
      out_trade_no: input.attemptId,
      payer: { auth_code: input.extra.authCode },
      amount: { total: input.amount.minor, currency: input.amount.currency },
      scene_info: { store_info: { out_id: config.codePayStore } },
      ...settlementOf(input),
    },
    timeoutMs: CODE_PAY_TIMEOUT_MS,
    once: true,
  })
  if (answer.kind === 'error') return outcomeOf(CODE_PAY_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  // With the code USER_PAYING: the payer has to type a password.
  if (answer.status === 202) return PAYER_AT_IT
  const transaction = readTransaction(answer.body)
  if (!transaction.ok) return { kind: 'unknown', evidence: `answered, but ${transaction.refusal}` }
  return payOutcomeOf(transaction.value, input.attemptId)
}

/** @see WeChat Pay APIv3 "reverse" (reference §8.1) */
async function reverseCodePay(
  ports: ChannelPorts,
  config: WechatConfig,
  { attemptId }: CloseInput,
): Promise<CloseOutcome> {
  const answer = await callWechat(ports, config, {
    method: 'POST',
    path: `${transactionsPath(config)}/out-trade-no/${encodeURIComponent(attemptId)}/reverse`,
    body: collector(config, 'web'),
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(REVERSE_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  const reversed = reversedSchema.safeParse(answer.body)
  if (!reversed.success) {
    return { kind: 'unknown', evidence: `answered, but ${misfitOf(reversed.error)}` }
  }
  if (reversed.data.out_trade_no === attemptId) return { kind: 'closed' }
  return { kind: 'unknown', evidence: 'answered about another payment' }
}

const reversedSchema = z.object({ out_trade_no: z.string() })

/** The table of errors speaks of the merchant's balance; here it is the payer's that is short. */
function asOfThePayer(outcome: Extract<PayOutcome, { kind: 'failed' }>): PayOutcome {
  if (outcome.error.class !== 'not_enough_merchant_balance') return outcome
  return { kind: 'failed', error: { ...outcome.error, ...PAYER_HAS_NOT_ENOUGH } }
}
