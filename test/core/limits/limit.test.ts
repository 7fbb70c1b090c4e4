import { describe, expect, it } from 'vitest'
import type { GatewaySettings } from '../../../core/core.ts'
import type { SharedMemory } from '../../../core/ports.ts'
import { anOrder, openShop, type Shop, signedRequest } from '../../kit/shop.ts'

const AWAY: SharedMemory = {
  take: async () => undefined,
  keepOnce: async () => undefined,
  get: async () => undefined,
  put: async () => undefined,
  isReachable: async () => false,
}

const limited = (settings: Partial<GatewaySettings>, shared?: SharedMemory) =>
  openShop({ settings, ...(shared !== undefined && { shared }) })

function ordering(shop: Shop, headers: Record<string, string> = {}) {
  const request = signedRequest('/api/pay/unifiedOrder', anOrder(), shop.app)
  for (const [name, value] of Object.entries(headers)) request.headers.set(name, value)
  return request
}

describe('an app that asks too often', () => {
  it('is told so in its envelope with 429, until its minute is over; others are served', async () => {
    const shop = await limited({ rates: { perApp: 2 } })
    const other = await shop.opensApp('same_merchant')
    await shop.orders()
    await shop.orders()
    const before = shop.roundTrips()
    const answer = await shop.gateway.fetch(ordering(shop))
    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d?$/)
    expect(await answer.json()).toEqual({ code: 9999, msg: '请求过于频繁，请稍后再试' })
    expect([shop.roundTrips() - before, shop.bank.orders.size]).toEqual([0, 2])
    expect((await shop.asksFor({}, other)).code).toBe(0)
    await shop.clock.advance(120_000)
    expect((await shop.asksFor()).code).toBe(0)
  })

  it('is not used up by somebody who knows its number and not its secret', async () => {
    const shop = await limited({ rates: { perApp: 2 } })
    for (let times = 0; times < 5; times++) {
      expect(await shop.asksFor({}, { ...shop.app, appSecret: 'guess' })).toMatchObject({
        msg: '验签失败',
      })
    }
    expect((await shop.asksFor()).code).toBe(0)
  })

  it('does not keep its channels from being heard', async () => {
    const shop = await limited({ rates: { perApp: 1, perIp: 1 } })
    const paymentId = await shop.orders()
    for (let times = 0; times < 5; times++) await shop.payerPays(paymentId)
    expect(shop.told).toHaveLength(1)
  })

  it('is limited just as well when what isolates share is away', async () => {
    const shop = await limited({ rates: { perApp: 1 } }, AWAY)
    expect((await shop.asksFor()).code).toBe(0)
    expect((await shop.gateway.fetch(ordering(shop))).status).toBe(429)
  })
})

describe('an address that asks too often', () => {
  it.each([
    ['who is at the other end of the connection', {}, '192.0.2.1', '192.0.2.2', {}, {}],
    ['its network, for IPv6', {}, '2001:db8::1', '2001:db8:1::1', {}, {}],
    [
      "what Cloudflare's header says",
      { clientIpHeader: 'cf-connecting-ip' as const },
      undefined,
      undefined,
      { 'cf-connecting-ip': '192.0.2.1' },
      { 'cf-connecting-ip': '192.0.2.2' },
    ],
    [
      'the last of X-Forwarded-For, where that is trusted',
      { clientIpHeader: 'x-forwarded-for' as const },
      '10.0.0.1',
      '10.0.0.1',
      { 'x-forwarded-for': '1.1.1.1, 192.0.2.1' },
      { 'x-forwarded-for': '192.0.2.1, 192.0.2.2' },
    ],
  ])('is known by %s', async (_, settings, peer, otherPeer, headers, otherHeaders) => {
    const shop = await limited({ ...settings, rates: { perIp: 1 } })
    expect((await shop.gateway.fetch(ordering(shop, headers), peer)).status).toBe(200)
    expect((await shop.gateway.fetch(ordering(shop, headers), peer)).status).toBe(429)
    expect((await shop.gateway.fetch(ordering(shop, otherHeaders), otherPeer)).status).toBe(200)
  })

  it('gets no other name by headers that anybody can write', async () => {
    const shop = await limited({ rates: { perIp: 1 } })
    const statuses = []
    for (const forged of ['1.1.1.1', '2.2.2.2']) {
      const headers = { 'x-forwarded-for': forged, 'cf-connecting-ip': forged, 'x-real-ip': forged }
      statuses.push((await shop.gateway.fetch(ordering(shop, headers), '192.0.2.1')).status)
    }
    expect(statuses).toEqual([200, 429])
  })

  it('is refused before anything of its request is read', async () => {
    const shop = await limited({ rates: { perIp: 1 } })
    const at = (path: string) => new Request(`https://pay.example${path}`)
    await shop.gateway.fetch(at('/nothing'), '192.0.2.1')
    const before = shop.roundTrips()
    const answer = await shop.gateway.fetch(at('/api/pay/return/bank/P1'), '192.0.2.1')
    expect([answer.status, shop.roundTrips() - before]).toEqual([429, 0])
    for (const path of ['/healthz', '/livez', '/metrics']) {
      expect((await shop.gateway.fetch(at(path), '192.0.2.1')).status).not.toBe(429)
    }
    const elsewhere = await shop.gateway.fetch(at('/nothing'), '192.0.2.1')
    expect(elsewhere.headers.get('content-type')).toBe('application/problem+json')
  })
})

it('nobody is limited unless the deployment says so', async () => {
  const shop = await openShop()
  for (let times = 0; times < 20; times++) {
    expect((await shop.gateway.fetch(ordering(shop), '192.0.2.1')).status).toBe(200)
  }
})
