import { describe, expect, it } from 'vitest'
import { canonical, ruleOf, ruleOfCode } from '../../../plugins/alipay/errors.ts'
import {
  ASKED,
  ASKED_CODE,
  CERTIFICATE_SETTINGS,
  codePay,
  gatewayError,
  ok,
  openWorld,
  PAID,
  qrPay,
  REFUND_INPUT,
  refused,
  SPLIT_INPUT,
  TRANSFER_INPUT,
} from './fake-alipay.ts'

type Answers = Parameters<ReturnType<typeof openWorld>['answers']>[0]

/** What a call ends as, when it is refused so. "Once asked": a question about it followed. */
async function ending(
  call: (world: ReturnType<typeof openWorld>) => Promise<unknown>,
  answers: Answers,
  before: readonly Answers[] = [],
): Promise<string> {
  const world = openWorld(CERTIFICATE_SETTINGS)
  for (const answer of before) world.answers(answer)
  world.answers(answers)
  // Whoever asks once more is told that there is nothing.
  world.answers(ok({}))
  const outcome = (await call(world)) as { readonly kind: string }
  const asked = world.requests.length > before.length + 1
  return asked ? `${outcome.kind}, once asked` : outcome.kind
}

const CALLS = {
  code: (answers: Answers) =>
    ending(({ channel, ports }) => channel.pay(ports, codePay()), answers),
  order: (answers: Answers) => ending(({ channel, ports }) => channel.pay(ports, qrPay()), answers),
  query: (answers: Answers) => ending(({ channel, ports }) => channel.query(ports, ASKED), answers),
  close: (answers: Answers) =>
    ending(async ({ channel, ports }) => channel.close?.(ports, ASKED), answers),
  cancel: (answers: Answers) =>
    ending(async ({ channel, ports }) => channel.close?.(ports, ASKED_CODE), answers, [
      ok({ ...PAID, trade_status: 'WAIT_BUYER_PAY' }),
    ]),
  refund: (answers: Answers) =>
    ending(async ({ channel, ports }) => channel.refund?.(ports, REFUND_INPUT), answers),
  split: (answers: Answers) =>
    ending(async ({ channel, ports }) => channel.split?.send(ports, SPLIT_INPUT), answers),
  transfer: (answers: Answers) =>
    ending(async ({ channel, ports }) => channel.transfer?.send(ports, TRANSFER_INPUT), answers),
  askTransfer: (answers: Answers) =>
    ending(async ({ channel, ports }) => channel.transfer?.query(ports, TRANSFER_INPUT), answers),
}

/**
 * Every code of the reference's §15, and how each call then ends. An ending is a promise about
 * money; `unknown` is the one that is never wrong.
 */
