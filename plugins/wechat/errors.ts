import type { ErrorRule, ErrorTable } from '../../core/plugin/api.ts'

/**
 * An error that WeChat answered. Its signature is not checked, as in WeChat's own SDKs, so it never
 * says that money moved; what else it may say stands in endings.ts.
 */
export interface ErrorAnswer {
  readonly kind: 'error'
  readonly status: number
  readonly code: string
  readonly message: string
  /** WeChat's support asks for it. */
  readonly requestId: string
}

export function ruleOf(code: string): ErrorRule {
  return own(RULES, canonical(code)) ?? UNMAPPED
}

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

/** Products spell the same error differently. */
const ALIASES: Readonly<Record<string, string>> = {
  SYSTEMERROR: 'SYSTEM_ERROR',
  ORDERNOTEXIST: 'ORDER_NOT_EXIST',
  ORDER_PAID: 'ORDERPAID',
  ORDERCLOSED: 'ORDER_CLOSED',
  RULELIMIT: 'RULE_LIMIT',
  NOTENOUGH: 'NOT_ENOUGH',
  USERPAYING: 'USER_PAYING',
  BANKERROR: 'BANK_ERROR',
  FREQUENCY_LIMIT: 'FREQUENCY_LIMITED',
  RATELIMIT_EXCEED: 'FREQUENCY_LIMITED',
  RATELIMIT_EXCEEDED: 'FREQUENCY_LIMITED',
  NOT_FOUND: 'RESOURCE_NOT_EXISTS',
}

/**
 * What each code means.
 *
 * @see WeChat Pay APIv3, the error codes of each API (gathered in reference §15)
 */
const RULES: ErrorTable = {
  PARAM_ERROR: { class: 'invalid_request', retry: 'never', fault: 'merchant' },
  INVALID_REQUEST: { class: 'invalid_request', retry: 'never', fault: 'merchant' },
  OPENID_MISMATCH: { class: 'invalid_request', retry: 'never', fault: 'merchant' },
  INVALID_TRANSACTIONID: { class: 'invalid_request', retry: 'never', fault: 'us' },
  APPID_MCHID_NOT_MATCH: { class: 'config', retry: 'new_attempt', fault: 'merchant' },
  MCH_NOT_EXISTS: { class: 'config', retry: 'new_attempt', fault: 'merchant' },
  SIGN_ERROR: { class: 'config', retry: 'new_attempt', fault: 'merchant' },
  NO_AUTH: { class: 'unauthorised', retry: 'new_attempt', fault: 'merchant' },
  RULE_LIMIT: { class: 'risk', retry: 'new_attempt', fault: 'merchant' },
  TRADE_ERROR: { class: 'risk', retry: 'new_attempt', fault: 'merchant' },
  ACCOUNT_ERROR: { class: 'payer_declined', retry: 'new_attempt', fault: 'payer' },
  USER_ACCOUNT_ABNORMAL: { class: 'payer_declined', retry: 'new_attempt', fault: 'payer' },
  USER_PAYING: { class: 'channel_busy', retry: 'same_key', fault: 'payer' },
  OUT_TRADE_NO_USED: { class: 'duplicate', retry: 'never', fault: 'us' },
  ALREADY_EXISTS: { class: 'duplicate', retry: 'never', fault: 'us' },
  ORDERPAID: { class: 'already_paid', retry: 'never', fault: 'merchant' },
  ORDER_CLOSED: { class: 'already_closed', retry: 'new_attempt', fault: 'merchant' },
  // Of a refund. When a payer's code is charged, the same code speaks of the payer's balance.
  NOT_ENOUGH: { class: 'not_enough_merchant_balance', retry: 'same_key', fault: 'merchant' },
  ORDER_NOT_EXIST: { class: 'not_found', retry: 'never', fault: 'merchant' },
  RESOURCE_NOT_EXISTS: { class: 'not_found', retry: 'never', fault: 'merchant' },
  NO_STATEMENT_EXIST: { class: 'not_found', retry: 'never', fault: 'merchant' },
  FREQUENCY_LIMITED: { class: 'rate_limited', retry: 'same_key', fault: 'us' },
  SYSTEM_ERROR: { class: 'channel_busy', retry: 'same_key', fault: 'channel' },
  BANK_ERROR: { class: 'channel_busy', retry: 'same_key', fault: 'channel' },
}

const UNMAPPED: ErrorRule = { class: 'unmapped', retry: 'never', fault: 'channel' }
