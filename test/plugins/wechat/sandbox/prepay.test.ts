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
const HOUR_MS = 3_600_000
const APP = '/v3/pay/transactions/app'
const H5 = '/v3/pay/transactions/h5'
const wap = { payer_client_ip: '203.0.113.7', h5_info: { type: 'Wap' } }

describe('what a new order is answered with', () => {
  it('gives a code to scan for native', async () => {
    const { body } = await openWechatKit().call('POST', NATIVE, nativeOrder())
    expect(body).toEqual({
      code_url: expect.stringMatching(/^weixin:\/\/wxpay\/bizpayurl\?pr=[0-9A-Za-z]{9}$/),
    })
  })

  it.each([
    ['JSAPI', JSAPI, jsapiOrder()],
    ['APP', APP, nativeOrder({ appid: 'wx0000000000000002' })],
  ])('gives a prepay_id for %s', async (_product, path, order) => {
    const { body } = await openWechatKit().call('POST', path, order)
    expect(body).toEqual({ prepay_id: expect.stringMatching(/^wx01080000[0-9a-f]{22}0000$/) })
  })

  it('gives a page to open for H5', async () => {
    const { body } = await openWechatKit().call('POST', H5, nativeOrder({ scene_info: wap }))
    expect(body).toEqual({
      h5_url: expect.stringMatching(
        /^https:\/\/wx\.tenpay\.com\/cgi-bin\/mmpayweb-bin\/checkmweb\?prepay_id=wx[0-9a-f]{34}&package=\d{10}$/,
      ),
    })
  })

  it('takes everything that the documents list', async () => {
    const order = jsapiOrder({
      time_expire: '2026-01-01T08:30:00+08:00',
      attach: '附加',
      goods_tag: 'TAG',
      support_fapiao: false,
      settle_info: { profit_sharing: true },
      limit_pay: ['no_credit'],
      scene_info: {
        payer_client_ip: '2001:db8::1',
        device_id: 'D1',
        store_info: { id: 'S1', name: '店', area_code: '440305', address: '路' },
      },
      detail: {
        cost_price: 100,
        invoice_id: 'I1',
        goods_detail: [
          {
            merchant_goods_id: 'G1',
            wechatpay_goods_id: 'W1',
            goods_name: '货',
            quantity: 1,
            unit_price: 100,
          },
        ],
      },
    })
    expect((await openWechatKit().call('POST', JSAPI, order)).status).toBe(200)
  })
})

