import { describe, expect, it } from 'vitest'
import { bankWithout } from '../../kit/bank-channel.ts'
import { NOTIFY_URL, openShop, type Shop } from '../../kit/shop.ts'

const callsOf = (shop: Shop, operation: string) =>
  shop.bank.calls.filter((call) => call.startsWith(`${operation} `))
const query = (shop: Shop, mchOrderNo = 'A1') => shop.calls('/api/transfer/query', { mchOrderNo })

describe('a transfer that goes through at once', () => {
  it('is answered with all that JeePay answers, and told', async () => {
    const shop = await openShop()
    const answer = await shop.transfers({ mchOrderNo: 'A1', accountName: '张三', extParam: 'x' })
    const transferId = String(answer.data?.transferId)
    expect(transferId).toMatch(/^T\d{21}$/)
    expect(answer).toMatchObject({ code: 0, msg: 'SUCCESS' })
    expect(answer.data).toEqual({
      transferId,
      mchOrderNo: 'A1',
      amount: 1000,
      accountNo: 'payee-canary',
      accountName: '张三',
      state: 2,
      channelOrderNo: `B${transferId}`,
    })
    expect([...shop.bank.transfers.values()]).toMatchObject([
      { number: transferId, amount: 1000, account: 'payee-canary', payee: 'shop' },
    ])
    await shop.settles()
    expect(shop.told.map(({ url }) => url)).toEqual([NOTIFY_URL])
    expect(shop.told[0]?.fields).toMatchObject({
      transferId,
      mchOrderNo: 'A1',
      ifCode: 'bank',
      entryType: 'WX_CASH',
      amount: '1000',
      currency: 'CNY',
      transferDesc: '报销',
      state: '2',
      extParam: 'x',
      successTime: '1767225600000',
    })
    expect(shop.told[0]?.fields.sign).toMatch(/^[0-9A-F]{32}$/)
  })

  it('is seen by its own number and by ours, by its app alone', async () => {
    const shop = await openShop()
    const { data } = await shop.transfers({ mchOrderNo: 'A1', currency: 'cny' })
    const seen = await query(shop)
    expect(seen.data).toMatchObject({
      mchOrderNo: 'A1',
      currency: 'cny',
      state: 2,
      successTime: 1767225600000,
      createdAt: 1767225600000,
    })
    const byOurs = { transferId: data?.transferId }
    expect(await shop.calls('/api/transfer/query', byOurs)).toEqual(seen)
    for (const of of ['same_merchant', 'other_merchant'] as const) {
      const other = await shop.opensApp(of)
      const refused = { code: 9999, msg: '订单不存在' }
      expect(await shop.calls('/api/transfer/query', byOurs, other)).toEqual(refused)
      expect(await shop.calls('/api/transfer/query', { mchOrderNo: 'A1' }, other)).toEqual(refused)
      expect(await shop.calls('/api/transfer/cancel', byOurs, other)).toEqual(refused)
    }
  })

  it('hands on what the payee needs to take the money, as JSON in a text', async () => {
    const shop = await openShop()
    shop.bank.transfersWait = true
    const { data } = await shop.transfers({ mchOrderNo: 'A1' })
    const channelResData = `{"package":"take-${data?.transferId}"}`
    expect(data).toMatchObject({ state: 1, channelResData })
    expect((await query(shop)).data).toMatchObject({ state: 1, channelResData })
  })

  it('keeps what an entry asks for beyond the usual, by whatever spelling', async () => {
    const shop = await openShop()
    const channelExtra = '{"bank_code":"ICBC"}'
    const asked = { mchOrderNo: 'A1', entryType: 'BANK_CARD', bankName: '工商银行', channelExtra }
    expect((await shop.transfers(asked)).data).toMatchObject({ state: 2, bankName: '工商银行' })
    expect((await query(shop)).data).toMatchObject({ channelExtra, entryType: 'BANK_CARD' })
  })
})

