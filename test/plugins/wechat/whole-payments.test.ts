/**
 * Every way of the plugin in both merchant modes, at the simulator: from what the payer is handed to
 * the money, and back.
 */
import { describe, expect, it } from 'vitest'
import { DAY_MS, MINUTE_MS, money, type PayInput, SECOND_MS } from '../../../core/plugin/api.ts'
import { ATTEMPT, nativePay, REFUND_INPUT } from './fake-wechat.ts'
import { ASKED_BAR, appPay, barPay, h5Pay, litePay } from './fixtures.ts'
import { type Mode, openSimulated, type SimulatedWorld } from './simulated.ts'

const MODES: readonly Mode[] = ['direct', 'partner']

const PREPAID: readonly (readonly [way: string, input: PayInput, kind: string])[] = [
  ['WX_NATIVE', nativePay(), 'qr_text'],
  [
    'WX_JSAPI',
    nativePay({ way: 'WX_JSAPI', extra: { openid: 'oPayerOfThePage000000000001' } }),
    'wechat_client',
  ],
  ['WX_LITE', litePay(), 'wechat_client'],
  ['WX_APP', appPay(), 'wechat_client'],
  ['WX_H5', h5Pay(), 'redirect_url'],
]

async function handed({ channel, ports }: SimulatedWorld, input: PayInput): Promise<string> {
  const outcome = await channel.pay(ports, input)
  if (outcome.kind !== 'requires_action') throw new Error(`it is ${JSON.stringify(outcome)}`)
  return outcome.presentation.data
}

async function paymentNo({ channel, ports }: SimulatedWorld, way: string): Promise<string> {
  const outcome = await channel.query(ports, { attemptId: ATTEMPT, way })
  return outcome.kind === 'succeeded' ? outcome.channelPaymentNo : ''
}

