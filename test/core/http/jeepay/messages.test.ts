import { describe, expect, it } from 'vitest'
import { bankChannel } from '../../../kit/bank-channel.ts'
import { type Envelope, type Fields, openShop, type Shop, signed } from '../../../kit/shop.ts'

/** Sends fields that may lack what every request has. */
async function raw(shop: Shop, path: string, fields: Fields): Promise<Envelope> {
  const response = await shop.gateway.fetch(
    new Request(`https://pay.example${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fields),
    }),
  )
  expect(response.status).toBe(200)
  return (await response.json()) as Envelope
}

const PATHS = [
  '/api/pay/unifiedOrder',
  '/api/pay/query',
  '/api/pay/close',
  '/api/refund/refundOrder',
  '/api/refund/query',
]

describe('what every request needs', () => {
  const needed = [
    ['version', '版本号不能为空'],
    ['signType', '签名类型不能为空'],
    ['sign', '签名值不能为空'],
    ['reqTime', '时间戳不能为空'],
    ['mchNo', '商户号不能为空'],
    ['appId', '商户应用ID不能为空'],
  ] as const

  it.each(needed)('says so when %s is missing, empty or blank', async (name, msg) => {
    const shop = await openShop()
    const whole = signed({ payOrderId: 'P1' }, shop.app)
    for (const value of [undefined, '', '  ', null]) {
      for (const path of ['/api/pay/query', '/api/refund/query']) {
        const fields = { ...whole, [name]: value } as Fields
        expect(await raw(shop, path, fields)).toEqual({ code: 9999, msg })
      }
    }
  })

  it.each(PATHS)('is asked for before anything else by %s', async (path) => {
    const shop = await openShop()
    expect(await raw(shop, path, {})).toEqual({ code: 9999, msg: '版本号不能为空' })
  })

  it.each([
    ['seconds', 1767225600],
    ['milliseconds as a number', 1767225600000],
    ['microseconds', 1767225600000000],
    ['any text', 'soon'],
  ])('does not judge reqTime: %s', async (_, reqTime) => {
    const shop = await openShop()
    expect(await shop.asksFor({ reqTime, version: '9.9', signType: 'other' })).toMatchObject({
      code: 0,
    })
  })
})

describe('what an order needs', () => {
  it.each([
    ['mchOrderNo', undefined, '商户订单号不能为空'],
    ['mchOrderNo', '', '商户订单号不能为空'],
    ['mchOrderNo', ' ', '商户订单号不能为空'],
    ['wayCode', undefined, '支付方式不能为空'],
    ['wayCode', 'WX_NATIV', '不支持的支付方式'],
    ['wayCode', 'wx_native', '不支持的支付方式'],
    ['wayCode', 'WX_H5', '商户应用不支持该支付方式'],
    ['amount', undefined, '支付金额不能为空'],
    ['amount', 0, '支付金额不能为空'],
    ['currency', '', '货币代码不能为空'],
    ['currency', 'USD', '接口不支持该货币[USD]'],
    ['subject', '', '商品标题不能为空'],
    ['body', '', '商品描述信息不能为空'],
    ['notifyUrl', 'ftp://m.example/', '异步通知地址协议仅支持http:// 或 https:// !'],
    ['notifyUrl', 'm.example/notify', '异步通知地址协议仅支持http:// 或 https:// !'],
    ['notifyUrl', 'https://', '异步通知地址协议仅支持http:// 或 https:// !'],
    ['notifyUrl', 'http://127.0.0.1/notify', '异步通知地址不允许指向内部网络！'],
    ['notifyUrl', 'http://metadata.google.internal/', '异步通知地址不允许指向内部网络！'],
    ['notifyUrl', 'https://user:password@m.example/', '异步通知地址不允许指向内部网络！'],
    ['returnUrl', 'javascript:alert(1)', '同步通知地址协议仅支持http:// 或 https:// !'],
    ['returnUrl', 'weixin://pay', '同步通知地址协议仅支持http:// 或 https:// !'],
    ['divisionMode', 3, '分账模式设置值有误'],
    ['divisionMode', -1, '分账模式设置值有误'],
    ['divisionMode', 'x', '分账模式设置值有误'],
  ])('refuses %s = %s: %s', async (name, value, msg) => {
    const shop = await openShop()
    expect(await shop.asksFor({ [name]: value })).toEqual({ code: 9999, msg })
    expect(shop.bank.calls).toEqual([])
  })

  it.each([
    ['AUTO_BAR', '{}', '条码为空'],
    ['AUTO_BAR', '{"authCode":"999999999999999999"}', '不支持的条码'],
    ['WX_BAR', '{}', '用户支付条码[authCode]不可为空'],
    ['WX_BAR', '{"auth_code":""}', '用户支付条码[authCode]不可为空'],
  ])('refuses %s with %s: %s', async (wayCode, channelExtra, msg) => {
    const shop = await openShop()
    expect(await shop.asksFor({ wayCode, channelExtra })).toEqual({ code: 9999, msg })
  })

  it.each(['not json', '[1]', '"text"', '1', 'null'])(
    'refuses a channelExtra that is no object: %s',
    async (channelExtra) => {
      const shop = await openShop()
      expect(await shop.asksFor({ channelExtra })).toEqual({
        code: 11,
        msg: '参数有误[channelExtra必须是JSON对象]',
      })
    },
  )

  it.each([
    ['{"authCode":"1"}'],
    ['{"auth_code":"1"}'],
    ['{"AUTHCODE":"1"}'],
    ['{"auth-code":1}'],
    ['{"authCode":"1","unknown":{"a":1},"none":null}'],
  ])('finds the payer code in channelExtra %s', async (channelExtra) => {
    const shop = await openShop()
    expect(await shop.asksFor({ wayCode: 'WX_BAR', channelExtra })).toMatchObject({ code: 0 })
  })

  it.each([
    ['101234567890123456', 'WX_BAR'],
    ['151234567890123456', 'WX_BAR'],
    ['161234567890123456', undefined],
    ['10123456789012345', undefined],
    ['2512345678901234', 'ALI_BAR'],
    ['301234567890123456789012', 'ALI_BAR'],
    ['3112345678901234', undefined],
    ['251234567890123', undefined],
    ['6212345678901234567', 'YSF_BAR'],
    ['621234567890123456', undefined],
  ])('takes the payer code %s for %s', async (authCode, way) => {
    const shop = await openShop()
    const channelExtra = JSON.stringify({ authCode })
    const answer = await shop.asksFor({ mchOrderNo: 'A1', wayCode: 'AUTO_BAR', channelExtra })
    if (way === undefined) expect(answer.msg).toBe('不支持的条码')
    else if (way !== 'WX_BAR') expect(answer.msg).toBe('商户应用不支持该支付方式')
    else {
      const seen = await shop.calls('/api/pay/query', { mchOrderNo: 'A1' })
      expect(seen.data).toMatchObject({ wayCode: 'WX_BAR' })
    }
  })

  it('says that a passage leads to a channel that is not in this deployment', async () => {
    const { WX_NATIVE: _, ...ways } = bankChannel.manifest.ways
    const channel = { ...bankChannel, manifest: { ...bankChannel.manifest, ways } }
    const shop = await openShop({ channel })
    expect(await shop.asksFor()).toEqual({ code: 9999, msg: '无此支付通道接口' })
  })
})

describe('what a query, a close and a refund need', () => {
  it.each([
    ['/api/pay/query', {}, 'mchOrderNo 和 payOrderId不能同时为空'],
    ['/api/pay/query', { payOrderId: '', mchOrderNo: '' }, 'mchOrderNo 和 payOrderId不能同时为空'],
    ['/api/pay/query', { payOrderId: 'P1' }, '订单不存在'],
    ['/api/pay/query', { mchOrderNo: 'A9' }, '订单不存在'],
    ['/api/pay/close', {}, 'mchOrderNo 和 payOrderId 不能同时为空'],
    ['/api/pay/close', { payOrderId: 'P1' }, '订单不存在'],
    ['/api/refund/query', {}, 'mchRefundNo 和 refundOrderId不能同时为空'],
    ['/api/refund/query', { mchRefundNo: 'F1' }, '订单不存在'],
    ['/api/refund/query', { refundOrderId: 'R1' }, '订单不存在'],
  ])('refuses %s with %j: %s', async (path, fields, msg) => {
    const shop = await openShop()
    expect(await shop.calls(path, fields)).toEqual({ code: 9999, msg })
  })

  it.each([
    ['payOrderId', undefined, 'mchOrderNo 和 payOrderId不能同时为空'],
    ['payOrderId', 'P1', '退款订单不存在'],
    ['mchRefundNo', '', '商户退款单号不能为空'],
    ['refundAmount', undefined, '退款金额不能为空'],
    ['refundAmount', '', '退款金额不能为空'],
    ['refundAmount', 0, '退款金额请大于1分'],
    ['refundAmount', -5, '退款金额请大于1分'],
    ['currency', '', '货币代码不能为空'],
    ['currency', 'USD', '退款货币必须与支付订单一致[CNY]'],
    ['refundReason', '', '退款原因不能为空'],
    ['notifyUrl', 'm.example', '异步通知地址协议仅支持http:// 或 https:// !'],
    ['notifyUrl', 'http://10.0.0.8/', '异步通知地址不允许指向内部网络！'],
    ['refundAmount', 1001, '申请金额超出订单可退款余额，请检查退款金额'],
  ])('refuses a refund with %s = %s: %s', async (name, value, msg) => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await shop.payerPays(payOrderId)
    expect(await shop.refunds(payOrderId, { [name]: value })).toEqual({ code: 9999, msg })
    expect(shop.bank.refunds.size).toBe(0)
  })

  it('prefers our number where both are given', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders({ mchOrderNo: 'A1' })
    await shop.orders({ mchOrderNo: 'A2' })
    const seen = await shop.calls('/api/pay/query', { payOrderId, mchOrderNo: 'A2' })
    expect(seen.data).toMatchObject({ mchOrderNo: 'A1' })
  })
})
