import { describe, expect, it } from 'vitest'
import type { JeepayFields } from '../../kit/jeepay-client.ts'
import { sandboxClient } from '../../kit/sandbox-client.ts'
import { type Ordered, succeeded } from '../../kit/storefront.ts'
import { until } from '../../kit/until.ts'
import { endsPaid, type Here, type World } from './world.ts'

interface Way {
  readonly wayCode: string
  readonly channel: 'wxpay' | 'alipay'
  readonly extra: JeepayFields
  /** JeePay's literal, and what the payer's client does with what is handed over. @see reference §7 */
  readonly payDataType: string
  readonly payData: RegExp
}

const OPENID = { openid: 'oAcceptancePayer000000000001' }
const BUYER = { buyerUserId: '2088100000000001' }
const WEIXIN = /^weixin:\/\/wxpay\/bizpayurl\?pr=\w+$/
const WX_PAGE =
  /^\{"appId":"wx\w+","timeStamp":"\d{10}","nonceStr":"\w+","package":"prepay_id=\w+","signType":"RSA","paySign":"[^"]+"\}$/
const WX_APP =
  /^\{"appid":"wx\w+","partnerId":"\d+","prepayId":"\w+","package":"Sign=WXPay","noncestr":"\w+","timestamp":"\d{10}","sign":"[^"]+"\}$/
const ALI_QR = /^https:\/\/qr\.alipay\.com\/\w+$/
const ALI_TRADE = /^\{"alipayTradeNo":"\d{28}"\}$/
const ALI_GATEWAY = /^https:\/\/openapi[\w.-]*\/gateway\.do\?/
const FORM = /^<!doctype html>[\s\S]*<form [\s\S]*gateway\.do[\s\S]*submit\(\)/

const WAYS: readonly Way[] = [
  way('WX_NATIVE', {}, 'codeUrl', WEIXIN),
  way('WX_JSAPI', OPENID, 'wxapp', WX_PAGE),
  way('WX_LITE', OPENID, 'wxapp', WX_PAGE),
  way('WX_APP', {}, 'wxapp', WX_APP),
  way('WX_H5', {}, 'payurl', /^https:\/\/wx\.tenpay\.com\/.*[?&]redirect_url=http/),
  way('ALI_QR', {}, 'codeUrl', ALI_QR),
  way('ALI_OC', {}, 'codeUrl', ALI_QR),
  way('ALI_JSAPI', BUYER, 'aliapp', ALI_TRADE),
  way('ALI_LITE', BUYER, 'aliapp', ALI_TRADE),
  way('ALI_APP', {}, 'aliapp', /(^|&)method=alipay\.trade\.app\.pay&.*sign=/),
  way('ALI_WAP', {}, 'payurl', ALI_GATEWAY),
  way('ALI_PC', {}, 'payurl', ALI_GATEWAY),
]

function way(wayCode: string, extra: JeepayFields, payDataType: string, payData: RegExp): Way {
  const channel = wayCode.startsWith('WX_') ? 'wxpay' : 'alipay'
  return { wayCode, channel, extra, payDataType, payData }
}

/** What a merchant may wish for instead. What a way does not have is its usual. */
const WISHES: readonly (readonly [string, JeepayFields, string, string])[] = [
  ['WX_NATIVE', {}, 'codeImgUrl', 'codeImgUrl'],
  ['WX_NATIVE', {}, 'form', 'codeUrl'],
  ['WX_NATIVE', {}, 'codeimgurl', 'codeUrl'],
  ['WX_H5', {}, 'codeImgUrl', 'codeImgUrl'],
  ['WX_H5', {}, 'form', 'payurl'],
  ['WX_JSAPI', OPENID, 'codeImgUrl', 'wxapp'],
  ['ALI_QR', {}, 'codeImgUrl', 'codeImgUrl'],
  ['ALI_OC', {}, 'codeImgUrl', 'codeImgUrl'],
  ['ALI_WAP', {}, 'form', 'form'],
  ['ALI_WAP', {}, 'codeImgUrl', 'codeImgUrl'],
  ['ALI_WAP', {}, 'payurl', 'payurl'],
  ['ALI_PC', {}, 'form', 'form'],
  ['ALI_APP', {}, 'codeImgUrl', 'aliapp'],
  ['ALI_JSAPI', BUYER, 'form', 'aliapp'],
]

const REFUND_TAKES_MS = 5_000

