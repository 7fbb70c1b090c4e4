import { describe, expect, it } from 'vitest'
import type { PaymentId } from '../../../core/ids.ts'
import { type ReleaseDecision, releasePayment } from '../../../core/operator/release.ts'
import { HOUR_MS, MINUTE_MS } from '../../../core/time.ts'
import { callsOf, openSharing } from '../../kit/sharing.ts'
import { openShop, type Shop } from '../../kit/shop.ts'

const NOTE = 'asked the bank, it is right'

function releases(shop: Shop, payOrderId: string, decision: ReleaseDecision, note = NOTE) {
  return releasePayment(shop.gateway.core, payOrderId as PaymentId, decision, note)
}

/** The bank says, validly signed, that something else was paid than we asked for. */
async function saysPaid(shop: Shop, payOrderId: string, change: Readonly<Record<string, unknown>>) {
  const order = shop.bank.orders.get(payOrderId)
  if (order === undefined) throw new Error('the bank has the order')
  order.state = 'paid'
  order.paidAtMs = shop.clock.now()
  await shop.bank.callback(order, change)
  await shop.settles()
}

async function rows(shop: Shop, sql: string) {
  const [found] = await shop.database.batch([{ sql, args: [] }], 'read')
  return found
}

const standing = (shop: Shop) => rows(shop, 'select state, frozen_because from payments')

describe('releasing a payment that was frozen while it was open', () => {
  it.each([
    ['one fen more', { amount: 1001 }],
    ['another merchant number', { payee: 'somebody else' }],
  ])(
    "accept: it succeeds by the channel's word, and the merchant is told: %s",
    async (_, change) => {
      const shop = await openShop()
      const payOrderId = await shop.orders()
      await saysPaid(shop, payOrderId, change)
      expect(await releases(shop, payOrderId, 'accept')).toMatchObject({ ok: true })
      await shop.settles()
      expect(await standing(shop)).toEqual([['succeeded', null]])
      const { data } = await shop.sees(payOrderId)
      expect(data).toMatchObject({ state: 2, amount: 1000, channelOrderNo: `B${payOrderId}` })
      expect(shop.told.map(({ fields }) => fields.state)).toEqual(['2'])
    },
  )

  it('accept: the same said again by the channel does not freeze it again; something else does', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await saysPaid(shop, payOrderId, { amount: 1001 })
    await releases(shop, payOrderId, 'accept')
    await saysPaid(shop, payOrderId, { amount: 1001 })
    expect(await standing(shop)).toEqual([['succeeded', null]])
    await saysPaid(shop, payOrderId, { amount: 5 })
    expect(await standing(shop)).toEqual([['succeeded', 'amount_differs']])
    expect(shop.told).toHaveLength(1)
  })

  it('accept: money that came after the close is handled by the policy of the app', async () => {
    const shop = await openShop({ latePolicy: 'refund' })
    const payOrderId = await shop.orders()
    await shop.closes(payOrderId)
    await shop.clock.advance(MINUTE_MS)
    await saysPaid(shop, payOrderId, { amount: 1001 })
    expect(shop.bank.refunds.size).toBe(0)
    await releases(shop, payOrderId, 'accept')
    await shop.passes(MINUTE_MS)
    expect([...shop.bank.refunds.values()]).toMatchObject([{ order: payOrderId, amount: 1000 }])
    expect(shop.told).toEqual([])
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 6 })
  })

  it('keep: it goes on as it was, and is frozen again should the channel insist', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await saysPaid(shop, payOrderId, { amount: 1001 })
    await releases(shop, payOrderId, 'keep')
    expect(await standing(shop)).toEqual([['pending', null]])
    expect(shop.told).toEqual([])
    await saysPaid(shop, payOrderId, { amount: 1001 })
    expect(await standing(shop)).toEqual([['pending', 'amount_differs']])
  })

  it('keep: it succeeds when the channel says what fits', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await saysPaid(shop, payOrderId, { amount: 1001 })
    await releases(shop, payOrderId, 'keep')
    await shop.payerPays(payOrderId)
    expect(await standing(shop)).toEqual([['succeeded', null]])
    expect(shop.told).toHaveLength(1)
  })
})

