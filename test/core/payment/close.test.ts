import { describe, expect, it } from 'vitest'
import { bankWithout } from '../../kit/bank-channel.ts'
import { openShop, type Shop } from '../../kit/shop.ts'

const CLOSED_ALREADY = { code: 9999, msg: '当前订单不可关闭' }
const ON_ITS_WAY = { code: 9999, msg: '订单正在提交支付通道，请稍后再试' }

const callsOf = (shop: Shop, operation: string) =>
  shop.bank.calls.filter((call) => call.startsWith(`${operation} `))

/** The payer pays, and the bank tells nobody. */
function paysInSilence(shop: Shop, payOrderId: string): void {
  const order = shop.bank.orders.get(payOrderId)
  if (order === undefined) throw new Error(`the bank has no order ${payOrderId}`)
  order.state = 'paid'
  order.paidAtMs = shop.clock.now()
}

describe('closing a payment', () => {
  it('is done with the word of the channel, once', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    expect(await shop.closes(payOrderId)).toMatchObject({ code: 0, data: { payOrderId, state: 6 } })
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 6 })
    expect(await shop.closes(payOrderId)).toEqual(CLOSED_ALREADY)
    expect(callsOf(shop, 'close')).toHaveLength(1)
    expect(shop.bank.orders.get(payOrderId)?.state).toBe('closed')
  })

  it('finds the payment by the number of the merchant', async () => {
    const shop = await openShop()
    await shop.orders({ mchOrderNo: 'A1' })
    const closed = await shop.calls('/api/pay/close', { mchOrderNo: 'A1' })
    expect(closed).toMatchObject({ code: 0, data: { state: 6 } })
  })

  it('needs no channel for a payment that never reached it', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'not_reachable')
    await shop.asksFor({ mchOrderNo: 'A1' })
    const closed = await shop.calls('/api/pay/close', { mchOrderNo: 'A1' })
    expect(closed).toMatchObject({ code: 0, data: { state: 6 } })
    expect(shop.bank.calls).toEqual([])
  })

  it('is not news to a JeePay merchant, unless the app wants all ends told', async () => {
    for (const notifiesEveryEnd of [false, true]) {
      const shop = await openShop({ notifiesEveryEnd })
      const payOrderId = await shop.orders()
      await shop.closes(payOrderId)
      await shop.passes(60_000)
      const told = shop.told.map(({ fields }) => fields.state)
      expect(told).toEqual(notifiesEveryEnd ? ['6'] : [])
    }
  })

  it('finds out that the payer was faster', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    paysInSilence(shop, payOrderId)
    expect(await shop.closes(payOrderId)).toEqual(CLOSED_ALREADY)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
    await shop.settles()
    expect(shop.told.map(({ fields }) => fields.state)).toEqual(['2'])
  })

  it('loses against a callback that comes while the channel closes', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    shop.bank.during('close', async () => {
      await shop.payerPays(payOrderId)
    })
    expect(await shop.closes(payOrderId)).toEqual(CLOSED_ALREADY)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
    expect(shop.told).toHaveLength(1)
  })

  it('is refused in the words of the channel, and the payment can still be paid', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    shop.bank.will('close', 'refused')
    expect(await shop.closes(payOrderId)).toEqual({ code: 9999, msg: '不可关闭' })
    await shop.payerPays(payOrderId)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
  })

  it.each(['silent_before', 'busy'] as const)(
    'leaves the payment open while the answer is unknown: %s, and may be repeated',
    async (mood) => {
      const shop = await openShop()
      const payOrderId = await shop.orders()
      shop.bank.will('close', mood)
      const unknown = { code: 9999, msg: '支付通道未给出关闭结果，请稍后查询' }
      expect(await shop.closes(payOrderId)).toEqual(unknown)
      expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 1 })
      expect(await shop.closes(payOrderId)).toMatchObject({ code: 0 })
    },
  )

  it.each(['silent_after', 'error_after'] as const)(
    'finds out by query that the channel did close: %s',
    async (mood) => {
      const shop = await openShop()
      const payOrderId = await shop.orders()
      shop.bank.will('close', mood)
      await shop.closes(payOrderId)
      await shop.passes(30_000)
      expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 6 })
    },
  )

  it('says so when nothing left for the channel', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    shop.bank.will('close', 'not_reachable')
    expect(await shop.closes(payOrderId)).toEqual({ code: 9999, msg: 'connection refused' })
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 1 })
  })

  it('says so when the channel cannot close', async () => {
    const shop = await openShop({ channel: bankWithout('close') })
    const payOrderId = await shop.orders()
    const refused = { code: 9999, msg: '当前通道不支持关闭订单' }
    expect(await shop.closes(payOrderId)).toEqual(refused)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 1 })
  })

  it.each([
    ['another app of the merchant', 'same_merchant'],
    ['another merchant', 'other_merchant'],
  ] as const)('is not possible for %s', async (_, of) => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    const other = await shop.opensApp(of)
    const answer = await shop.calls('/api/pay/close', { payOrderId }, other)
    expect(answer).toEqual({ code: 9999, msg: '订单不存在' })
    expect(callsOf(shop, 'close')).toEqual([])
  })
})