describe('a transfer is refused, and nothing is written or sent,', () => {
  it.each([
    [{ mchOrderNo: '' }, '商户订单号不能为空'],
    [{ ifCode: '' }, '支付接口代码不能为空'],
    [{ entryType: '' }, '入账方式不能为空'],
    [{ amount: '' }, '转账金额不能为空'],
    [{ amount: 0 }, '转账金额不能小于1分'],
    [{ currency: '' }, '货币代码不能为空'],
    [{ accountNo: '' }, '收款账号不能为空'],
    [{ transferDesc: '' }, '转账备注信息不能为空'],
    [{ ifCode: 'nobank' }, '无此转账通道接口'],
    [{ entryType: 'ALIPAY_CASH' }, '该接口不支持该入账方式'],
    [{ currency: 'USD' }, '接口不支持该货币[USD]'],
    [{ entryType: 'BANK_CARD' }, '[bankCode]不可为空或格式有误'],
    [{ notifyUrl: 'ftp://shop.example' }, '异步通知地址协议仅支持http:// 或 https:// !'],
    [{ notifyUrl: 'http://127.0.0.1/x' }, '异步通知地址不允许指向内部网络！'],
  ])('%j: %s', async (fields, msg) => {
    const shop = await openShop()
    expect(await shop.transfers(fields)).toEqual({ code: 9999, msg })
    expect(shop.bank.calls).toEqual([])
    const [rows] = await shop.database.batch(
      [{ sql: 'select count(*) from transfers', args: [] }],
      'read',
    )
    expect(rows).toEqual([[0]])
  })

  it('by an app that nobody gave the entry to: money out comes along with no other way', async () => {
    const shop = await openShop()
    const other = await shop.opensApp('same_merchant')
    const msg = '应用未开通此接口配置!'
    expect(await shop.transfers({}, other)).toEqual({ code: 9999, msg })
  })

  it('at a channel that has none', async () => {
    const manifest = { ...bankWithout('transfer').manifest, transfers: undefined }
    const { transfers: _, ...without } = manifest
    const shop = await openShop({ channel: { ...bankWithout('transfer'), manifest: without } })
    expect(await shop.transfers()).toEqual({ code: 9999, msg: '无此转账通道接口' })
  })

  it('and a query without a number asks for one', async () => {
    const shop = await openShop()
    expect(await shop.calls('/api/transfer/query', {})).toEqual({
      code: 9999,
      msg: 'mchOrderNo 和 transferId不能同时为空',
    })
  })
})

describe('the same transfer again', () => {
  it('gets the same answer and moves nothing, whatever has become of it', async () => {
    const shop = await openShop()
    shop.bank.transfersWait = true
    const first = await shop.transfers({ mchOrderNo: 'A1' })
    const [transfer] = shop.bank.transfers.values()
    if (transfer !== undefined) await shop.bank.callback({ ...transfer, state: 'paid' })
    expect(await shop.transfers({ mchOrderNo: 'A1' })).toEqual(first)
    expect((await query(shop)).data).toMatchObject({ state: 2 })
    expect(callsOf(shop, 'transfer')).toHaveLength(1)
  })

  it.each([
    { amount: 1001 },
    { accountNo: 'somebody else' },
    { accountName: '李四' },
    { channelExtra: '{"a":1}' },
    { notifyUrl: 'https://other.example' },
  ])('with %j under its number is another one, and refused', async (change) => {
    const shop = await openShop()
    await shop.transfers({ mchOrderNo: 'A1' })
    expect(await shop.transfers({ mchOrderNo: 'A1', ...change })).toEqual({
      code: 9999,
      msg: '商户订单[A1]已存在',
    })
    expect(callsOf(shop, 'transfer')).toHaveLength(1)
  })

  it('twenty times at once makes one row, one channel call and equal answers', async () => {
    const shop = await openShop()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => shop.transfers({ mchOrderNo: 'A1' })),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ code: 0, data: { state: 2 } })
    expect(callsOf(shop, 'transfer')).toHaveLength(1)
    await shop.settles()
    expect(shop.told).toHaveLength(1)
  })

  it('under one number with two contents at once lets one of them through', async () => {
    const shop = await openShop()
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        shop.transfers({ mchOrderNo: 'A1', amount: 1 + (i % 2) }),
      ),
    )
    const seen = new Set(answers.map(({ code, data }) => `${code} ${data?.amount ?? ''}`))
    expect(seen.size).toBe(2)
    expect(seen).toContain('9999 ')
    expect(shop.bank.transfers.size).toBe(1)
  })

  it('is a number of its own beside payments and refunds of the same number', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders({ mchOrderNo: 'A1' })
    await shop.payerPays(payOrderId)
    expect((await shop.refunds(payOrderId, { mchRefundNo: 'A1' })).code).toBe(0)
    expect((await shop.transfers({ mchOrderNo: 'A1' })).code).toBe(0)
    const other = await shop.opensApp('same_merchant')
    expect((await shop.asksFor({ mchOrderNo: 'A1' }, other)).code).toBe(9999)
  })
})
