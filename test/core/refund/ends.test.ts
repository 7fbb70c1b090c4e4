import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/time.ts'
import { bankWithout } from '../../kit/bank-channel.ts'
import { openShop, type Shop, type ShopOptions } from '../../kit/shop.ts'

async function paid(options: ShopOptions = {}) {
  const shop = await openShop(options)
  const payOrderId = await shop.orders()
  await shop.payerPays(payOrderId)
  shop.told.length = 0
  return { shop, payOrderId }
}

const callsOf = (shop: Shop, operation: string) =>
  shop.bank.calls.filter((call) => call.startsWith(`${operation} `))
const seesRefund = async (shop: Shop, mchRefundNo = 'F1') =>
  (await shop.calls('/api/refund/query', { mchRefundNo })).data
const ALL = { mchRefundNo: 'F1', refundAmount: 1000 }

describe('a refund that the channel refuses', () => {
  it('fails, is told, and gives its amount back to be refunded another time', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.will('refund', 'refused')
    const answer = await shop.refunds(payOrderId, ALL)
    expect(answer).toMatchObject({
      code: 0,
      data: { state: 3, errCode: 'DECLINED', errMsg: '付款人余额不足' },
    })
    await shop.settles()
    expect(shop.told.map(({ fields }) => fields.state)).toEqual(['3'])
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
    expect(await shop.refunds(payOrderId, ALL)).toEqual(answer)
    const again = await shop.refunds(payOrderId, { ...ALL, mchRefundNo: 'F2' })
    expect(again.data).toMatchObject({ state: 2 })
  })

  it('does not count among those that the channel allows', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.always('refund', 'refused')
    for (let i = 0; i < 60; i++) await shop.refunds(payOrderId, { refundAmount: 1 })
    shop.bank.always('refund')
    expect((await shop.refunds(payOrderId, ALL)).data).toMatchObject({ state: 2 })
  })

  it('fails the same when nothing left for the channel', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.will('refund', 'not_reachable')
    const answer = await shop.refunds(payOrderId, ALL)
    expect(answer.data).toMatchObject({
      state: 3,
      errCode: 'NOT_SENT',
      errMsg: 'connection refused',
    })
    const again = await shop.refunds(payOrderId, { ...ALL, mchRefundNo: 'F2' })
    expect(again.data).toMatchObject({ state: 2 })
  })

  it('fails when a query says so, after it had been accepted', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.refundsWait = true
    expect((await shop.refunds(payOrderId, ALL)).data).toMatchObject({ state: 1 })
    const [refund] = shop.bank.refunds.values()
    if (refund !== undefined) refund.state = 'failed'
    await shop.passes(MINUTE_MS)
    expect(await seesRefund(shop)).toMatchObject({ state: 3 })
    expect(shop.told.map(({ fields }) => fields.state)).toEqual(['3'])
    shop.bank.refundsWait = false
    const again = await shop.refunds(payOrderId, { ...ALL, mchRefundNo: 'F2' })
    expect(again.data).toMatchObject({ state: 2 })
  })
})

describe('a refund whose end is not known', () => {
  it.each(['silent_before', 'silent_after', 'error_after', 'busy'] as const)(
    'is answered as pending and keeps its amount: %s',
    async (mood) => {
      const { shop, payOrderId } = await paid()
      shop.bank.will('refund', mood)
      expect((await shop.refunds(payOrderId, ALL)).data).toMatchObject({ state: 1 })
      expect(await shop.refunds(payOrderId, { refundAmount: 1 })).toEqual({
        code: 9999,
        msg: '申请金额超出订单可退款余额，请检查退款金额',
      })
      await shop.passes(3 * MINUTE_MS)
      expect(await seesRefund(shop)).toMatchObject({ state: 2 })
      expect(shop.told.map(({ fields }) => fields.state)).toEqual(['2'])
      expect(shop.bank.refunds.size).toBe(1)
    },
  )

  it('stays pending for days, and is never ended by the clock', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.refundsWait = true
    await shop.refunds(payOrderId, ALL)
    await shop.passes(30 * DAY_MS, HOUR_MS)
    expect(await seesRefund(shop)).toMatchObject({ state: 1 })
    expect(shop.told).toEqual([])
    const [refund] = shop.bank.refunds.values()
    if (refund !== undefined) refund.state = 'paid'
    await shop.passes(DAY_MS, HOUR_MS)
    expect(await seesRefund(shop)).toMatchObject({ state: 2 })
    expect(callsOf(shop, 'refund')).toHaveLength(1)
  })

  it('stays pending at a channel whose refunds cannot be queried, until it calls back', async () => {
    const { shop, payOrderId } = await paid({ channel: bankWithout('queryRefund') })
    shop.bank.will('refund', 'silent_after')
    await shop.refunds(payOrderId, ALL)
    await shop.passes(DAY_MS, HOUR_MS)
    expect(await seesRefund(shop)).toMatchObject({ state: 1 })
    expect(callsOf(shop, 'refund')).toHaveLength(1)
    const [refund] = shop.bank.refunds.values()
    if (refund !== undefined) await shop.bank.callback(refund)
    expect(await seesRefund(shop)).toMatchObject({ state: 2 })
  })

  it('is sent again, under its number, only when "not found" is final', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.will('refund', 'silent_before')
    await shop.refunds(payOrderId, ALL)
    const [first] = callsOf(shop, 'refund')
    await shop.passes(59 * SECOND_MS, SECOND_MS)
    expect(callsOf(shop, 'query_refund').length).toBeGreaterThan(0)
    expect(callsOf(shop, 'refund')).toEqual([first])
    await shop.passes(60 * SECOND_MS, SECOND_MS)
    expect(callsOf(shop, 'refund')).toEqual([first, first])
    expect(await seesRefund(shop)).toMatchObject({ state: 2 })
  })

  it('is not sent again when the question about it did not get through', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.will('refund', 'silent_after')
    shop.bank.always('query_refund', 'not_reachable')
    await shop.refunds(payOrderId, ALL)
    await shop.passes(DAY_MS, 10 * MINUTE_MS)
    expect(callsOf(shop, 'refund')).toHaveLength(1)
    expect(await seesRefund(shop)).toMatchObject({ state: 1 })
  })

  it('is not given up when the second sending does not leave', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.will('refund', 'silent_before', 'not_reachable')
    await shop.refunds(payOrderId, ALL)
    await shop.passes(HOUR_MS)
    expect(await seesRefund(shop)).toMatchObject({ state: 2 })
    expect(shop.told.map(({ fields }) => fields.state)).toEqual(['2'])
    expect(shop.bank.refunds.size).toBe(1)
  })

  it('is sent by one of many runners', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.will('refund', 'silent_before')
    await shop.refunds(payOrderId, ALL)
    await shop.clock.advance(2 * MINUTE_MS)
    await Promise.all(Array.from({ length: 5 }, () => shop.sweeps()))
    expect(callsOf(shop, 'refund')).toHaveLength(2)
  })
})