describe('closing a payment that is on its way', () => {
  it('waits until the call that makes it has come back', async () => {
    const shop = await openShop()
    let answer: unknown
    shop.bank.during('pay', async () => {
      answer = await shop.calls('/api/pay/close', { mchOrderNo: 'A1' })
    })
    const ordered = await shop.asksFor({ mchOrderNo: 'A1' })
    expect(answer).toEqual(ON_ITS_WAY)
    expect(callsOf(shop, 'close')).toEqual([])
    expect(ordered.data).toMatchObject({ orderState: 1 })
  })

  it('does not take "not found" for an end while the channel may still get to know it', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'silent_before')
    const payOrderId = await shop.orders()
    expect(await shop.closes(payOrderId)).toEqual(ON_ITS_WAY)
    await shop.clock.advance(59_000)
    expect(await shop.closes(payOrderId)).toEqual(ON_ITS_WAY)
    await shop.clock.advance(1_000)
    expect(await shop.closes(payOrderId)).toMatchObject({ code: 0, data: { state: 6 } })
  })

  it('loses against a copy that sends what had not left', async () => {
    let meanwhile: (() => Promise<unknown>) | undefined
    const shop = await openShop({
      wrapDatabase: (database) => ({
        async batch(statements, mode) {
          const happens = mode === 'write' ? meanwhile : undefined
          if (happens !== undefined) meanwhile = undefined
          await happens?.()
          return database.batch(statements, mode)
        },
      }),
    })
    shop.bank.will('pay', 'not_reachable')
    await shop.asksFor({ mchOrderNo: 'A1' })
    // The close has read that nothing left; then the order is sent again; then the close writes.
    let order: unknown
    meanwhile = async () => {
      order = await shop.asksFor({ mchOrderNo: 'A1' })
    }
    expect(await shop.calls('/api/pay/close', { mchOrderNo: 'A1' })).toEqual(ON_ITS_WAY)
    expect(order).toMatchObject({ data: { orderState: 1, payDataType: 'codeUrl' } })
    const seen = await shop.calls('/api/pay/query', { mchOrderNo: 'A1' })
    expect(seen.data).toMatchObject({ state: 1 })
  })

  it('loses against a copy that sends again what the channel does not know', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'silent_before')
    await shop.asksFor({ mchOrderNo: 'A1' })
    await shop.clock.advance(60_000)
    // The bank has already looked, and found nothing, when the order comes in after all.
    shop.bank.will('close', 'knows_nothing')
    let order: unknown
    shop.bank.during('close', async () => {
      order = await shop.asksFor({ mchOrderNo: 'A1' })
    })
    const close = await shop.calls('/api/pay/close', { mchOrderNo: 'A1' })
    expect(order).toMatchObject({ data: { orderState: 1, payDataType: 'codeUrl' } })
    expect(close).toEqual(ON_ITS_WAY)
    const seen = await shop.calls('/api/pay/query', { mchOrderNo: 'A1' })
    expect(seen.data).toMatchObject({ state: 1 })
  })
})
