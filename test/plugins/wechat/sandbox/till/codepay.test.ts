import { describe, expect, it } from 'vitest'
import { NATIVE, NEW_YEAR_MS, nativeOrder, PARTNER, PROVIDER, partnerOrder } from '../wechat-kit.ts'
import { CODEPAY, NUMBER, openTill, scanned } from './till-kit.ts'

describe('codes that payers show', () => {
  it('are listed with what becomes of them, and are good for this minute and the next', async () => {
    const { simulator, passes } = openTill()
    const codes = (await simulator.payerCodes?.()) ?? []
    expect(codes.map(({ outcome }) => outcome)).toEqual([
      'paid',
      'password',
      'password_then_paid',
      'password_then_cancelled',
      'insufficient_balance',
      'card_not_supported',
      'expired',
      'unreadable',
      'system_error_but_paid',
      'system_error',
      'bank_error_but_paid',
    ])
    for (const { code } of codes) expect(code).toMatch(/^13\d{16}$/)
    expect(codes[0]).toMatchObject({
      names: { zh: '立即支付', en: 'Pays at once' },
      validUntilMs: NEW_YEAR_MS + 120_000,
    })
    await passes(30_000)
    expect((await simulator.payerCodes?.())?.[0]?.validUntilMs).toBe(NEW_YEAR_MS + 120_000)
  })

  it('are refused when they have expired', async () => {
    const { code, charges, passes, sees } = openTill()
    const shown = await code('paid')
    await passes(119_999)
    expect((await charges(scanned(shown))).status).toBe(200)
    const later = openTill()
    const old = await later.code('paid')
    await later.passes(120_000)
    expect(await later.charges(scanned(old))).toMatchObject({
      status: 400,
      body: { code: 'AUTHCODEEXPIRE' },
    })
    expect(await later.sees()).toMatchObject({ code: 'ORDER_NOT_EXIST' })
    expect(await sees()).toMatchObject({ trade_state: 'SUCCESS' })
  })
})

describe('a payment code', () => {
  it('is charged at once, and answered as a query would be', async () => {
    const { charges, sees, told } = openTill()
    const answer = await charges(scanned('134567890123456789'))
    expect(answer).toMatchObject({ status: 200, verified: true })
    expect(answer.body).toEqual({
      appid: 'wx0000000000000001',
      mchid: '1900000109',
      out_trade_no: NUMBER,
      transaction_id: expect.stringMatching(/^42000\d{23}$/),
      trade_type: 'MICROPAY',
      trade_state: 'SUCCESS',
      trade_state_desc: '支付成功',
      bank_type: 'OTHERS',
      attach: '',
      success_time: '2026-01-01T08:00:00+08:00',
      payer: { openid: 'oSimulatedPayer0000000000001' },
      amount: { total: 100, payer_total: 100, currency: 'CNY', payer_currency: 'CNY' },
      promotion_detail: [],
    })
    expect(await sees()).toEqual(answer.body)
    // The till has its answer: nobody is told.
    expect(told).toEqual([])
  })

  it.each([
    ['insufficient_balance', 403, 'NOT_ENOUGH', 'PAYERROR'],
    ['card_not_supported', 403, 'NOTSUPORTCARD', 'PAYERROR'],
    ['unreadable', 400, 'AUTH_CODE_ERROR', undefined],
    ['system_error', 500, 'SYSTEM_ERROR', undefined],
    ['system_error_but_paid', 500, 'SYSTEM_ERROR', 'SUCCESS'],
    ['bank_error_but_paid', 500, 'BANK_ERROR', 'SUCCESS'],
    ['password', 202, 'USER_PAYING', 'USERPAYING'],
  ])('%s: is answered %i %s, and then a query says %s', async (outcome, status, code, state) => {
    const kit = openTill()
    const answer = await kit.charges(scanned(await kit.code(outcome)))
    expect(answer).toMatchObject({ status, verified: true, body: { code } })
    expect((await kit.sees()).trade_state).toBe(state)
  })

  it.each(['123', '164567890123456789', '094567890123456789', '1345678901234567890'])(
    'is none of WeChat’s: %s',
    async (code) => {
      const { charges } = openTill()
      expect(await charges(scanned(code))).toMatchObject({ body: { code: 'AUTH_CODE_ERROR' } })
    },
  )

  it('asks for the password above 1,000 yuan, whatever it is', async () => {
    const { charges } = openTill()
    const of = (total: number, out_trade_no: string, code: string) =>
      charges(scanned(code, { amount: { total }, out_trade_no }))
    expect((await of(100_000, 'T00001', '134567890123456781')).status).toBe(200)
    expect((await of(100_001, 'T00002', '134567890123456782')).status).toBe(202)
  })

  it('is good for one order', async () => {
    const { charges } = openTill()
    await charges(scanned('134567890123456789'))
    const again = scanned('134567890123456789', { out_trade_no: 'T20260101000002' })
    expect(await charges(again)).toMatchObject({ status: 400, body: { code: 'AUTH_CODE_INVALID' } })
  })

  it('is charged once by calls that come together', async () => {
    const { charges, simulator } = openTill()
    const bodies = ['A00001', 'A00002', 'A00003'].map((out_trade_no) =>
      scanned('134567890123456789', { out_trade_no }),
    )
    const answers = await Promise.all(bodies.map(charges))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400])
    expect(await simulator.balance('1900000109', 'basic')).toBe(100_000_099)
  })
})

