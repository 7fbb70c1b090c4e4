/** A service provider and its two sub-merchants, one of which has an app of its own. */
import { describe, expect, it } from 'vitest'
import {
  closePath,
  NATIVE,
  nativeOrder,
  openWechatKit,
  PARTNER,
  PROVIDER,
  partnerOrder,
  queryPath,
  REFUNDS,
  refundOf,
} from './wechat-kit.ts'

const NUMBER = 'T20260101000001'
const FIRST = '1900000201'
const SECOND = '1900000202'

function openProvider() {
  const kit = openWechatKit()
  const call = (method: string, path: string, body?: unknown) =>
    kit.call(method, path, body, { as: PROVIDER })
  return {
    ...kit,
    call,
    orders: (changes: Record<string, unknown> = {}, product = 'native') =>
      call('POST', `${PARTNER}/${product}`, partnerOrder(changes)),
    sees: (subMchid = FIRST, number = NUMBER) =>
      call('GET', `${PARTNER}/out-trade-no/${number}?sp_mchid=1900000100&sub_mchid=${subMchid}`),
    closes: (subMchid = FIRST) =>
      call('POST', `${PARTNER}/out-trade-no/${NUMBER}/close`, {
        sp_mchid: '1900000100',
        sub_mchid: subMchid,
      }),
  }
}

async function openPaid() {
  const kit = openProvider()
  await kit.orders()
  await kit.simulator.act(NUMBER, 'pay')
  return kit
}

describe('a provider’s order', () => {
  it.each([
    ['native', {}, 'code_url'],
    ['app', {}, 'prepay_id'],
    ['jsapi', { payer: { sp_openid: 'oSharedOpenid000000000000001' } }, 'prepay_id'],
    ['h5', { scene_info: { payer_client_ip: '203.0.113.7', h5_info: { type: 'Wap' } } }, 'h5_url'],
  ])('is made by %s', async (product, changes, opening) => {
    const { orders } = openProvider()
    const answer = await orders(changes, product)
    expect(answer).toMatchObject({ status: 200, verified: true })
    expect(Object.keys(answer.body)).toEqual([opening])
  })

  it('is seen, paid and told under both merchants, encrypted with the provider’s key', async () => {
    const { orders, sees, simulator, told } = openProvider()
    await orders({ sub_appid: 'wx0000000000000021' })
    expect((await sees()).body).toMatchObject({
      sp_appid: 'wx0000000000000010',
      sp_mchid: '1900000100',
      sub_appid: 'wx0000000000000021',
      sub_mchid: FIRST,
      trade_state: 'NOTPAY',
    })
    await simulator.act(NUMBER, 'pay')
    const { body } = await sees()
    expect(body).toEqual({
      sp_appid: 'wx0000000000000010',
      sp_mchid: '1900000100',
      sub_appid: 'wx0000000000000021',
      sub_mchid: FIRST,
      out_trade_no: NUMBER,
      transaction_id: expect.stringMatching(/^42000/),
      trade_type: 'NATIVE',
      trade_state: 'SUCCESS',
      trade_state_desc: '支付成功',
      bank_type: 'OTHERS',
      attach: '',
      success_time: '2026-01-01T08:00:00+08:00',
      payer: {
        sp_openid: 'oSimulatedPayer0000000000001',
        sub_openid: expect.stringMatching(/^o[0-9A-Za-z]{27}$/),
      },
      amount: { total: 100, payer_total: 100, currency: 'CNY', payer_currency: 'CNY' },
      promotion_detail: [],
    })
    const { promotion_detail: _none, ...content } = body
    expect(told).toMatchObject([{ verified: true, content }])
  })

  it('names the payer by one openid, and knows the other when they have paid', async () => {
    const { orders, sees, simulator } = openProvider()
    const sub_openid = 'oSubOpenid0000000000000000001'
    const payer = { sub_appid: 'wx0000000000000021', payer: { sub_openid } }
    await orders(payer, 'jsapi')
    await simulator.act(NUMBER, 'pay')
    const seen = (await sees()).body.payer as Record<string, string>
    expect(seen.sub_openid).toBe(sub_openid)
    expect(seen.sp_openid).toMatch(/^o[0-9A-Za-z]{28}$/)
    expect(seen.sp_openid).not.toBe(sub_openid)
  })

  it.each([
    ['both openids', { sp_openid: 'oSharedOpenid01', sub_openid: 'oSharedOpenid02' }, '/payer'],
    ['no openid', {}, '/payer'],
    ['sub_openid without sub_appid', { sub_openid: 'oSharedOpenid02' }, '/sub_appid'],
  ])('is refused with %s', async (_what, payer, field) => {
    const { orders } = openProvider()
    const answer = await orders({ payer }, 'jsapi')
    expect(answer).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR', detail: { field } } })
  })

  it.each([
    ['nobody’s sub-merchant', { sub_mchid: '1900000299' }, 403, 'NO_AUTH', '268443701'],
    ['itself', { sub_mchid: '1900000100' }, 400, 'INVALID_REQUEST', '268443705'],
    ['no sub-merchant', { sub_mchid: undefined }, 400, 'PARAM_ERROR', '268443704'],
    ['another provider', { sp_mchid: '1900000109' }, 400, 'INVALID_REQUEST', '268447843'],
    [
      'an app of others',
      { sp_appid: 'wx0000000000000001' },
      400,
      'APPID_MCHID_NOT_MATCH',
      '268445527',
    ],
    [
      'an app of another sub-merchant',
      { sub_mchid: SECOND, sub_appid: 'wx0000000000000021' },
      400,
      'APPID_MCHID_NOT_MATCH',
      '268445527',
    ],
  ])('is refused for %s', async (_what, changes, status, code, suffix) => {
    const { orders } = openProvider()
    expect(await orders(changes)).toMatchObject({ status, verified: true, suffix, body: { code } })
  })

  it('is not for a merchant who has no sub-merchants', async () => {
    const { call } = openWechatKit()
    const answer = await call(
      'POST',
      `${PARTNER}/native`,
      partnerOrder({ sp_mchid: '1900000109', sp_appid: 'wx0000000000000001' }),
    )
    expect(answer).toMatchObject({ status: 403, body: { code: 'NO_AUTH' } })
  })

  it('shares its number with all other sub-merchants of the provider', async () => {
    const { orders } = openProvider()
    await orders()
    const answer = await orders({ sub_mchid: SECOND })
    expect(answer).toMatchObject({ status: 400, suffix: '268498688' })
  })

  it('cannot be taken for a direct one, and a provider’s own number takes no payments', async () => {
    const { call } = await openPaid()
    const answer = await call('GET', queryPath(NUMBER, '1900000100'))
    expect(answer).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_EXIST' } })
    const close = await call('POST', closePath(NUMBER), { mchid: '1900000100' })
    expect(close).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_EXIST' } })
    const order = nativeOrder({ mchid: '1900000100', appid: 'wx0000000000000010' })
    expect(await call('POST', NATIVE, order)).toMatchObject({
      status: 403,
      body: { code: 'NO_AUTH' },
    })
  })
})

