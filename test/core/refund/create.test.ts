import { describe, expect, it } from 'vitest'
import { bankWithout } from '../../kit/bank-channel.ts'
import { openShop, type Shop, type ShopOptions } from '../../kit/shop.ts'

async function paid(options: ShopOptions = {}) {
  const shop = await openShop(options)
  const payOrderId = await shop.orders({ mchOrderNo: 'A1' })
  await shop.payerPays(payOrderId)
  shop.told.length = 0
  return { shop, payOrderId }
}

const refundCalls = (shop: Shop) => shop.bank.calls.filter((call) => call.startsWith('refund '))
const sums = async (shop: Shop) => {
  const sql = 'select refund_reserved_minor, refunded_minor, refund_count from payments'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  return rows?.[0]
}

describe('a refund', () => {
  it('of a part leaves the payment a success, and is told', async () => {
    const { shop, payOrderId } = await paid()
    const answer = await shop.refunds(payOrderId, { mchRefundNo: 'F1', refundAmount: 300 })
    expect(answer.data).toMatchObject({
      mchRefundNo: 'F1',
      payAmount: 1000,
      refundAmount: 300,
      state: 2,
    })
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
    await shop.settles()
    expect(shop.told.map(({ fields }) => [fields.mchRefundNo, fields.state])).toEqual([['F1', '2']])
    expect(await sums(shop)).toEqual([300, 300, 1])
  })

  it('of the last fen makes it state 5, for the query and for whoever comes back', async () => {
    const { shop, payOrderId } = await paid()
    await shop.refunds(payOrderId, { refundAmount: 999 })
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
    await shop.refunds(payOrderId, { refundAmount: 1 })
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 5 })
    expect(await shop.refunds(payOrderId, { refundAmount: 1 })).toEqual({
      code: 9999,
      msg: '订单已全额退款，本次申请失败',
    })
  })

  it('is found by the merchant’s numbers too', async () => {
    const { shop } = await paid()
    const answer = await shop.calls('/api/refund/refundOrder', {
      mchOrderNo: 'A1',
      mchRefundNo: 'F1',
      refundAmount: 1,
      currency: 'cny',
      refundReason: '退货',
    })
    expect(answer).toMatchObject({ code: 0, data: { state: 2 } })
    const seen = await shop.calls('/api/refund/query', { mchRefundNo: 'F1' })
    expect(seen.data).toMatchObject({ refundAmount: 1, currency: 'cny', state: 2 })
  })

  it('of one fen more than is left is refused and has no effect', async () => {
    const { shop, payOrderId } = await paid()
    await shop.refunds(payOrderId, { refundAmount: 600 })
    expect(await shop.refunds(payOrderId, { refundAmount: 401 })).toEqual({
      code: 9999,
      msg: '申请金额超出订单可退款余额，请检查退款金额',
    })
    expect(await sums(shop)).toEqual([600, 600, 1])
    expect(refundCalls(shop)).toHaveLength(1)
  })

  it('may be made fifty times, as the channel allows, and not once more', async () => {
    const { shop, payOrderId } = await paid()
    for (let i = 0; i < 50; i++) {
      expect(await shop.refunds(payOrderId, { refundAmount: 1 })).toMatchObject({ code: 0 })
    }
    expect(await shop.refunds(payOrderId, { refundAmount: 1 })).toEqual({
      code: 9999,
      msg: '当前通道每笔订单最多退款50次',
    })
  })

  it('is refused for a payment that is not paid', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    const refused = { code: 9999, msg: '订单状态不正确， 无法完成退款' }
    expect(await shop.refunds(payOrderId)).toEqual(refused)
    await shop.closes(payOrderId)
    expect(await shop.refunds(payOrderId)).toEqual(refused)
  })

  it('is refused after the window of the channel', async () => {
    const { shop, payOrderId } = await paid()
    await shop.clock.advance(365 * 86_400_000 + 1)
    expect(await shop.refunds(payOrderId)).toEqual({ code: 9999, msg: '已超过退款期限[365天]' })
  })

  it('is refused at a channel that cannot refund', async () => {
    const { shop, payOrderId } = await paid({ channel: bankWithout('refund') })
    expect(await shop.refunds(payOrderId)).toEqual({ code: 9999, msg: '当前通道不支持退款！' })
  })

  it.each([
    ['another app of the merchant', 'same_merchant'],
    ['another merchant', 'other_merchant'],
  ] as const)('is not possible, and not to be seen, for %s', async (_, of) => {
    const { shop, payOrderId } = await paid()
    await shop.refunds(payOrderId, { mchRefundNo: 'F1' })
    const other = await shop.opensApp(of)
    const fields = { refundAmount: 1, currency: 'CNY', refundReason: '退货', mchRefundNo: 'F2' }
    for (const name of [{ payOrderId }, { mchOrderNo: 'A1' }]) {
      expect(await shop.calls('/api/refund/refundOrder', { ...fields, ...name }, other)).toEqual({
        code: 9999,
        msg: '退款订单不存在',
      })
    }
    const [refundOrderId] = shop.bank.refunds.keys()
    for (const name of [{ mchRefundNo: 'F1' }, { refundOrderId }]) {
      expect(await shop.calls('/api/refund/query', name, other)).toEqual({
        code: 9999,
        msg: '订单不存在',
      })
    }
    expect(refundCalls(shop)).toHaveLength(1)
  })
})

describe('the same refund again', () => {
  it('gives the same answer, also after it has moved on, and has one effect', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.refundsWait = true
    const fields = { mchRefundNo: 'F1', refundAmount: 300 }
    const first = await shop.refunds(payOrderId, fields)
    expect(first.data).toMatchObject({ state: 1 })
    const [refund] = shop.bank.refunds.values()
    if (refund !== undefined) await shop.bank.callback({ ...refund, state: 'paid' })
    expect(await shop.refunds(payOrderId, fields)).toEqual(first)
    const seen = await shop.calls('/api/refund/query', { mchRefundNo: 'F1' })
    expect(seen.data).toMatchObject({ state: 2 })
    expect(refundCalls(shop)).toHaveLength(1)
    expect(await sums(shop)).toEqual([300, 300, 1])
  })

  it.each([
    ['another amount', { refundAmount: 301 }],
    ['another reason', { refundReason: '别的' }],
    ['another address', { notifyUrl: 'https://shop.example/other' }],
  ])('is refused with %s, without effect', async (_, change) => {
    const { shop, payOrderId } = await paid()
    await shop.refunds(payOrderId, { mchRefundNo: 'F1', refundAmount: 300 })
    expect(
      await shop.refunds(payOrderId, { mchRefundNo: 'F1', refundAmount: 300, ...change }),
    ).toEqual({ code: 9999, msg: '商户退款订单号[F1]已存在' })
    expect(await sums(shop)).toEqual([300, 300, 1])
  })

  it('is refused for another payment of the merchant', async () => {
    const { shop, payOrderId } = await paid()
    await shop.refunds(payOrderId, { mchRefundNo: 'F1' })
    const other = await shop.orders()
    await shop.payerPays(other)
    expect(await shop.refunds(other, { mchRefundNo: 'F1' })).toMatchObject({ code: 9999 })
  })

  it('does not keep a number that was refused: it may be used for one that fits', async () => {
    const { shop, payOrderId } = await paid()
    await shop.refunds(payOrderId, { mchRefundNo: 'F1', refundAmount: 1001 })
    const answer = await shop.refunds(payOrderId, { mchRefundNo: 'F1', refundAmount: 1000 })
    expect(answer).toMatchObject({ code: 0 })
  })
})