describe('a password', () => {
  it('is waited for until the payer types it', async () => {
    const { code, charges, sees, simulator } = openTill()
    await charges(scanned(await code('password')))
    expect((await simulator.payments())[0]).toMatchObject({
      state: 'USERPAYING',
      actions: ['pay', 'cancel', 'insufficient_balance', 'fail'],
    })
    expect(await simulator.act(NUMBER, 'pay')).toEqual({})
    expect(await sees()).toMatchObject({ trade_state: 'SUCCESS' })
  })

  it.each(['cancel', 'insufficient_balance', 'fail'] as const)(
    'ends the order for good when the payer does this: %s',
    async (action) => {
      const { code, charges, sees, simulator } = openTill()
      const shown = await code('password')
      await charges(scanned(shown))
      expect(await simulator.act(NUMBER, action)).toEqual({})
      expect(await sees()).toMatchObject({
        trade_state: 'PAYERROR',
        trade_state_desc: '支付失败，请撤销订单',
      })
      expect((await simulator.act(NUMBER, 'pay')).refused).toBeDefined()
      const again = await charges(scanned(shown))
      expect(again).toMatchObject({ status: 403, body: { code: 'TRADE_ERROR' } })
    },
  )

  it.each([
    ['password_then_paid', 'SUCCESS'],
    ['password_then_cancelled', 'PAYERROR'],
  ])('%s: the payer needs ten seconds, then it is %s', async (outcome, state) => {
    const { code, charges, sees, passes } = openTill()
    expect((await charges(scanned(await code(outcome)))).status).toBe(202)
    await passes(9_999)
    expect(await sees()).toMatchObject({ trade_state: 'USERPAYING' })
    await passes(1)
    expect(await sees()).toMatchObject({ trade_state: state })
  })
})

describe('the same number again', () => {
  it('is refused once it is paid', async () => {
    const { charges } = openTill()
    const body = scanned('134567890123456789')
    await charges(body)
    expect(await charges(body)).toMatchObject({ status: 400, body: { code: 'ORDERPAID' } })
  })

  it('is still waiting while the payer types, and another code is another order', async () => {
    const { code, charges } = openTill()
    const body = scanned(await code('password'))
    await charges(body)
    expect(await charges(body)).toMatchObject({ status: 202, body: { code: 'USER_PAYING' } })
    expect(await charges(scanned('134567890123456789'))).toMatchObject({
      status: 403,
      body: { code: 'OUT_TRADE_NO_USED' },
    })
  })

  it('cannot be an order of another product, nor the other way round', async () => {
    const { call, charges } = openTill()
    await call('POST', NATIVE, nativeOrder())
    expect(await charges(scanned('134567890123456789'))).toMatchObject({
      body: { code: 'OUT_TRADE_NO_USED' },
    })
    await charges(scanned('134567890123456788', { out_trade_no: 'T20260101000002' }))
    const prepay = await call('POST', NATIVE, nativeOrder({ out_trade_no: 'T20260101000002' }))
    expect(prepay).toMatchObject({ status: 400, body: { code: 'ORDERPAID' } })
  })
})

it('is closed by reversing alone', async () => {
  const { code, call, charges } = openTill()
  await charges(scanned(await code('password')))
  const path = `/v3/pay/transactions/out-trade-no/${NUMBER}/close`
  const answer = await call('POST', path, { mchid: '1900000109' })
  expect(answer).toMatchObject({ status: 400, suffix: '268449641' })
})

it.each([
  ['notify_url', { notify_url: 'https://pay.example.com/n' }, '/notify_url', '270924358'],
  ['time_expire', { time_expire: '2026-01-01T09:00:00+08:00' }, '/time_expire', '270924358'],
  ['no code', { payer: {} }, '/payer/auth_code', '268435461'],
  [
    'a store without a number',
    { scene_info: { store_info: {} } },
    '/scene_info/store_info/id',
    '268435461',
  ],
  [
    'the goods id of the other products',
    {
      detail: {
        goods_detail: [
          { merchant_goods_id: 'G', wechatpay_goods_id: 'W', quantity: 1, unit_price: 1 },
        ],
      },
    },
    '/detail/goods_detail/0/wechatpay_goods_id',
    '270924358',
  ],
])('does not take %s', async (_what, changes, field, suffix) => {
  const { charges } = openTill()
  const answer = await charges(scanned('134567890123456789', changes))
  expect(answer).toMatchObject({
    status: 400,
    suffix,
    body: { code: 'PARAM_ERROR', detail: { field } },
  })
})

it('is there for providers, under both merchants’ ids', async () => {
  const { call } = openTill()
  const { notify_url: _none, ...order } = partnerOrder({
    payer: { auth_code: '134567890123456789' },
  })
  const answer = await call('POST', `${PARTNER}/codepay`, order, { as: PROVIDER })
  expect(answer).toMatchObject({
    status: 200,
    body: { sp_mchid: '1900000100', sub_mchid: '1900000201', trade_state: 'SUCCESS' },
  })
  expect(await call('POST', CODEPAY, order, { as: PROVIDER })).toMatchObject({ status: 400 })
})
