import { describe, expect, it } from 'vitest'
import { money } from '../../../core/plugin/api.ts'
import {
  ATTEMPT,
  answered,
  codePay,
  content,
  gatewayError,
  lost,
  NOW_MS,
  ok,
  openWorld,
  PAID,
  page,
  payInput,
  refused,
  sent,
  TRADE_NO,
} from './fake-alipay.ts'

const CHARGED = { ...PAID, gmt_payment: '2026-01-01 08:00:05' }

describe("charging a payer's code", () => {
  it('succeeds with what Alipay says was paid, coupons included', async () => {
    const world = openWorld()
    world.answers(ok(CHARGED))
    expect(await world.channel.pay(world.ports, codePay())).toEqual({
      kind: 'succeeded',
      channelPaymentNo: TRADE_NO,
      paid: money(8888, 'CNY'),
      paidAtMs: NOW_MS + 5_000,
      payee: '2088000000000001',
      payer: '0712sharedOpenId-_1',
    })
  })

  it.each([
    ['281234567890123456', 'bar_code'],
    ['3012345678901234', 'bar_code'],
    [`fp${'0'.repeat(33)}`, 'security_code'],
  ])('sends %s as a %s, to be paid within minutes', async (authCode, scene) => {
    const world = openWorld()
    world.answers(ok(CHARGED))
    await world.channel.pay(world.ports, codePay({ extra: { authCode } }))
    const [request] = world.requests
    expect(request?.timeoutMs).toBe(15_000)
    expect(sent(request)).toMatchObject({
      method: 'alipay.trade.pay',
      notify_url: 'https://pay.example.com/api/pay/notify/alipay/A1',
    })
    expect(content(request)).toEqual({
      out_trade_no: ATTEMPT,
      total_amount: '88.88',
      subject: '测试商品',
      body: 'a longer text',
      timeout_express: '5m',
      product_code: 'FACE_TO_FACE_PAYMENT',
      scene,
      auth_code: authCode,
    })
  })

  it.each(['', '2412345678901234', '28123456789012', '2812345678901234567890123', 'fp123', null])(
    'is refused before anything is sent when the code is no code of Alipay (%j)',
    async (authCode) => {
      const world = openWorld()
      const input = payInput('ALI_BAR', { extra: { authCode } })
      expect(await world.channel.pay(world.ports, input)).toMatchObject({ kind: 'not_sent' })
      expect(world.requests).toEqual([])
    },
  )

  it('is pending while the payer types a password', async () => {
    const world = openWorld()
    const { trade_no, out_trade_no } = PAID
    world.answers(
      answered({ code: '10003', msg: 'order success pay inprocess', trade_no, out_trade_no }),
    )
    expect(await world.channel.pay(world.ports, codePay())).toEqual({
      kind: 'pending',
      pollAfterMs: 5_000,
      channelPaymentNo: TRADE_NO,
    })
  })

  it.each([
    ['nobody answers', lost],
    ['a proxy answers', page(502, '<html></html>')],
    ['the answer is cut off', ok(CHARGED, { tamper: (text) => text.slice(0, 200) })],
    ['nobody signed the success', ok(CHARGED, { sign: '' })],
    ['the signature is wrong', ok(CHARGED, { tamper: (text) => text.replace('88.88', '88.89') })],
    ['it is about another payment', ok({ ...CHARGED, out_trade_no: 'P2' })],
    ['the amount is missing', ok({ ...CHARGED, total_amount: undefined })],
    ['the amount is odd', ok({ ...CHARGED, total_amount: '88.888' })],
    ['the number of the trade is missing', ok({ ...CHARGED, trade_no: undefined })],
    ['the service was not available', gatewayError('20000', 'isp.unknow-error')],
    [
      'the service was not available, in other words',
      gatewayError('20000', 'aop.ACQ.SYSTEM_ERROR'),
    ],
    ['the system had an error', refused('ACQ.SYSTEM_ERROR')],
    ['it was paid earlier', refused('ACQ.TRADE_HAS_SUCCESS')],
    ['the number was used for something else', refused('ACQ.CONTEXT_INCONSISTENT')],
    ['paying failed, after which Alipay wants a cancel', refused('ACQ.PAYMENT_FAIL')],
    ['the cashier did not open, likewise', refused('ACQ.PULL_MOBILE_CASHIER_FAIL')],
    ['the code is one that nobody has heard of', refused('ACQ.SOMETHING_NEW')],
    ['waiting is not signed', answered({ code: '10003', out_trade_no: ATTEMPT }, { sign: '' })],
  ])('is unknown when %s', async (_because, answers) => {
    const world = openWorld()
    world.answers(answers)
    expect(await world.channel.pay(world.ports, codePay())).toMatchObject({ kind: 'unknown' })
    expect(world.requests).toHaveLength(1)
  })

  it.each([
    ['ACQ.PAYMENT_AUTH_CODE_INVALID', 'payer_declined', 'payer'],
    ['ACQ.BUYER_BALANCE_NOT_ENOUGH', 'payer_declined', 'payer'],
    ['ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR', 'payer_declined', 'payer'],
    ['ACQ.BEYOND_PER_RECEIPT_DAY_RESTRICTION', 'risk', 'merchant'],
    ['aop.ACQ.PAYMENT_REQUEST_HAS_RISK', 'risk', 'merchant'],
    ['ACQ.BUYER_SELLER_EQUAL', 'invalid_request', 'merchant'],
    ['ACQ.TRADE_HAS_CLOSE', 'already_closed', 'merchant'],
  ])('has failed with %s, and another attempt may be made', async (code, errorClass, fault) => {
    const world = openWorld()
    world.answers(refused(code))
    expect(await world.channel.pay(world.ports, codePay())).toMatchObject({
      kind: 'failed',
      error: { code, class: errorClass, fault },
    })
  })

  it('was not sent when the gateway has too many calls, or the time is over', async () => {
    const world = openWorld()
    world.answers(gatewayError('40005', 'isv.method-call-limited'))
    expect(await world.channel.pay(world.ports, codePay())).toMatchObject({ kind: 'not_sent' })
    world.later(7_200_000)
    expect(await world.channel.pay(world.ports, codePay())).toMatchObject({ kind: 'not_sent' })
    expect(world.requests).toHaveLength(1)
  })

  it('may never be sent twice', () => {
    const { manifest } = openWorld().channel
    expect(manifest.ways.ALI_BAR).toMatchObject({ repeatable: false, givesUpAfterMs: 60_000 })
  })
})
