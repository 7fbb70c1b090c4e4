import { describe, expect, it } from 'vitest'
import { ruleOf } from '../../../plugins/wechat/errors.ts'
import { ASKED, nativePay, openWorld, REFUND_INPUT, unsigned } from './fake-wechat.ts'

/**
 * Every code of the reference's §15 with the status it comes with, and how each call then ends. An
 * ending is a promise about money; `unknown` is the one that is never wrong.
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
  [400, 'PARAM_ERROR', 'failed', 'unknown', 'refused', 'unknown', 'unknown'],
  [400, 'INVALID_REQUEST', 'unknown', 'unknown', 'refused', 'unknown', 'unknown'],
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
      expect(await channel.refund?.(ports, REFUND_INPUT)).toMatchObject({ kind: refund })
      answered()
      expect(await channel.queryRefund?.(ports, REFUND_INPUT)).toMatchObject({ kind: queryRefund })
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
    })
  })

  it('is in the log as unmapped when no table lists it', async () => {
    const world = openWorld()
    world.answers(unsigned(400, { code: 'CODE_OF_TOMORROW' }))
    await world.channel.pay(world.ports, nativePay())
    expect(world.logs[0]?.fields).toMatchObject({ code: 'CODE_OF_TOMORROW', class: 'unmapped' })
  })

  it('has a rule for every code of the reference', () => {
    const unmapped = ENDINGS.map(([, code]) => code).filter(
      (code) => ruleOf(code).class === 'unmapped',
    )
    expect(unmapped).toEqual(['CODE_OF_TOMORROW', 'constructor', '__proto__', 'SUCCESS'])
  })
})