describe.each(MODES)('as %s merchant', (mode) => {
  it.each(PREPAID)(
    '%s: what is handed out opens the payment, which is paid, told and refunded in parts',
    async (way, input, kind) => {
      const world = await openSimulated({ mode })
      const { channel, ports, simulator } = world
      const asked = { attemptId: ATTEMPT, way }
      const outcome = await channel.pay(ports, input)
      expect(outcome).toMatchObject({ kind: 'requires_action', presentation: { kind } })
      const data = await handed(world, input)
      expect(await simulator.open?.(data)).toEqual({ number: ATTEMPT })
      expect(await channel.query(ports, asked)).toEqual({ kind: 'pending' })

      expect(await simulator.act(ATTEMPT, 'pay')).toEqual({})
      const paid = { kind: 'succeeded', paid: money(1234, 'CNY'), payee: channel.payee }
      expect(await channel.query(ports, asked)).toMatchObject(paid)
      expect(world.facts()).toMatchObject([{ about: 'payment', attemptId: ATTEMPT, ...paid }])
      expect(await simulator.open?.(data)).toEqual({ refused: 'already paid' })
      expect(await channel.close?.(ports, asked)).toEqual({ kind: 'already_paid' })

      const channelPaymentNo = await paymentNo(world, way)
      const parts = [
        { ...REFUND_INPUT, channelPaymentNo, way },
        {
          ...REFUND_INPUT,
          channelPaymentNo,
          way,
          refundId: 'R2' as never,
          amount: money(1034, 'CNY'),
        },
      ]
      for (const part of parts) {
        expect(await channel.refund?.(ports, part)).toMatchObject({ kind: 'pending' })
        await world.later(MINUTE_MS)
        expect(await channel.queryRefund?.(ports, part)).toMatchObject({
          kind: 'succeeded',
          refunded: part.amount,
        })
      }
      expect(world.facts().slice(1)).toMatchObject([
        { about: 'refund', kind: 'succeeded', refunded: money(200, 'CNY'), payee: channel.payee },
        { about: 'refund', kind: 'succeeded', refunded: money(1034, 'CNY'), payee: channel.payee },
      ])
      const oneFenMore = { ...REFUND_INPUT, channelPaymentNo, way, refundId: 'R3' as never }
      expect(
        await channel.refund?.(ports, { ...oneFenMore, amount: money(1, 'CNY') }),
      ).toMatchObject({ kind: 'failed', error: { code: 'INVALID_REQUEST' } })
    },
  )

  it.each(PREPAID)('%s: once closed, nothing opens it any more', async (way, input) => {
    const world = await openSimulated({ mode })
    const { channel, ports, simulator } = world
    const asked = { attemptId: ATTEMPT, way }
    const data = await handed(world, input)
    expect(await channel.close?.(ports, asked)).toEqual({ kind: 'closed' })
    expect(await simulator.open?.(data)).toEqual({ refused: 'closed by the merchant' })
    expect(await simulator.act(ATTEMPT, 'pay')).toEqual({ refused: 'closed by the merchant' })
    expect(await channel.query(ports, asked)).toEqual({ kind: 'closed' })
  })

  describe.each([
    ['APIv2', {}],
    ['APIv2 with MD5', { apiV2Signature: 'MD5' }],
    ['APIv3', { codePay: 'v3', codePayStore: 'S01' }],
  ])('WX_BAR by %s', (_, changes) => {
    const open = () => openSimulated({ mode, changes })

    async function scan({ channel, ports, simulator }: SimulatedWorld, outcome: string) {
      const codes = (await simulator.payerCodes?.()) ?? []
      const authCode = codes.find((code) => code.outcome === outcome)?.code ?? ''
      return channel.pay(ports, barPay({ extra: { authCode } }))
    }

    it('charges a code at once, and gives the money back by a refund', async () => {
      const world = await open()
      const { channel, ports } = world
      const paid = { kind: 'succeeded', paid: money(1234, 'CNY'), payee: channel.payee }
      expect(await scan(world, 'paid')).toMatchObject(paid)
      expect(await channel.query(ports, ASKED_BAR)).toMatchObject(paid)
      const channelPaymentNo = await paymentNo(world, 'WX_BAR')
      const input = { ...REFUND_INPUT, channelPaymentNo, way: 'WX_BAR' }
      expect(await channel.refund?.(ports, input)).toMatchObject({ kind: 'pending' })
      await world.later(MINUTE_MS)
      expect(await channel.queryRefund?.(ports, input)).toMatchObject({ kind: 'succeeded' })
      // Nobody tells of a code that was charged; of its refund they do.
      expect(world.facts()).toMatchObject([{ about: 'refund', kind: 'succeeded' }])
    })

    it('waits for the password, and has the money once it is typed', async () => {
      const world = await open()
      const { channel, ports } = world
      expect(await scan(world, 'password_then_paid')).toEqual({
        kind: 'pending',
        pollAfterMs: 5_000,
      })
      expect(await channel.query(ports, ASKED_BAR)).toMatchObject({ kind: 'pending' })
      await world.later(10 * SECOND_MS)
      expect(await channel.query(ports, ASKED_BAR)).toMatchObject({ kind: 'succeeded' })
    })

    it('lets a person type the password, or put the phone away', async () => {
      const typed = await open()
      await scan(typed, 'password')
      expect(await typed.simulator.act(ATTEMPT, 'pay')).toEqual({})
      expect(await typed.channel.query(typed.ports, ASKED_BAR)).toMatchObject({ kind: 'succeeded' })

      const away = await open()
      await scan(away, 'password')
      expect(await away.simulator.act(ATTEMPT, 'cancel')).toEqual({})
      expect(await away.channel.query(away.ports, ASKED_BAR)).toMatchObject({ kind: 'failed' })
    })

    it.each([
      [
        'insufficient_balance',
        { kind: 'failed', error: { class: 'payer_declined', fault: 'payer' } },
      ],
      ['card_not_supported', { kind: 'failed', error: { code: 'NOTSUPORTCARD' } }],
      ['expired', { kind: 'failed', error: { code: 'AUTHCODEEXPIRE' } }],
      ['unreadable', { kind: 'failed', error: { code: 'AUTH_CODE_ERROR' } }],
      ['system_error', { kind: 'unknown', error: { class: 'channel_busy' } }],
      ['system_error_but_paid', { kind: 'unknown', error: { class: 'channel_busy' } }],
      ['bank_error_but_paid', { kind: 'unknown', error: { class: 'channel_busy' } }],
    ])('ends as it should for a code of %s', async (outcome, expected) => {
      const world = await open()
      expect(await scan(world, outcome)).toMatchObject(expected)
      const asked = await world.channel.query(world.ports, ASKED_BAR)
      const isPaid = outcome.endsWith('_but_paid')
      expect(asked.kind).toBe(isPaid ? 'succeeded' : (NOT_PAID[outcome] ?? 'not_found'))
    })

    it('reverses what waits and what is paid, and not before fifteen seconds', async () => {
      const world = await open()
      const { channel, ports, simulator } = world
      const mchid = mode === 'direct' ? '1900000109' : '1900000201'
      await scan(world, 'paid')
      expect(await channel.close?.(ports, ASKED_BAR)).toMatchObject({ kind: 'refused' })
      const richer = await simulator.balance(mchid, 'basic')
      await world.later(15 * SECOND_MS)
      expect(await channel.close?.(ports, ASKED_BAR)).toEqual({ kind: 'closed' })
      expect(await channel.close?.(ports, ASKED_BAR)).toEqual({ kind: 'closed' })
      expect(await channel.query(ports, ASKED_BAR)).toEqual({ kind: 'closed' })
      // 12.34 yuan less the fee of 0.6 % went back.
      expect(richer - (await simulator.balance(mchid, 'basic'))).toBe(1227)

      const waiting = await open()
      await scan(waiting, 'password')
      await waiting.later(15 * SECOND_MS)
      expect(await waiting.channel.close?.(waiting.ports, ASKED_BAR)).toEqual({ kind: 'closed' })
      expect(await waiting.simulator.act(ATTEMPT, 'pay')).toEqual({
        refused: 'reversed by the merchant',
      })
    })

    it('knows nothing of a code that was never charged', async () => {
      const { channel, ports } = await open()
      expect(await channel.query(ports, ASKED_BAR)).toEqual({ kind: 'not_found' })
      expect(await channel.close?.(ports, ASKED_BAR)).toEqual({ kind: 'not_found' })
    })
  })

  it('reverses by APIv2 as often as WeChat wants to be called again', async () => {
    const world = await openSimulated({ mode, reverseRecalls: 2 })
    const { channel, ports } = world
    await channel.pay(ports, barPay())
    await world.later(15 * SECOND_MS)
    expect(await channel.close?.(ports, ASKED_BAR)).toEqual({ kind: 'closed' })
    expect(world.called.filter((call) => call.endsWith('/secapi/pay/reverse'))).toHaveLength(3)

    const more = await openSimulated({ mode, reverseRecalls: 3 })
    await more.channel.pay(more.ports, barPay())
    await more.later(15 * SECOND_MS)
    expect(await more.channel.close?.(more.ports, ASKED_BAR)).toMatchObject({ kind: 'unknown' })
    expect(await more.channel.close?.(more.ports, ASKED_BAR)).toEqual({ kind: 'closed' })
  })

  it.each([
    ['ABNORMAL', { kind: 'pending', needs: 'operator' }],
    ['CLOSED', { kind: 'failed', error: { class: 'already_closed' } }],
  ] as const)('a refund that ends %s is told so, and answered so', async (end, expected) => {
    const world = await openSimulated({ mode, refundEnds: end })
    const { channel, ports, simulator } = world
    await channel.pay(ports, nativePay())
    await simulator.act(ATTEMPT, 'pay')
    const channelPaymentNo = await paymentNo(world, 'WX_NATIVE')
    const input = { ...REFUND_INPUT, channelPaymentNo }
    await channel.refund?.(ports, input)
    await world.later(MINUTE_MS)
    expect(await channel.queryRefund?.(ports, input)).toMatchObject(expected)
    expect(world.facts()[1]).toMatchObject({ about: 'refund', ...expected })
    if (end === 'CLOSED') return
    // Somebody sends it to another card in the console, and then it arrives.
    await simulator.endRefund(input.refundId, 'SUCCESS')
    expect(await channel.queryRefund?.(ports, input)).toMatchObject({ kind: 'succeeded' })
    expect(world.facts()[2]).toMatchObject({ about: 'refund', kind: 'succeeded' })
  })

  it('refunds nothing when the account is empty, and the same number once it is not', async () => {
    const world = await openSimulated({ mode })
    const { channel, ports, simulator } = world
    const mchid = mode === 'direct' ? '1900000109' : '1900000201'
    await channel.pay(ports, nativePay())
    await simulator.act(ATTEMPT, 'pay')
    const channelPaymentNo = await paymentNo(world, 'WX_NATIVE')
    const input = { ...REFUND_INPUT, channelPaymentNo }
    await simulator.setBalance(mchid, 'basic', 0)
    expect(await channel.refund?.(ports, input)).toMatchObject({
      kind: 'failed',
      error: { class: 'not_enough_merchant_balance', retry: 'same_key' },
    })
    await simulator.setBalance(mchid, 'basic', 10_000)
    expect(await channel.refund?.(ports, input)).toMatchObject({ kind: 'pending' })
  })

  it('refunds no more than fifty times', async () => {
    const world = await openSimulated({ mode })
    const { channel, ports, simulator } = world
    await channel.pay(ports, nativePay())
    await simulator.act(ATTEMPT, 'pay')
    const channelPaymentNo = await paymentNo(world, 'WX_NATIVE')
    const nth = (n: number) => {
      const refundId = `R${n}` as never
      const amount = money(1, 'CNY')
      return channel.refund?.(ports, { ...REFUND_INPUT, channelPaymentNo, refundId, amount })
    }
    for (let n = 1; n <= 50; n++) expect(await nth(n)).toMatchObject({ kind: 'pending' })
    expect(await nth(51)).toMatchObject({ kind: 'failed', error: { code: 'INVALID_REQUEST' } })
    // One that was accepted stays what it is, however late it is sent again.
    await world.later(365 * DAY_MS)
    expect(await nth(50)).toMatchObject({ kind: 'succeeded' })
  })

  it('refunds nothing after a year', async () => {
    const world = await openSimulated({ mode })
    const { channel, ports, simulator } = world
    await channel.pay(ports, nativePay())
    await simulator.act(ATTEMPT, 'pay')
    const input = { ...REFUND_INPUT, channelPaymentNo: await paymentNo(world, 'WX_NATIVE') }
    await world.later(365 * DAY_MS)
    expect(await channel.refund?.(ports, input)).toMatchObject({
      kind: 'failed',
      error: { code: 'INVALID_REQUEST' },
    })
  })
})

