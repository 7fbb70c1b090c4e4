import { type EndingTable, each } from './endings.ts'

/**
 * A failed refund frees its amount for another number, so a wrong `failed` can pay it out twice.
 *
 * What the gateway turns away did not reach the business: sent for the first time, the refund is
 * given back to the merchant; sent again, it waits. A rate limit is no reason to give it back.
 * `doubtful` are the refusals that an earlier send of the same number could have caused itself: it
 * is asked about, and only if there is no such refund has it failed.
 */
export const REFUND_ENDINGS: EndingTable<'failed' | 'doubtful' | 'not_sent' | 'unknown'> = {
  turnedAway: 'not_sent',
  rateLimited: 'unknown',
  codes: {
    ...each(
      'failed',
      `
      INVALID_PARAMETER TRADE_NOT_EXIST SELLER_BALANCE_NOT_ENOUGH REASON_TRADE_BEEN_FREEZEN
      NOT_ALLOW_PARTIAL_REFUND TRADE_NOT_ALLOW_REFUND ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND
      BUYER_ERROR BUYER_NOT_EXIST BUYER_ENABLE_STATUS_FORBID CURRENCY_NOT_SUPPORT
      REFUND_CHARGE_ERROR REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST
    `,
    ),
    ...each(
      'doubtful',
      `
      REFUND_AMT_NOT_EQUAL_TOTAL REASON_TRADE_REFUND_FEE_ERR REFUND_FEE_ERROR
      TRADE_HAS_FINISHED TRADE_HAS_CLOSE TRADE_STATUS_ERROR REASON_TRADE_STATUS_INVALID
      REASON_ILLEGAL_STATUS ALLOC_AMOUNT_VALIDATE_ERROR USER_NOT_MATCH_ERR
      REFUND_ACCOUNT_NOT_EXIST CUSTOMER_VALIDATE_ERROR OVERDRAFT_ASSIGN_ACCOUNT_INVALID
      OVERDRAFT_AGREEMENT_NOT_MATCH REFUNDALLOC_UNAUTH_LIMIT
    `,
    ),
  },
  otherwise: 'unknown',
}

/** TRADE_NOT_EXIST speaks of the payment, and is therefore no "not found" of a refund. */
export const QUERY_REFUND_ENDINGS: EndingTable<'not_sent' | 'unknown'> = {
  turnedAway: 'unknown',
  rateLimited: 'not_sent',
  codes: {},
  otherwise: 'unknown',
}
