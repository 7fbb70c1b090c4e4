import { describe, expect, it } from 'vitest'
import { requestOver, signedBy } from '../../kit/jeepay-client.ts'
import { anOrder } from '../../kit/storefront.ts'
import type { Here } from './world.ts'

export function specifyDoors(here: Here, liveUrl: () => string): void {
  describe('the doors', () => {
    it.each([
      ['GET', '/'],
      ['GET', '/api'],
      ['POST', '/api/pay/unifiedorder'],
      ['GET', '/admin/../api/pay/none'],
      ['GET', '/.env'],
    ])('answer %s %s with 404 and the JSON that the SDK reads', async (method, path) => {
      const { baseUrl } = here().shop
      const response = await fetch(baseUrl + path, { method })
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({
        timestamp: expect.any(String),
        status: 404,
        error: 'Not Found',
        path: new URL(baseUrl + path).pathname,
      })
    })

    it.each([
      ['GET', '/api/pay/unifiedOrder'],
      ['GET', '/api/refund/refundOrder'],
      ['PUT', '/api/pay/unifiedOrder'],
    ])('answer %s %s with 405', async (method, path) => {
      const response = await fetch(here().shop.baseUrl + path, { method })
      expect(response.status).toBe(405)
      expect(await response.json()).toMatchObject({
        status: 405,
        error: 'Method Not Allowed',
        path,
      })
    })

    it('tell an operator that all is well', async () => {
      const response = await fetch(`${here().shop.baseUrl}/healthz`)
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({ status: 'ok', database: 'reachable' })
    })

    it('show the sandbox to whoever plays the payer', async () => {
      const page = await fetch(`${here().shop.baseUrl}/sandbox`)
      expect([page.status, page.headers.get('content-type')]).toEqual([
        200,
        expect.stringMatching(/^text\/html/),
      ])
      expect(await page.text()).toContain('<title>Tongbao')
    })

    it('have let nothing secret into the log', () => {
      const { gateway } = here()
      const log = gateway.output()
      expect(log).not.toContain(gateway.app.appSecret)
      expect(log).not.toMatch(/PRIVATE KEY|&key=|oAcceptancePayer/)
      expect(log).not.toMatch(/\n\s+at /)
    })
  })

  describe('a live gateway', () => {
    it.each([
      ['GET', '/sandbox'],
      ['GET', '/sandbox/'],
      ['GET', '/sandbox/api/orders'],
      ['GET', '/sandbox/api/merchant'],
      ['POST', '/sandbox/api/clock'],
      ['POST', '/sandbox/api/faults'],
      ['POST', '/sandbox/merchant/notify'],
    ])('knows nothing of %s %s', async (method, path) => {
      const response = await fetch(liveUrl() + path, { method })
      expect(response.status).toBe(404)
      expect(await response.json()).toMatchObject({ status: 404, path })
    })

    it('is well, and has no demo merchant', async () => {
      const { app } = here().shop
      expect((await fetch(`${liveUrl()}/healthz`)).status).toBe(200)
      const order = requestOver(
        'json',
        `${liveUrl()}/api/pay/unifiedOrder`,
        signedBy(app, anOrder()),
      )
      expect(await (await fetch(order)).json()).toEqual({
        code: 9999,
        msg: '商户或商户应用不存在',
      })
    })
  })
}
