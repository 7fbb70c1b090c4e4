import { describe, expect, it } from 'vitest'
import { setAppState } from '../../../core/merchant/merchants.ts'
import type { SharedMemory } from '../../../core/ports.ts'
import { openShop } from '../../kit/shop.ts'

interface Kept extends SharedMemory {
  readonly entries: Map<string, string>
}

function keeping(): Kept {
  const entries = new Map<string, string>()
  return {
    entries,
    take: async () => undefined,
    keepOnce: async () => undefined,
    get: async (key) => entries.get(key),
    put: async (key, value) => void entries.set(key, value),
    isReachable: async () => true,
  }
}

/** A shop whose app was read by one isolate, and another isolate that is cold. */
async function coldShop() {
  const shared = keeping()
  const shop = await openShop({ shared })
  await shop.orders()
  await shop.settles()
  shop.restarts()
  return { shop, shared }
}

describe('what isolates share of an app', () => {
  it('spares a cold one a round trip to the database', async () => {
    const { shop } = await coldShop()
    const before = shop.roundTrips()
    await shop.orders()
    expect(shop.roundTrips() - before).toBe(2)

    const alone = await openShop()
    await alone.orders()
    alone.restarts()
    const beforeAlone = alone.roundTrips()
    await alone.orders()
    expect(alone.roundTrips() - beforeAlone).toBe(3)
  })

  it('is sealed: neither secret, settings nor name can be read there', async () => {
    const { shop, shared } = await coldShop()
    const kept = JSON.stringify([...shared.entries])
    expect(shared.entries.size).toBe(1)
    for (const canary of [shop.app.appSecret, 'secret-canary', '收银', shop.app.merchantNo]) {
      expect(kept).not.toContain(`"${canary}"`)
    }
    for (const value of shared.entries.values()) expect(value).toMatch(/^[\w-]+(\.[\w-]*){4}$/)
  })

  it('is not believed when it is old: the app was disabled meanwhile', async () => {
    const { shop } = await coldShop()
    await setAppState(shop.gateway.core, shop.app.appId, 'disabled')
    expect((await shop.asksFor()).msg).toBe('商户应用不存在或应用状态不可用')
    await setAppState(shop.gateway.core, shop.app.appId, 'active')
    expect((await shop.asksFor()).code).toBe(0)
  })

  it.each([
    ['garbage', () => 'garbage'],
    ["another app's", (_: string, others: string) => others],
    ['cut off', (own: string) => own.slice(0, -5)],
  ])('is not believed when it is %s', async (_, spoil) => {
    const { shop, shared } = await coldShop()
    const other = await shop.opensApp('other_merchant')
    await shop.asksFor({}, other)
    await shop.settles()
    const own = shared.entries.get(`app:${shop.app.appId}`) ?? ''
    const others = shared.entries.get(`app:${other.appId}`) ?? ''
    shared.entries.set(`app:${shop.app.appId}`, spoil(own, others))
    shop.restarts()
    expect((await shop.asksFor()).code).toBe(0)
  })
})
