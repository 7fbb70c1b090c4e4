import { describe, expect, it } from 'vitest'
import { createGateway } from '../../../core/gateway.ts'
import { changeSettings, createAccount, openPassage } from '../../../core/merchant/accounts.ts'
import { boundedMemory } from '../../../edge/ports/system.ts'
import { bankChannel } from '../../kit/bank-channel.ts'
import { openShop, type Shop } from '../../kit/shop.ts'

/** Another isolate over the same database: what it changes, the shop's own memory has not heard. */
function elsewhere(shop: Shop) {
  const { ports, settings } = shop.gateway.core
  const memory = boundedMemory(100)
  return createGateway({ ports: { ...ports, memory }, channels: [bankChannel], settings }).core
}

async function pinned(shop: Shop, payOrderId: string) {
  const sql = 'select account_id, config_version, payee from attempts where payment_id = ?'
  const [rows] = await shop.database.batch([{ sql, args: [payOrderId] }], 'read')
  return rows?.[0]
}

const MOVED = { merchant: 'shop-2', key: 'another key' }

describe('settings that are changed elsewhere, while the app is remembered here', () => {
  it('are used by the very next order, and not by payments that are open', async () => {
    const shop = await openShop()
    const before = await shop.orders()
    expect(await changeSettings(elsewhere(shop), shop.accountId, MOVED)).toEqual({
      ok: true,
      value: 2,
    })
    const after = await shop.orders()
    expect(await pinned(shop, before)).toEqual([shop.accountId, 1, 'shop'])
    expect(await pinned(shop, after)).toEqual([shop.accountId, 2, 'shop-2'])
    // The bank pays whom it was asked for: each fits the settings that its order was sent under.
    await shop.payerPays(before)
    await shop.payerPays(after)
    expect((await shop.sees(before)).data).toMatchObject({ state: 2 })
    expect((await shop.sees(after)).data).toMatchObject({ state: 2 })
  })

  it('are not used to query, close or refund what was sent under the old ones', async () => {
    const shop = await openShop()
    const paid = await shop.orders()
    const closed = await shop.orders()
    await shop.payerPays(paid)
    await changeSettings(elsewhere(shop), shop.accountId, MOVED)
    expect(await shop.closes(closed)).toMatchObject({ code: 0 })
    expect((await shop.refunds(paid)).data).toMatchObject({ state: 2 })
    const sql = 'select config_version, payee from refunds'
    const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
    expect(rows).toEqual([[1, 'shop']])
  })

  it('send an order that is on its way by the old ones all the same, when it is sent again', async () => {
    const shop = await openShop()
    shop.bank.will('pay', 'silent_after')
    const payOrderId = await shop.orders({ mchOrderNo: 'A1' })
    await changeSettings(elsewhere(shop), shop.accountId, MOVED)
    await shop.asksFor({ mchOrderNo: 'A1' })
    expect(await pinned(shop, payOrderId)).toEqual([shop.accountId, 1, 'shop'])
  })

  it('may be another account: the next order goes through it', async () => {
    const shop = await openShop()
    await shop.orders()
    const core = elsewhere(shop)
    const owner = { kind: 'merchant', no: shop.app.merchantNo } as const
    const account = await createAccount(core, owner, 'bank', { merchant: 'shop', key: 'k2' })
    if (!account.ok) throw new Error('the account opens')
    const accountId = account.value
    const { appId } = shop.app
    await openPassage(core, { appId, way: 'WX_NATIVE', accountId, feePartsPerMillion: 0 })
    expect((await pinned(shop, await shop.orders()))?.[0]).toBe(accountId)
  })

  it('that do not fit are refused and leave the old ones in use', async () => {
    const shop = await openShop()
    const { core } = shop.gateway
    expect(await changeSettings(core, shop.accountId, { merchant: 'shop' })).toMatchObject({
      ok: false,
      refusal: { code: 'bad_settings', problems: [expect.stringMatching(/^key: /)] },
    })
    const owner = { kind: 'merchant', no: shop.app.merchantNo } as const
    expect(await createAccount(core, owner, 'nobank', {})).toEqual({
      ok: false,
      refusal: { code: 'channel_missing', channel: 'nobank' },
    })
    expect((await pinned(shop, await shop.orders()))?.[1]).toBe(1)
  })

  it('are one version for each of two who change them at once, or one of the two fails', async () => {
    const shop = await openShop()
    const results = await Promise.allSettled([
      changeSettings(elsewhere(shop), shop.accountId, MOVED),
      changeSettings(elsewhere(shop), shop.accountId, { ...MOVED, merchant: 'shop-3' }),
    ])
    const done = results.filter(({ status }) => status === 'fulfilled')
    const sql = 'select version from channel_configs order by version'
    const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
    expect(rows).toHaveLength(1 + done.length)
  })
})

describe('what is remembered', () => {
  it('is asked of the database once, however many orders there are', async () => {
    const shop = await openShop()
    await shop.orders({ wayCode: 'ALI_APP' })
    const before = shop.roundTrips()
    for (let i = 0; i < 5; i++) await shop.orders({ wayCode: 'ALI_APP' })
    expect(shop.roundTrips() - before).toBe(5)
  })

  it('may be lost at any time', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    shop.restarts()
    await shop.payerPays(payOrderId)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
  })
})
