import { describe, expect, it } from 'vitest'
import { readTime } from '../../../../core/http/jeepay/replay.ts'
import { setReplayWindow } from '../../../../core/merchant/merchants.ts'
import type { SharedMemory } from '../../../../core/ports.ts'
import { anOrder, type Envelope, openShop, type Shop, signed } from '../../../kit/shop.ts'

const WINDOW_MS = 300_000

async function guardedShop(shared?: SharedMemory) {
  const shop = await openShop(shared === undefined ? {} : { shared })
  await setReplayWindow(shop.gateway.core, shop.app.appId, WINDOW_MS)
  return shop
}

async function sends(shop: Shop, body: object): Promise<Envelope> {
  const response = await shop.gateway.fetch(
    new Request('https://pay.example/api/pay/unifiedOrder', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  )
  return (await response.json()) as Envelope
}

const at = (shop: Shop, reqTime: string | number, order = anOrder()) =>
  signed({ ...order, reqTime }, shop.app)

describe('an app with a replay window', () => {
  it('takes each signature once', async () => {
    const shop = await guardedShop()
    const request = at(shop, shop.clock.now())
    expect((await sends(shop, request)).code).toBe(0)
    expect(await sends(shop, request)).toEqual({
      code: 9999,
      msg: '重复的请求，请重新签名后再发送',
    })
    const lower = { ...request, sign: String(request.sign).toLowerCase() }
    expect((await sends(shop, lower)).code).toBe(9999)
    expect((await sends(shop, { ...request, unsigned: 'more' })).code).toBe(9999)
    expect(shop.bank.orders.size).toBe(1)
  })

  it('takes one of many copies at a time', async () => {
    const shop = await guardedShop()
    const request = at(shop, shop.clock.now())
    const answers = await Promise.all(Array.from({ length: 8 }, () => sends(shop, request)))
    expect(answers.filter(({ code }) => code === 0)).toHaveLength(1)
  })

  it('gives the same order signed anew the same answer as before', async () => {
    const shop = await guardedShop()
    const order = anOrder()
    const first = await sends(shop, at(shop, shop.clock.now(), order))
    await shop.clock.advance(1_000)
    const again = await sends(shop, at(shop, shop.clock.now(), order))
    expect([again.code, again.data]).toEqual([0, first.data])
    expect(shop.bank.orders.size).toBe(1)
  })

  it.each([
    ['seconds', 0.001, 0, 0],
    ['milliseconds', 1, 0, 0],
    ['microseconds', 1_000, 0, 0],
    ['just young enough', 1, WINDOW_MS - 1_000, 0],
    ['just old enough', 1, -WINDOW_MS + 1_000, 0],
    ['of tomorrow', 1, WINDOW_MS + 1_000, 9999],
    ['of yesterday', 1, -WINDOW_MS - 1_000, 9999],
  ])('reads a time that is %s', async (_, factor, offMs, code) => {
    const shop = await guardedShop()
    const reqTime = Math.floor((shop.clock.now() + offMs) * factor)
    expect((await sends(shop, at(shop, reqTime))).code).toBe(code)
  })

  it.each(['now', '12', '2026-01-01 00:00:00', '17672256000001', '-767225600000'])(
    'does not take the time %s',
    async (reqTime) => {
      const shop = await guardedShop()
      expect((await sends(shop, at(shop, reqTime))).msg).toContain('reqTime')
    },
  )

  it('remembers no signature that is wrong, so nobody can use one up', async () => {
    const shop = await guardedShop()
    const request = at(shop, shop.clock.now())
    const forged = { ...request, amount: 1 }
    expect((await sends(shop, forged)).msg).toBe('验签失败')
    expect((await sends(shop, request)).code).toBe(0)
  })

  it('forgets what nobody can send any more', async () => {
    const shop = await guardedShop()
    for (let times = 0; times < 3; times++) await sends(shop, at(shop, shop.clock.now()))
    await shop.clock.advance(2 * WINDOW_MS)
    await sends(shop, at(shop, shop.clock.now()))
    const [rows] = await shop.database.batch(
      [{ sql: 'select count(*) from seen_requests', args: [] }],
      'read',
    )
    expect(rows).toEqual([[1]])
  })

  it('has one no more once that is taken away, in every isolate', async () => {
    const shop = await guardedShop()
    const request = at(shop, shop.clock.now())
    await sends(shop, request)
    await setReplayWindow(shop.gateway.core, shop.app.appId, null)
    expect((await sends(shop, request)).code).toBe(0)
  })
})

describe('a signature that isolates share', () => {
  it('is asked for there, and in the table when there is no answer', async () => {
    const seen = new Set<string>()
    let isAway = false
    const shared: SharedMemory = {
      take: async () => undefined,
      async keepOnce(key) {
        if (isAway) return undefined
        const isNew = !seen.has(key)
        seen.add(key)
        return isNew
      },
      get: async () => undefined,
      put: async () => undefined,
      isReachable: async () => !isAway,
    }
    const shop = await guardedShop(shared)
    const request = at(shop, shop.clock.now())
    expect((await sends(shop, request)).code).toBe(0)
    expect((await sends(shop, request)).code).toBe(9999)
    expect([...seen].join()).toMatch(/^seen:[0-9a-f]{64}$/)
    isAway = true
    const later = at(shop, shop.clock.now())
    expect((await sends(shop, later)).code).toBe(0)
    expect((await sends(shop, later)).code).toBe(9999)
  })
})

it('an app without a window takes any text as reqTime, as often as it comes', async () => {
  const shop = await openShop()
  const request = at(shop, 'whenever')
  expect((await sends(shop, request)).code).toBe(0)
  expect((await sends(shop, request)).code).toBe(0)
})

it.each([
  ['1767225600', 1_767_225_600_000],
  ['1767225600123', 1_767_225_600_123],
  ['1767225600123456', 1_767_225_600_123.456],
  ['176722560012', undefined],
  ['17672256x0', undefined],
  ['', undefined],
])('reqTime %s', (text, ms) => {
  expect(readTime(text)).toBe(ms)
})