export function specifyWays(here: Here): void {
  describe('each way', () => {
    it.each(WAYS)(
      '$wayCode hands over $payDataType, survives a payer who cancels or has no money, and is paid',
      async ({ wayCode, channel, extra, payDataType, payData }) => {
        const { shop } = here()
        const ordered = await orders(here(), wayCode, extra)
        expect(ordered.answer).toMatchObject({
          orderState: 1,
          payDataType,
          payData: expect.stringMatching(payData),
        })
        for (const outcome of ['cancel', 'insufficient_balance']) {
          expect(await shop.sandbox.acts(ordered.payOrderId, outcome)).toBeUndefined()
        }
        expect(await shop.sees(ordered.payOrderId)).toMatchObject({ state: 1 })
        await shop.sandbox.pays(ordered.payOrderId)
        await endsPaid(here(), ordered)
        expect(await shop.sees(ordered.payOrderId)).toMatchObject({
          wayCode,
          ifCode: channel,
          channelOrderNo: expect.stringMatching(/^\d{28}$/),
        })
      },
    )

    it.each(WISHES)('%s with %j and the wish for %s hands over %s', async (...row) => {
      const [wayCode, extra, wish, payDataType] = row
      const { answer } = await orders(here(), wayCode, { ...extra, payDataType: wish })
      expect(answer).toMatchObject({ orderState: 1, payDataType })
      if (payDataType === 'form') expect(answer.payData).toMatch(FORM)
      if (payDataType !== 'codeImgUrl') return
      const image = await fetch(String(answer.payData))
      expect([image.status, image.headers.get('content-type')]).toEqual([200, 'image/png'])
      await image.body?.cancel()
    })

    it.each(['ALI_WAP', 'ALI_PC'])('%s as a form is paid as the form says', async (wayCode) => {
      const ordered = await orders(here(), wayCode, { payDataType: 'form' })
      await here().shop.sandbox.pays(ordered.payOrderId)
      await endsPaid(here(), ordered)
    })

    it.each(WAYS)('$wayCode is closed, and can no longer be paid', async ({ wayCode, extra }) => {
      const { shop } = here()
      const { payOrderId, inbox } = await orders(here(), wayCode, extra)
      // A link or code that nobody has opened is no trade yet; one that was opened is.
      expect(await shop.sandbox.acts(payOrderId, 'cancel')).toBeUndefined()
      expect(await shop.closes(payOrderId)).toMatchObject({ code: 0 })
      expect(await shop.sees(payOrderId)).toMatchObject({ state: 6 })
      expect(await shop.closes(payOrderId)).toEqual({ code: 9999, msg: '当前订单不可关闭' })
      expect(await shop.sandbox.acts(payOrderId, 'pay')).toEqual(expect.any(String))
      expect(await shop.sees(payOrderId)).toMatchObject({ state: 6 })
      expect(inbox.heard).toEqual([])
    })

    // Alipay hears of these when the payer opens them: before that, it knows nothing to close.
    it.each(['ALI_QR', 'ALI_WAP'])(
      '%s that nobody has opened is not closed while it can still be opened, and is once it cannot',
      async (wayCode) => {
        const { shop } = here()
        const { payOrderId, inbox } = await shop.orders({ wayCode, expiredTime: 60 })
        expect(await shop.closes(payOrderId)).toEqual({
          code: 9999,
          msg: '付款人仍可支付该订单，到期前不可关闭',
        })
        expect(await shop.sees(payOrderId)).toMatchObject({ state: 1 })
        await until(async () => {
          await shop.sandbox.passes(61_000)
          return (await shop.sees(payOrderId)).state === 6
        }, 'the close')
        expect(await shop.sandbox.acts(payOrderId, 'pay')).toEqual(expect.any(String))
        expect(await shop.sees(payOrderId)).toMatchObject({ state: 6 })
        expect(inbox.heard).toEqual([])
      },
    )

    it.each(['WX_NATIVE', 'ALI_QR', 'ALI_PC'])(
      '%s is refunded in part, then the rest, and shows it',
      async (wayCode) => {
        const { shop } = here()
        const ordered = await orders(here(), wayCode, {})
        const { payOrderId } = ordered
        await shop.sandbox.pays(payOrderId)
        await endsPaid(here(), ordered)
        for (const [refundAmount, state] of [
          [300, 2],
          [700, 5],
        ] as const) {
          const fields = { refundAmount, notifyUrl: ordered.inbox.url }
          const { refundOrderId } = succeeded(await shop.refunds(payOrderId, fields)).data
          await shop.sandbox.passes(REFUND_TAKES_MS)
          expect(await shop.seesRefund(String(refundOrderId))).toMatchObject({
            state: 2,
            refundAmount,
            payAmount: 1_000,
          })
          expect(await shop.sees(payOrderId)).toMatchObject({ state })
        }
        expect(await shop.refunds(payOrderId, { refundAmount: 1 })).toEqual({
          code: 9999,
          msg: '订单已全额退款，本次申请失败',
        })
        await ordered.inbox.hears(3)
        expect(ordered.inbox.heard.slice(1).map(({ fields }) => fields.state)).toEqual(['2', '2'])
      },
    )

    it.each([
      ['WX_JSAPI', '[openid]不可为空'],
      ['WX_LITE', '[openid]不可为空'],
      ['WX_BAR', '用户支付条码[authCode]不可为空'],
      ['ALI_JSAPI', '[buyerUserId]不可为空'],
      ['ALI_LITE', '[buyerUserId]不可为空'],
      ['ALI_BAR', '用户支付条码[authCode]不可为空'],
      ['AUTO_BAR', '条码为空'],
    ])('%s without its payer is refused', async (wayCode, msg) => {
      expect(await here().shop.asksFor({ wayCode })).toEqual({ code: 9999, msg })
    })
  })

  describe.each(['wxpay', 'alipay'] as const)('the till, with a code of %s,', (channel) => {
    const wayCode = channel === 'wxpay' ? 'WX_BAR' : 'ALI_BAR'
    const payer = () => sandboxClient(here().shop.baseUrl, channel)
    const charges = async (outcome: string, code = wayCode) =>
      orders(here(), code, { authCode: await payer().payerCode(outcome) })

    it.each([wayCode, 'AUTO_BAR'])('is paid at once by %s', async (code) => {
      const ordered = await charges('paid', code)
      expect(ordered.answer).toMatchObject({ orderState: 2, payDataType: 'none', payData: '' })
      await endsPaid(here(), ordered)
      expect(await here().shop.sees(ordered.payOrderId)).toMatchObject({ wayCode })
    })

    it('waits for the password, and is paid when it was given', async () => {
      const ordered = await charges('password')
      expect(ordered.answer).toMatchObject({ orderState: 1, payDataType: 'none', payData: '' })
      await here().shop.sandbox.pays(ordered.payOrderId)
      await here().shop.sandbox.passes(15_000)
      await endsPaid(here(), ordered)
    })

    it('gives up when nobody gives the password, and nothing was paid', async () => {
      const { shop } = here()
      const { payOrderId, inbox } = await charges('password')
      for (let minutes = 0; minutes < 4; minutes += 1) await shop.sandbox.passes(60_000)
      expect(await shop.sees(payOrderId)).toMatchObject({
        state: expect.toSatisfy((state) => state === 3 || state === 6),
      })
      expect(await shop.sandbox.acts(payOrderId, 'pay')).toEqual(expect.any(String))
      expect(inbox.heard).toEqual([])
    })

    it('says that the balance is too low, and nothing was paid', async () => {
      const { answer, payOrderId, inbox } = await charges('insufficient_balance')
      expect(answer).toMatchObject({
        orderState: 3,
        errCode: expect.any(String),
        errMsg: expect.any(String),
      })
      expect(answer).not.toHaveProperty('payDataType')
      expect(await here().shop.sees(payOrderId)).toMatchObject({ state: 3 })
      expect(inbox.heard).toEqual([])
    })

    it.each(['reset_after', 'error_after', 'bad_signature', 'truncated'])(
      'does not believe that it failed when the answer meets %s, asks, and is paid',
      async (fault) => {
        await payer().misbehaves({ on: 'pay', fault })
        const ordered = await charges('paid')
        expect(ordered.answer).toMatchObject({ orderState: 1 })
        await here().shop.sandbox.passes(15_000)
        await endsPaid(here(), ordered)
        await payer().misbehaves()
      },
    )
  })
}

/** An order of one way; the extra as the JSON text that JeePay's clients send. */
export function orders(world: World, wayCode: string, extra: JeepayFields): Promise<Ordered> {
  return world.shop.orders({ wayCode, channelExtra: JSON.stringify(extra) })
}
