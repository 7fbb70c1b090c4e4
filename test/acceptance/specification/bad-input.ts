import { describe, expect, it } from 'vitest'
import {
  type JeepayFields,
  readEnvelope,
  requestOver,
  signedBy,
  type Transport,
} from '../../kit/jeepay-client.ts'
import { anOrder, type Storefront } from '../../kit/storefront.ts'
import { expectNothingInside, type Here, type World, withoutEffect } from './world.ts'

const refused = (msg: string) => ({ code: 9999, msg })
const badParameters = (what: string) => ({ code: 11, msg: `参数有误[${what}]` })

/** Orders that are signed as they should be, and say what nobody can take. */
const IMPOSSIBLE: readonly (readonly [string, JeepayFields, { code: number; msg: string }])[] = [
  ['yuan for fen', { amount: '12.34' }, badParameters('amount必须是以分为单位的整数')],
  ['a negative amount', { amount: -1 }, refused('支付金额不能为空')],
  ['zero', { amount: 0 }, refused('支付金额不能为空')],
  ['2^53 fen', { amount: '9007199254740992' }, badParameters('amount超出范围')],
  ['no amount', { amount: '' }, refused('支付金额不能为空')],
  ['an over-long number', { mchOrderNo: 'N'.repeat(65) }, refused('mchOrderNo长度不能超过64')],
  ['an over-long subject', { subject: '长'.repeat(129) }, refused('subject长度不能超过128')],
  ['a megabyte of a body', { body: 'x'.repeat(200_000) }, refused('body长度不能超过256')],
  ['a way that is none', { wayCode: 'WX_TELEPATHY' }, refused('不支持的支付方式')],
  ['a way that is not open', { wayCode: 'UP_B2B' }, refused('商户应用不支持该支付方式')],
  [
    'a currency that the channel does not take',
    { currency: 'USD' },
    refused('接口不支持该货币[USD]'),
  ],
  [
    'an address that is no web address',
    { notifyUrl: 'javascript:alert(1)' },
    refused('异步通知地址协议仅支持http:// 或 https:// !'),
  ],
  ['no payer inside WeChat', { wayCode: 'WX_JSAPI' }, refused('[openid]不可为空')],
  [
    'channelExtra that is no object',
    { channelExtra: '{"payDataType":' },
    badParameters('channelExtra必须是JSON对象'),
  ],
  ['half of a surrogate pair', { subject: 'a\ud800b' }, badParameters('必须是UTF-8编码')],
  ['a NUL', { subject: 'a\0b' }, badParameters('必须是UTF-8编码')],
]

/** Callers who are not who they say. */
const STRANGERS: readonly (readonly [string, (shop: Storefront) => JeepayFields, string])[] = [
  [
    'a wrong sign',
    ({ app }) => ({ ...signedBy(app, anOrder()), sign: 'A'.repeat(32) }),
    '验签失败',
  ],
  [
    'the sign of another secret',
    ({ app }) => signedBy({ ...app, appSecret: `${app.appSecret}x` }, anOrder()),
    '验签失败',
  ],
  [
    'an amount that was changed on the way',
    ({ app }) => ({ ...signedBy(app, anOrder()), amount: 1 }),
    '验签失败',
  ],
  ['no sign', ({ app }) => ({ ...signedBy(app, anOrder()), sign: '' }), '签名值不能为空'],
  [
    'an app that does not exist',
    ({ app }) => signedBy({ ...app, appId: '0'.repeat(24) }, anOrder()),
    '商户或商户应用不存在',
  ],
  [
    'another merchant',
    ({ app }) => signedBy({ ...app, mchNo: 'M1600000000' }, anOrder()),
    '参数appId与商户号不匹配',
  ],
]

const UNKNOWN = 'P000000000000000000001'

/** Requests about what is not there, or not this merchant's: the two look the same. */
const ABSENT: readonly (readonly [string, string, JeepayFields, string])[] = [
  ['a query', '/api/pay/query', { payOrderId: UNKNOWN }, '订单不存在'],
  ['a query by number', '/api/pay/query', { mchOrderNo: UNKNOWN }, '订单不存在'],
  ['a query of nothing', '/api/pay/query', {}, 'mchOrderNo 和 payOrderId不能同时为空'],
  ['a close', '/api/pay/close', { payOrderId: UNKNOWN }, '订单不存在'],
  ['a close of nothing', '/api/pay/close', {}, 'mchOrderNo 和 payOrderId 不能同时为空'],
  [
    'a refund',
    '/api/refund/refundOrder',
    { payOrderId: UNKNOWN, mchRefundNo: 'B1', refundAmount: 1, currency: 'CNY', refundReason: 'x' },
    '退款订单不存在',
  ],
  ['a refund query', '/api/refund/query', { refundOrderId: 'R1' }, '订单不存在'],
]

const TEN_MEGABYTES = 10 * 1_024 * 1_024

