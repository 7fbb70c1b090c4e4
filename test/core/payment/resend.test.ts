import { describe, expect, it } from 'vitest'
import type { AccountId } from '../../../core/ids.ts'
import { createAccount, openPassage } from '../../../core/merchant/accounts.ts'
import { openShop, type Shop } from '../../kit/shop.ts'

const paysOf = (shop: Shop) => shop.bank.calls.filter((call) => call.startsWith('pay '))

async function attemptOf(shop: Shop) {
  const sql = 'select outcome, sends, account_id from attempts'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  const [outcome, sends, accountId] = rows?.[0] ?? []
  return { outcome, sends, accountId }
}

describe('sending an order again whose answer was lost', () => {
  it('happens under the same number, and the payer gets something to pay with', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'silent_after')
    const first = await shop.asksFor({ mchOrderNo: 'A1' })
    const second = await shop.asksFor({ mchOrderNo: 'A1' })
    const payOrderId = String(first.data?.payOrderId)
    expect(first.data).toMatchObject({ orderState: 1, payDataType: 'none', payData: '' })
    expect(second.data).toMatchObject({ payOrderId, payData: `bank://${payOrderId}` })
    expect(paysOf(shop)).toEqual([`pay ${payOrderId}`, `pay ${payOrderId}`])
    expect(await attemptOf(shop)).toMatchObject({ outcome: 'requires_action', sends: 2 })
  })

  it('happens once for many parallel repeats', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'silent_after')
    await shop.asksFor({ mchOrderNo: 'A1' })
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => shop.asksFor({ mchOrderNo: 'A1' })),
    )
    expect(paysOf(shop)).toHaveLength(2)
    expect(answers.every(({ code }) => code === 0)).toBe(true)
  })

  it('does not happen once the payment has ended, or has expired', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'silent_after', 'silent_after')
    const paid = String((await shop.asksFor({ mchOrderNo: 'A1' })).data?.payOrderId)
    await shop.asksFor({ mchOrderNo: 'A2', expiredTime: 60 })
    await shop.payerPays(paid)
    expect((await shop.asksFor({ mchOrderNo: 'A1' })).data).toMatchObject({ orderState: 2 })
    await shop.clock.advance(60_000)
    const late = await shop.asksFor({ mchOrderNo: 'A2', expiredTime: 60 })
    expect(late.data).toMatchObject({ orderState: 1, payData: '' })
    expect(paysOf(shop)).toHaveLength(2)
  })

  it('does not happen to another request under the same number', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'silent_after')
    await shop.asksFor({ mchOrderNo: 'A1', amount: 1 })
    const other = await shop.asksFor({ mchOrderNo: 'A1', amount: 2 })
    expect(other).toEqual({ code: 9999, msg: '商户订单[A1]已存在' })
    expect(paysOf(shop)).toHaveLength(1)
  })

  it('is no end of an earlier sending when it did not leave itself', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'silent_after', 'not_reachable')
    const first = await shop.asksFor({ mchOrderNo: 'A1' })
    const second = await shop.asksFor({ mchOrderNo: 'A1' })
    expect(second.data).toMatchObject({ orderState: 1, payData: '' })
    expect(await attemptOf(shop)).toMatchObject({ outcome: 'unknown', sends: 2 })
    await shop.payerPays(String(first.data?.payOrderId))
    expect((await shop.asksFor({ mchOrderNo: 'A1' })).data).toMatchObject({ orderState: 2 })
  })
})

describe('sending an order that never left', () => {
  it('goes by the settings of now: they may have been mended since', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'not_reachable')
    const order = { mchOrderNo: 'A1' }
    expect(await shop.asksFor(order)).toEqual({ code: 9999, msg: '系统：connection refused' })
    const account = await otherAccount(shop)
    expect((await shop.asksFor(order)).data).toMatchObject({ orderState: 1 })
    expect(await attemptOf(shop)).toMatchObject({ sends: 2, accountId: account })
    const [rows] = await shop.database.batch(
      [{ sql: 'select fee_parts_per_million, fee_minor from payments', args: [] }],
      'read',
    )
    expect(rows).toEqual([[10_000, 10]])
  })

  it('is refused again, in the same words, while nothing leaves', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'not_reachable', 'not_reachable')
    const order = { mchOrderNo: 'A1' }
    const first = await shop.asksFor(order)
    expect(await shop.asksFor(order)).toEqual(first)
    expect((await shop.asksFor(order)).data).toMatchObject({ orderState: 1 })
  })

  it('is not said to have left by a runner that comes back too late', async () => {
    const shop = await openShop()
    const order = { mchOrderNo: 'A1' }
    let second: unknown
    // The first runner hangs for longer than its lease; a copy sends the order meanwhile, and the
    // answer to the copy is lost. Then the first runner learns that it had never got through.
    shop.bank.will('pay', 'not_reachable', 'silent_after')
    shop.bank.before('pay', async () => {
      await shop.clock.advance(31_000)
      second = await shop.asksFor(order)
    })
    await shop.asksFor(order)
    expect(second).toMatchObject({ data: { orderState: 1, payData: '' } })
    expect(await attemptOf(shop)).toMatchObject({ outcome: 'unknown', sends: 2 })
    // The bank has the order: it must not be closed here as one that never left.
    const closed = await shop.calls('/api/pay/close', order)
    expect(closed).toMatchObject({ code: 0 })
    expect([...shop.bank.orders.values()].map(({ state }) => state)).toEqual(['closed'])
  })
})

async function otherAccount(shop: Shop): Promise<AccountId> {
  const { core } = shop.gateway
  const owner = { kind: 'merchant', no: shop.app.merchantNo } as const
  const settings = { merchant: 'shop', key: 'another key' }
  const account = await createAccount(core, owner, 'bank', settings)
  if (!account.ok) throw new Error('the account opens')
  const { appId } = shop.app
  const accountId = account.value
  await openPassage(core, { appId, way: 'WX_NATIVE', accountId, feePartsPerMillion: 10_000 })
  return accountId
}