describe('releasing a payment that was paid twice', () => {
  it.each(['accept', 'keep'] as const)(
    '%s: the first stays, and money moves again',
    async (word) => {
      const shop = await openShop()
      const payOrderId = await shop.orders()
      await shop.payerPays(payOrderId)
      await saysPaid(shop, payOrderId, { channelNo: 'B-second' })
      expect(await shop.refunds(payOrderId)).toMatchObject({ code: 9999 })
      await releases(shop, payOrderId, word)
      // The bank goes on repeating its second callback.
      await saysPaid(shop, payOrderId, { channelNo: 'B-second' })
      expect(await standing(shop)).toEqual([['succeeded', null]])
      expect((await shop.sees(payOrderId)).data).toMatchObject({ channelOrderNo: `B${payOrderId}` })
      expect(await shop.refunds(payOrderId)).toMatchObject({ code: 0, data: { state: 2 } })
      expect(shop.told.filter(({ fields }) => fields.state === '2' && fields.amount)).toHaveLength(
        1,
      )
    },
  )

  it('lets a refund go on that was waiting for it', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await shop.payerPays(payOrderId)
    shop.bank.will('refund', 'silent_before')
    await shop.refunds(payOrderId)
    await saysPaid(shop, payOrderId, { channelNo: 'B-second' })
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect(shop.bank.refunds.size).toBe(0)
    await releases(shop, payOrderId, 'keep')
    await shop.sweeps()
    expect([...shop.bank.refunds.values()]).toMatchObject([{ state: 'paid', amount: 100 }])
  })

  it('lets the return of a share go on that was waiting for it', async () => {
    const { shop, bound, paid, shares, returns } = await openSharing()
    const receiverId = await bound()
    const payOrderId = await paid()
    await shares(payOrderId, [{ receiverId }])
    shop.bank.will('return', 'silent_before')
    await returns(payOrderId, { mchReturnNo: 'B1', receiverId, returnAmount: 100 })
    await saysPaid(shop, payOrderId, { channelNo: 'B-second' })
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect(callsOf(shop, 'return')).toHaveLength(1)
    await releases(shop, payOrderId, 'keep')
    await shop.sweeps()
    expect(callsOf(shop, 'return')).toHaveLength(2)
    expect(await rows(shop, 'select state from split_returns')).toEqual([['succeeded']])
  })
})

describe('a release', () => {
  it('is kept with its note, its source and its decision', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await saysPaid(shop, payOrderId, { amount: 1001 })
    await releases(shop, payOrderId, 'keep', `  ${NOTE}  `)
    const last = 'select kind, source, evidence, version from events order by version desc limit 1'
    const evidence = JSON.stringify({ decision: 'keep', note: NOTE })
    expect(await rows(shop, last)).toEqual([['payment.released', 'operator', evidence, 4]])
    expect(await rows(shop, 'select version from payments')).toEqual([[4]])
  })

  it.each(['', '  '])('is not made without a note', async (note) => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await saysPaid(shop, payOrderId, { amount: 1001 })
    await expect(releases(shop, payOrderId, 'keep', note)).rejects.toThrow('says why')
    expect(await standing(shop)).toEqual([['pending', 'amount_differs']])
  })

  it('is refused where nothing is frozen, or nothing is there', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    expect(await releases(shop, payOrderId, 'accept')).toEqual({
      ok: false,
      refusal: { code: 'not_frozen' },
    })
    expect(await releases(shop, 'P0', 'accept')).toEqual({
      ok: false,
      refusal: { code: 'payment_not_found' },
    })
  })

  it('is made once by two operators', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await saysPaid(shop, payOrderId, { amount: 1001 })
    const both = await Promise.all([
      releases(shop, payOrderId, 'accept'),
      releases(shop, payOrderId, 'keep'),
    ])
    await shop.settles()
    expect(both.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await rows(shop, "select count(*) from events where source = 'operator'")).toEqual([[1]])
  })
})
