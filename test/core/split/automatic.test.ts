import { describe, expect, it } from 'vitest'
import { createGroup } from '../../../core/split/receivers.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/time.ts'
import { callsOf, openSharing, sharesIn, sharingOf } from '../../kit/sharing.ts'
import type { Fields, ShopOptions } from '../../kit/shop.ts'

/** Two receivers in an automatic group, and one in another group. */
async function withGroup(options: ShopOptions = {}) {
  const sharing = await openSharing(options)
  const { shop, bound } = sharing
  const { merchantNo } = shop.app
  const group = { merchantNo, name: '自动', isAutomatic: true }
  const receiverGroupId = await createGroup(shop.gateway.core, group)
  await bound({ accNo: 'not-automatic' })
  const receiverId = await bound({ receiverGroupId, divisionProfit: '0.2' })
  await bound({ receiverGroupId, accNo: 'ann', accType: 0, divisionProfit: '0.1' })
  async function pays(fields: Fields = {}) {
    const payOrderId = await shop.orders({ divisionMode: 1, ...fields })
    await shop.payerPays(payOrderId)
    return payOrderId
  }
  const division = (payOrderId: string) => shop.calls('/api/division/query', { payOrderId })
  return { ...sharing, receiverGroupId, receiverId, pays, division }
}

describe('a payment that is shared by itself', () => {
  it('is shared 80 seconds after it was paid, with the automatic group', async () => {
    const { shop, pays, division } = await withGroup()
    const payOrderId = await pays()
    expect(await sharingOf(shop)).toEqual(['queued', 0, null])
    await shop.passes(79 * SECOND_MS, SECOND_MS)
    expect(callsOf(shop, 'split')).toEqual([])
    await shop.passes(2 * SECOND_MS, SECOND_MS)
    const seen = await division(payOrderId)
    expect(seen.data).toMatchObject({ state: 1, amount: 298 })
    expect(sharesIn(seen).map(({ accNo, amount }) => [accNo, amount])).toEqual([
      ['store-1', 199],
      ['ann', 99],
    ])
    await shop.passes(DAY_MS, HOUR_MS)
    expect(callsOf(shop, 'split')).toHaveLength(1)
    // JeePay tells nobody: one notification, of the payment.
    expect(shop.told).toHaveLength(1)
  })

  it('is told to an app that wants to hear of every end', async () => {
    const { shop, pays } = await withGroup({ notifiesEveryEnd: true })
    await pays()
    await shop.passes(2 * MINUTE_MS)
    expect(shop.told.map(({ fields }) => fields.divisionId !== undefined)).toEqual([false, true])
  })

  it('is shared once by many runners', async () => {
    const { shop, pays } = await withGroup()
    await pays()
    await shop.clock.advance(2 * MINUTE_MS)
    await Promise.all(Array.from({ length: 5 }, () => shop.sweeps()))
    expect(callsOf(shop, 'split')).toHaveLength(1)
  })

  it('is not for its merchant to share before, nor again after', async () => {
    const { shop, pays, shares, receiverId } = await withGroup()
    const payOrderId = await pays()
    const refused = { code: 9999, msg: '当前订单状态不支持分账' }
    expect(await shares(payOrderId, [{ receiverId }])).toEqual(refused)
    await shop.passes(2 * MINUTE_MS)
    expect(await shares(payOrderId, [{ receiverId }])).toEqual(refused)
    expect(callsOf(shop, 'split')).toHaveLength(1)
  })

  it('is sent until it has arrived, for it is owed by us', async () => {
    const { shop, pays, division } = await withGroup()
    shop.bank.will('split', 'not_reachable')
    const payOrderId = await pays()
    await shop.passes(90 * SECOND_MS)
    expect((await division(payOrderId)).data).toMatchObject({ state: 3 })
    await shop.passes(10 * MINUTE_MS)
    expect((await division(payOrderId)).data).toMatchObject({ state: 1 })
    expect(shop.bank.splits.size).toBe(1)
  })

  it('is its merchant to share once the channel has refused it', async () => {
    const { shop, pays, shares, receiverId, division } = await withGroup()
    shop.bank.will('split', 'refused')
    const payOrderId = await pays()
    await shop.passes(10 * MINUTE_MS)
    expect((await division(payOrderId)).data).toMatchObject({ state: 2, errCode: 'NO_RELATION' })
    expect(callsOf(shop, 'split')).toHaveLength(1)
    expect((await shares(payOrderId, [{ receiverId }])).data).toMatchObject({ state: 1 })
  })

  it('without receivers is released', async () => {
    const { shop, paid } = await openSharing()
    await paid({ divisionMode: 1 })
    await shop.passes(MINUTE_MS)
    expect([...shop.bank.splits.values()]).toMatchObject([{ shares: [], state: 'finished' }])
    expect(await sharingOf(shop)).toEqual(['finished', 0, null])
  })

  it('of which each share is below half a fen is released', async () => {
    const { shop, pays } = await withGroup()
    await pays({ amount: 1 })
    await shop.passes(2 * MINUTE_MS)
    expect([...shop.bank.splits.values()]).toMatchObject([{ shares: [] }])
  })

  it('waits for an operator to mend a group that asks for more than all', async () => {
    const { shop, pays, bound, receiverGroupId } = await withGroup()
    await bound({ receiverGroupId, accNo: 'greedy', divisionProfit: '0.9' })
    await pays()
    await shop.passes(2 * MINUTE_MS)
    expect(shop.logged).toContainEqual({
      message: 'a payment was not split by itself',
      fields: expect.objectContaining({ paymentId: expect.any(String), code: 'more_than_all' }),
    })
    expect(callsOf(shop, 'split')).toEqual([])
    await bound({ receiverGroupId, accNo: 'greedy', divisionProfit: '0.5' })
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect(callsOf(shop, 'split')).toHaveLength(1)
  })

  it('waits while it is frozen, and goes on when an operator has looked', async () => {
    const { shop, pays } = await withGroup()
    await pays()
    const freeze = (because: string | null) =>
      shop.database.batch(
        [{ sql: 'update payments set frozen_because = ?', args: [because] }],
        'write',
      )
    await freeze('amount_differs')
    await shop.passes(3 * HOUR_MS, 10 * MINUTE_MS)
    expect(callsOf(shop, 'split')).toEqual([])
    await freeze(null)
    await shop.passes(2 * HOUR_MS, 10 * MINUTE_MS)
    expect(callsOf(shop, 'split')).toHaveLength(1)
  })

  it('that came after the close and is held is not shared', async () => {
    const { shop } = await withGroup({ latePolicy: 'hold' })
    const payOrderId = await shop.orders({ divisionMode: 1 })
    await shop.closes(payOrderId)
    await shop.clock.advance(MINUTE_MS)
    await shop.payerPays(payOrderId)
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect(callsOf(shop, 'split')).toEqual([])
  })
})
