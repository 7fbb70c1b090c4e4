import { describe, expect, it } from 'vitest'
import { ruleOf } from '../../../plugins/wechat/errors.ts'
import { ASKED, nativePay, openWorld, REFUND_INPUT, unsigned } from './fake-wechat.ts'
import {
  ASKED_BAR,
  barPay,
  RETURN_INPUT,
  SHOP,
  SPLIT_INPUT,
  TRANSFER_INPUT,
  V3_CODE_SETTINGS,
} from './fixtures.ts'

/**
 * Every code of the reference's §15 with the status it comes with, and how each call then ends. An
 * ending is a promise about money; `unknown` is the one that is never wrong. "Once asked" is a
 * promise that holds only because a query, right after, does not know the number.
 */
const ENDINGS: readonly (readonly [
  status: number,
  code: string,
  pay: string,
  query: string,
  close: string,
  refund: string,
  queryRefund: string,
])[] = [
  [202, 'USER_PAYING', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [202, 'USERPAYING', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [400, 'PARAM_ERROR', 'failed', 'unknown', 'refused', 'failed, once asked', 'unknown'],
  [400, 'INVALID_REQUEST', 'unknown', 'unknown', 'refused', 'failed, once asked', 'unknown'],
  [400, 'APPID_MCHID_NOT_MATCH', 'failed', 'unknown', 'refused', 'failed', 'unknown'],
  [400, 'MCH_NOT_EXISTS', 'failed', 'unknown', 'refused', 'failed', 'unknown'],
  [400, 'ORDER_CLOSED', 'failed', 'unknown', 'unknown', 'unknown', 'unknown'],
  [400, 'ORDERCLOSED', 'failed', 'unknown', 'unknown', 'unknown', 'unknown'],
  [400, 'ORDERPAID', 'unknown', 'unknown', 'already_paid', 'unknown', 'unknown'],
  [400, 'ORDER_PAID', 'unknown', 'unknown', 'already_paid', 'unknown', 'unknown'],
  [400, 'NO_STATEMENT_EXIST', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [401, 'SIGN_ERROR', 'failed', 'unknown', 'refused', 'unknown', 'unknown'],
  [403, 'NO_AUTH', 'failed', 'unknown', 'refused', 'failed', 'unknown'],
  [403, 'RULE_LIMIT', 'failed', 'unknown', 'refused', 'failed', 'unknown'],
  [403, 'RULELIMIT', 'failed', 'unknown', 'refused', 'failed', 'unknown'],
  [403, 'ACCOUNT_ERROR', 'failed', 'unknown', 'refused', 'failed', 'unknown'],
  [403, 'USER_ACCOUNT_ABNORMAL', 'failed', 'unknown', 'refused', 'failed', 'unknown'],
  [403, 'OUT_TRADE_NO_USED', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [403, 'NOT_ENOUGH', 'unknown', 'unknown', 'unknown', 'failed', 'unknown'],
  [403, 'NOTENOUGH', 'unknown', 'unknown', 'unknown', 'failed', 'unknown'],
  [403, 'TRADE_ERROR', 'failed', 'unknown', 'refused', 'unknown', 'unknown'],
  [404, 'ORDER_NOT_EXIST', 'unknown', 'not_found', 'not_found', 'failed', 'unknown'],
  [404, 'ORDERNOTEXIST', 'unknown', 'not_found', 'not_found', 'failed', 'unknown'],
  [404, 'RESOURCE_NOT_EXISTS', 'unknown', 'not_found', 'not_found', 'failed', 'not_found'],
  [404, 'NOT_FOUND', 'unknown', 'not_found', 'not_found', 'failed', 'not_found'],
  [409, 'ALREADY_EXISTS', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [400, 'ALREADY_EXISTS', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [429, 'FREQUENCY_LIMITED', 'not_sent', 'not_sent', 'not_sent', 'unknown', 'not_sent'],
  [429, 'FREQUENCY_LIMIT', 'not_sent', 'not_sent', 'not_sent', 'unknown', 'not_sent'],
  [429, 'RATELIMIT_EXCEED', 'not_sent', 'not_sent', 'not_sent', 'unknown', 'not_sent'],
  [429, 'RATELIMIT_EXCEEDED', 'not_sent', 'not_sent', 'not_sent', 'unknown', 'not_sent'],
  [500, 'SYSTEM_ERROR', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [500, 'SYSTEMERROR', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [500, 'BANK_ERROR', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [500, 'BANKERROR', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [500, 'OPENID_MISMATCH', 'failed', 'unknown', 'unknown', 'unknown', 'unknown'],
  [500, 'INVALID_TRANSACTIONID', 'unknown', 'unknown', 'unknown', 'failed', 'unknown'],
  [502, 'SYSTEM_ERROR', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [503, 'SYSTEM_ERROR', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [504, 'SYSTEM_ERROR', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  // Codes that promise something, under a status that does not.
  [500, 'PARAM_ERROR', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [500, 'NOT_ENOUGH', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [500, 'ORDER_NOT_EXIST', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [503, 'FREQUENCY_LIMITED', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [503, 'OPENID_MISMATCH', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [302, 'PARAM_ERROR', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  // Codes that no table lists.
  [400, 'CODE_OF_TOMORROW', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [400, 'constructor', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [400, '__proto__', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [400, 'SUCCESS', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
]

const ONCE_ASKED = 'failed, once asked'

/**
 * The same for transfers, splits, finishes and returns; their queries; and what moves no money.
 *
 * @see reference §12 to 15
 */
const MONEY_OUT: readonly (readonly [
  status: number,
  code: string,
  sent: string,
  asked: string,
  cancelled: string,
  bound: string,
  unbound: string,
  left: string,
  bill: string,
])[] = [
  [400, 'PARAM_ERROR', ONCE_ASKED, 'unknown', 'refused', 'failed', 'failed', 'failed', 'failed'],
  [
    400,
    'INVALID_REQUEST',
    ONCE_ASKED,
    'unknown',
    'refused',
    'failed',
    'failed',
    'failed',
    'failed',
  ],
  [
    400,
    'APPID_MCHID_NOT_MATCH',
    ONCE_ASKED,
    'unknown',
    'unknown',
    'failed',
    'failed',
    'failed',
    'failed',
  ],
  [400, 'MCH_NOT_EXISTS', ONCE_ASKED, 'unknown', 'refused', 'failed', 'failed', 'failed', 'failed'],
  [
    400,
    'NO_STATEMENT_EXIST',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'empty',
  ],
  [
    400,
    'STATEMENT_CREATING',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'not_ready',
  ],
  [
    400,
    'ALREADY_EXISTS',
    ONCE_ASKED,
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ],
  [
    409,
    'ALREADY_EXISTS',
    ONCE_ASKED,
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ],
  // It speaks of our signature, and so would the answer to a query.
  [401, 'SIGN_ERROR', 'unknown', 'unknown', 'refused', 'failed', 'failed', 'failed', 'failed'],
  [403, 'NO_AUTH', ONCE_ASKED, 'unknown', 'refused', 'failed', 'failed', 'failed', 'failed'],
  [403, 'RULE_LIMIT', ONCE_ASKED, 'unknown', 'unknown', 'failed', 'failed', 'failed', 'failed'],
  [
    403,
    'ACCOUNT_ERROR',
    ONCE_ASKED,
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ],
  [
    403,
    'USER_ACCOUNT_ABNORMAL',
    ONCE_ASKED,
    'unknown',
    'unknown',
    'failed',
    'failed',
    'failed',
    'failed',
  ],
  [403, 'NOT_ENOUGH', ONCE_ASKED, 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [
    404,
    'ORDER_NOT_EXIST',
    ONCE_ASKED,
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'failed',
    'unknown',
  ],
  [
    404,
    'RESOURCE_NOT_EXISTS',
    ONCE_ASKED,
    'not_found',
    'refused',
    'failed',
    'done',
    'failed',
    'unknown',
  ],
  [404, 'NOT_FOUND', ONCE_ASKED, 'not_found', 'refused', 'failed', 'done', 'failed', 'unknown'],
  [
    429,
    'FREQUENCY_LIMITED',
    'unknown',
    'not_sent',
    'not_sent',
    'not_sent',
    'not_sent',
    'not_sent',
    'not_sent',
  ],
  [
    429,
    'RATELIMIT_EXCEED',
    'unknown',
    'not_sent',
    'not_sent',
    'not_sent',
    'not_sent',
    'not_sent',
    'not_sent',
  ],
  [
    429,
    'RATELIMIT_EXCEEDED',
    'unknown',
    'not_sent',
    'not_sent',
    'not_sent',
    'not_sent',
    'not_sent',
    'not_sent',
  ],
  [
    500,
    'SYSTEM_ERROR',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ],
  [
    500,
    'OPENID_MISMATCH',
    ONCE_ASKED,
    'unknown',
    'unknown',
    'failed',
    'failed',
    'failed',
    'failed',
  ],
  [500, 'PARAM_ERROR', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
  [
    500,
    'RESOURCE_NOT_EXISTS',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ],
  [
    502,
    'SYSTEM_ERROR',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ],
  [
    400,
    'CODE_OF_TOMORROW',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ],
  [400, 'constructor', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'],
]

/** Of APIv3; the codes of APIv2 stand in micropay.test.ts. */
const CODE_PAY: readonly (readonly [status: number, code: string, pay: string, reverse: string])[] =
  [
    [202, 'USER_PAYING', 'unknown', 'unknown'],
    [400, 'USER_PAYING', 'pending', 'refused'],
    [400, 'PARAM_ERROR', 'failed', 'refused'],
    [400, 'INVALID_REQUEST', 'unknown', 'refused'],
    [400, 'APPID_MCHID_NOT_MATCH', 'failed', 'refused'],
    [400, 'MCH_NOT_EXISTS', 'failed', 'refused'],
    [400, 'ORDER_CLOSED', 'failed', 'unknown'],
    [400, 'ORDERPAID', 'unknown', 'unknown'],
    [400, 'AUTH_CODE_ERROR', 'failed', 'unknown'],
    [400, 'AUTH_CODE_INVALID', 'failed', 'unknown'],
    [401, 'SIGN_ERROR', 'failed', 'refused'],
    [403, 'NO_AUTH', 'failed', 'refused'],
    [403, 'RULE_LIMIT', 'failed', 'refused'],
    [403, 'ACCOUNT_ERROR', 'failed', 'unknown'],
    [403, 'USER_ACCOUNT_ABNORMAL', 'failed', 'unknown'],
    [403, 'OUT_TRADE_NO_USED', 'unknown', 'unknown'],
    [403, 'NOT_ENOUGH', 'failed', 'refused'],
    [403, 'TRADE_ERROR', 'unknown', 'refused'],
    [404, 'ORDER_NOT_EXIST', 'unknown', 'not_found'],
    [404, 'RESOURCE_NOT_EXISTS', 'unknown', 'not_found'],
    [429, 'FREQUENCY_LIMITED', 'not_sent', 'not_sent'],
    [500, 'SYSTEM_ERROR', 'unknown', 'unknown'],
    [500, 'BANK_ERROR', 'unknown', 'unknown'],
    [500, 'INVALID_TRANSACTIONID', 'unknown', 'refused'],
    [500, 'NOT_ENOUGH', 'unknown', 'unknown'],
    [502, 'SYSTEM_ERROR', 'unknown', 'unknown'],
    [400, 'CODE_OF_TOMORROW', 'unknown', 'unknown'],
  ]

const NOT_FOUND = unsigned(404, { code: 'RESOURCE_NOT_EXISTS', message: '' })

describe('an error that WeChat answers', () => {
  it.each(ENDINGS)(
    '%i %s ends pay as %s, query as %s, close as %s, refund as %s, its query as %s',
    async (status, code, pay, query, close, refund, queryRefund) => {
      const world = openWorld()
      const { channel, ports } = world
      const answered = () => world.answers(unsigned(status, { code, message: '说明' }))
      answered()
      expect(await channel.pay(ports, nativePay())).toMatchObject({ kind: pay })
      answered()
      expect(await channel.query(ports, ASKED)).toMatchObject({ kind: query })
      answered()
      expect(await channel.close?.(ports, ASKED)).toMatchObject({ kind: close })
      answered()
      if (refund === 'failed, once asked') world.answers(NOT_FOUND)
      const kind = refund === 'failed, once asked' ? 'failed' : refund
      expect(await channel.refund?.(ports, REFUND_INPUT)).toMatchObject({ kind })
      answered()
      expect(await channel.queryRefund?.(ports, REFUND_INPUT)).toMatchObject({ kind: queryRefund })
    },
  )

  it.each(MONEY_OUT)(
    '%i %s ends money sent out as %s, its query as %s, a cancel as %s, a bind as %s, an unbind as %s, what is left as %s, a bill as %s',
    async (status, code, sent, asked, cancelled, bound, unbound, left, bill) => {
      const world = openWorld()
      const { ports } = world
      const { transfer, split, bills } = world.channel
      const answer = unsigned(status, { code, message: '说明' })
      const end = async (run: () => Promise<{ readonly kind: string } | undefined>) => {
        const before = world.requests.length
        world.answers(answer)
        if (sent === 'failed, once asked' || asked === 'not_found') world.answers(NOT_FOUND)
        const outcome = await run()
        const calls = world.requests.length - before
        world.forgets()
        return calls > 1 && outcome?.kind === 'failed' ? 'failed, once asked' : outcome?.kind
      }
      expect(await end(async () => transfer?.send(ports, TRANSFER_INPUT))).toBe(sent)
      expect(await end(async () => split?.send(ports, SPLIT_INPUT))).toBe(sent)
      expect(await end(async () => split?.finish(ports, SPLIT_INPUT))).toBe(sent)
      expect(await end(async () => split?.takeBack?.(ports, RETURN_INPUT))).toBe(sent)
      expect(await end(async () => transfer?.query(ports, TRANSFER_INPUT))).toBe(asked)
      expect(await end(async () => split?.query(ports, SPLIT_INPUT))).toBe(asked)
      expect(await end(async () => split?.queryReturn?.(ports, RETURN_INPUT))).toBe(asked)
      expect(await end(async () => transfer?.cancel?.(ports, TRANSFER_INPUT))).toBe(cancelled)
      const receiver = { receiver: SHOP, requestNumber: 'Q1' }
      expect(await end(async () => split?.bindReceiver(ports, receiver))).toBe(bound)
      expect(await end(async () => split?.unbindReceiver(ports, receiver))).toBe(unbound)
      expect(await end(async () => split?.unsplit?.(ports, SPLIT_INPUT))).toBe(left)
      const day = { kind: 'trade', date: '2026-01-01' }
      expect(await end(async () => bills?.(ports, day))).toBe(bill)
    },
  )

  it.each(CODE_PAY)(
    "%i %s ends the charge of a payer's code as %s, its reverse as %s",
    async (status, code, pay, reverse) => {
      const world = openWorld(V3_CODE_SETTINGS)
      const answered = () => world.answers(unsigned(status, { code, message: '说明' }))
      answered()
      expect(await world.channel.pay(world.ports, barPay())).toMatchObject({ kind: pay })
      answered()
      expect(await world.channel.close?.(world.ports, ASKED_BAR)).toMatchObject({ kind: reverse })
    },
  )

  it("carries WeChat's own code and words, and what they mean", async () => {
    const world = openWorld()
    world.answers(unsigned(403, { code: 'RULELIMIT', message: '业务规则限制' }))
    expect(await world.channel.pay(world.ports, nativePay())).toEqual({
      kind: 'failed',
      error: {
        code: 'RULELIMIT',
        message: '业务规则限制',
        class: 'risk',
        retry: 'new_attempt',
        fault: 'merchant',
      },
    })
  })

  it('leaves what support will ask for in the evidence', async () => {
    const world = openWorld()
    world.answers(unsigned(500, { code: 'SYSTEM_ERROR', message: '系统异常，请稍后重试' }))
    expect(await world.channel.pay(world.ports, nativePay())).toEqual({
      kind: 'unknown',
      evidence: 'answered 500 SYSTEM_ERROR (08F5A1-0)',
      error: {
        code: 'SYSTEM_ERROR',
        message: '系统异常，请稍后重试',
        class: 'channel_busy',
        retry: 'same_key',
        fault: 'channel',
      },
    })
  })

  it('is unmapped, to the core and in the log, when no table lists it', async () => {
    const world = openWorld()
    world.answers(unsigned(400, { code: 'CODE_OF_TOMORROW' }))
    expect(await world.channel.pay(world.ports, nativePay())).toMatchObject({
      kind: 'unknown',
      error: { code: 'CODE_OF_TOMORROW', class: 'unmapped' },
    })
    expect(world.logs[0]?.fields).toMatchObject({ code: 'CODE_OF_TOMORROW', class: 'unmapped' })
  })

  it('has a rule for every code of the reference', () => {
    const codes = [...ENDINGS, ...MONEY_OUT, ...CODE_PAY].map(([, code]) => code)
    const unmapped = [...new Set(codes)].filter((code) => ruleOf(code).class === 'unmapped')
    expect(unmapped).toEqual(['CODE_OF_TOMORROW', 'constructor', '__proto__', 'SUCCESS'])
  })
})
