import { describe, expect, it } from 'vitest'
import {
  NATIVE,
  NEW_YEAR_MS,
  nativeOrder,
  openWechatKit,
  queryPath,
  REFUNDS,
  refundOf,
} from './wechat-kit.ts'

const NUMBER = 'T20260101000001'

describe('what WeChat tells', () => {
  it('tells of a payment at once, encrypted and signed', async () => {
    const { call, simulator, told } = openWechatKit()
    await call('POST', NATIVE, nativeOrder({ attach: '附加' }))
    expect(await simulator.act(NUMBER, 'pay')).toEqual({})
    const [callback, ...others] = told
    expect(others).toEqual([])
    expect(callback).toMatchObject({
      atMs: NEW_YEAR_MS,
      url: 'https://pay.example.com/n/wx/1',
      verified: true,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Mozilla/4.0',
        'wechatpay-serial': 'PUB_KEY_ID_0119000001092026010100000000000001',
        'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
        'wechatpay-timestamp': '1767225600',
      },
    })
    expect(callback?.envelope).toEqual({
      id: expect.stringMatching(/^EV-20260101080000\d{9}$/),
      create_time: '2026-01-01T08:00:00+08:00',
      resource_type: 'encrypt-resource',
      event_type: 'TRANSACTION.SUCCESS',
      summary: '支付成功',
      resource: {
        original_type: 'transaction',
        algorithm: 'AEAD_AES_256_GCM',
        ciphertext: expect.any(String),
        associated_data: 'transaction',
        nonce: expect.stringMatching(/^[0-9A-Za-z]{12}$/),
      },
    })
    expect(callback?.content).toEqual({
      mchid: '1900000109',
      appid: 'wx0000000000000001',
      out_trade_no: NUMBER,
      transaction_id: expect.stringMatching(/^42000\d{23}$/),
      trade_type: 'NATIVE',
      trade_state: 'SUCCESS',
      trade_state_desc: '支付成功',
      bank_type: 'OTHERS',
      attach: '附加',
      success_time: '2026-01-01T08:00:00+08:00',
      payer: { openid: 'oSimulatedPayer0000000000001' },
      amount: { total: 100, payer_total: 100, currency: 'CNY', payer_currency: 'CNY' },
    })
  })

  it('tells of a refund at the refund’s own address', async () => {
    const { call, simulator, told, passes } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    await simulator.act(NUMBER, 'pay')
    await call('POST', REFUNDS, refundOf(40))
    await passes(5_000)
    const callback = told[1]
    expect(callback).toMatchObject({
      url: 'https://pay.example.com/n/wx/refund',
      verified: true,
      envelope: {
        event_type: 'REFUND.SUCCESS',
        summary: '退款成功',
        resource: { original_type: 'refund', associated_data: 'refund' },
      },
    })
    expect(callback?.content).toEqual({
      mchid: '1900000109',
      out_trade_no: NUMBER,
      transaction_id: told[0]?.content.transaction_id,
      out_refund_no: 'R20260101000001',
      refund_id: expect.stringMatching(/^50\d{27}$/),
      refund_status: 'SUCCESS',
      success_time: '2026-01-01T08:00:05+08:00',
      user_received_account: '支付用户零钱',
      amount: { total: 100, refund: 40, payer_total: 100, payer_refund: 40 },
    })
  })

  it('says nothing of an order that was closed or not paid', async () => {
    const { call, told, passes } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    await call('POST', `/v3/pay/transactions/out-trade-no/${NUMBER}/close`, { mchid: '1900000109' })
    await passes(86_400_000)
    expect(told).toEqual([])
  })

  it('signs with the certificate in certificate mode, and with one or the other while moving', async () => {
    const certificates = openWechatKit({ verification: 'certificates', rotation: 'during' })
    await certificates.call('POST', NATIVE, nativeOrder())
    await certificates.simulator.act(NUMBER, 'pay')
    expect(certificates.told).toMatchObject([
      {
        verified: true,
        headers: { 'wechatpay-serial': '3775B6A45ACD588826D15E583A95F5DD00000002' },
      },
    ])

    const moving = openWechatKit({ verification: 'both' })
    for (let count = 100; count < 140; count += 1) {
      const out_trade_no = `T20260101000${count}`
      await moving.call('POST', NATIVE, nativeOrder({ out_trade_no }))
      await moving.simulator.act(out_trade_no, 'pay')
    }
    expect(moving.told.every(({ verified }) => verified)).toBe(true)
    expect(new Set(moving.told.map(({ headers }) => headers['wechatpay-serial'])).size).toBe(2)
  })
})