describe('what WeChat refuses', () => {
  const long = (length: number) => '字'.repeat(length)

  it.each([
    ['a member that it does not know', { colour: 'red' }, '/colour', '270924358'],
    ['an unknown member deeper down', { amount: { total: 1, tax: 0 } }, '/amount/tax', '270924358'],
    ['a payer where there is none', { payer: { openid: 'o23456' } }, '/payer', '270924358'],
    ['null for what is left out', { attach: null }, '/attach', '268435461'],
    ['an amount as text', { amount: { total: '100' } }, '/amount/total', '268435461'],
    ['half a fen', { amount: { total: 1.5 } }, '/amount/total', '268435461'],
    ['no fen at all', { amount: { total: 0 } }, '/amount/total', '268435464'],
    ['more fen than fit', { amount: { total: 2_147_483_648 } }, '/amount/total', '268435464'],
    [
      'another currency',
      { amount: { total: 1, currency: 'USD' } },
      '/amount/currency',
      '268435461',
    ],
    ['no amount', { amount: undefined }, '/amount', '268435461'],
    ['no description', { description: '' }, '/description', '268435461'],
    ['a description of 128 characters', { description: long(128) }, '/description', '268435461'],
    ['attach of 129 characters', { attach: long(129) }, '/attach', '268435461'],
    ['a number of 5 characters', { out_trade_no: 'T2026' }, '/out_trade_no', '268435461'],
    ['a number of 33', { out_trade_no: 'T'.repeat(33) }, '/out_trade_no', '268435461'],
    ['a number with a dot', { out_trade_no: 'T2026.01' }, '/out_trade_no', '268435461'],
    ['http', { notify_url: 'http://pay.example.com/n' }, '/notify_url', '268435461'],
    [
      'a query in notify_url',
      { notify_url: 'https://pay.example.com/n?a=1' },
      '/notify_url',
      '268435461',
    ],
    ['a time without offset', { time_expire: '2026-01-01T09:00:00' }, '/time_expire', '268435461'],
    [
      'a time with fractions',
      { time_expire: '2026-01-01T09:00:00.5+08:00' },
      '/time_expire',
      '268435461',
    ],
    [
      'a time that has passed',
      { time_expire: '2026-01-01T08:00:00+08:00' },
      '/time_expire',
      '268435461',
    ],
  ])('refuses %s', async (_what, changes, field, suffix) => {
    const { call } = openWechatKit()
    const answer = await call('POST', NATIVE, nativeOrder(changes))
    expect(answer).toMatchObject({ status: 400, verified: true, suffix })
    expect(answer.body).toMatchObject({ code: 'PARAM_ERROR', detail: { location: 'body', field } })
    expect((await call('GET', queryPath(NUMBER))).status).toBe(404)
  })

  it('takes 127 Chinese characters as a description', async () => {
    const answer = await openWechatKit().call(
      'POST',
      NATIVE,
      nativeOrder({ description: long(127) }),
    )
    expect(answer.status).toBe(200)
  })

  it.each([
    ['JSAPI without a payer', JSAPI, nativeOrder(), '/payer', '268501013'],
    ['JSAPI without an openid', JSAPI, nativeOrder({ payer: {} }), '/payer/openid', '268501013'],
    [
      'an openid that cannot be one',
      JSAPI,
      jsapiOrder({ payer: { openid: 'nobody' } }),
      '/payer/openid',
      '268435461',
    ],
    ['H5 without a scene', H5, nativeOrder(), '/scene_info', '268435461'],
    [
      'H5 of an unknown kind',
      H5,
      nativeOrder({ scene_info: { ...wap, h5_info: { type: 'TV' } } }),
      '/scene_info/h5_info/type',
      '268435461',
    ],
    [
      'an address that is no IP',
      H5,
      nativeOrder({ scene_info: { ...wap, payer_client_ip: 'home' } }),
      '/scene_info/payer_client_ip',
      '268435461',
    ],
  ])('refuses %s', async (_what, path, order, field, suffix) => {
    const answer = await openWechatKit().call('POST', path, order)
    expect(answer).toMatchObject({ status: 400, suffix, body: { detail: { field } } })
  })

  it('refuses an app that is not bound to the merchant', async () => {
    const order = nativeOrder({ appid: 'wx00000000000000ff' })
    const answer = await openWechatKit().call('POST', NATIVE, order)
    expect(answer).toMatchObject({ status: 400, suffix: '268445527' })
    expect(answer.body).toMatchObject({ code: 'APPID_MCHID_NOT_MATCH' })
  })

  it('refuses an order for another merchant than the one who signed', async () => {
    const answer = await openWechatKit().call('POST', NATIVE, nativeOrder({ mchid: '1900000110' }))
    expect(answer).toMatchObject({ status: 400, suffix: '268447843' })
  })

  it('refuses a body that is not JSON, and JSON under another name', async () => {
    const { callRaw, call } = openWechatKit()
    expect(await callRaw('POST', NATIVE, '{"appid":')).toMatchObject({ status: 400 })
    const headers = { 'content-type': 'text/plain' }
    expect(await call('POST', NATIVE, nativeOrder(), { headers })).toMatchObject({ status: 400 })
  })

  it('takes http on this machine for callbacks, unless it is told to be as strict as WeChat', async () => {
    const order = nativeOrder({ notify_url: 'http://127.0.0.1:9216/api/pay/notify/wxpay/1' })
    expect((await openWechatKit().call('POST', NATIVE, order)).status).toBe(200)
    const strict = openWechatKit({ allowLoopbackHttp: false })
    expect((await strict.call('POST', NATIVE, order)).status).toBe(400)
  })
})

