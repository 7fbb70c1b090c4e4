import type { ChannelError, ErrorRule, ErrorTable } from '../../core/plugin/api.ts'

/** An error that Alipay answered. What it says about the money stands with each operation. */
export interface ErrorAnswer {
  readonly kind: 'error'
  /** Of the gateway: `40004` for a refusal of the business behind it. */
  readonly code: string
  /** Of the business, as it was answered; empty where there is none. */
  readonly subCode: string
  readonly message: string
  readonly traceId: string
}

export function errorOf(answer: ErrorAnswer): ChannelError {
  return { ...ruleOf(answer), code: answer.subCode || answer.code, message: answer.message }
}

export function ruleOf({ code, subCode }: Pick<ErrorAnswer, 'code' | 'subCode'>): ErrorRule {
  return own(RULES, canonical(subCode)) ?? own(GATEWAY_RULES, code) ?? UNMAPPED
}

/** The rule of a code that a row of an answer carries, outside the head of the answer. */
export function ruleOfCode(code: string): ErrorRule {
  return ruleOf({ code: BUSINESS, subCode: code })
}

/**
 * One spelling a code: `aop.ACQ.SYSTEM_ERROR`, and once even `AQC.SYSTEM_ERROR` (reference §15). The
 * bills' codes came as `isp.bill_not_exist` too; with dashes are the gateway's own, which keep their
 * prefix.
 */
export function canonical(subCode: string): string {
  const [, lowerCase] = /^(?:aop|isp|isv)\.([a-z]+(?:_[a-z]+)+)$/.exec(subCode) ?? []
  if (lowerCase !== undefined) return lowerCase.toUpperCase()
  return subCode.replace(/^(?:(?:aop|isp|isv)\.)?(?:ACQ\.|AQC\.)?(?=[A-Z])/, '')
}

/** The code comes from outside: `constructor` is no entry of a table. */
export function own<Value>(
  table: Readonly<Record<string, Value>>,
  code: string,
): Value | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined
}

/** The gateway took the call on, and the business behind it refused. */
export const BUSINESS = '40004'

/** Of the gateway, whatever the code behind it. */
const GATEWAY_RULES: ErrorTable = {
  '20000': { class: 'channel_busy', retry: 'same_key', fault: 'channel' },
  '20001': { class: 'unauthorised', retry: 'new_attempt', fault: 'merchant' },
  '40001': { class: 'invalid_request', retry: 'never', fault: 'us' },
  '40002': { class: 'invalid_request', retry: 'never', fault: 'us' },
  '40003': { class: 'not_supported', retry: 'never', fault: 'merchant' },
  '40005': { class: 'rate_limited', retry: 'same_key', fault: 'us' },
  '40006': { class: 'unauthorised', retry: 'new_attempt', fault: 'merchant' },
}

const INVALID: ErrorRule = { class: 'invalid_request', retry: 'never', fault: 'merchant' }
const CONFIG: ErrorRule = { class: 'config', retry: 'new_attempt', fault: 'merchant' }
const UNAUTHORISED: ErrorRule = { class: 'unauthorised', retry: 'new_attempt', fault: 'merchant' }
const NOT_SUPPORTED: ErrorRule = { class: 'not_supported', retry: 'never', fault: 'merchant' }
const PAYER: ErrorRule = { class: 'payer_declined', retry: 'new_attempt', fault: 'payer' }
const RISK: ErrorRule = { class: 'risk', retry: 'new_attempt', fault: 'merchant' }
const SAME_NUMBER: ErrorRule = { class: 'duplicate', retry: 'never', fault: 'us' }
const PAID: ErrorRule = { class: 'already_paid', retry: 'never', fault: 'merchant' }
const CLOSED: ErrorRule = { class: 'already_closed', retry: 'new_attempt', fault: 'merchant' }
const BALANCE: ErrorRule = {
  class: 'not_enough_merchant_balance',
  retry: 'same_key',
  fault: 'merchant',
}
const NOT_FOUND: ErrorRule = { class: 'not_found', retry: 'never', fault: 'merchant' }
const LIMITED: ErrorRule = { class: 'rate_limited', retry: 'same_key', fault: 'us' }
const BUSY: ErrorRule = { class: 'channel_busy', retry: 'same_key', fault: 'channel' }
const UNMAPPED: ErrorRule = { class: 'unmapped', retry: 'never', fault: 'channel' }

/** Gives each of the codes in a text one rule. */
function each(rule: ErrorRule, codes: string): ErrorTable {
  return Object.fromEntries(
    codes
      .trim()
      .split(/\s+/)
      .map((code) => [code, rule]),
  )
}

