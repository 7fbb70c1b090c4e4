import { describe, expect, it } from 'vitest'
import { money } from '../../../core/plugin/api.ts'
import {
  ATTEMPT,
  NOW_MS,
  openWorld,
  PAID,
  signed,
  TRANSACTION_ID,
  unsigned,
} from './fake-wechat.ts'
import { ASKED_BAR, barPay, jsonOf, V3_CODE_SETTINGS } from './fixtures.ts'

const CHARGED = { ...PAID, trade_type: 'MICROPAY' }

describe("a payer's code, charged by v3", () => {
  it('is paid at once', async () => {
    const world = openWorld(V3_CODE_SETTINGS)
    world.answers(signed(200, CHARGED))
    expect(await world.channel.pay(world.ports, barPay())).toEqual({
      kind: 'succeeded',
      channelPaymentNo: TRANSACTION_ID,
      paid: money(1234, 'CNY'),
      paidAtMs: 1_767_225_609_000,
      payee: '1900000109',
      payer: 'oSharedOpenid000000000000001',
    })
    const [request] = world.requests
    expect(request).toMatchObject({
      method: 'POST',
      url: 'https://api.mch.weixin.qq.com/v3/pay/transactions/codepay',
      timeoutMs: 15_000,
    })
    expect(jsonOf(request)).toEqual({
      appid: 'wx0000000000000001',
      mchid: '1900000109',
      description: '测试商品',
      out_trade_no: ATTEMPT,
      payer: { auth_code: '134567890123456789' },
      amount: { total: 1234, currency: 'CNY' },
      scene_info: { store_info: { out_id: 'S01' } },
    })
  })

  it('says at once when the money will be shared out', async () => {
    const world = openWorld(V3_CODE_SETTINGS)
    world.answers(signed(200, CHARGED))
    await world.channel.pay(world.ports, barPay({ splitting: true }))
    expect(jsonOf(world.requests[0])).toMatchObject({ settle_info: { profit_sharing: true } })
  })

  it.each([
    ['202, a password', signed(202, { code: 'USER_PAYING', message: '' })],
    ['USERPAYING', signed(200, { ...CHARGED, trade_state: 'USERPAYING' })],
    ['NOTPAY', signed(200, { ...CHARGED, trade_state: 'NOTPAY' })],
    ['a state of tomorrow', signed(200, { ...CHARGED, trade_state: 'ACCEPT' })],
    ['an error that says so', unsigned(400, { code: 'USERPAYING', message: '' })],
  ])('is pending after %s', async (_, answer) => {
    const world = openWorld(V3_CODE_SETTINGS)
    world.answers(answer)
    expect(await world.channel.pay(world.ports, barPay())).toEqual({
      kind: 'pending',
      pollAfterMs: 5_000,
    })
  })

  it.each([
    ['PAYERROR', { class: 'payer_declined', code: 'PAYERROR' }],
    ['CLOSED', { class: 'already_closed' }],
    ['REVOKED', { class: 'already_closed' }],
  ])('failed when it ends as %s', async (trade_state, error) => {
    const world = openWorld(V3_CODE_SETTINGS)
    world.answers(signed(200, { ...CHARGED, trade_state }))
    expect(await world.channel.pay(world.ports, barPay())).toMatchObject({ kind: 'failed', error })
  })

  it("blames the payer's balance, not the merchant's", async () => {
    const world = openWorld(V3_CODE_SETTINGS)
    world.answers(unsigned(403, { code: 'NOT_ENOUGH', message: '余额不足' }))
    expect(await world.channel.pay(world.ports, barPay())).toEqual({
      kind: 'failed',
      error: {
        code: 'NOT_ENOUGH',
        message: '余额不足',
        class: 'payer_declined',
        retry: 'new_attempt',
        fault: 'payer',
      },
    })
  })

  it.each([
    ['is of another payment', signed(200, { ...CHARGED, out_trade_no: 'P176722560000087654321' })],
    ['has no state', signed(200, { ...CHARGED, trade_state: undefined })],
    ['has no amount', signed(200, { ...CHARGED, amount: undefined })],
    ['is not signed', unsigned(200, CHARGED)],
    ['is 202, unsigned', unsigned(202, { code: 'USER_PAYING' })],
    ['never comes', async () => ({ kind: 'unknown', evidence: 'timeout' }) as const],
  ])('is unknown when the answer %s', async (_, answer) => {
    const world = openWorld(V3_CODE_SETTINGS)
    world.answers(answer)
    expect(await world.channel.pay(world.ports, barPay())).toMatchObject({ kind: 'unknown' })
  })

  it('is sent to no second host, however sure it is that the first got nothing', async () => {
    const world = openWorld(V3_CODE_SETTINGS)
    world.answers(async () => ({ kind: 'not_sent', reason: 'connection refused' }))
    expect(await world.channel.pay(world.ports, barPay())).toMatchObject({ kind: 'not_sent' })
    expect(world.requests).toHaveLength(1)
  })

  it('is asked for by v3', async () => {
    const world = openWorld(V3_CODE_SETTINGS)
    world.answers(signed(200, CHARGED))
    expect(await world.channel.query(world.ports, ASKED_BAR)).toMatchObject({ kind: 'succeeded' })
    expect(world.requests[0]?.url).toContain('/v3/pay/transactions/out-trade-no/')
  })
})