describe('the same number again', () => {
  it('is the same order when nothing else changed, whatever the order of its members', async () => {
    const { call, simulator } = openWechatKit()
    const first = await call('POST', NATIVE, nativeOrder())
    const turned = Object.fromEntries(Object.entries(nativeOrder()).reverse())
    const second = await call('POST', NATIVE, turned)
    expect(second.status).toBe(200)
    expect(second.body).toEqual(first.body)
    expect(await simulator.payments()).toHaveLength(1)
  })

  it.each([
    ['amount', nativeOrder({ amount: { total: 101, currency: 'CNY' } })],
    ['description', nativeOrder({ description: '别的' })],
    ['callback address', nativeOrder({ notify_url: 'https://pay.example.com/n/wx/2' })],
  ])('is refused with another %s', async (_what, changed) => {
    const { call } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    const answer = await call('POST', NATIVE, changed)
    expect(answer).toMatchObject({ status: 400, suffix: '268498688' })
    expect(answer.body).toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('is refused for another product', async () => {
    const { call } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    expect(await call('POST', APP, nativeOrder())).toMatchObject({
      status: 400,
      suffix: '268498688',
    })
  })

  it('is refused once it is paid', async () => {
    const { call, simulator } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    await simulator.act(NUMBER, 'pay')
    const answer = await call('POST', NATIVE, nativeOrder())
    expect(answer).toMatchObject({ status: 400, suffix: '268449538', body: { code: 'ORDERPAID' } })
  })

  it('is refused once it is closed', async () => {
    const { call } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    await call('POST', closePath(NUMBER), { mchid: '1900000109' })
    const answer = await call('POST', NATIVE, nativeOrder())
    expect(answer).toMatchObject({
      status: 400,
      suffix: '268447914',
      body: { code: 'ORDER_CLOSED' },
    })
  })

  it('differs by the case of its letters', async () => {
    const { call, simulator } = openWechatKit()
    await call('POST', NATIVE, nativeOrder({ out_trade_no: 'Number1' }))
    await call('POST', NATIVE, nativeOrder({ out_trade_no: 'number1', description: 'other' }))
    expect(await simulator.payments()).toHaveLength(2)
  })
})

describe('how long an order can be paid', () => {
  it.each([
    ['a code', NATIVE, nativeOrder(), 2 * HOUR_MS],
    ['a prepay_id', JSAPI, jsapiOrder(), 2 * HOUR_MS],
    ['an H5 page', H5, nativeOrder({ scene_info: wap }), 300_000],
  ])(
    'lets %s expire, and gives another for the same order',
    async (_what, path, order, validMs) => {
      const { call, passes, simulator } = openWechatKit()
      const first = await call('POST', path, order)
      await passes(validMs)
      expect(await simulator.act(NUMBER, 'pay')).toEqual({
        refused: 'what opened it has expired: ask for prepay again',
      })
      const second = await call('POST', path, order)
      expect(second.status).toBe(200)
      expect(second.body).not.toEqual(first.body)
      expect(await simulator.act(NUMBER, 'pay')).toEqual({})
    },
  )

  it('lets nobody pay after time_expire, though the order stays NOTPAY until it is closed', async () => {
    const { call, passes, simulator } = openWechatKit()
    const order = nativeOrder({ time_expire: '2026-01-01T08:30:00+08:00' })
    await call('POST', NATIVE, order)
    await passes(1_799_999)
    expect((await simulator.payments())[0]?.actions).toContain('pay')
    await passes(1)
    expect(await simulator.act(NUMBER, 'pay')).toEqual({ refused: 'its time_expire has passed' })
    expect((await call('GET', queryPath(NUMBER))).body).toMatchObject({ trade_state: 'NOTPAY' })
    expect(await call('POST', NATIVE, order)).toMatchObject({ status: 400, suffix: '268447914' })
    expect((await call('POST', closePath(NUMBER), { mchid: '1900000109' })).status).toBe(204)
  })

  it('lets nobody pay after seven days without a time_expire', async () => {
    const { call, passes } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    await passes(7 * 24 * HOUR_MS)
    expect((await call('POST', NATIVE, nativeOrder())).body).toMatchObject({ code: 'ORDER_CLOSED' })
  })
})
