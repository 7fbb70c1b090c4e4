import { type EndingTable, each } from './endings.ts'

/**
 * Precreate and create: a refusal leaves nothing behind that a payer could pay with, since the code
 * or the trade number would have come with the answer. But a number that Alipay knows already may
 * belong to a trade that was paid; a query tells.
 */
export const ORDER_ENDINGS: EndingTable<'failed' | 'not_sent' | 'unknown'> = {
  turnedAway: 'failed',
  rateLimited: 'not_sent',
  codes: each(
    'unknown',
    `
    SYSTEM_ERROR TRADE_HAS_SUCCESS TRADE_HAS_FINISHED TRADE_STATUS_ERROR CONTEXT_INCONSISTENT
  `,
  ),
  otherwise: 'failed',
}

/**
 * A payer's code is charged by the call itself, so only a listed refusal is believed. Missing on
 * purpose: PULL_MOBILE_CASHIER_FAIL and PAYMENT_FAIL, after which Alipay wants the trade cancelled
 * to be sure. A query or the cancel tells.
 */
export const CODE_ENDINGS: EndingTable<'failed' | 'not_sent' | 'unknown'> = {
  turnedAway: 'failed',
  rateLimited: 'not_sent',
  codes: each(
    'failed',
    `
    INVALID_PARAMETER ACCESS_FORBIDDEN EXIST_FORBIDDEN_WORD PARTNER_ERROR TOTAL_FEE_EXCEED
    TRADE_HAS_CLOSE TRADE_SETTLE_ERROR INVALID_STORE_ID AMOUNT_OR_CURRENCY_ERROR
    CURRENCY_NOT_SUPPORT NOW_TIME_AFTER_EXPIRE_TIME_ERROR SUB_GOODS_SIZE_MAX_COUNT
    PAYMENT_AUTH_CODE_INVALID BUYER_BALANCE_NOT_ENOUGH BUYER_BANKCARD_BALANCE_NOT_ENOUGH
    BUYER_BANKCARD_INVALID BUYER_BANKCARD_DECLINED ERROR_BALANCE_PAYMENT_DISABLE
    NO_PAYMENT_INSTRUMENTS_AVAILABLE NOT_SUPPORT_PAYMENT_INST MOBILE_PAYMENT_SWITCH_OFF
    USER_FACE_PAYMENT_SWITCH_OFF PAYMENT_REQUEST_HAS_RISK RISK_MERCHANT_IP_NOT_EXIST
    BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR
    BUYER_LIMIT_EXCEEDED PRODUCT_AMOUNT_LIMIT_ERROR BEYOND_PAY_RESTRICTION
    BEYOND_PER_RECEIPT_RESTRICTION BEYOND_PER_RECEIPT_SINGLE_RESTRICTION
    BEYOND_PER_RECEIPT_DAY_RESTRICTION MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT
    MERCHANT_PERM_RECEIPT_SINGLE_LIMIT MERCHANT_PERM_RECEIPT_DAY_LIMIT
    ERROR_BUYER_CERTIFY_LEVEL_LIMIT BUYER_NOT_MAINLAND_CERT NOT_CERTIFIED_USER
    SELLER_BEEN_BLOCKED SELLER_NOT_EXIST MERCHANT_STATUS_NOT_NORMAL INVALID_RECEIVE_ACCOUNT
    RESTRICTED_MERCHANT_INDUSTRY BUYER_SELLER_EQUAL TRADE_BUYER_NOT_MATCH PAYER_UNMATCHED
    BUYER_ENABLE_STATUS_FORBID BUYER_NOT_EXIST CARD_USER_NOT_MATCH CARD_TYPE_ERROR
    UN_SUPPORT_TRADE_SCENE
  `,
  ),
  otherwise: 'unknown',
}

export const QUERY_ENDINGS: EndingTable<'not_found' | 'not_sent' | 'unknown'> = {
  turnedAway: 'unknown',
  rateLimited: 'not_sent',
  codes: { TRADE_NOT_EXIST: 'not_found' },
  otherwise: 'unknown',
}

/** A trade in a state that cannot be closed has probably been paid: the query that follows tells. */
export const CLOSE_ENDINGS: EndingTable<
  'already_paid' | 'not_found' | 'refused' | 'not_sent' | 'unknown'
> = {
  turnedAway: 'refused',
  rateLimited: 'not_sent',
  codes: {
    TRADE_NOT_EXIST: 'not_found',
    TRADE_STATUS_ERROR: 'already_paid',
    REASON_TRADE_STATUS_INVALID: 'already_paid',
    REASON_ILLEGAL_STATUS: 'already_paid',
    INVALID_PARAMETER: 'refused',
  },
  otherwise: 'unknown',
}

/** Cancel may give money back, which the refusals that are listed say it did not. */
export const CANCEL_ENDINGS: EndingTable<
  'already_paid' | 'not_found' | 'refused' | 'not_sent' | 'unknown'
> = {
  turnedAway: 'refused',
  rateLimited: 'not_sent',
  codes: {
    TRADE_NOT_EXIST: 'not_found',
    TRADE_HAS_FINISHED: 'already_paid',
    INVALID_PARAMETER: 'refused',
    SELLER_BALANCE_NOT_ENOUGH: 'refused',
    REASON_TRADE_BEEN_FREEZEN: 'refused',
    REASON_TRADE_REFUND_FEE_ERR: 'refused',
    TRADE_CANCEL_TIME_OUT: 'refused',
    CANCEL_NOT_ALLOWED: 'refused',
  },
  otherwise: 'unknown',
}