describe('the reverse of a charge by v3', () => {
  const close = async (answer: Parameters<ReturnType<typeof openWorld>['answers']>[0]) => {
    const world = openWorld(V3_CODE_SETTINGS)
    world.answers(answer)
    const outcome = await world.channel.close?.(world.ports, ASKED_BAR)
    return { outcome, request: world.requests[0] }
  }

  it('ends it closed', async () => {
    const { outcome, request } = await close(
      signed(200, { appid: 'wx0000000000000001', mchid: '1900000109', out_trade_no: ATTEMPT }),
    )
    expect(outcome).toEqual({ kind: 'closed' })
    expect(request).toMatchObject({
      method: 'POST',
      url: `https://api.mch.weixin.qq.com/v3/pay/transactions/out-trade-no/${ATTEMPT}/reverse`,
    })
    expect(jsonOf(request)).toEqual({ appid: 'wx0000000000000001', mchid: '1900000109' })
  })

  it.each([
    ['is about another', signed(200, { out_trade_no: 'P1' })],
    ['is empty', signed(204, undefined)],
    ['is not signed', unsigned(200, { out_trade_no: ATTEMPT })],
    ['is a system error', unsigned(500, { code: 'SYSTEM_ERROR' })],
  ])('is unknown when the answer %s', async (_, answer) => {
    expect((await close(answer)).outcome).toMatchObject({ kind: 'unknown' })
  })
})

describe('a code', () => {
  it.each([
    '034567890123456789',
    '164567890123456789',
    '13456789012345678',
    '1345678901234567890',
    '28456789012345678x',
    '',
  ])('that is not of WeChat is not sent: "%s"', async (authCode) => {
    const world = openWorld(V3_CODE_SETTINGS)
    const outcome = await world.channel.pay(world.ports, barPay({ extra: { authCode } }))
    expect(outcome).toEqual({
      kind: 'not_sent',
      reason: 'input authCode does not fit way WX_BAR',
    })
    expect(world.requests).toEqual([])
  })

  it.each(['104567890123456789', '154567890123456789', ' 134567890123456789 '])(
    'of WeChat is sent: "%s"',
    async (authCode) => {
      const world = openWorld(V3_CODE_SETTINGS)
      world.answers(signed(200, CHARGED))
      await world.channel.pay(world.ports, barPay({ extra: { authCode } }))
      expect(jsonOf(world.requests[0])).toMatchObject({ payer: { auth_code: authCode.trim() } })
    },
  )

  it('is not charged once the payer has left the till', async () => {
    const world = openWorld(V3_CODE_SETTINGS)
    const outcome = await world.channel.pay(world.ports, barPay({ expiresAtMs: NOW_MS }))
    expect(outcome).toMatchObject({ kind: 'not_sent' })
    expect(world.requests).toEqual([])
  })

  it('is never charged twice, and given up after a minute', () => {
    const { WX_BAR } = openWorld().channel.manifest.ways
    expect(WX_BAR).toMatchObject({ repeatable: false, givesUpAfterMs: 60_000 })
  })
})
