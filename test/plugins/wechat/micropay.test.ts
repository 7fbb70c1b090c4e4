import { describe, expect, it } from 'vitest'
import { Hash } from 'wechatpay-axios-plugin'
import { money } from '../../../core/plugin/api.ts'
import { ATTEMPT, openWorld, SETTINGS, TRANSACTION_ID, unsigned } from './fake-wechat.ts'
import {
  ASKED_BAR,
  barPay,
  plainXml,
  signedXml,
  V2_KEY,
  V2_PAID,
  V2_SETTINGS,
  v2Error,
  xmlOf,
} from './fixtures.ts'

type Answer = Parameters<ReturnType<typeof openWorld>['answers']>[0]

const PROXY_SETTINGS = { ...V2_SETTINGS, reverseUrl: 'https://mtls.shop.example/reverse' }
const STATE = { ...V2_PAID, trade_state: 'SUCCESS', trade_state_desc: '支付成功' }

async function paid(answer: Answer, settings: object = V2_SETTINGS) {
  const world = openWorld(settings)
  world.answers(answer)
  const outcome = await world.channel.pay(world.ports, barPay())
  return { outcome, request: world.requests[0], logs: world.logs }
}

describe("a payer's code, charged by v2", () => {
  it('is paid at once', async () => {
    const { outcome, request } = await paid(signedXml(V2_PAID))
    expect(outcome).toEqual({
      kind: 'succeeded',
      channelPaymentNo: TRANSACTION_ID,
      paid: money(1234, 'CNY'),
      paidAtMs: 1_767_225_609_000,
      payee: '1900000109',
      payer: 'oSharedOpenid000000000000001',
    })
    expect(request).toMatchObject({
      method: 'POST',
      url: 'https://api.mch.weixin.qq.com/pay/micropay',
      timeoutMs: 15_000,
    })
    const { sign, nonce_str, ...members } = xmlOf(request)
    expect(members).toEqual({
      appid: 'wx0000000000000001',
      mch_id: '1900000109',
      body: '测试商品',
      out_trade_no: ATTEMPT,
      total_fee: '1234',
      fee_type: 'CNY',
      spbill_create_ip: '203.0.113.7',
      auth_code: '134567890123456789',
      sign_type: 'HMAC-SHA256',
    })
    expect(nonce_str).toMatch(/^[0-9A-F]{32}$/)
    expect(sign).toBe(Hash.sign('HMAC-SHA256', { ...members, nonce_str }, V2_KEY))
  })

  it('is signed with MD5 for a merchant number that has nothing better', async () => {
    const settings = { ...V2_SETTINGS, apiV2Signature: 'MD5' }
    const { outcome, request } = await paid(signedXml(V2_PAID, { type: 'MD5' }), settings)
    expect(outcome).toMatchObject({ kind: 'succeeded' })
    const { sign, ...members } = xmlOf(request)
    expect(members.sign_type).toBe('MD5')
    expect(sign).toBe(Hash.sign('MD5', members, V2_KEY))
  })

  it('says at once when the money will be shared out', async () => {
    const world = openWorld(V2_SETTINGS)
    world.answers(signedXml(V2_PAID))
    await world.channel.pay(world.ports, barPay({ splitting: true }))
    expect(xmlOf(world.requests[0])).toMatchObject({ profit_sharing: 'Y' })
  })

  it('has a description that XML brings back unchanged', async () => {
    const world = openWorld(V2_SETTINGS)
    world.answers(signedXml(V2_PAID))
    await world.channel.pay(world.ports, barPay({ subject: ' <茶> &\r\n"咖啡" ]]> ' }))
    const { sign, ...members } = xmlOf(world.requests[0])
    expect(members.body).toBe('<茶> & "咖啡" ]]>')
    expect(sign).toBe(Hash.sign('HMAC-SHA256', members, V2_KEY))
  })

  it('waits for the password', async () => {
    const { outcome } = await paid(signedXml(v2Error('USERPAYING')))
    expect(outcome).toEqual({ kind: 'pending', pollAfterMs: 5_000 })
  })

  it('does without an openid', async () => {
    const { openid: _, ...rest } = V2_PAID
    const { outcome } = await paid(signedXml(rest))
    expect(outcome).toMatchObject({ kind: 'succeeded' })
    expect(outcome).not.toHaveProperty('payer')
  })

  it.each([
    ['is not signed', plainXml(V2_PAID)],
    ['is signed with another key', signedXml(V2_PAID, { key: 'f'.repeat(32) })],
    ['is signed with MD5, which nobody asked for', signedXml(V2_PAID, { type: 'MD5' })],
    [
      'was changed',
      plainXml({
        ...V2_PAID,
        sign: Hash.sign('HMAC-SHA256', { ...V2_PAID, total_fee: '1' }, V2_KEY),
      }),
    ],
    ['is of another payment', signedXml({ ...V2_PAID, out_trade_no: 'P176722560000087654321' })],
    ['has no amount', signedXml({ ...V2_PAID, total_fee: '' })],
    ['has half a fen', signedXml({ ...V2_PAID, total_fee: '12.5' })],
    ['has no time', signedXml({ ...V2_PAID, time_end: '2026-01-01' })],
    ['has no number', signedXml({ ...V2_PAID, transaction_id: '' })],
    ['has no payee', signedXml({ ...V2_PAID, mch_id: '' })],
    ['is no XML', plainXml('{"a":1}')],
    ['is a page', plainXml('<html></html>', 502)],
    ['has a document type', plainXml('<!DOCTYPE xml [<!ENTITY e "x">]><xml><a>&e;</a></xml>')],
    ['is 500', unsigned(500, '<xml></xml>')],
    ['never comes', async () => ({ kind: 'unknown', evidence: 'timeout' }) as const],
    ['is an error that nobody signed', plainXml(v2Error('AUTHCODEEXPIRE'))],
  ] satisfies [string, Answer][])('is unknown when the answer %s', async (_, answer) => {
    expect((await paid(answer)).outcome).toMatchObject({ kind: 'unknown' })
  })

  it('is unknown when it is turned away at the door, which nobody signs', async () => {
    const { outcome, logs } = await paid(plainXml({ return_code: 'FAIL', return_msg: '签名错误' }))
    expect(outcome).toEqual({
      kind: 'unknown',
      evidence: 'answered return_code FAIL',
      error: {
        code: 'FAIL',
        message: '签名错误',
        class: 'unmapped',
        retry: 'never',
        fault: 'channel',
      },
    })
    expect(logs[0]).toMatchObject({ level: 'warn' })
  })

  it('is not sent without the APIv2 key', async () => {
    const world = openWorld(SETTINGS)
    expect(await world.channel.pay(world.ports, barPay())).toEqual({
      kind: 'not_sent',
      reason: 'WX_BAR needs the APIv2 key (apiV2Key), or codePay v3',
    })
    expect(world.requests).toEqual([])
  })

  it('is sent to no second host, however sure it is that the first got nothing', async () => {
    const world = openWorld(V2_SETTINGS)
    world.answers(async () => ({ kind: 'not_sent', reason: 'connection refused' }))
    expect(await world.channel.pay(world.ports, barPay())).toMatchObject({ kind: 'not_sent' })
    expect(world.requests).toHaveLength(1)
  })

  it('leaves the code, the keys and the payer out of the log', async () => {
    const { logs } = await paid(signedXml(v2Error('AUTHCODEEXPIRE', { openid: 'oSecret' })))
    expect(logs).toEqual([
      {
        level: 'warn',
        message: 'WeChat Pay answered an error',
        fields: {
          path: '/pay/micropay',
          code: 'AUTHCODEEXPIRE',
          class: 'payer_declined',
          because: undefined,
        },
      },
    ])
  })
})

