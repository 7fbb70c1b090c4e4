/** A service provider signs for all of its sub-merchants; whose money it is must never be in doubt. */
import { describe, expect, it } from 'vitest'
import { money } from '../../../core/plugin/api.ts'
import {
  ASKED,
  ATTEMPT,
  inbound,
  jsapiPay,
  nativePay,
  openWorld,
  PAID,
  REFUND,
  REFUND_INPUT,
  REFUNDED,
  SETTINGS,
  seal,
  signAsWechat,
  signed,
  TRANSACTION_ID,
} from './fake-wechat.ts'
import {
  ASKED_BAR,
  appPay,
  barPay,
  h5Pay,
  jsonOf,
  litePay,
  PARTNER_SETTINGS,
  RETURN_INPUT,
  RETURNED,
  SPLIT_INPUT,
  SPLITTED,
  SUB_APP_SETTINGS,
  signedXml,
  TRANSFER_INPUT,
  TRANSFERRED,
  V2_KEY,
  V2_PAID,
  xmlOf,
} from './fixtures.ts'

const HOST = 'https://api.mch.weixin.qq.com'
const SP = { sp_mchid: '1900000109' }
const SUB = { sub_mchid: '1900000209' }

const { appid: _a, mchid: _m, payer: _p, ...PAID_BASE } = PAID
const PARTNER_PAID = {
  ...PAID_BASE,
  sp_appid: 'wx0000000000000001',
  ...SP,
  ...SUB,
  payer: { sp_openid: 'oSharedOpenid000000000000001' },
}

const PREPAY = { prepay_id: 'wx01010800000000000000000000000001' }

describe('an order of a sub-merchant', () => {
  it.each([
    ['native', nativePay(), { code_url: 'weixin://wxpay/bizpayurl?pr=1' }, {}],
    ['jsapi', jsapiPay(), PREPAY, { payer: { sp_openid: 'oSharedOpenid000000000000001' } }],
    ['jsapi', litePay(), PREPAY, { payer: { sp_openid: 'oLiteOpenid0000000000000001' } }],
    ['app', appPay(), PREPAY, {}],
    [
      'h5',
      h5Pay(),
      { h5_url: 'https://wx.tenpay.com/a?b' },
      { scene_info: { payer_client_ip: '203.0.113.7', h5_info: { type: 'Wap' } } },
    ],
  ])('names both merchants and no other id: %s', async (product, input, answer, more) => {
    const world = openWorld(PARTNER_SETTINGS)
    world.answers(signed(200, answer))
    expect(await world.channel.pay(world.ports, input)).toMatchObject({ kind: 'requires_action' })
    const [request] = world.requests
    expect(request?.url).toBe(`${HOST}/v3/pay/partner/transactions/${product}`)
    expect(request?.headers.Authorization).toContain('mchid="1900000109"')
    expect(jsonOf(request)).toEqual({
      sp_appid: 'wx0000000000000001',
      ...SP,
      ...SUB,
      description: '测试商品',
      out_trade_no: ATTEMPT,
      time_expire: '2026-01-01T10:00:00+08:00',
      notify_url: 'https://pay.example.com/api/pay/notify/wxpay/A1',
      amount: { total: 1234, currency: 'CNY' },
      ...more,
    })
  })

  it("takes the openid of the sub-merchant's app, and calls that app", async () => {
    const world = openWorld(SUB_APP_SETTINGS)
    world.answers(signed(200, PREPAY))
    const extra = { openid: 'oSubOpenid0000000000000000001', isSubOpenId: '1' }
    const outcome = await world.channel.pay(world.ports, jsapiPay({ extra }))
    expect(jsonOf(world.requests[0])).toMatchObject({
      sp_appid: 'wx0000000000000001',
      sub_appid: 'wx00000000000000b1',
      payer: { sub_openid: 'oSubOpenid0000000000000000001' },
    })
    expect(jsonOf(world.requests[0])).not.toHaveProperty('payer.sp_openid')
    const data = outcome.kind === 'requires_action' ? outcome.presentation.data : ''
    expect(JSON.parse(data)).toMatchObject({ appId: 'wx00000000000000b1' })
  })

  it("calls the provider's app for the provider's openid, whatever else there is", async () => {
    const world = openWorld(SUB_APP_SETTINGS)
    world.answers(signed(200, PREPAY))
    const extra = { openid: 'oSpOpenid00000000000000000001', isSubOpenId: 'false' }
    const outcome = await world.channel.pay(world.ports, jsapiPay({ extra }))
    const data = outcome.kind === 'requires_action' ? outcome.presentation.data : ''
    expect(JSON.parse(data)).toMatchObject({ appId: 'wx0000000000000001' })
  })

  it('is not sent with an openid of an app that the sub-merchant has not named', async () => {
    const world = openWorld(PARTNER_SETTINGS)
    const extra = { openid: 'oSubOpenid0000000000000000001', isSubOpenId: true }
    const outcome = await world.channel.pay(world.ports, jsapiPay({ extra }))
    expect(outcome).toMatchObject({ kind: 'not_sent' })
    expect(world.requests).toEqual([])
  })

  it.each([
    ['the mini program of its own', 'WX_LITE', { subLiteAppid: 'wx00000000000000b2' }],
    ['the app of its own', 'WX_APP', { subMobileAppid: 'wx00000000000000b2' }],
  ])('goes by %s', async (_, way, settings) => {
    const world = openWorld({ ...SUB_APP_SETTINGS, ...settings })
    world.answers(signed(200, PREPAY))
    const extra = { openid: 'oSubOpenid0000000000000000001', isSubOpenId: '1' }
    await world.channel.pay(world.ports, nativePay({ way, extra }))
    expect(jsonOf(world.requests[0])).toMatchObject({ sub_appid: 'wx00000000000000b2' })
  })

  it.each([
    [PARTNER_SETTINGS, 'wx0000000000000001', '1900000109'],
    [SUB_APP_SETTINGS, 'wx00000000000000b1', '1900000209'],
    [{ ...SUB_APP_SETTINGS, appPartnerId: 'sp_mchid' }, 'wx00000000000000b1', '1900000109'],
    [{ ...PARTNER_SETTINGS, appPartnerId: 'sub_mchid' }, 'wx0000000000000001', '1900000209'],
  ])(
    'is paid from the app that calls, under the number of the setting (%#)',
    async (settings, appid, partnerId) => {
      const world = openWorld(settings)
      world.answers(signed(200, PREPAY))
      const outcome = await world.channel.pay(world.ports, appPay())
      const data = outcome.kind === 'requires_action' ? outcome.presentation.data : ''
      expect(JSON.parse(data)).toMatchObject({ appid, partnerId })
    },
  )
})

