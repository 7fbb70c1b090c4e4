import type { ChannelError, ErrorRule, ErrorTable } from '../../core/plugin/api.ts'

/**
 * An error that WeChat answered. APIv3 errors are not verified, as in WeChat's own SDKs, so an error
 * never says that money moved; what else it may say stands in the tables of endings.
 */
export interface ErrorAnswer {
  readonly kind: 'error'
  readonly status: number
  readonly code: string
  readonly message: string
  /** WeChat's support asks for it. */
  readonly requestId: string
  /** Whether the request was certainly turned away; when not, the code promises nothing. */
  readonly isCertain: boolean
}

export function ruleOf(code: string): ErrorRule {
  return own(RULES, canonical(code)) ?? UNMAPPED
}

export function channelError({ code, message }: Pick<ErrorAnswer, 'code' | 'message'>) {
  return { ...ruleOf(code), code, message } satisfies ChannelError
}

/** Every 5xx is `unknown`, but two codes that WeChat answers with 500, and means (reference §15). */
export function isCertain(status: number, code: string): boolean {
  return (status >= 400 && status < 500) || (status === 500 && CERTAIN_AT_500.includes(code))
}

const CERTAIN_AT_500 = ['OPENID_MISMATCH', 'INVALID_TRANSACTIONID']

/** One spelling a code. */
export function canonical(code: string): string {
  return own(ALIASES, code) ?? code
}

/** The code comes from outside: `constructor` is no entry of a table. */
export function own<Value>(
  table: Readonly<Record<string, Value>>,
  code: string,
): Value | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined
}

/** Products spell the same error differently, APIv2 above all. */
const ALIASES: Readonly<Record<string, string>> = {
  SYSTEMERROR: 'SYSTEM_ERROR',
  ORDERNOTEXIST: 'ORDER_NOT_EXIST',
  ORDER_PAID: 'ORDERPAID',
  ORDERCLOSED: 'ORDER_CLOSED',
  ORDERREVERSED: 'ORDER_REVERSED',
  RULELIMIT: 'RULE_LIMIT',
  NOTENOUGH: 'NOT_ENOUGH',
  USERPAYING: 'USER_PAYING',
  BANKERROR: 'BANK_ERROR',
  NOAUTH: 'NO_AUTH',
  SIGNERROR: 'SIGN_ERROR',
  AUTHCODEEXPIRE: 'AUTH_CODE_EXPIRE',
  MCHID_NOT_EXIST: 'MCH_NOT_EXISTS',
  FREQUENCY_LIMIT: 'FREQUENCY_LIMITED',
  RATELIMIT_EXCEED: 'FREQUENCY_LIMITED',
  RATELIMIT_EXCEEDED: 'FREQUENCY_LIMITED',
  NOT_FOUND: 'RESOURCE_NOT_EXISTS',
}

/**
 * What each code means.
 *
 * @see WeChat Pay APIv3 and APIv2, the error codes of each API (gathered in reference §8.2, 12–15)
 */
const RULES: ErrorTable = {
  PARAM_ERROR: { class: 'invalid_request', retry: 'never', fault: 'merchant' },
  INVALID_REQUEST: { class: 'invalid_request', retry: 'never', fault: 'merchant' },
  OPENID_MISMATCH: { class: 'invalid_request', retry: 'never', fault: 'merchant' },
  INVALID_TRANSACTIONID: { class: 'invalid_request', retry: 'never', fault: 'us' },
  XML_FORMAT_ERROR: { class: 'invalid_request', retry: 'never', fault: 'us' },
  LACK_PARAMS: { class: 'invalid_request', retry: 'never', fault: 'us' },
  NOT_UTF8: { class: 'invalid_request', retry: 'never', fault: 'us' },
  APPID_MCHID_NOT_MATCH: { class: 'config', retry: 'new_attempt', fault: 'merchant' },
  APPID_NOT_EXIST: { class: 'config', retry: 'new_attempt', fault: 'merchant' },
  MCH_NOT_EXISTS: { class: 'config', retry: 'new_attempt', fault: 'merchant' },
  SIGN_ERROR: { class: 'config', retry: 'new_attempt', fault: 'merchant' },
  NO_AUTH: { class: 'unauthorised', retry: 'new_attempt', fault: 'merchant' },
  RULE_LIMIT: { class: 'risk', retry: 'new_attempt', fault: 'merchant' },
  TRADE_ERROR: { class: 'risk', retry: 'new_attempt', fault: 'merchant' },
  ACCOUNT_ERROR: { class: 'payer_declined', retry: 'new_attempt', fault: 'payer' },
  USER_ACCOUNT_ABNORMAL: { class: 'payer_declined', retry: 'new_attempt', fault: 'payer' },
  // A code that was scanned: it lives for a minute, is good once, and is the payer's to show again.
  AUTH_CODE_EXPIRE: { class: 'payer_declined', retry: 'new_attempt', fault: 'payer' },
  AUTH_CODE_ERROR: { class: 'payer_declined', retry: 'new_attempt', fault: 'payer' },
  AUTH_CODE_INVALID: { class: 'payer_declined', retry: 'new_attempt', fault: 'payer' },
  NOTSUPORTCARD: { class: 'payer_declined', retry: 'new_attempt', fault: 'payer' },
  BUYER_MISMATCH: { class: 'payer_declined', retry: 'new_attempt', fault: 'payer' },
  USER_PAYING: { class: 'channel_busy', retry: 'same_key', fault: 'payer' },
  OUT_TRADE_NO_USED: { class: 'duplicate', retry: 'never', fault: 'us' },
  ALREADY_EXISTS: { class: 'duplicate', retry: 'never', fault: 'us' },
  ORDERPAID: { class: 'already_paid', retry: 'never', fault: 'merchant' },
  ORDER_CLOSED: { class: 'already_closed', retry: 'new_attempt', fault: 'merchant' },
  ORDER_REVERSED: { class: 'already_closed', retry: 'new_attempt', fault: 'merchant' },
  REVERSE_EXPIRE: { class: 'not_supported', retry: 'never', fault: 'merchant' },
  // Of money that leaves the merchant. Where a payer's code is charged, it is the payer's balance.
  NOT_ENOUGH: { class: 'not_enough_merchant_balance', retry: 'same_key', fault: 'merchant' },
  ORDER_NOT_EXIST: { class: 'not_found', retry: 'never', fault: 'merchant' },
  RESOURCE_NOT_EXISTS: { class: 'not_found', retry: 'never', fault: 'merchant' },
  NO_STATEMENT_EXIST: { class: 'not_found', retry: 'never', fault: 'merchant' },
  STATEMENT_CREATING: { class: 'channel_busy', retry: 'same_key', fault: 'channel' },
  FREQUENCY_LIMITED: { class: 'rate_limited', retry: 'same_key', fault: 'us' },
  SYSTEM_ERROR: { class: 'channel_busy', retry: 'same_key', fault: 'channel' },
  BANK_ERROR: { class: 'channel_busy', retry: 'same_key', fault: 'channel' },
}

const UNMAPPED: ErrorRule = { class: 'unmapped', retry: 'never', fault: 'channel' }
