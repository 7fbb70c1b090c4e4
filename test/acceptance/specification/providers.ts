import { beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type MerchantApp, signedBy } from '../../kit/jeepay-client.ts'
import { openStorefront, succeeded } from '../../kit/storefront.ts'
import { endsPaid, type Here } from './world.ts'

const apps = z.object({
  apps: z.array(z.object({ mchNo: z.string(), appId: z.string(), appSecret: z.string() })),
})

export function specifyProviders(here: Here): void {
  describe('below a service provider', () => {
    let below: readonly MerchantApp[] = []
    beforeAll(async () => {
      const answer = await fetch(`${here().shop.baseUrl}/sandbox/api/merchant`)
      below = apps.parse(await answer.json()).apps.slice(1)
    })

    it.each([
      [0, 'WX_NATIVE'],
      [1, 'WX_NATIVE'],
      [0, 'ALI_QR'],
      [1, 'ALI_PC'],
    ])('sub-merchant %i is paid by %s, and gives back', async (place, wayCode) => {
      const { gateway, merchant, rows } = here()
      const [mine, other] = place === 0 ? below : [below[1], below[0]]
      if (mine === undefined || other === undefined) throw new Error('there are two of them')
      const shop = openStorefront({ ...gateway, app: mine }, merchant)
      const world = { gateway, merchant, rows, shop }
      const ordered = await shop.orders({ wayCode })
      const { payOrderId } = ordered
      await shop.sandbox.pays(payOrderId)
      await endsPaid(world, ordered)

      const theirs = openStorefront({ ...gateway, app: other }, merchant)
      expect(await theirs.calls('/api/pay/query', { payOrderId })).toMatchObject({ code: 9999 })
      expect(await theirs.refunds(payOrderId)).toMatchObject({ code: 9999 })
      expect(await theirs.closes(payOrderId)).toMatchObject({ code: 9999 })

      const { refundOrderId } = succeeded(await shop.refunds(payOrderId)).data
      await shop.sandbox.passes(5_000)
      expect(await shop.seesRefund(String(refundOrderId))).toMatchObject({ state: 2 })
    })
  })

  describe('who the payer is', () => {
    it.each([
      ['wxpay', /^o\w+/, ''],
      ['alipay', /^2088\d{12}$/, ''],
      ['AUTO', /^2088\d{12}$/, 'Mozilla/5.0 AlipayClient/10.5'],
    ])('is told to the merchant by a redirect, for %s', async (ifCode, userId, userAgent) => {
      const { baseUrl, app } = here().shop
      const redirectUrl = 'https://shop.example/cb?from=gateway#/who'
      const fields = signedBy(app, { ifCode, redirectUrl, extParam: 'a b' })
      const query = new URLSearchParams(
        Object.entries(fields).map(([name, value]) => [name, String(value)]),
      )
      let address = `${baseUrl}/api/channelUserId/jump?${query}`
      for (let hops = 0; !address.startsWith('https://shop.example/') && hops < 6; hops += 1) {
        const response = await fetch(address, {
          redirect: 'manual',
          headers: { 'user-agent': userAgent },
        })
        expect([address, response.status, response.headers.has('location')]).toEqual([
          address,
          302,
          true,
        ])
        address = atHome(baseUrl, response.headers.get('location') ?? '')
      }
      // Behind the hash, where pages with hash routes look for it: as with `returnUrl`.
      const [, appId, channelUserId, extParam] =
        /^https:\/\/shop\.example\/cb\?from=gateway#\/who&appId=(\w+)&channelUserId=([\w-]+)&extParam=(.*)$/.exec(
          address,
        ) ?? []
      expect({ appId, channelUserId, extParam }).toEqual({
        appId: app.appId,
        channelUserId: expect.stringMatching(userId),
        extParam: 'a%20b',
      })
    })

    it('is not told to somebody who makes up where they come from', async () => {
      const { baseUrl } = here().shop
      const response = await fetch(`${baseUrl}/api/channelUserId/back/made-up?state=x&code=y`, {
        redirect: 'manual',
      })
      expect([response.status, await response.json()]).toEqual([
        200,
        { code: 9999, msg: '跳转状态有误，请重新发起' },
      ])
    })
  })
}

/** A browser would go to the channel; here its simulator is visited in the sandbox. */
function atHome(baseUrl: string, location: string): string {
  const url = new URL(location, baseUrl)
  const isElsewhere = !location.startsWith(baseUrl) && url.host !== 'shop.example'
  return isElsewhere ? `${baseUrl}/sandbox/visit/${url.host}${url.pathname}${url.search}` : url.href
}
