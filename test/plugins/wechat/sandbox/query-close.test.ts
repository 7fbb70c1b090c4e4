import { describe, expect, it } from 'vitest'
import {
  closePath,
  JSAPI,
  jsapiOrder,
  NATIVE,
  nativeOrder,
  openWechatKit,
  queryPath,
} from './wechat-kit.ts'

const NUMBER = 'T20260101000001'
const MCHID = { mchid: '1900000109' }

describe('a query', () => {
  it('shows an unpaid order with little more than its state', async () => {
    const { call } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    const answer = await call('GET', queryPath(NUMBER))
    expect(answer).toMatchObject({ status: 200, verified: true, suffix: '0' })
    expect(answer.body).toEqual({
      appid: 'wx0000000000000001',
      mchid: '1900000109',
      out_trade_no: NUMBER,
      amount: { payer_currency: 'CNY', total: 100 },
      promotion_detail: [],
      scene_info: { device_id: '' },
      trade_state: 'NOTPAY',
      trade_state_desc: '订单未支付',
    })
  })

  it('shows a paid order whole, by either number', async () => {
    const { call, simulator, passes } = openWechatKit()
    await call('POST', JSAPI, jsapiOrder({ attach: '附加' }))
    await passes(9_000)
    await simulator.act(NUMBER, 'pay')
    const { body } = await call('GET', queryPath(NUMBER))
    expect(body).toEqual({
      appid: 'wx0000000000000001',
      mchid: '1900000109',
      out_trade_no: NUMBER,
      transaction_id: expect.stringMatching(/^42000\d{5}20260101\d{10}$/),
      trade_type: 'JSAPI',
      trade_state: 'SUCCESS',
      trade_state_desc: '支付成功',
      bank_type: 'OTHERS',
      attach: '附加',
      success_time: '2026-01-01T08:00:09+08:00',
      payer: { openid: 'oSharedOpenid000000000000001' },
      amount: { total: 100, payer_total: 100, currency: 'CNY', payer_currency: 'CNY' },
      promotion_detail: [],
    })
    const byId = `/v3/pay/transactions/id/${body.transaction_id}?mchid=1900000109`
    expect((await call('GET', byId)).body).toEqual(body)
  })

  it.each([
    ['/v3/pay/transactions/out-trade-no/T20260101000009?mchid=1900000109'],
    ['/v3/pay/transactions/id/4200000000202601010000000001?mchid=1900000109'],
  ])('answers 404 ORDER_NOT_EXIST for an order that there is not: %s', async (path) => {
    const answer = await openWechatKit().call('GET', path)
    expect(answer).toMatchObject({ status: 404, verified: true, suffix: '268512771' })
    expect(answer.body).toMatchObject({ code: 'ORDER_NOT_EXIST' })
  })

  it('must name the merchant who signs it', async () => {
    const { call } = openWechatKit()
    const path = `/v3/pay/transactions/out-trade-no/${NUMBER}`
    expect((await call('GET', path)).body).toMatchObject({
      code: 'PARAM_ERROR',
      detail: { location: 'query', field: 'mchid' },
    })
    expect(await call('GET', `${path}?mchid=1900000110`)).toMatchObject({ suffix: '268447843' })
  })
})

describe('a close', () => {
  it('is answered 204, signed, and again so', async () => {
    const { call } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    for (const _time of [1, 2]) {
      const answer = await call('POST', closePath(NUMBER), MCHID)
      expect(answer).toMatchObject({ status: 204, text: '', verified: true })
    }
    expect((await call('GET', queryPath(NUMBER))).body).toMatchObject({ trade_state: 'CLOSED' })
  })

  it('keeps the payer from paying', async () => {
    const { call, simulator } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    await call('POST', closePath(NUMBER), MCHID)
    expect(await simulator.act(NUMBER, 'pay')).toEqual({ refused: 'closed by the merchant' })
  })

  it('is refused when the payer was faster', async () => {
    const { call, simulator } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    await simulator.act(NUMBER, 'pay')
    const answer = await call('POST', closePath(NUMBER), MCHID)
    expect(answer).toMatchObject({ status: 400, verified: true, body: { code: 'ORDERPAID' } })
    expect((await call('GET', queryPath(NUMBER))).body).toMatchObject({ trade_state: 'SUCCESS' })
  })

  it('of an unknown order is answered 404', async () => {
    const answer = await openWechatKit().call('POST', closePath(NUMBER), MCHID)
    expect(answer).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_EXIST' } })
  })

  it('must name the merchant, and nothing else', async () => {
    const { call } = openWechatKit()
    expect((await call('POST', closePath(NUMBER), {})).body).toMatchObject({ code: 'PARAM_ERROR' })
    const more = { ...MCHID, reason: 'late' }
    expect(await call('POST', closePath(NUMBER), more)).toMatchObject({ suffix: '270924358' })
  })
})