describe('one sub-merchant with the other’s order', () => {
  it('does not see it, by either number', async () => {
    const { sees, call } = await openPaid()
    const { transaction_id } = (await sees()).body
    const wrong = { status: 400, suffix: '268447845', body: { code: 'INVALID_REQUEST' } }
    expect(await sees(SECOND)).toMatchObject(wrong)
    const byId = `${PARTNER}/id/${transaction_id}?sp_mchid=1900000100&sub_mchid=${SECOND}`
    expect(await call('GET', byId)).toMatchObject(wrong)
    expect((await sees()).status).toBe(200)
  })

  it('cannot close it', async () => {
    const { orders, closes, sees } = openProvider()
    await orders()
    expect(await closes(SECOND)).toMatchObject({ status: 400, suffix: '268447845' })
    expect((await sees()).body).toMatchObject({ trade_state: 'NOTPAY' })
    expect(await closes()).toMatchObject({ status: 204, verified: true })
    expect((await sees()).body).toMatchObject({ trade_state: 'CLOSED' })
  })

  it('cannot refund it, nor see a refund of it', async () => {
    const { call, sees, passes, told } = await openPaid()
    const refund = (sub_mchid: string | undefined) =>
      call('POST', REFUNDS, refundOf(40, { sub_mchid }))
    expect(await refund(SECOND)).toMatchObject({ status: 400, suffix: '268447845' })
    expect(await refund(undefined)).toMatchObject({ status: 400, suffix: '268443704' })
    expect((await sees()).body).toMatchObject({ trade_state: 'SUCCESS' })

    expect(await refund(FIRST)).toMatchObject({ status: 200, body: { status: 'PROCESSING' } })
    const none = { status: 404, body: { code: 'RESOURCE_NOT_EXISTS' } }
    const path = `${REFUNDS}/R20260101000001`
    expect(await call('GET', `${path}?sub_mchid=${SECOND}`)).toMatchObject(none)
    expect(await call('GET', path)).toMatchObject(none)
    await passes(5_000)
    expect(await call('GET', `${path}?sub_mchid=${FIRST}`)).toMatchObject({
      status: 200,
      body: { status: 'SUCCESS' },
    })
    expect(told.at(-1)?.content).toMatchObject({
      sp_mchid: '1900000100',
      sub_mchid: FIRST,
      refund_status: 'SUCCESS',
    })
  })

  it('does not touch its money: each has an account of its own', async () => {
    const { simulator } = await openPaid()
    // 1.00 less a fee of 0.006, which is 0.01 when rounded.
    expect(await simulator.balance(FIRST, 'basic')).toBe(100_000_099)
    expect(await simulator.balance(SECOND, 'basic')).toBe(100_000_000)
    expect(await simulator.balance('1900000100', 'basic')).toBe(100_000_000)
  })
})

it('takes a query without the provider or without the sub-merchant for incomplete', async () => {
  const { call } = await openPaid()
  const at = `${PARTNER}/out-trade-no/${NUMBER}`
  expect(await call('GET', `${at}?sub_mchid=${FIRST}`)).toMatchObject({
    status: 400,
    body: { detail: { location: 'query', field: 'sp_mchid' } },
  })
  expect(await call('GET', `${at}?sp_mchid=1900000100`)).toMatchObject({
    status: 400,
    suffix: '268443704',
  })
})
