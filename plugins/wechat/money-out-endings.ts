import type { EndingTable } from './endings.ts'

/**
 * A failed refund frees its amount for another number, so a wrong `failed` can pay it out twice.
 * Doubtful: what WeChat also says to a known number with other content (reference §9).
 * Missing on purpose: SIGN_ERROR, which speaks of this request alone, and of the query as well; and
 * FREQUENCY_LIMITED: a refund that waits is sent again under its number, one that was "not sent" is
 * given back to the merchant.
 */
export const REFUND_ENDINGS: EndingTable<'failed' | 'doubtful'> = {
  PARAM_ERROR: 'doubtful',
  INVALID_REQUEST: 'doubtful',
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

/**
 * Transfers, shares and shares taken back. WeChat warns that no error of a transfer is an end, only
 * what a query says (reference §13); the same care costs one more call here, and only on errors.
 */
export const MONEY_OUT_ENDINGS: EndingTable<'doubtful'> = {
  PARAM_ERROR: 'doubtful',
  INVALID_REQUEST: 'doubtful',
  OPENID_MISMATCH: 'doubtful',
  APPID_MCHID_NOT_MATCH: 'doubtful',
  MCH_NOT_EXISTS: 'doubtful',
  NO_AUTH: 'doubtful',
  RULE_LIMIT: 'doubtful',
  ACCOUNT_ERROR: 'doubtful',
  USER_ACCOUNT_ABNORMAL: 'doubtful',
  NOT_ENOUGH: 'doubtful',
  ALREADY_EXISTS: 'doubtful',
  ORDER_NOT_EXIST: 'doubtful',
  RESOURCE_NOT_EXISTS: 'doubtful',
}

export const QUERY_MONEY_OUT_ENDINGS: EndingTable<'not_found' | 'not_sent'> = {
  RESOURCE_NOT_EXISTS: 'not_found',
  FREQUENCY_LIMITED: 'not_sent',
}

/** A transfer that is not cancelled goes on: `refused` claims no more than that. */
export const CANCEL_ENDINGS: EndingTable<'refused' | 'not_sent'> = {
  PARAM_ERROR: 'refused',
  INVALID_REQUEST: 'refused',
  SIGN_ERROR: 'refused',
  NO_AUTH: 'refused',
  MCH_NOT_EXISTS: 'refused',
  RESOURCE_NOT_EXISTS: 'refused',
  FREQUENCY_LIMITED: 'not_sent',
}

/** Who may receive shares, and how much is left to share: no money moves. */
const HARMLESS = {
  PARAM_ERROR: 'failed',
  INVALID_REQUEST: 'failed',
  APPID_MCHID_NOT_MATCH: 'failed',
  MCH_NOT_EXISTS: 'failed',
  SIGN_ERROR: 'failed',
  NO_AUTH: 'failed',
  RULE_LIMIT: 'failed',
  USER_ACCOUNT_ABNORMAL: 'failed',
  OPENID_MISMATCH: 'failed',
  FREQUENCY_LIMITED: 'not_sent',
} as const

export const BIND_ENDINGS: EndingTable<'failed' | 'not_sent'> = {
  ...HARMLESS,
  RESOURCE_NOT_EXISTS: 'failed',
}

export const UNBIND_ENDINGS: EndingTable<'failed' | 'not_sent' | 'done'> = {
  ...HARMLESS,
  RESOURCE_NOT_EXISTS: 'done',
}

export const UNSPLIT_ENDINGS: EndingTable<'failed' | 'not_sent'> = {
  ...HARMLESS,
  ORDER_NOT_EXIST: 'failed',
  RESOURCE_NOT_EXISTS: 'failed',
}

export const BILL_ENDINGS: EndingTable<'failed' | 'not_sent' | 'empty' | 'not_ready'> = {
  ...HARMLESS,
  NO_STATEMENT_EXIST: 'empty',
  STATEMENT_CREATING: 'not_ready',
}