/** An order was made all the same, and has failed. */
const NOT_PAID: Readonly<Record<string, string>> = {
  insufficient_balance: 'failed',
  card_not_supported: 'failed',
}

describe('what a payer is handed', () => {
  it.each([
    ['another signature', { paySign: 'AAAA' }, 'the signature is wrong'],
    ['another time', { timeStamp: '1' }, 'the signature is wrong'],
    ['another app', { appId: 'wx0000000000000002' }, 'the appid is not the one of the order'],
    [
      'a prepay_id of tomorrow',
      { package: 'prepay_id=wx1' },
      'there is no such prepay_id, or no more',
    ],
  ])('is refused by the client of WeChat with %s', async (_, changed, refused) => {
    const world = await openSimulated()
    const extra = { openid: 'oPayerOfThePage000000000001' }
    const data = await handed(world, nativePay({ way: 'WX_JSAPI', extra }))
    const spoilt = JSON.stringify({ ...JSON.parse(data), ...changed })
    expect(await world.simulator.open?.(spoilt)).toEqual({ refused })
  })

  it('is refused as an app when it was made for a page, and with another merchant number', async () => {
    const world = await openSimulated()
    const data = JSON.parse(await handed(world, appPay()))
    const open = (changed: object) =>
      world.simulator.open?.(JSON.stringify({ ...data, ...changed }))
    expect(await open({})).toEqual({ number: ATTEMPT })
    expect(await open({ partnerId: '1900000110' })).toEqual({
      refused: 'the partnerid is not the merchant of the order',
    })
    const { partnerId: partnerid, prepayId: prepayid, ...rest } = data
    // As WeChat's own SDK spells them.
    expect(await world.simulator.open?.(JSON.stringify({ ...rest, partnerid, prepayid }))).toEqual({
      number: ATTEMPT,
    })
  })

  it('is good for two hours, on a page of a browser for five minutes', async () => {
    const native = await openSimulated()
    const code = await handed(native, nativePay({ expiresAtMs: native.now() + DAY_MS }))
    await native.later(120 * MINUTE_MS)
    expect(await native.simulator.open?.(code)).toEqual({
      refused: 'what opened it has expired: ask for prepay again',
    })
    const h5 = await openSimulated()
    const link = await handed(h5, h5Pay({ expiresAtMs: h5.now() + DAY_MS }))
    await h5.later(5 * MINUTE_MS)
    expect(await h5.simulator.open?.(link)).toEqual({
      refused: 'what opened it has expired: ask for prepay again',
    })
  })

  it('opens nothing that is none of WeChat’s', async () => {
    const { simulator } = await openSimulated()
    for (const text of [
      '',
      'weixin://wxpay/bizpayurl?pr=unknown',
      'https://example.com',
      '{}',
      '[1',
    ]) {
      expect(await simulator.open?.(text)).toEqual({ refused: 'WeChat does not know what this is' })
    }
  })
})

