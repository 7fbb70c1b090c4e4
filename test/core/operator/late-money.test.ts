import { describe, expect, it } from 'vitest'
import type { PaymentId } from '../../../core/ids.ts'
import { decideHeldMoney, type LateMoneyDecision } from '../../../core/operator/late-money.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../core/time.ts'
import { bankWithout } from '../../kit/bank-channel.ts'
import { openShop, type Shop, type ShopOptions } from '../../kit/shop.ts'

/** A payment that was paid a minute after its close, and is held. */
async function held(options: ShopOptions = {}) {
  const shop = await openShop({ latePolicy: 'hold', ...options })
  const payOrderId = await shop.orders()
  await shop.closes(payOrderId)
  await shop.clock.advance(MINUTE_MS)
  await shop.payerPays(payOrderId)
  return { shop, payOrderId }
}

const decides = (shop: Shop, payOrderId: string, decision: LateMoneyDecision) =>
  decideHeldMoney(shop.gateway.core, payOrderId as PaymentId, decision, 'the merchant says so')

describe('held money', () => {
  it('is accepted: the payment succeeds for the merchant, who is told once', async () => {
    const { shop, payOrderId } = await held()
    expect(await decides(shop, payOrderId, 'accept')).toMatchObject({ ok: true })
    await shop.settles()
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
    expect(shop.told.map(({ fields }) => fields.state)).toEqual(['2'])
    expect(await shop.refunds(payOrderId)).toMatchObject({ code: 0 })
  })

  it('is sent back: all of it, once, and the payment stays closed for the merchant', async () => {
    const { shop, payOrderId } = await held()
    expect(await decides(shop, payOrderId, 'refund')).toMatchObject({ ok: true })
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect([...shop.bank.refunds.values()]).toMatchObject([{ amount: 1000, state: 'paid' }])
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 6 })
    expect(shop.told).toEqual([])
  })

  it('comes back to be decided on when the channel refuses the refund, and can be sent again', async () => {
    const { shop, payOrderId } = await held()
    shop.bank.will('refund', 'refused')
    await decides(shop, payOrderId, 'refund')
    await shop.passes(MINUTE_MS)
    expect(shop.bank.refunds.size).toBe(0)
    expect(await decides(shop, payOrderId, 'refund')).toMatchObject({ ok: true })
    await shop.passes(MINUTE_MS)
    expect([...shop.bank.refunds.values()]).toMatchObject([{ amount: 1000, state: 'paid' }])
  })

  it('is decided on once', async () => {
    const { shop, payOrderId } = await held()
    const both = await Promise.all([
      decides(shop, payOrderId, 'refund'),
      decides(shop, payOrderId, 'accept'),
    ])
    expect(both.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await decides(shop, payOrderId, 'refund')).toEqual({
      ok: false,
      refusal: { code: 'not_held' },
    })
  })

  it('is not sent back through a channel that takes no refunds, or none any more', async () => {
    const { shop, payOrderId } = await held({ channel: bankWithout('refund') })
    expect(await decides(shop, payOrderId, 'refund')).toEqual({
      ok: false,
      refusal: { code: 'channel_cannot_refund' },
    })
    const other = await held()
    await other.shop.clock.advance(366 * DAY_MS)
    expect(await decides(other.shop, other.payOrderId, 'refund')).toEqual({
      ok: false,
      refusal: { code: 'too_late', windowDays: 365 },
    })
  })

  it('is not decided on while the payment is frozen', async () => {
    const { shop, payOrderId } = await held()
    const order = shop.bank.orders.get(payOrderId)
    if (order !== undefined) await shop.bank.callback(order, { channelNo: 'B-second' })
    for (const decision of ['accept', 'refund'] as const) {
      expect(await decides(shop, payOrderId, decision)).toEqual({
        ok: false,
        refusal: { code: 'payment_frozen' },
      })
    }
  })
})
