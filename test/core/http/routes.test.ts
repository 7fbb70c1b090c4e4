import { describe, expect, it } from 'vitest'
import { openShop } from '../../kit/shop.ts'

const at = (path: string, method = 'GET') => new Request(`https://pay.example${path}`, { method })

describe('routes', () => {
  it.each([
    ['GET', '/'],
    ['POST', '/api/pay/unifiedorder'],
    ['POST', '/api/pay/unifiedOrder/'],
    ['GET', '/api/pay/channelUserJump'],
    ['GET', '/api/division/unknown'],
  ])('answers %s %s with 404 and the JSON that the SDK reads', async (method, path) => {
    const shop = await openShop()
    const response = await shop.gateway.fetch(at(`${path}?secret=1`, method))
    expect(response.status).toBe(404)
    expect(await response.json()).toEqual({
      timestamp: '2026-01-01T00:00:00.000Z',
      status: 404,
      error: 'Not Found',
      path,
    })
  })

  it.each([
    ['GET', '/api/pay/unifiedOrder'],
    ['PUT', '/api/pay/unifiedOrder'],
    ['GET', '/api/refund/refundOrder'],
    ['DELETE', '/api/refund/refundOrder'],
  ])('answers %s %s with 405: it would do something', async (method, path) => {
    const shop = await openShop()
    const response = await shop.gateway.fetch(at(path, method))
    expect(response.status).toBe(405)
    expect(await response.json()).toMatchObject({ status: 405, path })
  })

  it('says whether it is well', async () => {
    let isAway = false
    const shop = await openShop({
      wrapDatabase: (database) => ({
        batch: (statements, mode) =>
          isAway ? Promise.reject(new Error('gone')) : database.batch(statements, mode),
      }),
    })
    const well = await shop.gateway.fetch(at('/healthz'))
    expect([well.status, await well.json()]).toEqual([
      200,
      { status: 'ok', database: 'reachable', timer: 'in_process', redis: 'none' },
    ])
    isAway = true
    const ill = await shop.gateway.fetch(at('/healthz'))
    expect([ill.status, await ill.json()]).toEqual([
      503,
      { status: 'failing', database: 'unreachable', timer: 'in_process', redis: 'none' },
    ])
  })

  it('answers what it did not expect with 500, tells the log, and tells the caller nothing', async () => {
    let isAway = false
    const shop = await openShop({
      wrapDatabase: (database) => ({
        batch: (statements, mode) =>
          isAway ? Promise.reject(new Error('at 10.1.2.3')) : database.batch(statements, mode),
      }),
    })
    isAway = true
    const response = await shop.gateway.fetch(at('/api/pay/return/bank/P1'))
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('10.1.2.3')
    expect(shop.logged.at(-1)).toEqual({
      message: 'a request failed',
      fields: {
        path: '/api/pay/return/bank/P1',
        reason: 'Error: at 10.1.2.3',
        requestId: response.headers.get('x-request-id'),
      },
    })
  })
})