describe('the page of an H5 order', () => {
  const REFERER = { referer: 'https://shop.example.com/cart' }

  async function browse(world: SimulatedWorld, url: string, init: RequestInit) {
    const answer = await world.simulator.serve(new Request(url, init))
    if (typeof answer === 'string') throw new Error(answer)
    return answer
  }

  it('lets the payer pay, and sends the browser back', async () => {
    const world = await openSimulated()
    const url = await handed(world, h5Pay())
    const shown = await browse(world, url, { headers: REFERER })
    expect(shown.status).toBe(200)
    expect(await shown.text()).toContain('¥12.34')
    const paid = await browse(world, url, { method: 'POST', body: 'action=pay' })
    expect([paid.status, paid.headers.get('location')]).toEqual([303, h5Pay().returnUrl])
    expect(
      await world.channel.query(world.ports, { attemptId: ATTEMPT, way: 'WX_H5' }),
    ).toMatchObject({
      kind: 'succeeded',
    })
    expect((await browse(world, url, { headers: REFERER })).status).toBe(400)
  })

  it('is not shown to a browser that comes from nowhere, if that is wanted', async () => {
    const strict = await openSimulated({ h5NeedsReferer: true })
    const url = await handed(strict, h5Pay())
    expect((await browse(strict, url, {})).status).toBe(400)
    expect((await browse(strict, url, { headers: REFERER })).status).toBe(200)
    const usual = await openSimulated()
    expect((await browse(usual, await handed(usual, h5Pay()), {})).status).toBe(200)
  })
})