describe('how often WeChat tells', () => {
  it('tries 15 times more, in 24 hours and 4 minutes, and then no more', async () => {
    const { call, simulator, told, passes, merchantAnswers } = openWechatKit()
    merchantAnswers(500)
    await call('POST', NATIVE, nativeOrder())
    await simulator.act(NUMBER, 'pay')
    for (let seconds = 0; seconds < 90_000; seconds += 15) await passes(15_000)

    expect(told.map(({ atMs }) => (atMs - NEW_YEAR_MS) / 1000)).toEqual([
      0, 15, 30, 60, 240, 840, 2040, 3840, 5640, 7440, 11040, 21840, 32640, 43440, 65040, 86640,
    ])
    await passes(30 * 86_400_000)
    expect(told).toHaveLength(16)
  })

  it('tells the same event each time, encrypted and signed anew', async () => {
    const { call, simulator, told, passes, merchantAnswers } = openWechatKit()
    merchantAnswers(500, 200)
    await call('POST', NATIVE, nativeOrder())
    await simulator.act(NUMBER, 'pay')
    await call('POST', REFUNDS, refundOf(1, { notify_url: undefined }))
    await passes(15_000)
    const [first, second] = told
    expect(second?.envelope.id).toBe(first?.envelope.id)
    // Still the payment's own event, though the order has been refunded meanwhile.
    expect(second?.content).toEqual(first?.content)
    expect(second?.verified).toBe(true)
    expect(second?.headers['wechatpay-timestamp']).toBe('1767225615')
    expect(second?.headers['wechatpay-nonce']).not.toBe(first?.headers['wechatpay-nonce'])
    expect(second?.headers['wechatpay-signature']).not.toBe(first?.headers['wechatpay-signature'])
  })

  it.each([200, 204])('is content with %i', async (status) => {
    const { call, simulator, told, passes, merchantAnswers } = openWechatKit()
    merchantAnswers(status)
    await call('POST', NATIVE, nativeOrder())
    await simulator.act(NUMBER, 'pay')
    await passes(86_400_000)
    expect(told).toHaveLength(1)
  })

  it.each([201, 202, 302, 400, 401, 404, 500, 503, undefined])(
    'is not content with %s',
    async (status) => {
      const { call, simulator, told, passes, merchantAnswers } = openWechatKit()
      merchantAnswers(status, 200)
      await call('POST', NATIVE, nativeOrder())
      await simulator.act(NUMBER, 'pay')
      await passes(14_999)
      expect(told).toHaveLength(1)
      await passes(1)
      expect(told).toHaveLength(2)
      await passes(86_400_000)
      expect(told).toHaveLength(2)
    },
  )

  it('does not try twice when two clocks tick at once', async () => {
    const { call, simulator, told, passes, merchantAnswers } = openWechatKit()
    merchantAnswers(500)
    await call('POST', NATIVE, nativeOrder())
    await simulator.act(NUMBER, 'pay')
    await Promise.all([passes(15_000), simulator.tick(), simulator.tick()])
    expect(told).toHaveLength(2)
  })

  it('keeps the payment when nobody hears of it', async () => {
    const { call, simulator, merchantAnswers } = openWechatKit()
    merchantAnswers(undefined)
    await call('POST', NATIVE, nativeOrder())
    await simulator.act(NUMBER, 'pay')
    expect((await call('GET', queryPath(NUMBER))).body).toMatchObject({ trade_state: 'SUCCESS' })
  })
})