/** Every code of reference §8.2, and how a charge, a query and a reverse then end. */
const ENDINGS: readonly (readonly [code: string, pay: string, query: string, reverse: string])[] = [
  ['SYSTEMERROR', 'unknown', 'unknown', 'unknown'],
  ['BANKERROR', 'unknown', 'unknown', 'unknown'],
  ['USERPAYING', 'pending', 'unknown', 'refused'],
  ['AUTHCODEEXPIRE', 'failed', 'unknown', 'unknown'],
  ['AUTH_CODE_ERROR', 'failed', 'unknown', 'unknown'],
  ['AUTH_CODE_INVALID', 'failed', 'unknown', 'unknown'],
  ['NOTENOUGH', 'failed', 'unknown', 'refused'],
  ['NOTSUPORTCARD', 'failed', 'unknown', 'unknown'],
  ['ORDERCLOSED', 'failed', 'unknown', 'unknown'],
  ['ORDERREVERSED', 'failed', 'unknown', 'unknown'],
  ['ORDERPAID', 'unknown', 'unknown', 'unknown'],
  ['OUT_TRADE_NO_USED', 'unknown', 'unknown', 'unknown'],
  ['BUYER_MISMATCH', 'failed', 'unknown', 'unknown'],
  ['TRADE_ERROR', 'unknown', 'unknown', 'refused'],
  ['NOAUTH', 'failed', 'unknown', 'refused'],
  ['PARAM_ERROR', 'failed', 'unknown', 'refused'],
  ['SIGNERROR', 'failed', 'unknown', 'refused'],
  ['XML_FORMAT_ERROR', 'failed', 'unknown', 'unknown'],
  ['LACK_PARAMS', 'failed', 'unknown', 'unknown'],
  ['NOT_UTF8', 'failed', 'unknown', 'unknown'],
  ['APPID_NOT_EXIST', 'failed', 'unknown', 'unknown'],
  ['MCHID_NOT_EXIST', 'failed', 'unknown', 'refused'],
  ['APPID_MCHID_NOT_MATCH', 'failed', 'unknown', 'refused'],
  ['INVALID_REQUEST', 'unknown', 'unknown', 'refused'],
  ['REVERSE_EXPIRE', 'unknown', 'unknown', 'refused'],
  ['ORDERNOTEXIST', 'unknown', 'not_found', 'not_found'],
  ['CODE_OF_TOMORROW', 'unknown', 'unknown', 'unknown'],
  ['constructor', 'unknown', 'unknown', 'unknown'],
]

