import { describe, expect, it } from 'vitest'
import type { Envelope } from '../../kit/jeepay-client.ts'
import { isSigned } from '../../kit/merchant-server.ts'
import { type Ordered, succeeded } from '../../kit/storefront.ts'
import { until } from '../../kit/until.ts'
import { endsPaid, type Here, type World } from './world.ts'

/** The simulated channel takes five seconds for a refund. */
const REFUND_TAKES_MS = 5_000

export function specifyRefunds(here: Here): void {
  describe('refunds', () => {
    it('give money back in parts until all of it is back, and tell each time', async () => {
      const { shop } = here()
      const ordered = await paid(here())
      const { payOrderId } = ordered
      await refundsAndHears(here(), ordered, 300)
      expect(await shop.sees(payOrderId)).toMatchObject({ state: 2 })
      await refundsAndHears(here(), ordered, 700)
      expect(await shop.sees(payOrderId)).toMatchObject({ state: 5 })
      expect(await shop.refunds(payOrderId, { refundAmount: 1 })).toEqual({
        code: 9999,
        msg: '订单已全额退款，本次申请失败',
      })
      expect(ordered.inbox.heard).toHaveLength(1)
    })

    it('are seen the same by JSON, form, query string and GET', async () => {
      const { shop } = here()
      const { payOrderId } = await paid(here())
      const { refundOrderId = '' } = succeeded(await shop.refunds(payOrderId)).data
      await shop.sandbox.passes(REFUND_TAKES_MS)
      const seen: Envelope[] = []
      for (const transport of ['json', 'form', 'query string', 'get'] as const) {
        seen.push(await shop.calls('/api/refund/query', { refundOrderId }, transport))
      }
      expect(seen[0]).toMatchObject({ code: 0, data: { state: 2, refundAmount: 300 } })
      expect(seen).toEqual(seen.map(() => seen[0]))
    })

    it('sent again are answered as before, and move no more money', async () => {
      const { shop } = here()
      const { payOrderId } = await paid(here())
      const fields = { mchRefundNo: `AGAIN${payOrderId}`, refundAmount: 600 }
      const first = await shop.refunds(payOrderId, fields)
      const second = await shop.refunds(payOrderId, fields)
      expect(first).toMatchObject({ code: 0, data: { state: 1 } })
      expect(second).toEqual(first)
      expect(await shop.refunds(payOrderId, { ...fields, refundAmount: 400 })).toEqual({
        code: 9999,
        msg: `商户退款订单号[AGAIN${payOrderId}]已存在`,
      })
      await shop.sandbox.passes(REFUND_TAKES_MS)
      expect((await shop.sandbox.order(payOrderId)).refunds).toMatchObject([{ amount: 600 }])
    })

    it.each(['reset_after', 'error_after', 'bad_signature', 'truncated'])(
      'end paid back when the answer to them meets %s',
      async (fault) => {
        const { shop, merchant } = here()
        const { payOrderId } = await paid(here())
        const { url: notifyUrl, hears, heard } = merchant.inbox()
        await shop.sandbox.misbehaves({ on: 'refund', fault })
        const answer = succeeded(await shop.refunds(payOrderId, { notifyUrl })).data
        expect(answer).toMatchObject({ state: 1, refundAmount: 300 })
        await shop.sandbox.passes(REFUND_TAKES_MS)
        await hears(1)
        expect(await shop.seesRefund(String(answer.refundOrderId))).toMatchObject({ state: 2 })
        expect(heard).toHaveLength(1)
      },
    )
  })
}

async function paid(world: World): Promise<Ordered> {
  const ordered = await world.shop.orders()
  await world.shop.sandbox.pays(ordered.payOrderId)
  await endsPaid(world, ordered)
  return ordered
}

async function refundsAndHears(
  { shop, merchant }: World,
  { payOrderId }: Ordered,
  refundAmount: number,
): Promise<void> {
  const inbox = merchant.inbox()
  const fields = { refundAmount, notifyUrl: inbox.url, extParam: '' }
  const answer = succeeded(await shop.refunds(payOrderId, fields)).data
  expect(answer).toMatchObject({ state: 1, payAmount: 1_000, refundAmount })
  const refundOrderId = String(answer.refundOrderId)

  await shop.sandbox.passes(REFUND_TAKES_MS)
  const [heard] = await inbox.hears(1)
  if (heard === undefined) throw new Error('nothing was heard')
  expect(isSigned(heard, shop.app.appSecret)).toBe(true)
  expect(heard.fields).toMatchObject({
    refundOrderId,
    payOrderId,
    state: '2',
    refundAmount: String(refundAmount),
    payAmount: '1000',
    channelOrderNo: expect.stringMatching(/^\d+$/),
  })
  expect(await shop.seesRefund(refundOrderId)).toMatchObject({ state: 2, refundAmount })
  await until(async () => {
    const { notifications } = await shop.sandbox.order(payOrderId)
    return notifications.every(({ state }) => state === 'delivered')
  }, 'all that was told to be written down')
  expect(inbox.heard).toHaveLength(1)
}