export function specifyBadInput(here: Here): void {
  describe('bad input', () => {
    describe.each(['json', 'form'] as const)('by %s', (transport) => {
      it.each(IMPOSSIBLE)('with %s is refused', async (_, fields, answer) => {
        const { app } = here().shop
        // A form has no way to write half of a surrogate pair: what it sends is something else.
        if (transport === 'form' && String(fields.subject).includes('\ud800')) return
        const request = signedBy(app, { ...anOrder(), ...fields })
        expect(await answerTo(here(), transport, request)).toEqual(answer)
      })

      it.each(STRANGERS)('with %s is refused', async (_, request, msg) => {
        const { shop } = here()
        expect(await answerTo(here(), transport, request(shop))).toEqual(refused(msg))
      })
    })

    it.each(ABSENT)('%s of what is not there is refused', async (_, path, fields, msg) => {
      const { shop } = here()
      expect(await withoutEffect(here(), () => shop.calls(path, fields))).toEqual(refused(msg))
    })

    it.each([
      ['nothing', { refundAmount: 0 }, refused('退款金额请大于1分')],
      ['less than nothing', { refundAmount: -300 }, refused('退款金额请大于1分')],
      ['yuan', { refundAmount: '3.00' }, badParameters('refundAmount必须是以分为单位的整数')],
      [
        'more than was paid',
        { refundAmount: 1_001 },
        refused('申请金额超出订单可退款余额，请检查退款金额'),
      ],
      ['another currency', { currency: 'USD' }, refused('退款货币必须与支付订单一致[CNY]')],
      ['no number', { mchRefundNo: '' }, refused('商户退款单号不能为空')],
    ])('a refund of %s is refused', async (_, fields, answer) => {
      const { shop } = here()
      const { payOrderId } = await shop.orders({ notifyUrl: '' })
      await shop.sandbox.pays(payOrderId)
      expect(await shop.sees(payOrderId)).toMatchObject({ state: 2 })
      expect(await withoutEffect(here(), () => shop.refunds(payOrderId, fields))).toEqual(answer)
    })

    it('a refund of what is not paid is refused', async () => {
      const { shop } = here()
      const { payOrderId } = await shop.orders()
      expect(await withoutEffect(here(), () => shop.refunds(payOrderId))).toEqual(
        refused('订单状态不正确， 无法完成退款'),
      )
    })

    it.each([
      [
        'bytes that are no UTF-8, in JSON',
        'application/json',
        '{"subject":"\xff\xfe"}',
        '必须是UTF-8编码',
      ],
      ['bytes that are no UTF-8, in a form', FORM, 'subject=\xff\xfe', '必须是UTF-8编码'],
      ['percent signs that are no UTF-8', FORM, 'subject=%FF%FE', '必须是UTF-8编码'],
      ['half of a JSON text', 'application/json', '{"amount":', '转换异常'],
      ['a list', 'application/json', '[1,2]', '转换异常'],
      [
        'one name twice, in JSON',
        'application/json',
        '{"amount":1,"amount":1000}',
        '参数amount重复',
      ],
      ['one name twice, in a form', FORM, 'amount=1&amount=1000', '参数amount重复'],
    ])('with %s is refused', async (_, contentType, latin1, what) => {
      const response = await post(here(), contentType, Buffer.from(latin1, 'latin1'))
      expect([response.status, JSON.parse(response.text)]).toEqual([200, badParameters(what)])
    })

    it.each([
      ['an empty body', ''],
      ['null', 'null'],
      ['100,000 brackets', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
      ['100,000 brackets that stay open', `{"a":${'['.repeat(100_000)}`],
    ])('with %s is refused', async (_, body) => {
      const response = await post(here(), 'application/json', Buffer.from(body))
      expect(response.status).toBe(200)
      expect(JSON.parse(response.text)).toMatchObject({ code: expect.any(Number) })
      expect(JSON.parse(response.text).code).not.toBe(0)
    })

    it.each([
      ['JSON', 'application/json'],
      ['a form', FORM],
    ])('of ten megabytes of %s is refused, announced or not', async (_, contentType) => {
      const announced = await post(here(), contentType, Buffer.alloc(TEN_MEGABYTES, 'a'))
      const unannounced = await post(here(), contentType, endless(TEN_MEGABYTES))
      for (const { status, text } of [announced, unannounced]) {
        expect([status, JSON.parse(text)]).toEqual([413, badParameters('请求内容过大')])
      }
    })
  })
}

const FORM = 'application/x-www-form-urlencoded'

async function answerTo(world: World, transport: Transport, request: JeepayFields) {
  const { baseUrl, app } = world.shop
  const url = `${baseUrl}/api/pay/unifiedOrder`
  return withoutEffect(world, async () => {
    const response = await fetch(requestOver(transport, url, request))
    expectNothingInside(await response.clone().text(), world)
    return readEnvelope(response, app.appSecret)
  })
}

async function post(
  world: World,
  contentType: string,
  body: BodyInit,
): Promise<{ readonly status: number; readonly text: string }> {
  return withoutEffect(world, async () => {
    const response = await fetch(`${world.shop.baseUrl}/api/pay/unifiedOrder`, {
      method: 'POST',
      headers: { 'content-type': contentType },
      body,
      ...(body instanceof ReadableStream && { duplex: 'half' }),
    })
    const text = await response.text()
    expectNothingInside(text, world)
    return { status: response.status, text }
  })
}

/** In pieces, and without saying how many: chunked. */
function endless(bytes: number): ReadableStream<Uint8Array> {
  const piece = new Uint8Array(65_536).fill(0x61)
  let left = bytes
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close()
      left -= piece.length
      controller.enqueue(piece)
    },
  })
}
