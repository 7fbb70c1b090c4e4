import type { ChannelError, Failed, NotSent, Unknown } from '../../core/plugin/api.ts'
import { canonical, type ErrorAnswer, own, ruleOf } from './errors.ts'

/** What an error says about the money: by the operation's table, or `unknown`. */
export function outcomeOf<Ending extends keyof Endings>(
  endings: EndingTable<Ending>,
  answer: ErrorAnswer,
): Endings[Ending] | Unknown {
  const code = canonical(answer.code)
  const ending = isCertain(answer.status, code) ? own(endings, code) : undefined
  if (ending === undefined) return { kind: 'unknown', evidence: evidenceOf(answer) }
  return OUTCOMES[ending](answer)
}

/** How a refused call can end, apart from `unknown`: that is what every code not listed ends as. */
interface Endings {
  readonly failed: Failed
  /** The request was turned away unexecuted, so it can be sent again (reference §15, 429). */
  readonly not_sent: NotSent
  readonly not_found: { readonly kind: 'not_found' }
  readonly already_paid: { readonly kind: 'already_paid' }
  readonly refused: { readonly kind: 'refused'; readonly error: ChannelError }
}

type EndingTable<Ending extends keyof Endings> = Readonly<Record<string, Ending>>

/**
 * Prepay. Missing on purpose: OUT_TRADE_NO_USED and ORDERPAID (the order may be ours, and paid), and
 * INVALID_REQUEST, which is also what WeChat says to a known number with other content: an earlier
 * send may have left an order that can be paid (reference §6). A query decides.
 */
export const PAY_ENDINGS: EndingTable<'failed' | 'not_sent'> = {
  PARAM_ERROR: 'failed',
  OPENID_MISMATCH: 'failed',
  APPID_MCHID_NOT_MATCH: 'failed',
  MCH_NOT_EXISTS: 'failed',
  SIGN_ERROR: 'failed',
  NO_AUTH: 'failed',
  RULE_LIMIT: 'failed',
  TRADE_ERROR: 'failed',
  ACCOUNT_ERROR: 'failed',
  USER_ACCOUNT_ABNORMAL: 'failed',
  ORDER_CLOSED: 'failed',
  FREQUENCY_LIMITED: 'not_sent',
}

export const QUERY_ENDINGS: EndingTable<'not_found' | 'not_sent'> = {
  ORDER_NOT_EXIST: 'not_found',
  RESOURCE_NOT_EXISTS: 'not_found',
  FREQUENCY_LIMITED: 'not_sent',
}

/** `refused` claims little: the order may still be paid. */
export const CLOSE_ENDINGS: EndingTable<'already_paid' | 'not_found' | 'refused' | 'not_sent'> = {
  ORDERPAID: 'already_paid',
  ORDER_NOT_EXIST: 'not_found',
  RESOURCE_NOT_EXISTS: 'not_found',
  PARAM_ERROR: 'refused',
  INVALID_REQUEST: 'refused',
  APPID_MCHID_NOT_MATCH: 'refused',
  MCH_NOT_EXISTS: 'refused',
  SIGN_ERROR: 'refused',
  NO_AUTH: 'refused',
  RULE_LIMIT: 'refused',
  TRADE_ERROR: 'refused',
  ACCOUNT_ERROR: 'refused',
  USER_ACCOUNT_ABNORMAL: 'refused',
  FREQUENCY_LIMITED: 'not_sent',
}

/**
 * A failed refund frees its amount for another number, so a wrong `failed` can pay it out twice.
 * Missing on purpose: INVALID_REQUEST and PARAM_ERROR, which WeChat also says to a known number with
 * other content (reference §9), and SIGN_ERROR, which speaks of this request alone: what an earlier
 * send of the number did, it does not tell. A query decides. FREQUENCY_LIMITED neither: a refund that
 * waits is sent again under its number, one that was "not sent" is given back to the merchant.
 */
export const REFUND_ENDINGS: EndingTable<'failed'> = {
  INVALID_TRANSACTIONID: 'failed',
  APPID_MCHID_NOT_MATCH: 'failed',
  MCH_NOT_EXISTS: 'failed',
  NO_AUTH: 'failed',
  RULE_LIMIT: 'failed',
  ACCOUNT_ERROR: 'failed',
  USER_ACCOUNT_ABNORMAL: 'failed',
  NOT_ENOUGH: 'failed',
  ORDER_NOT_EXIST: 'failed',
  RESOURCE_NOT_EXISTS: 'failed',
}

/** ORDER_NOT_EXIST would speak of the payment, and is therefore no "not found" of a refund. */
export const QUERY_REFUND_ENDINGS: EndingTable<'not_found' | 'not_sent'> = {
  RESOURCE_NOT_EXISTS: 'not_found',
  FREQUENCY_LIMITED: 'not_sent',
}

/** WeChat answers these with 500, and means them (reference §15). Every other 5xx is `unknown`. */
const CERTAIN_AT_500 = ['OPENID_MISMATCH', 'INVALID_TRANSACTIONID']

const OUTCOMES: { readonly [E in keyof Endings]: (answer: ErrorAnswer) => Endings[E] } = {
  failed: (answer) => ({ kind: 'failed', error: channelError(answer) }),
  refused: (answer) => ({ kind: 'refused', error: channelError(answer) }),
  not_sent: (answer) => ({ kind: 'not_sent', reason: evidenceOf(answer) }),
  not_found: () => ({ kind: 'not_found' }),
  already_paid: () => ({ kind: 'already_paid' }),
}

function isCertain(status: number, code: string): boolean {
  return (status >= 400 && status < 500) || (status === 500 && CERTAIN_AT_500.includes(code))
}

function channelError({ code, message }: ErrorAnswer): ChannelError {
  return { ...ruleOf(code), code, message }
}

function evidenceOf({ status, code, requestId }: ErrorAnswer): string {
  return `answered ${status} ${code} (${requestId})`
}