const ONCE = 'failed, once asked'
const TRADE: readonly (readonly [
  codes: string,
  code: string,
  order: string,
  query: string,
  close: string,
  cancel: string,
  refund: string,
  split: string,
])[] = [
  ['SYSTEM_ERROR', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  ['INVALID_PARAMETER', 'failed', 'failed', 'unknown', 'refused', 'refused', 'failed', 'failed'],
  [
    'TRADE_NOT_EXIST',
    'unknown',
    'failed',
    'not_found',
    'not_found',
    'not_found',
    'failed',
    'failed',
  ],
  [
    'TRADE_HAS_SUCCESS',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ],
  ['TRADE_HAS_CLOSE', 'failed', 'failed', 'unknown', 'unknown', 'unknown', ONCE, 'unknown'],
  [
    'TRADE_HAS_FINISHED',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'already_paid',
    ONCE,
    'unknown',
  ],
  ['TRADE_STATUS_ERROR', 'unknown', 'unknown', 'unknown', 'already_paid', 'unknown', ONCE, ONCE],
  [
    'REASON_TRADE_STATUS_INVALID',
    'unknown',
    'failed',
    'unknown',
    'already_paid',
    'unknown',
    ONCE,
    ONCE,
  ],
  [
    'REASON_ILLEGAL_STATUS',
    'unknown',
    'failed',
    'unknown',
    'already_paid',
    'unknown',
    ONCE,
    'unknown',
  ],
  [
    'CONTEXT_INCONSISTENT',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ],
  [
    `PAYMENT_AUTH_CODE_INVALID BUYER_BALANCE_NOT_ENOUGH BUYER_BANKCARD_BALANCE_NOT_ENOUGH
    ERROR_BALANCE_PAYMENT_DISABLE NO_PAYMENT_INSTRUMENTS_AVAILABLE MOBILE_PAYMENT_SWITCH_OFF
    USER_FACE_PAYMENT_SWITCH_OFF PAYMENT_REQUEST_HAS_RISK BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR
    BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR BEYOND_PAY_RESTRICTION BEYOND_PER_RECEIPT_RESTRICTION
    BEYOND_PER_RECEIPT_SINGLE_RESTRICTION BEYOND_PER_RECEIPT_DAY_RESTRICTION
    ERROR_BUYER_CERTIFY_LEVEL_LIMIT SELLER_BEEN_BLOCKED BUYER_SELLER_EQUAL
    TRADE_BUYER_NOT_MATCH TOTAL_FEE_EXCEED EXIST_FORBIDDEN_WORD INVALID_STORE_ID`,
    'failed',
    'failed',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ],
  // After these two Alipay wants a cancel, to be sure.
  [
    'PAYMENT_FAIL PULL_MOBILE_CASHIER_FAIL',
    'unknown',
    'failed',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ],
  [
    'SELLER_BALANCE_NOT_ENOUGH',
    'unknown',
    'failed',
    'unknown',
    'unknown',
    'refused',
    'failed',
    'unknown',
  ],
  [
    'DISCORDANT_REPEAT_REQUEST',
    'unknown',
    'failed',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ],
  [
    `REFUND_AMT_NOT_EQUAL_TOTAL REFUND_FEE_ERROR`,
    'unknown',
    'failed',
    'unknown',
    'unknown',
    'unknown',
    ONCE,
    'unknown',
  ],
  [
    'REASON_TRADE_REFUND_FEE_ERR',
    'unknown',
    'failed',
    'unknown',
    'unknown',
    'refused',
    ONCE,
    'unknown',
  ],
  [
    `NOT_ALLOW_PARTIAL_REFUND TRADE_NOT_ALLOW_REFUND BUYER_ERROR
    ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND REFUND_CHARGE_ERROR
    REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST`,
    'unknown',
    'failed',
    'unknown',
    'unknown',
    'unknown',
    'failed',
    'unknown',
  ],
  [
    'BUYER_NOT_EXIST BUYER_ENABLE_STATUS_FORBID CURRENCY_NOT_SUPPORT',
    'failed',
    'failed',
    'unknown',
    'unknown',
    'unknown',
    'failed',
    'unknown',
  ],
  [
    'REASON_TRADE_BEEN_FREEZEN',
    'unknown',
    'failed',
    'unknown',
    'unknown',
    'refused',
    'failed',
    'unknown',
  ],
  [
    'TRADE_CANCEL_TIME_OUT CANCEL_NOT_ALLOWED',
    'unknown',
    'failed',
    'unknown',
    'unknown',
    'refused',
    'unknown',
    'unknown',
  ],
  ['TRADE_SETTLE_ERROR', 'failed', 'failed', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [
    'FREQUENCY_LIMITED',
    'not_sent',
    'not_sent',
    'not_sent',
    'not_sent',
    'not_sent',
    'unknown',
    'unknown',
  ],
  [
    `TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH ROYALTY_RECEIVER_INVALID ROYALTY_ACCOUNT_NOT_EXIST
    NOT_SUPPORT_ROYALTY ALLOC_REFUSE_BEFORE_SETTLE ALLOC_REFUSE_AFTER_REFUND
    USER_ACCOUNT_HAD_FREEZEN`,
    'unknown',
    'failed',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'failed',
  ],
  ['ALLOC_AMOUNT_VALIDATE_ERROR', 'unknown', 'failed', 'unknown', 'unknown', 'unknown', ONCE, ONCE],
  [
    'ALREADY_FINISH_ALLOC ILLEGAL_SETTLE_STATE',
    'unknown',
    'failed',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    ONCE,
  ],
  [
    'DUP_OUT_REQUEST_NO',
    'unknown',
    'failed',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ],
  [
    'ENTERPRISE_PAY_BIZ_ERROR',
    'unknown',
    'failed',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ],
  // Codes that no table lists, however they are spelt.
  ['CODE_OF_TOMORROW', 'unknown', 'failed', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  ['constructor', 'unknown', 'failed', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  ['__proto__', 'unknown', 'failed', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
]

const eachCode = TRADE.flatMap(([codes, ...ends]) =>
  codes
    .trim()
    .split(/\s+/)
    .map((code) => [code, ...ends] as const),
)

describe('a code about a trade ends each call as it should', () => {
  it.each(eachCode)('%s', async (code, charged, order, query, close, cancel, refund, split) => {
    const answers = refused(/^[A-Z]/.test(code) ? `ACQ.${code}` : code)
    expect({
      charged: await CALLS.code(answers),
      order: await CALLS.order(answers),
      query: await CALLS.query(answers),
      close: await CALLS.close(answers),
      cancel: await CALLS.cancel(answers),
      refund: await CALLS.refund(answers),
      split: await CALLS.split(answers),
    }).toEqual({ charged, order, query, close, cancel, refund, split })
  })
})

/** Reference §12: these have no prefix. */
const TRANSFERS: readonly (readonly [codes: string, sent: string, asked: string])[] = [
  [
    `SYSTEM_ERROR REQUEST_PROCESSING TRANS_ORDER_DEALING PROCESS_FAIL BANK_RESPONSE_ERROR
    BIZ_UNIQUE_EXCEPTION REP_INCONSISTENT CODE_OF_TOMORROW`,
    'unknown',
    'unknown',
  ],
  ['ORDER_NOT_EXIST', 'unknown', 'not_found'],
  [
    `PAYER_BALANCE_NOT_ENOUGH BALANCE_IS_NOT_ENOUGH PAYEE_NOT_EXIST PAYEE_USERINFO_ERROR
    PAYEE_ACCOUNT_STATUS_ERROR PAYEE_USER_TYPE_ERROR EXCEED_LIMIT_SM_AMOUNT
    EXCEED_LIMIT_DM_AMOUNT EXCEED_LIMIT_MM_AMOUNT EXCEED_LIMIT_SM_MIN_AMOUNT
    PERMIT_CHECK_PERM_LIMITED PERMIT_NON_BANK_LIMIT_PAYEE PERMIT_PAYER_FORBIDDEN
    PAYER_STATUS_ERROR PRODUCT_NOT_SIGN NO_ACCOUNT_RECEIVE_PERMISSION REMARK_HAS_SENSITIVE_WORD
    PAYER_PAYEE_CANNOT_SAME INVALID_PARAMETER ISV_AUTH_ERROR`,
    'failed',
    'unknown',
  ],
]

describe('a code about a transfer ends the call and the question as it should', () => {
  const each = TRANSFERS.flatMap(([codes, ...ends]) =>
    codes
      .trim()
      .split(/\s+/)
      .map((code) => [code, ...ends] as const),
  )
  it.each(each)('%s', async (code, sent, asked) => {
    expect(await CALLS.transfer(refused(code))).toBe(sent)
    expect(await CALLS.askTransfer(refused(code))).toBe(asked)
  })
})

describe('a code of the gateway ends each call as it should', () => {
  const TURNED = {
    code: 'failed',
    order: 'failed',
    query: 'unknown',
    close: 'refused',
    cancel: 'refused',
    // What did not reach the business is no end for what may have been sent before.
    refund: 'not_sent',
    split: 'not_sent',
    transfer: 'not_sent',
    askTransfer: 'unknown',
  }
  const UNKNOWN = Object.fromEntries(Object.keys(TURNED).map((call) => [call, 'unknown']))
  const LIMITED = {
    ...Object.fromEntries(Object.keys(TURNED).map((call) => [call, 'not_sent'])),
    // No reason to give money back that waits to go out.
    refund: 'unknown',
    split: 'unknown',
    transfer: 'unknown',
  }
  it.each([
    ['20000', 'isp.unknow-error', UNKNOWN],
    ['20000', 'aop.ACQ.SYSTEM_ERROR', UNKNOWN],
    ['20000', '', UNKNOWN],
    ['20001', 'aop.invalid-auth-token', TURNED],
    ['20001', 'aop.invalid-app-auth-token', TURNED],
    ['20001', 'aop.auth-token-time-out', TURNED],
    ['40001', 'isv.missing-signature', TURNED],
    ['40002', 'isv.invalid-signature', TURNED],
    ['40002', 'isv.invalid-timestamp', TURNED],
    ['40003', '', TURNED],
    ['40005', 'isv.app-call-limited', LIMITED],
    ['40006', 'isv.insufficient-isv-permissions', TURNED],
    // A number that the gateway may come to have.
    ['40099', 'isv.something-new', UNKNOWN],
    ['50000', '', UNKNOWN],
  ])('%s %s', async (code, subCode, ends) => {
    const ended: Record<string, string> = {}
    for (const [name, call] of Object.entries(CALLS)) {
      ended[name] = await call(gatewayError(code, subCode))
    }
    expect(ended).toEqual(ends)
  })
})

describe('what a code means', () => {
  it.each([
    ['isv.invalid-signature', 'config', 'new_attempt', 'merchant'],
    ['isv.missing-app-cert-sn', 'config', 'new_attempt', 'merchant'],
    ['aop.invalid-app-auth-token', 'unauthorised', 'new_attempt', 'merchant'],
    ['isv.insufficient-isv-permissions', 'unauthorised', 'new_attempt', 'merchant'],
    ['ACQ.INVALID_PARAMETER', 'invalid_request', 'never', 'merchant'],
    ['ACQ.PAYMENT_AUTH_CODE_INVALID', 'payer_declined', 'new_attempt', 'payer'],
    ['ACQ.PAYMENT_REQUEST_HAS_RISK', 'risk', 'new_attempt', 'merchant'],
    ['ACQ.NOT_SUPPORT_ROYALTY', 'not_supported', 'never', 'merchant'],
    ['ACQ.TRADE_HAS_SUCCESS', 'already_paid', 'never', 'merchant'],
    ['ACQ.TRADE_HAS_CLOSE', 'already_closed', 'new_attempt', 'merchant'],
    ['ACQ.CONTEXT_INCONSISTENT', 'duplicate', 'never', 'us'],
    ['PAYER_BALANCE_NOT_ENOUGH', 'not_enough_merchant_balance', 'same_key', 'merchant'],
    ['ACQ.TRADE_NOT_EXIST', 'not_found', 'never', 'merchant'],
    ['isv.app-call-limited', 'rate_limited', 'same_key', 'us'],
    ['ACQ.SYSTEM_ERROR', 'channel_busy', 'same_key', 'channel'],
    ['ACQ.CODE_OF_TOMORROW', 'unmapped', 'never', 'channel'],
    ['constructor', 'unmapped', 'never', 'channel'],
  ])('%s', (code, errorClass, retry, fault) => {
    expect(ruleOfCode(code)).toEqual({ class: errorClass, retry, fault })
  })

  it.each([
    ...eachCode.map(([code]) => code),
    ...TRANSFERS.flatMap(([c]) => c.trim().split(/\s+/)),
  ])('is known of %s, if anybody documented it', (code) => {
    const isOurs = /^(CODE_OF_TOMORROW|constructor|__proto__)$/.test(code)
    expect(ruleOfCode(code).class === 'unmapped').toBe(isOurs)
  })

  it.each(['20000', '20001', '40001', '40002', '40003', '40005', '40006'])(
    'is known of the gateway’s %s, with whatever stands behind it',
    (code) => {
      expect(ruleOf({ code, subCode: '' }).class).not.toBe('unmapped')
      expect(ruleOf({ code, subCode: 'isv.something-new' }).class).not.toBe('unmapped')
    },
  )

  it.each([
    ['ACQ.SYSTEM_ERROR', 'SYSTEM_ERROR'],
    ['AQC.SYSTEM_ERROR', 'SYSTEM_ERROR'],
    ['aop.ACQ.SYSTEM_ERROR', 'SYSTEM_ERROR'],
    ['isp.BILL_NOT_EXIST', 'BILL_NOT_EXIST'],
    ['isp.bill_not_exist', 'BILL_NOT_EXIST'],
    ['isv.invalid_arguments', 'INVALID_ARGUMENTS'],
    ['isv.invalid-signature', 'isv.invalid-signature'],
    ['isp.unknow-error', 'isp.unknow-error'],
    ['PAYEE_NOT_EXIST', 'PAYEE_NOT_EXIST'],
    ['', ''],
  ])('has one spelling: %j is %j', (spelt, code) => {
    expect(canonical(spelt)).toBe(code)
  })
})