describe('an error that WeChat signs', () => {
  it.each(ENDINGS)(
    '%s ends a charge as %s, its query as %s, its reverse as %s',
    async (code, pay, query, reverse) => {
      const world = openWorld(PROXY_SETTINGS)
      const { channel, ports } = world
      const answered = () => world.answers(signedXml(v2Error(code)))
      answered()
      expect(await channel.pay(ports, barPay())).toMatchObject({ kind: pay })
      answered()
      expect(await channel.query(ports, ASKED_BAR)).toMatchObject({ kind: query })
      answered()
      expect(await channel.close?.(ports, ASKED_BAR)).toMatchObject({ kind: reverse })
    },
  )

  it('is unmapped when no table lists it', async () => {
    const { outcome } = await paid(signedXml(v2Error('CODE_OF_TOMORROW')))
    expect(outcome).toMatchObject({
      kind: 'unknown',
      error: { code: 'CODE_OF_TOMORROW', message: '说明', class: 'unmapped' },
    })
  })

  it('may lack its code', async () => {
    const { outcome } = await paid(signedXml(v2Error('')))
    expect(outcome).toMatchObject({ kind: 'unknown', error: { code: 'NO_CODE' } })
  })
})

describe('where a charge by v2 stands', () => {
  async function asked(answer: Answer) {
    const world = openWorld(V2_SETTINGS)
    world.answers(answer)
    const outcome = await world.channel.query(world.ports, ASKED_BAR)
    return { outcome, request: world.requests[0] }
  }

  it('is asked by our number, of v2', async () => {
    const { outcome, request } = await asked(signedXml(STATE))
    expect(outcome).toMatchObject({ kind: 'succeeded', paid: money(1234, 'CNY') })
    expect(request?.url).toBe('https://api.mch.weixin.qq.com/pay/orderquery')
    expect(xmlOf(request)).toMatchObject({ mch_id: '1900000109', out_trade_no: ATTEMPT })
  })

  it.each([
    ['SUCCESS', 'succeeded'],
    ['REFUND', 'succeeded'],
    ['NOTPAY', 'pending'],
    ['USERPAYING', 'pending'],
    ['ACCEPT', 'pending'],
    ['CLOSED', 'closed'],
    ['REVOKED', 'closed'],
    ['PAYERROR', 'failed'],
    ['A_STATE_OF_TOMORROW', 'pending'],
  ])('is told by its state: %s', async (trade_state, kind) => {
    expect((await asked(signedXml({ ...STATE, trade_state }))).outcome).toMatchObject({ kind })
  })

  it.each([
    ['another payment', { out_trade_no: 'P176722560000087654321' }],
    ['no state', { trade_state: undefined }],
  ])('is unknown when the answer is about %s', async (_, changes) => {
    const { outcome } = await asked(signedXml(JSON.parse(JSON.stringify({ ...STATE, ...changes }))))
    expect(outcome).toMatchObject({ kind: 'unknown' })
  })

  it('is asked of the second host when the first cannot be reached', async () => {
    const world = openWorld(V2_SETTINGS)
    world.answers(async () => ({ kind: 'not_sent', reason: 'connection refused' }))
    world.answers(signedXml(STATE))
    expect(await world.channel.query(world.ports, ASKED_BAR)).toMatchObject({ kind: 'succeeded' })
    expect(world.requests[1]?.url).toBe('https://api2.mch.weixin.qq.com/pay/orderquery')
  })
})