describe('a callback about a refund', () => {
  it('may come before the answer', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.refundsWait = true
    shop.bank.will('refund', 'calls_back_first')
    const answer = await shop.refunds(payOrderId, ALL)
    expect(answer.data).toMatchObject({ state: 2 })
    await shop.settles()
    expect(shop.told).toHaveLength(1)
  })

  it('may come twenty times, also at once, and is told once', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.refundsWait = true
    await shop.refunds(payOrderId, ALL)
    const [refund] = shop.bank.refunds.values()
    if (refund === undefined) throw new Error('the bank has the refund')
    const tells = () => shop.bank.callback({ ...refund, state: 'paid' })
    await tells()
    const answers = await Promise.all(Array.from({ length: 20 }, tells))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    await shop.settles()
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect(shop.told.map(({ fields }) => fields.state)).toEqual(['2'])
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 5 })
  })

  it('may correct a failure: the payer has the money all the same', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.refundsWait = true
    await shop.refunds(payOrderId, ALL)
    const [refund] = shop.bank.refunds.values()
    if (refund === undefined) throw new Error('the bank has the refund')
    await shop.bank.callback({ ...refund, state: 'failed' })
    expect(await seesRefund(shop)).toMatchObject({ state: 3 })
    await shop.bank.callback({ ...refund, state: 'paid' })
    expect(await seesRefund(shop)).toMatchObject({ state: 2 })
    await shop.settles()
    expect(shop.told.map(({ fields }) => fields.state)).toEqual(['3', '2'])
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 5 })
  })

  it('freezes the payment when a corrected failure makes more refunds than money', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.refundsWait = true
    await shop.refunds(payOrderId, ALL)
    const [refund] = shop.bank.refunds.values()
    if (refund === undefined) throw new Error('the bank has the refund')
    await shop.bank.callback({ ...refund, state: 'failed' })
    shop.bank.refundsWait = false
    await shop.refunds(payOrderId, { mchRefundNo: 'F2', refundAmount: 1 })
    await shop.bank.callback({ ...refund, state: 'paid' })
    const sql = 'select frozen_because, refund_reserved_minor, refunded_minor from payments'
    const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
    expect(rows).toEqual([['refunded_too_much', 1001, 1001]])
  })

  it('freezes it for that too when it is frozen for another reason', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.refundsWait = true
    await shop.refunds(payOrderId, ALL)
    const [refund] = shop.bank.refunds.values()
    const order = shop.bank.orders.get(payOrderId)
    if (refund === undefined || order === undefined) throw new Error('the bank has both')
    await shop.bank.callback({ ...refund, state: 'failed' })
    shop.bank.refundsWait = false
    await shop.refunds(payOrderId, { mchRefundNo: 'F2', refundAmount: 1 })
    await shop.bank.callback(order, { channelNo: 'B-second' })
    await shop.bank.callback({ ...refund, state: 'paid' })
    const sql = 'select frozen_because from payments'
    const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
    expect(rows).toEqual([['paid_twice,refunded_too_much']])
    expect(await shop.refunds(payOrderId, { refundAmount: 1 })).toMatchObject({ code: 9999 })
  })

  it.each([
    ['one fen more', { amount: 1001 }],
    ['another merchant number', { payee: 'somebody else' }],
  ])('with %s ends nothing, and calls an operator once', async (_, change) => {
    const { shop, payOrderId } = await paid()
    shop.bank.refundsWait = true
    await shop.refunds(payOrderId, ALL)
    const [refund] = shop.bank.refunds.values()
    if (refund === undefined) throw new Error('the bank has the refund')
    for (let i = 0; i < 3; i++) await shop.bank.callback({ ...refund, state: 'paid' }, change)
    expect(await seesRefund(shop)).toMatchObject({ state: 1 })
    expect(shop.told).toEqual([])
    expect(shop.logged.filter(({ fields }) => fields?.alarm === 'refund_differs')).toHaveLength(1)
  })

  it.each([
    ['of a refund that is not ours', 'R999999999999999999999'],
    ['of a payment at the address of refunds', undefined],
  ])('is not found %s', async (_, reference) => {
    const { shop, payOrderId } = await paid()
    const response = await shop.gateway.fetch(
      new Request(`https://pay.example/api/refund/notify/bank/${reference ?? payOrderId}`, {
        method: 'POST',
        body: '{"sign":"bank"}',
      }),
    )
    expect(response.status).toBe(404)
  })
})