/**
 * What each code means, in its canonical spelling.
 *
 * @see the error codes of each interface at opendocs.alipay.com, and those that Alipay's SDK for
 *   Java lists (v3 models of 2026-09-23), gathered in reference §12, §13 and §15
 */
const RULES: ErrorTable = {
  ...each(
    CONFIG,
    `
    isv.invalid-signature isv.missing-signature isv.invalid-signature-type
    isv.missing-signature-type isv.missing-signature-key isv.invalid-signature-key
    isv.invalid-app-id isv.missing-app-id isv.invalid-timestamp isv.missing-timestamp
    isv.app-cert-expired isv.invalid-app-cert-sn isv.missing-app-cert-sn
    isv.invalid-alipay-root-cert-sn isv.missing-alipay-root-cert-sn isv.missing-encrypt-key
    isv.invalid-encrypt-type isv.decryption-error-not-valid-encrypt-type
    PARTNER_ERROR SELLER_NOT_EXIST INVALID_RECEIVE_ACCOUNT SETTLE_ENTITY_ID_INVALID
    DEFAULT_SETTLE_RULE_NOT_EXIST UNBOUND_APPLICATION OPENID_APPID_NOT_MATCH CERT_EXPIRED
    CONFIGURATION_ERROR SIGN_INVALID
  `,
  ),
  ...each(
    UNAUTHORISED,
    `
    isv.insufficient-isv-permissions isv.insufficient-user-permissions
    aop.invalid-auth-token aop.invalid-app-auth-token aop.auth-token-time-out
    aop.app-auth-token-time-out isv.invalid-app-auth-token isv.invalid-auth-relations
    ACCESS_FORBIDDEN PRODUCT_NOT_SIGN PRODUCT_UNSIGN BIZ_PRODUCT_NOT_ALLOWED ISV_AUTH_ERROR
    USER_AGREEMENT_VERIFY_FAIL NO_ACCOUNT_PAYMENT_PERMISSION NO_ORDER_PERMISSION
    NO_PERMISSION_ACCOUNT NOT_IN_WHITE_LIST MERCHANT_STATUS_NOT_NORMAL REFUNDALLOC_UNAUTH_LIMIT
    MERCHANT_TRADE_NOT_MATCH
  `,
  ),
  ...each(
    INVALID,
    `
    INVALID_PARAMETER ILLEGAL_ARGUMENT PARAM_ILLEGAL PARAMETER_ERROR ILLEGAL_REQUEST
    INVAILID_ARGUMENTS INVALID_ARGUMENTS TYPE_NOT_SUPPORTED BILL_DATE_BEFORE_REGISTRATION isv.code-invalid
    isv.invalid-parameter EXIST_FORBIDDEN_WORD TOTAL_FEE_EXCEED INVALID_STORE_ID STORE_INFO_INVALID
    AMOUNT_OR_CURRENCY_ERROR SUB_GOODS_SIZE_MAX_COUNT NOW_TIME_AFTER_EXPIRE_TIME_ERROR
    BUYER_SELLER_EQUAL USER_LOGONID_DUP OPEN_ID_NOT_TINY_APP CUSTOMER_VALIDATE_ERROR
    REFUND_AMT_NOT_EQUAL_TOTAL REASON_TRADE_REFUND_FEE_ERR REFUND_FEE_ERROR USER_NOT_MATCH_ERR
    ALLOC_AMOUNT_VALIDATE_ERROR ROYALTY_RECEIVER_INVALID ROYALTY_ACCOUNT_NOT_EXIST
    ROYALTY_ACCOUNT_INVALID ROYALTY_ACCOUNTS_EQUAL ROYALTY_PAYER_ACCOUNT_NOT_EXIST
    ROYALTY_RECEIVER_ACCOUNT_NOT_EXIST ROYALTY_PAYER_ACCOUNT_NOT_CERTIFY
    ROYALTY_RECEIVER_ACCOUNT_NOT_CERTIFY ROYALTY_PAYER_ACCOUNT_NO_BALANCE
    ROYALTY_RECEIVER_ACCOUNT_NO_BALANCE ROYALTY_ACCOUNT_NAME_NOT_MATCH
    REPLENISH_ACCOUNT_INVALID INVALID_REPLENISH_AMOUNT
    REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST REFUND_ACCOUNT_NOT_EXIST
    RECEIVER_LIST_EMPTY RECEIVER_LIST_OVERLOAD INVALID_RECEIVER_TYPE USERNAME_NOT_MATCH
    RECEIVER_ACCOUNT_NOT_CERTIFY RECEIVER_ACCOUNT_NO_BALANCE RECEIVER_ACCOUNT_STATE_INVALID
    USER_NOT_EXIST RELATION_QUANTITY_LIMIT
    PAYEE_NOT_EXIST PAYEE_ACCOUNT_NOT_EXSIT PAYEE_USERINFO_ERROR PAYEE_USERINFO_STATUS_ERROR
    PAYEE_ACCOUNT_STATUS_ERROR PAYEE_USER_TYPE_ERROR PAYEE_CARD_INFO_ERROR PAYEE_CERT_INFO_ERROR
    PAYEE_IDENTITY_NOT_MATCH PAYEE_NOT_RELNAME_CERTIFY PAYEE_USER_IS_INST PAYEE_ACC_OCUPIED
    NO_ACCOUNT_RECEIVE_PERMISSION NO_ACCOUNT_USER_FORBBIDEN_RECIEVE INVALID_CARDNO CARD_BIN_ERROR
    BANKCODE_OR_BRANCHNAME_INFO_ERROR PAYER_PAYEE_CANNOT_SAME PAYER_PAYEE_ACCOUNT_NAME_CAN_NOT_SAME
    REMARK_HAS_SENSITIVE_WORD MEMO_REQUIRED_IN_TRANSFER_ERROR INST_PAY_REMARK_UNVALID_CHARS
    EXCEED_LIMIT_SM_MIN_AMOUNT TRANSFER_SCENE_NAME_ILLEGAL TRANSFER_SCENE_REPORT_INFO_ILLEGAL
    TRANSFER_SCENE_NAME_BLANK TRANSFER_SCENE_INFO_ADMIT_FAIL
  `,
  ),
  ...each(
    PAYER,
    `
    PAYMENT_AUTH_CODE_INVALID BUYER_BALANCE_NOT_ENOUGH BUYER_BANKCARD_BALANCE_NOT_ENOUGH
    BUYER_BANKCARD_INVALID BUYER_BANKCARD_DECLINED ERROR_BALANCE_PAYMENT_DISABLE
    TRADE_BUYER_NOT_MATCH PAYER_UNMATCHED BUYER_ENABLE_STATUS_FORBID BUYER_NOT_EXIST BUYER_ERROR
    PULL_MOBILE_CASHIER_FAIL MOBILE_PAYMENT_SWITCH_OFF PAYMENT_FAIL USER_FACE_PAYMENT_SWITCH_OFF
    NO_PAYMENT_INSTRUMENTS_AVAILABLE NOT_SUPPORT_PAYMENT_INST
    BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR
    BUYER_LIMIT_EXCEEDED ERROR_BUYER_CERTIFY_LEVEL_LIMIT BUYER_NOT_MAINLAND_CERT NOT_CERTIFIED_USER
    CARD_USER_NOT_MATCH CARD_TYPE_ERROR PRODUCT_AMOUNT_LIMIT_ERROR ENTERPRISE_PAY_BIZ_ERROR
  `,
  ),
  ...each(
    RISK,
    `
    PAYMENT_REQUEST_HAS_RISK SELLER_BEEN_BLOCKED BEYOND_PAY_RESTRICTION
    BEYOND_PER_RECEIPT_RESTRICTION BEYOND_PER_RECEIPT_SINGLE_RESTRICTION
    BEYOND_PER_RECEIPT_DAY_RESTRICTION ERROR_SELLER_CERTIFY_LEVEL_LIMIT
    MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT MERCHANT_PERM_RECEIPT_SINGLE_LIMIT
    MERCHANT_PERM_RECEIPT_DAY_LIMIT RESTRICTED_MERCHANT_INDUSTRY RISK_MERCHANT_IP_NOT_EXIST
    MERCHANT_RISK_LIMIT CHARGE_PUNISH_SERVICE_REFUSE
    EXCEED_LIMIT_SM_AMOUNT EXCEED_LIMIT_DM_AMOUNT EXCEED_LIMIT_MM_AMOUNT EXCEED_LIMIT_DC_RECEIVED
    EXCEED_LIMIT_DM_MAX_AMOUNT EXCEED_LIMIT_MM_MAX_AMOUNT EXCEED_LIMIT_PERSONAL_SM_AMOUNT
    EXCEED_LIMIT_UNRN_DM_AMOUNT EXCEED_LIMIT_ENT_SM_AMOUNT EXCEED_LIMIT_INTERNAL_SM_AMOUNT
    PERMIT_CHECK_PERM_IDENTITY_THEFT PERMIT_CHECK_PERM_LIMITED PERMIT_CHECK_RECEIVE_LIMIT
    PERMIT_NON_BANK_LIMIT_PAYEE PERMIT_PAYER_FORBIDDEN PERMIT_PAYER_LEVEL_FORBIDDEN
    PERMIT_LIMIT_PAYEE PERMIT_CHECK_PERM_AML_CERT_EXPIRED PERMIT_CHECK_PERM_AML_CERT_MISS_ACC_LIMIT
    PERM_AML_NOT_REALNAME_REV PERM_AML_NOT_REALNAME_PAY PERM_RECEIVE_CUSTOMER_ALMS_LIMIT
    PERM_PAY_USER_DAILY_QUOTA_ORG_BALANCE_LIMIT PERM_PAY_USER_MONTH_QUOTA_ORG_BALANCE_LIMIT
    PERM_PAY_CUSTOMER_DAILY_QUOTA_ORG_BALANCE_LIMIT
    PERM_PAY_CUSTOMER_MONTH_QUOTA_ORG_BALANCE_LIMIT
    PAYER_STATUS_ERROR PAYER_CERTIFY_CHECK_FAIL PAYER_USER_INFO_ERROR PAYER_NOT_EXIST
    PAYER_PERMLIMIT_CHECK_FAILURE PAYER_NOT_RELNAME_CERTIFY PAYER_UNABLE_PAYMENT
    PAYER_ACCOUNT_LIMIT INVALID_PAYER_ACCOUNT SECURITY_CHECK_FAILED JUDICIAL_FREEZE
    USER_RISK_FREEZE RECEIVER_USER_RISK_FREEZE ACCOUNT_OPERATION_LIMIT
    PAYEE_OUT_PERMLIMIT_CHECK_FAILURE RELEASE_USER_FORBBIDEN_RECIEVE BLOCK_USER_FORBBIDEN_RECIEVE
    BLOCK_USER_FORBBIDEN_SEND GLOBAL_USER_FORBBIDEN_RECIEVE USER_ACCOUNT_HAD_FREEZEN
    REASON_TRADE_BEEN_FREEZEN
  `,
  ),
  ...each(
    NOT_SUPPORTED,
    `
    NOT_ALLOW_PARTIAL_REFUND TRADE_NOT_ALLOW_REFUND ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND
    REFUND_CHARGE_ERROR CURRENCY_NOT_SUPPORT TRADE_CANCEL_TIME_OUT CANCEL_NOT_ALLOWED
    OVERDRAFT_ASSIGN_ACCOUNT_INVALID OVERDRAFT_AGREEMENT_NOT_MATCH UN_SUPPORT_TRADE_SCENE
    PRODUCT_NOT_SUPPORT_IN_TINY_APP NOT_SUPPORT_ROYALTY SETTLE_TO_CARD_NOT_SUPPORT
    UN_SUPPORT_BIZ_TYPE SETTLE_SCENE_NOT_SUPPORT MUST_ALLOC_FROM_ROOT_ACCOUNT
    ALREADY_FINISH_ALLOC ALLOC_REFUSE_BEFORE_SETTLE ALLOC_REFUSE_AFTER_REFUND ILLEGAL_SETTLE_STATE
    isv.invalid-method isv.missing-method
  `,
  ),
  ...each(PAID, 'TRADE_HAS_SUCCESS TRADE_HAS_FINISHED'),
  ...each(CLOSED, 'TRADE_HAS_CLOSE'),
  ...each(
    SAME_NUMBER,
    `
    CONTEXT_INCONSISTENT DISCORDANT_REPEAT_REQUEST DUP_OUT_REQUEST_NO
    BIZ_UNIQUE_EXCEPTION REP_INCONSISTENT PAYMENT_INFO_INCONSISTENCY
    TRADE_STATUS_ERROR REASON_TRADE_STATUS_INVALID REASON_ILLEGAL_STATUS ORDER_STATUS_INVALID
  `,
  ),
  ...each(
    BALANCE,
    `
    SELLER_BALANCE_NOT_ENOUGH TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH PAYER_BALANCE_NOT_ENOUGH
    BALANCE_IS_NOT_ENOUGH BALANCE_NOT_ENOUGH PAYMENT_MONEY_NOT_ENOUGH
    BALANCE_NOT_ENOUGH_FOR_CARD_FEE
  `,
  ),
  ...each(NOT_FOUND, 'TRADE_NOT_EXIST ORDER_NOT_EXIST BILL_NOT_EXIST NO_BILL_DATA'),
  ...each(
    LIMITED,
    `
    FREQUENCY_LIMITED FREQUENCY_LIMIT SYSTEM_RATE_LIMIT USER_RATE_LIMIT RESOURCE_LIMIT_EXCEED
    isv.app-call-limited isv.method-call-limited ASYNC_ALLOC_NOT_SUPPORT_IN_PERIOD
  `,
  ),
  ...each(
    BUSY,
    `
    SYSTEM_ERROR UNKNOWN_ERROR TRADE_SETTLE_ERROR REQUEST_PROCESSING TRANS_ORDER_DEALING
    PROCESS_FAIL BANK_RESPONSE_ERROR isp.unknow-error aop.unknow-error
  `,
  ),
}
