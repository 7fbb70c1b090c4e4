import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { createGateway } from '../../../../core/gateway.ts'
import type { AppId, MerchantNo } from '../../../../core/ids.ts'
import { openPassage } from '../../../../core/merchant/accounts.ts'
import { setAppState, setMerchantState } from '../../../../core/merchant/merchants.ts'
import { raiseConfigRevision } from '../../../../core/routing/config-revision.ts'
import { seal } from '../../../../core/sealing/seal.ts'
import { apps } from '../../../../core/store/schema.ts'
import { boundedMemory } from '../../../../edge/ports/system.ts'
import { bankChannel } from '../../../kit/bank-channel.ts'
import { openShop, type Shop } from '../../../kit/shop.ts'

const NO_SUCH_APP = { code: 9999, msg: '商户或商户应用不存在' }
const MERCHANT_DISABLED = { code: 9999, msg: '商户信息不存在或商户状态不可用' }
const APP_DISABLED = { code: 9999, msg: '商户应用不存在或应用状态不可用' }

/** Another isolate over the same database: what it changes, the shop's own memory has not heard. */
function elsewhere(shop: Shop) {
  const { ports, settings } = shop.gateway.core
  const memory = boundedMemory(100)
  return createGateway({ ports: { ...ports, memory }, channels: [bankChannel], settings }).core
}

describe('who may call', () => {
  it('is nobody with an app that does not exist', async () => {
    const shop = await openShop()
    const app = { ...shop.app, appId: 'nobody' as AppId }
    expect(await shop.asksFor({}, app)).toEqual(NO_SUCH_APP)
  })

  it('is nobody with the app of another merchant', async () => {
    const shop = await openShop()
    const app = { ...shop.app, merchantNo: 'M9' as MerchantNo }
    expect(await shop.asksFor({}, app)).toEqual({ code: 9999, msg: '参数appId与商户号不匹配' })
  })

  it('is nobody with the secret of another app, even of the same merchant', async () => {
    const shop = await openShop()
    const sibling = await shop.opensApp('same_merchant')
    const mixed = { ...shop.app, appSecret: sibling.appSecret }
    expect(await shop.asksFor({}, mixed)).toEqual({ code: 9999, msg: '验签失败' })
  })

  it('does not learn from a wrong sign whether the app is disabled', async () => {
    const shop = await openShop()
    await setAppState(shop.gateway.core, shop.app.appId, 'disabled')
    const app = { ...shop.app, appSecret: 'wrong' }
    expect(await shop.asksFor({}, app)).toEqual({ code: 9999, msg: '验签失败' })
  })
})

describe('a change made elsewhere, while the app is remembered here', () => {
  const paths = [
    ['an order', (shop: Shop) => shop.asksFor()],
    ['a query', (shop: Shop) => shop.sees('P1')],
    ['a close', (shop: Shop) => shop.closes('P1')],
    ['a refund', (shop: Shop) => shop.refunds('P1')],
    ['a refund query', (shop: Shop) => shop.calls('/api/refund/query', { mchRefundNo: '1' })],
  ] as const

  it.each(paths)('stops %s of a disabled merchant at once', async (_, call) => {
    const shop = await openShop()
    await shop.orders()
    await setMerchantState(elsewhere(shop), shop.app.merchantNo, 'disabled')
    expect(await call(shop)).toEqual(MERCHANT_DISABLED)
    expect(shop.bank.calls).toHaveLength(1)
  })

  it.each(paths)('stops %s of a disabled app at once', async (_, call) => {
    const shop = await openShop()
    await shop.orders()
    await setAppState(elsewhere(shop), shop.app.appId, 'disabled')
    expect(await call(shop)).toEqual(APP_DISABLED)
    expect(shop.bank.calls).toHaveLength(1)
  })

  it('lets a merchant in again at once', async () => {
    const shop = await openShop()
    await setMerchantState(elsewhere(shop), shop.app.merchantNo, 'disabled')
    expect(await shop.asksFor()).toEqual(MERCHANT_DISABLED)
    await setMerchantState(elsewhere(shop), shop.app.merchantNo, 'active')
    expect(await shop.asksFor()).toMatchObject({ code: 0 })
  })

  it('lets an app in again at once', async () => {
    const shop = await openShop()
    await setAppState(elsewhere(shop), shop.app.appId, 'disabled')
    expect(await shop.asksFor()).toEqual(APP_DISABLED)
    await setAppState(elsewhere(shop), shop.app.appId, 'active')
    expect(await shop.asksFor()).toMatchObject({ code: 0 })
  })

  it('takes the sign of a new secret at once, and no longer that of the old one', async () => {
    const shop = await openShop()
    await shop.orders()
    const { ports, store } = shop.gateway.core
    const { appId } = shop.app
    await store.write.batch([
      store.write
        .update(apps)
        .set({ secretSealed: await seal(ports.keyRing, `app/${appId}/secret`, 'a new secret') })
        .where(eq(apps.appId, appId)),
      raiseConfigRevision(store),
    ])
    expect(await shop.asksFor({}, { ...shop.app, appSecret: 'a new secret' })).toMatchObject({
      code: 0,
    })
    expect(await shop.asksFor()).toEqual({ code: 9999, msg: '验签失败' })
  })

  it('offers a way as soon as it has a passage', async () => {
    const shop = await openShop()
    const sibling = await shop.opensApp('same_merchant')
    const fields = { wayCode: 'ALI_APP' }
    const refused = { code: 9999, msg: '商户应用不支持该支付方式' }
    expect(await shop.asksFor(fields, sibling)).toEqual(refused)
    await openPassage(elsewhere(shop), {
      appId: sibling.appId,
      way: 'ALI_APP',
      accountId: shop.accountId,
      feePartsPerMillion: 0,
    })
    expect(await shop.asksFor(fields, sibling)).toMatchObject({ code: 0 })
  })
})
