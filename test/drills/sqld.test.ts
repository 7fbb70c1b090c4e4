import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signedBy } from '../kit/jeepay-client.ts'
import type { Inbox } from '../kit/merchant-server.ts'
import { sqldMissing } from '../kit/sqld.ts'
import { anOrder, aRefund, succeeded } from '../kit/storefront.ts'
import { until } from '../kit/until.ts'
import { type Deployment, openDeployment } from './deployment.ts'

const NO_DATABASE = { code: 12, msg: '数据库服务异常' }
const missing = sqldMissing()

describe.skipIf(missing !== undefined)(missing ?? 'a Worker whose libSQL server is killed', () => {
  let deployment: Deployment
  beforeAll(async () => {
    deployment = await openDeployment()
  }, 180_000)
  afterAll(() => deployment.ends())

  /** An order as it is sent, to send the very same again. */
  function writes() {
    const { shop, merchant } = deployment
    const inbox = merchant.inbox()
    // For a day: time is put forward here.
    const order = { ...anOrder(), notifyUrl: inbox.url, expiredTime: 86_400 }
    const request = signedBy(shop.app, order)
    return { inbox, request, sends: () => shop.sends('/api/pay/unifiedOrder', request) }
  }

  async function isToldOf(payOrderId: string, inbox: Inbox): Promise<void> {
    await deployment.settles(async () => {
      const sql = `select 1 from outbox where subject_id = '${payOrderId}' and state = 'delivered'`
      return (await deployment.rows(sql)).length === 1
    }, `the merchant to be told of ${payOrderId}`)
    expect(new Set(inbox.heard.map(({ text }) => text)).size).toBe(1)
    expect(inbox.heard[0]?.fields).toMatchObject({ payOrderId, state: '2', amount: '1000' })
  }

  it('says that it takes no orders, asks no channel, and takes the very same later', async () => {
    const { bank, shop } = deployment
    const { payOrderId } = await shop.orders()
    await deployment.databaseDies()
    const order = writes()
    const before = bank.calls.length
    expect(await order.sends()).toEqual(NO_DATABASE)
    expect(await shop.calls('/api/pay/query', { payOrderId })).toEqual(NO_DATABASE)
    expect(await shop.closes(payOrderId)).toEqual(NO_DATABASE)
    expect(await shop.refunds(payOrderId)).toEqual(NO_DATABASE)
    expect(await deployment.health()).toMatchObject({ status: 'failing' })
    expect(bank.calls).toHaveLength(before)

    await deployment.databaseReturns()
    expect(await deployment.health()).toMatchObject({ status: 'ok' })
    const { data } = succeeded(await order.sends())
    expect(data).toMatchObject({ orderState: 1, payDataType: 'codeUrl' })
    expect(bank.calls.slice(before)).toEqual([`pay ${data.payOrderId}`])
  })

  it('when the channel has an order: the payer can pay it, and the same request is answered', async () => {
    const { bank } = deployment
    const order = writes()
    bank.during('pay', deployment.databaseDies)
    // Nothing of this answer is stored, but the stamp.
    const { data } = succeeded(await order.sends())
    expect(data).toMatchObject({ orderState: 1, payDataType: 'codeUrl' })
    await deployment.databaseReturns()
    const payOrderId = String(data.payOrderId)
    await deployment.passes(60_000)
    const again = succeeded(await order.sends())
    expect(again.data).toMatchObject({ payOrderId, orderState: 1, payData: data.payData })
    await deployment.pays(payOrderId)
    await isToldOf(payOrderId, order.inbox)
  })

  it('when the payer pays: the channel is told to call again, or is asked if it does not', async () => {
    const { bank, shop } = deployment
    const [called, silent] = [await shop.orders(), await shop.orders()]
    for (const { payOrderId } of [called, silent]) {
      const order = bank.orders.get(payOrderId)
      if (order !== undefined) order.state = 'paid'
    }
    await deployment.databaseDies()
    const order = bank.orders.get(called.payOrderId)
    const callsBack = async () => order && (await bank.callback(order)).status
    expect(await callsBack()).toBe(503)
    expect(called.inbox.heard).toEqual([])
    await deployment.databaseReturns()
    expect(await callsBack()).toBe(200)
    for (const { payOrderId, inbox } of [called, silent]) await isToldOf(payOrderId, inbox)
  })

  it('before it is noted that the merchant was told: the merchant is told again, word for word', async () => {
    const { shop } = deployment
    const { payOrderId, inbox } = await shop.orders()
    const died = Promise.withResolvers<void>()
    inbox.reacts(() => deployment.databaseDies().then(died.resolve))
    await deployment.pays(payOrderId)
    await died.promise
    inbox.reacts('success')
    // Asked behind the merchant's answer: the Worker has found no database to note that one in.
    expect(await deployment.health()).toMatchObject({ status: 'failing' })
    await deployment.databaseReturns()
    await isToldOf(payOrderId, inbox)
    expect(inbox.heard).toHaveLength(2)
  })

  it('again and again, at any moment: each order is paid, refunded and told of, once', async () => {
    const journeys = Array.from({ length: 6 }, () => travel())
    let haveArrived = false
    void Promise.allSettled(journeys).then(() => {
      haveArrived = true
    })
    for (let deaths = 0; deaths < 4; deaths += 1) {
      await deployment.passes(5_000)
      await deployment.databaseDies()
      await deployment.passes(5_000)
      await deployment.databaseReturns()
    }
    await deployment.settles(() => haveArrived, 'all to arrive')
    for (const journey of await Promise.all(journeys)) {
      const { payOrderId, refundOrderId, inbox, refundInbox } = journey
      await isToldOf(payOrderId, inbox)
      await deployment.settles(() => refundInbox.heard.length > 0, `news of ${refundOrderId}`)
      expect(new Set(refundInbox.heard.map(({ text }) => text)).size).toBe(1)
      expect(refundInbox.heard[0]?.fields).toMatchObject({ refundOrderId, state: '2' })
      expect(await deployment.shop.seesRefund(refundOrderId)).toMatchObject({ state: 2 })
      const refunds = [...deployment.bank.refunds.values()]
      expect(refunds.filter(({ order }) => order === payOrderId)).toMatchObject([
        { number: refundOrderId, amount: 300, state: 'paid' },
      ])
    }
  })

  it('and the books agree with the bank’s in the end', async () => {
    await deployment.settles(async () => {
      const untold = await deployment.rows(`select 1 from outbox where state <> 'delivered'`)
      return untold.length === 0
    }, 'all to be told')
    const sql = 'select payment_id, amount_minor, state from payments order by payment_id'
    const ours = await deployment.rows(sql)
    const banks = [...deployment.bank.orders.values()].map(({ number, amount, state }) => [
      number,
      amount,
      state === 'paid' ? 'succeeded' : 'pending',
    ])
    expect(ours).toEqual(banks.toSorted())
    const repeated = 'select 1 from payments group by merchant_payment_no having count(*) > 1'
    expect(await deployment.rows(repeated)).toEqual([])
    expect(await deployment.rows('pragma integrity_check')).toEqual([['ok']])
  })

  /** A client that does not give up, from the order to a part of its money back. */
  async function travel() {
    const { shop, merchant } = deployment
    const order = writes()
    const taken = await insists(async () => {
      const { data } = succeeded(await order.sends())
      return data.orderState === 1 && data.payDataType === 'codeUrl' ? data : undefined
    })
    const payOrderId = String(taken.payOrderId)
    await deployment.pays(payOrderId)
    await insists(async () => (await shop.sees(payOrderId)).state === 2)
    const refundInbox = merchant.inbox()
    const asked = { ...aRefund(), payOrderId, notifyUrl: refundInbox.url }
    const request = signedBy(shop.app, asked)
    const refunded = await insists(async () =>
      succeeded(await shop.sends('/api/refund/refundOrder', request)),
    )
    const refundOrderId = String(refunded.data.refundOrderId)
    return { payOrderId, refundOrderId, inbox: order.inbox, refundInbox }
  }
})

/** The very same again, until there is an answer: a refusal for now is none. */
function insists<Answer>(attempt: () => Promise<Answer>): Promise<NonNullable<Answer>> {
  return until(() => attempt().catch(() => undefined), 'an answer', 120_000)
}
