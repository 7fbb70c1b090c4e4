import type {
  ChannelPorts,
  CloseInput,
  CloseOutcome,
  PayInput,
  PayOutcome,
  QueryInput,
  QueryOutcome,
} from '../../core/plugin/api.ts'
import { SECOND_MS } from '../../core/plugin/api.ts'
import { CALL_TIMEOUT_MS } from './call.ts'
import { callV2, type V2Call } from './call-v2.ts'
import type { WechatConfig } from './config.ts'
import { outcomeOf } from './endings.ts'
import { CODE_PAY_ENDINGS, QUERY_ENDINGS, REVERSE_ENDINGS } from './payment-endings.ts'
import { descriptionOf } from './prepay.ts'
import { payOutcomeOf } from './transaction.ts'
import { readV2Transaction } from './transaction-v2.ts'
import { xmlText } from './xml.ts'

/** Reference §1: at least ten seconds. It ends with the money moved, or with somebody typing. */
export const CODE_PAY_TIMEOUT_MS = 15 * SECOND_MS

/**
 * Charges a payer's code by APIv2, which every merchant number has.
 *
 * @see WeChat Pay APIv2 "submit a payment code" (reference §8.2)
 */
export async function microPay(
  ports: ChannelPorts,
  config: WechatConfig,
  input: PayInput<{ readonly authCode: string }>,
): Promise<PayOutcome> {
  const answer = await callV2(ports, config, {
    path: '/pay/micropay',
    members: {
      body: xmlText(descriptionOf(input)),
      out_trade_no: input.attemptId,
      total_fee: String(input.amount.minor),
      fee_type: input.amount.currency,
      spbill_create_ip: input.clientIp,
      auth_code: input.extra.authCode,
      ...(input.splitting && { profit_sharing: 'Y' }),
    },
    timeoutMs: CODE_PAY_TIMEOUT_MS,
    once: true,
  })
  if (answer.kind === 'error') return outcomeOf(CODE_PAY_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  // Here it has no state: SUCCESS twice over means paid.
  const transaction = readV2Transaction({ trade_state: 'SUCCESS', ...answer.members })
  if (!transaction.ok) return { kind: 'unknown', evidence: `answered, but ${transaction.refusal}` }
  return payOutcomeOf(transaction.value, input.attemptId)
}

/** @see WeChat Pay APIv2 "query an order" (reference §8.2) */
export async function queryMicroPay(
  ports: ChannelPorts,
  config: WechatConfig,
  { attemptId }: QueryInput,
): Promise<QueryOutcome> {
  const answer = await callV2(ports, config, {
    path: '/pay/orderquery',
    members: { out_trade_no: attemptId },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(QUERY_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  const transaction = readV2Transaction(answer.members)
  if (!transaction.ok) return { kind: 'unknown', evidence: `answered, but ${transaction.refusal}` }
  if (transaction.value.attemptId !== attemptId) {
    return { kind: 'unknown', evidence: 'answered about another payment' }
  }
  return transaction.value.standing
}

/**
 * Undoes a charge by APIv2, through the operator's proxy: WeChat takes this call only from who shows
 * the merchant's certificate, and a plugin has no way to do so on every runtime.
 *
 * @see WeChat Pay APIv2 "reverse" (reference §8.2, 8.3)
 */
export async function reverseMicroPay(
  ports: ChannelPorts,
  config: WechatConfig,
  input: CloseInput,
): Promise<CloseOutcome> {
  const { reverseUrl: url } = config
  if (url === undefined) return asked(await queryMicroPay(ports, config, input))
  const call: V2Call = {
    path: '/secapi/pay/reverse',
    url,
    members: { out_trade_no: input.attemptId },
    timeoutMs: CALL_TIMEOUT_MS,
  }
  for (let tries = 1; tries <= RECALLS; tries++) {
    const answer = await callV2(ports, config, call)
    if (answer.kind === 'error') return outcomeOf(REVERSE_ENDINGS, answer)
    if (answer.kind !== 'verified') return answer
    if (answer.members.recall !== 'Y') return { kind: 'closed' }
    await ports.clock.sleep(SECOND_MS)
  }
  return { kind: 'unknown', evidence: 'WeChat Pay wants the reverse to be called once more' }
}

/** "Call again", says WeChat; what is not over by then is asked about, and reversed once more. */
const RECALLS = 3

/** Nothing can be reversed, so an end is only what WeChat says has ended by itself. */
function asked(outcome: QueryOutcome): CloseOutcome {
  switch (outcome.kind) {
    case 'succeeded':
      return { kind: 'already_paid' }
    case 'pending':
      return { kind: 'refused', error: NEEDS_CERTIFICATE }
    // A number that failed cannot be paid any more (reference §16, PAYERROR).
    case 'failed':
      return { kind: 'closed' }
    case 'closed':
    case 'not_found':
    case 'not_sent':
    case 'unknown':
      return outcome
  }
}

const NEEDS_CERTIFICATE = {
  class: 'not_supported',
  retry: 'never',
  fault: 'merchant',
  code: 'REVERSE_NEEDS_CERTIFICATE',
  message:
    'APIv2 reverses only for who shows the merchant certificate: set reverseUrl, or codePay v3',
} as const