describe('what else is done for a sub-merchant', () => {
  it('asks for an order of both', async () => {
    const world = openWorld(PARTNER_SETTINGS)
    world.answers(signed(200, PARTNER_PAID))
    expect(await world.channel.query(world.ports, ASKED)).toEqual({
      kind: 'succeeded',
      channelPaymentNo: TRANSACTION_ID,
      paid: money(1234, 'CNY'),
      paidAtMs: 1_767_225_609_000,
      payee: '1900000109/1900000209',
      payer: 'oSharedOpenid000000000000001',
    })
    expect(world.requests[0]?.url).toBe(
      `${HOST}/v3/pay/partner/transactions/out-trade-no/${ATTEMPT}?sp_mchid=1900000109&sub_mchid=1900000209`,
    )
  })

  it("tells the sub-merchant's own openid where there are two", async () => {
    const world = openWorld(SUB_APP_SETTINGS)
    const payer = { sp_openid: 'oSp', sub_openid: 'oSub' }
    world.answers(signed(200, { ...PARTNER_PAID, payer }))
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ payer: 'oSub' })
  })

  it('closes an order of both', async () => {
    const world = openWorld(PARTNER_SETTINGS)
    world.answers(signed(204, undefined))
    expect(await world.channel.close?.(world.ports, ASKED)).toEqual({ kind: 'closed' })
    expect(world.requests[0]?.url).toBe(
      `${HOST}/v3/pay/partner/transactions/out-trade-no/${ATTEMPT}/close`,
    )
    expect(jsonOf(world.requests[0])).toEqual({ ...SP, ...SUB })
  })

  it('refunds, and asks for the refund, of the sub-merchant', async () => {
    const world = openWorld(PARTNER_SETTINGS)
    world.answers(signed(200, REFUNDED))
    await world.channel.refund?.(world.ports, REFUND_INPUT)
    world.answers(signed(200, REFUNDED))
    await world.channel.queryRefund?.(world.ports, REFUND_INPUT)
    expect(world.requests.map(({ url }) => url)).toEqual([
      `${HOST}/v3/refund/domestic/refunds`,
      `${HOST}/v3/refund/domestic/refunds/${REFUND}?sub_mchid=1900000209`,
    ])
    expect(jsonOf(world.requests[0])).toEqual({
      ...SUB,
      transaction_id: TRANSACTION_ID,
      out_refund_no: REFUND,
      reason: '多收了',
      notify_url: 'https://pay.example.com/api/refund/notify/wxpay/A1',
      amount: { refund: 200, total: 1234, currency: 'CNY' },
    })
  })

  it('charges a code by v3, and reverses it', async () => {
    const world = openWorld({ ...SUB_APP_SETTINGS, codePay: 'v3', codePayStore: 'S01' })
    world.answers(signed(200, PARTNER_PAID))
    await world.channel.pay(world.ports, barPay())
    world.answers(signed(200, { ...SP, ...SUB, out_trade_no: ATTEMPT }))
    expect(await world.channel.close?.(world.ports, ASKED_BAR)).toEqual({ kind: 'closed' })
    const parties = {
      sp_appid: 'wx0000000000000001',
      ...SP,
      sub_appid: 'wx00000000000000b1',
      ...SUB,
    }
    expect(world.requests.map(({ url }) => url)).toEqual([
      `${HOST}/v3/pay/partner/transactions/codepay`,
      `${HOST}/v3/pay/partner/transactions/out-trade-no/${ATTEMPT}/reverse`,
    ])
    expect(jsonOf(world.requests[0])).toMatchObject(parties)
    expect(jsonOf(world.requests[1])).toEqual(parties)
  })

  it('charges a code by v2', async () => {
    const world = openWorld({ ...SUB_APP_SETTINGS, apiV2Key: V2_KEY })
    world.answers(signedXml({ ...V2_PAID, sub_mch_id: '1900000209', sub_openid: 'oSub' }))
    expect(await world.channel.pay(world.ports, barPay())).toMatchObject({
      kind: 'succeeded',
      payee: '1900000109/1900000209',
      payer: 'oSub',
    })
    expect(xmlOf(world.requests[0])).toMatchObject({
      appid: 'wx0000000000000001',
      mch_id: '1900000109',
      sub_appid: 'wx00000000000000b1',
      sub_mch_id: '1900000209',
    })
  })

  it('shares out, takes back, and asks, as the sub-merchant', async () => {
    const world = openWorld(SUB_APP_SETTINGS)
    const { split } = world.channel
    world.answers(signed(200, SPLITTED))
    await split?.send(world.ports, SPLIT_INPUT)
    world.answers(signed(200, { ...SPLITTED, out_order_no: `${SPLIT_INPUT.splitId}F` }))
    await split?.finish(world.ports, SPLIT_INPUT)
    world.answers(signed(200, SPLITTED))
    await split?.query(world.ports, SPLIT_INPUT)
    world.answers(signed(200, RETURNED))
    await split?.takeBack?.(world.ports, RETURN_INPUT)
    world.answers(signed(200, RETURNED))
    await split?.queryReturn?.(world.ports, RETURN_INPUT)
    expect(jsonOf(world.requests[0])).toMatchObject({
      appid: 'wx0000000000000001',
      sub_appid: 'wx00000000000000b1',
      ...SUB,
      receivers: [{ type: 'MERCHANT_ID' }, { type: 'PERSONAL_SUB_OPENID' }],
    })
    expect(jsonOf(world.requests[1])).toMatchObject(SUB)
    expect(world.requests[2]?.url).toContain('&sub_mchid=1900000209')
    expect(jsonOf(world.requests[3])).toMatchObject(SUB)
    expect(world.requests[4]?.url).toContain('&sub_mchid=1900000209')
  })

  it("does not take the sub-merchant's own row for a share, but the provider's cut", async () => {
    const world = openWorld(PARTNER_SETTINGS)
    const [own] = SPLITTED.receivers
    const receivers = [{ ...own, account: '1900000209' }, own]
    world.answers(signed(200, { ...SPLITTED, receivers }))
    expect(await world.channel.split?.query(world.ports, SPLIT_INPUT)).toMatchObject({
      shares: [{ receiver: { kind: 'merchant', account: '1900000109' } }],
    })
  })

  it('asks for the bills of the sub-merchant alone', async () => {
    const world = openWorld(PARTNER_SETTINGS)
    const { bills, requests } = { ...world.channel, ...world }
    world.answers(signed(200, {}))
    await bills?.(world.ports, { kind: 'trade', date: '2026-01-01' })
    expect(requests[0]?.url).toBe(
      `${HOST}/v3/bill/tradebill?bill_date=2026-01-01&bill_type=ALL&sub_mchid=1900000209&tar_type=GZIP`,
    )
    world.answers(signed(200, {}))
    await bills?.(world.ports, { kind: 'fund_flow', date: '2026-01-01' })
    expect(requests[1]?.url).toBe(
      `${HOST}/v3/bill/sub-merchant-fundflowbill?sub_mchid=1900000209&bill_date=2026-01-01&account_type=BASIC&algorithm=AEAD_AES_256_GCM`,
    )
  })

  it('transfers nothing unless that is switched on', async () => {
    const world = openWorld(PARTNER_SETTINGS)
    const { transfer } = world.channel
    const off = { kind: 'not_sent', reason: expect.stringContaining('partnerTransfers') }
    expect(await transfer?.send(world.ports, TRANSFER_INPUT)).toEqual(off)
    expect(await transfer?.query(world.ports, TRANSFER_INPUT)).toEqual(off)
    expect(await transfer?.cancel?.(world.ports, TRANSFER_INPUT)).toEqual(off)
    expect(world.requests).toEqual([])
  })

  it('transfers by the path of providers once it is', async () => {
    const world = openWorld({ ...PARTNER_SETTINGS, partnerTransfers: 'on' })
    const path = `${HOST}/v3/fund-app/mch-transfer/partner/transfer-bills`
    world.answers(
      signed(200, { ...TRANSFERRED, state: 'WAIT_USER_CONFIRM', package_info: 'pkg==' }),
    )
    expect(await world.channel.transfer?.send(world.ports, TRANSFER_INPUT)).toMatchObject({
      clientData:
        '{"mchId":"1900000109","subMchId":"1900000209","appId":"wx0000000000000001","package":"pkg=="}',
    })
    world.answers(signed(200, TRANSFERRED))
    await world.channel.transfer?.query(world.ports, TRANSFER_INPUT)
    world.answers(signed(200, { ...TRANSFERRED, state: 'CANCELING' }))
    await world.channel.transfer?.cancel?.(world.ports, TRANSFER_INPUT)
    // Whose transfer it is has to be said each time: in the query, or in the body where there is one.
    expect(world.requests.map(({ url }) => url)).toEqual([
      path,
      `${path}/out-bill-no/${TRANSFER_INPUT.transferId}?sub_mchid=1900000209`,
      `${path}/out-bill-no/${TRANSFER_INPUT.transferId}/cancel`,
    ])
    expect(jsonOf(world.requests[2])).toEqual({ sub_mchid: '1900000209' })
    expect(jsonOf(world.requests[0])).toMatchObject({ appid: 'wx0000000000000001', ...SUB })
  })
})