describe('a reverse by v2', () => {
  const REVERSED = { ...v2Error('', { err_code: '' }), result_code: 'SUCCESS', recall: 'N' }

  it("goes by the operator's proxy, which shows the certificate", async () => {
    const world = openWorld(PROXY_SETTINGS)
    world.answers(signedXml(REVERSED))
    expect(world.channel.extraHosts).toEqual(['mtls.shop.example'])
    expect(await world.channel.close?.(world.ports, ASKED_BAR)).toEqual({ kind: 'closed' })
    expect(world.requests[0]?.url).toBe('https://mtls.shop.example/reverse')
    const { sign, ...members } = xmlOf(world.requests[0])
    expect(members).toMatchObject({ out_trade_no: ATTEMPT, mch_id: '1900000109' })
    expect(sign).toBe(Hash.sign('HMAC-SHA256', members, V2_KEY))
  })

  it('is called again for as long as WeChat says so', async () => {
    const world = openWorld(PROXY_SETTINGS)
    world.answers(signedXml({ ...REVERSED, recall: 'Y' }))
    world.answers(signedXml(REVERSED))
    expect(await world.channel.close?.(world.ports, ASKED_BAR)).toEqual({ kind: 'closed' })
    expect(world.requests).toHaveLength(2)
  })

  it('is unknown when WeChat says so three times', async () => {
    const world = openWorld(PROXY_SETTINGS)
    for (const recall of ['Y', 'Y', 'Y']) world.answers(signedXml({ ...REVERSED, recall }))
    expect(await world.channel.close?.(world.ports, ASKED_BAR)).toMatchObject({ kind: 'unknown' })
    expect(world.requests).toHaveLength(3)
  })

  it.each([
    ['is not signed', plainXml(REVERSED)],
    ['is turned away at the door', plainXml({ return_code: 'FAIL', return_msg: '证书错误' })],
    ['never comes', async () => ({ kind: 'unknown', evidence: 'timeout' }) as const],
  ] satisfies [string, Answer][])('is unknown when the answer %s', async (_, answer) => {
    const world = openWorld(PROXY_SETTINGS)
    world.answers(answer)
    expect(await world.channel.close?.(world.ports, ASKED_BAR)).toMatchObject({ kind: 'unknown' })
  })

  it('is not asked of WeChat itself when the proxy cannot be reached', async () => {
    const world = openWorld(PROXY_SETTINGS)
    world.answers(async () => ({ kind: 'not_sent', reason: 'connection refused' }))
    expect(await world.channel.close?.(world.ports, ASKED_BAR)).toMatchObject({ kind: 'not_sent' })
    expect(world.requests).toHaveLength(1)
  })
})

describe('a charge by v2 that nobody can reverse, for want of the certificate', () => {
  it.each([
    ['paid', signedXml(STATE), { kind: 'already_paid' }],
    [
      'waiting',
      signedXml({ ...STATE, trade_state: 'USERPAYING' }),
      { kind: 'refused', error: { code: 'REVERSE_NEEDS_CERTIFICATE', class: 'not_supported' } },
    ],
    ['closed by WeChat', signedXml({ ...STATE, trade_state: 'CLOSED' }), { kind: 'closed' }],
    // Such a number cannot be paid any more.
    ['failed', signedXml({ ...STATE, trade_state: 'PAYERROR' }), { kind: 'closed' }],
    ['unheard of', signedXml(v2Error('ORDERNOTEXIST')), { kind: 'not_found' }],
    ['not to be found out', signedXml(v2Error('SYSTEMERROR')), { kind: 'unknown' }],
  ] satisfies [string, Answer, object][])('ends as it stands: %s', async (_, answer, outcome) => {
    const world = openWorld(V2_SETTINGS)
    world.answers(answer)
    expect(await world.channel.close?.(world.ports, ASKED_BAR)).toMatchObject(outcome)
    expect(world.requests[0]?.url).toBe('https://api.mch.weixin.qq.com/pay/orderquery')
  })
})
