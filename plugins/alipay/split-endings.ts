import { type EndingTable, each } from './endings.ts'

/**
 * SYSTEM_ERROR and TRADE_SETTLE_ERROR are repeated under the same number, and a number that was used
 * already is asked about (reference §11); so are states that an earlier send could have brought.
 */
export const SPLIT_ENDINGS: EndingTable<'failed' | 'doubtful' | 'not_sent' | 'unknown'> = {
  turnedAway: 'not_sent',
  rateLimited: 'unknown',
  codes: {
    ...each(
      'failed',
      `
      INVALID_PARAMETER TRADE_NOT_EXIST PARTNER_ERROR USER_LOGONID_DUP CUSTOMER_VALIDATE_ERROR
      TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH USER_ACCOUNT_HAD_FREEZEN NOT_SUPPORT_ROYALTY
      ROYALTY_RECEIVER_INVALID ROYALTY_ACCOUNT_NOT_EXIST ROYALTY_ACCOUNT_INVALID
      ROYALTY_ACCOUNTS_EQUAL ROYALTY_PAYER_ACCOUNT_NOT_EXIST ROYALTY_RECEIVER_ACCOUNT_NOT_EXIST
      ROYALTY_PAYER_ACCOUNT_NOT_CERTIFY ROYALTY_RECEIVER_ACCOUNT_NOT_CERTIFY
      ROYALTY_PAYER_ACCOUNT_NO_BALANCE ROYALTY_RECEIVER_ACCOUNT_NO_BALANCE
      ROYALTY_ACCOUNT_NAME_NOT_MATCH SETTLE_ENTITY_ID_INVALID SETTLE_TO_CARD_NOT_SUPPORT
      REPLENISH_ACCOUNT_INVALID INVALID_REPLENISH_AMOUNT SECONDARY_MERCHANT_ID_INVALID
      MUST_ALLOC_FROM_ROOT_ACCOUNT UN_SUPPORT_BIZ_TYPE ACCESS_FORBIDDEN ILLEGAL_REQUEST
      SETTLE_SCENE_NOT_SUPPORT MERCHANT_RISK_LIMIT CHARGE_PUNISH_SERVICE_REFUSE
      ALLOC_REFUSE_BEFORE_SETTLE ALLOC_REFUSE_AFTER_REFUND
    `,
    ),
    ...each(
      'doubtful',
      `
      TRADE_STATUS_ERROR REASON_TRADE_STATUS_INVALID ALLOC_AMOUNT_VALIDATE_ERROR
      ALREADY_FINISH_ALLOC ILLEGAL_SETTLE_STATE
    `,
    ),
  },
  otherwise: 'unknown',
}

/**
 * Alipay does not document how it says that there is no such split. An answer without rows and this
 * code are taken for it: what follows is that the split is sent again under its number, which Alipay
 * itself advises when an answer was lost (reference §11).
 */
export const QUERY_SPLIT_ENDINGS: EndingTable<'not_found' | 'not_sent' | 'unknown'> = {
  turnedAway: 'unknown',
  rateLimited: 'not_sent',
  codes: { TRADE_NOT_EXIST: 'not_found' },
  otherwise: 'unknown',
}

/** Binding moves no money, and repeated it does nothing more. */
export const RECEIVER_ENDINGS: EndingTable<'failed' | 'not_sent' | 'unknown'> = {
  turnedAway: 'failed',
  rateLimited: 'not_sent',
  codes: each(
    'failed',
    `
    INVALID_PARAMETER RELATION_QUANTITY_LIMIT PRODUCT_UNSIGN USER_NOT_EXIST RECEIVER_LIST_EMPTY
    RECEIVER_LIST_OVERLOAD INVALID_RECEIVER_TYPE USERNAME_NOT_MATCH RECEIVER_ACCOUNT_NOT_CERTIFY
    RECEIVER_ACCOUNT_NO_BALANCE RECEIVER_ACCOUNT_STATE_INVALID OPENID_APPID_NOT_MATCH
  `,
  ),
  otherwise: 'unknown',
}

export const UNSPLIT_ENDINGS: EndingTable<'failed' | 'not_sent' | 'unknown'> = {
  turnedAway: 'failed',
  rateLimited: 'not_sent',
  codes: each('failed', 'INVALID_PARAMETER TRADE_NOT_EXIST MERCHANT_TRADE_NOT_MATCH'),
  otherwise: 'unknown',
}