describe('two sub-merchants of one provider', () => {
  const B_SETTINGS = { ...PARTNER_SETTINGS, subMchid: '1900000208' }

  async function told(contents: object, original_type = 'transaction') {
    const resource = { ...(await seal(JSON.stringify(contents), 'x')), original_type }
    const envelope = { id: 'EV-1', event_type: 'X.Y', resource }
    return inbound(await signAsWechat(JSON.stringify(envelope)))
  }

  async function payeeOfFact(settings: object, contents: object, type?: string) {
    const world = openWorld(settings)
    const read = await world.channel.readCallback(world.ports, await told(contents, type))
    const fact = read.ok ? read.value.facts[0] : undefined
    const payee = fact !== undefined && 'payee' in fact ? fact.payee : undefined
    return { payee, own: world.channel.payee }
  }

  it('are two payees, though one key signs for both', () => {
    expect(openWorld(PARTNER_SETTINGS).channel.payee).toBe('1900000109/1900000209')
    expect(openWorld(B_SETTINGS).channel.payee).toBe('1900000109/1900000208')
  })

  it.each([
    ['payment', PARTNER_PAID, 'transaction'],
    [
      'refund',
      { ...REFUNDED, status: undefined, ...SP, ...SUB, refund_status: 'SUCCESS' },
      'refund',
    ],
    ['transfer', { ...TRANSFERRED, mchid: '1900000109', ...SUB }, 'mch_payment'],
  ])("never see each other's %s as their own", async (_, contents, type) => {
    const ours = await payeeOfFact(PARTNER_SETTINGS, contents, type)
    expect(ours.payee).toBe(ours.own)
    const theirs = await payeeOfFact(B_SETTINGS, contents, type)
    expect(theirs.payee).toBe('1900000109/1900000209')
    expect(theirs.payee).not.toBe(theirs.own)
  })

  it("get no fact about each other's shares", async () => {
    const contents = {
      ...SP,
      ...SUB,
      transaction_id: TRANSACTION_ID,
      order_id: '3000',
      out_order_no: SPLIT_INPUT.splitId,
      receiver: { type: 'MERCHANT_ID', account: '1900000300', amount: 100, description: '' },
      success_time: '2026-01-01T08:03:00+08:00',
    }
    expect((await payeeOfFact(PARTNER_SETTINGS, contents, 'profitsharing')).payee).toBe(
      '1900000109/1900000209',
    )
    expect((await payeeOfFact(B_SETTINGS, contents, 'profitsharing')).payee).toBeUndefined()
  })

  it('are not a direct merchant, whatever is told to one', async () => {
    const direct = await payeeOfFact(SETTINGS, PARTNER_PAID)
    expect(direct.payee).not.toBe(direct.own)
    const partner = await payeeOfFact(PARTNER_SETTINGS, PAID)
    expect(partner.payee).not.toBe(partner.own)
  })
})
