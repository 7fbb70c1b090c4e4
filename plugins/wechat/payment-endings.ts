import type { ErrorRule } from '../../core/plugin/api.ts'
import type { EndingTable } from './endings.ts'

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

/**
 * A payer's code, APIv2 and APIv3. Missing on purpose: what says that the number is known (ORDERPAID,
 * OUT_TRADE_NO_USED, INVALID_REQUEST, which is also "the same request twice") and TRADE_ERROR, which
 * may be a payment that still comes about (reference §15). A query decides.
 */
export const CODE_PAY_ENDINGS: EndingTable<'failed' | 'payer_at_it' | 'not_sent'> = {
  USER_PAYING: 'payer_at_it',
  AUTH_CODE_EXPIRE: 'failed',
  AUTH_CODE_ERROR: 'failed',
  AUTH_CODE_INVALID: 'failed',
  NOT_ENOUGH: 'failed',
  NOTSUPORTCARD: 'failed',
  BUYER_MISMATCH: 'failed',
  ORDER_CLOSED: 'failed',
  ORDER_REVERSED: 'failed',
  NO_AUTH: 'failed',
  RULE_LIMIT: 'failed',
  ACCOUNT_ERROR: 'failed',
  USER_ACCOUNT_ABNORMAL: 'failed',
  PARAM_ERROR: 'failed',
  SIGN_ERROR: 'failed',
  XML_FORMAT_ERROR: 'failed',
  LACK_PARAMS: 'failed',
  NOT_UTF8: 'failed',
  APPID_NOT_EXIST: 'failed',
  MCH_NOT_EXISTS: 'failed',
  APPID_MCHID_NOT_MATCH: 'failed',
  FREQUENCY_LIMITED: 'not_sent',
}

/** The same code means the merchant's balance everywhere else. */
export const PAYER_HAS_NOT_ENOUGH: ErrorRule = {
  class: 'payer_declined',
  retry: 'new_attempt',
  fault: 'payer',
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

/** A reverse also undoes what was paid, so "paid" is no answer of it. */
export const REVERSE_ENDINGS: EndingTable<'not_found' | 'refused' | 'not_sent'> = {
  ORDER_NOT_EXIST: 'not_found',
  RESOURCE_NOT_EXISTS: 'not_found',
  PARAM_ERROR: 'refused',
  INVALID_REQUEST: 'refused',
  INVALID_TRANSACTIONID: 'refused',
  APPID_MCHID_NOT_MATCH: 'refused',
  MCH_NOT_EXISTS: 'refused',
  SIGN_ERROR: 'refused',
  NO_AUTH: 'refused',
  RULE_LIMIT: 'refused',
  TRADE_ERROR: 'refused',
  NOT_ENOUGH: 'refused',
  REVERSE_EXPIRE: 'refused',
  USER_PAYING: 'refused',
  FREQUENCY_LIMITED: 'not_sent',
}
