import { afterEach, describe, expect, it } from 'vitest'
import type { JeepayFields } from '../../kit/jeepay-client.ts'
import { type SandboxFault, sandboxClient } from '../../kit/sandbox-client.ts'
import { endsPaid, type Here } from './world.ts'

const SECOND_MS = 1_000

/** A way of each channel that is a call, and what its payer is handed. */
const CHANNELS = [
  { channel: 'wxpay', wayCode: 'WX_NATIVE', handed: /^weixin:/ },
  { channel: 'alipay', wayCode: 'ALI_QR', handed: /^https:\/\/qr\.alipay\.com/ },
] as const

export function specifyMisbehaviour(here: Here): void {
  describe.each(CHANNELS)('$channel, when it misbehaves', ({ channel, wayCode, handed }) => {
    const misbehaves = (...faults: readonly SandboxFault[]) =>
      sandboxClient(here().shop.baseUrl, channel).misbehaves(...faults)
    const orders = (fields: JeepayFields = {}) => here().shop.orders({ wayCode, ...fields })
    afterEach(() => misbehaves())

    it.each(['reset_after', 'error_after', 'bad_signature', 'truncated'])(
      'and answers an order that it took with %s: the order is pending, is sent again, and paid',
      async (fault) => {
        const { shop } = here()
        await misbehaves({ on: 'pay', fault })
        const ordered = await orders()
        const { payOrderId } = ordered
        expect(ordered.answer).toMatchObject({ orderState: 1, payDataType: 'none', payData: '' })
        expect(await shop.sees(payOrderId)).toMatchObject({ state: 1 })
        expect(await shop.sends('/api/pay/unifiedOrder', ordered.request)).toMatchObject({
          code: 0,
          data: { payOrderId, orderState: 1, payData: expect.stringMatching(handed) },
        })
        await shop.sandbox.pays(payOrderId)
        await endsPaid(here(), ordered)
      },
    )

    it.each(['reset_before', 'error_before', 'html_before'])(
      'and loses an order to %s: the same request makes it anew, and it is paid',
      async (fault) => {
        const { shop } = here()
        await misbehaves({ on: 'pay', fault })
        const ordered = await orders()
        const { payOrderId } = ordered
        expect(ordered.answer).toMatchObject({ orderState: 1, payDataType: 'none', payData: '' })
        expect((await shop.sandbox.order(payOrderId)).channelState).toBeNull()
        expect(await shop.sends('/api/pay/unifiedOrder', ordered.request)).toMatchObject({
          code: 0,
          data: { payOrderId, payDataType: 'codeUrl' },
        })
        await shop.sandbox.pays(payOrderId)
        await endsPaid(here(), ordered)
      },
    )

    it('and is too busy for an order says so, and takes the same one a moment later', async () => {
      const { shop, merchant } = here()
      const inbox = merchant.inbox()
      await misbehaves({ on: 'pay', fault: 'rate_limited' })
      const fields = { mchOrderNo: `BUSY${Date.now()}`, notifyUrl: inbox.url }
      expect(await shop.asksFor({ wayCode, ...fields })).toMatchObject({
        code: 9999,
        msg: expect.stringMatching(/^系统：/),
      })
      const ordered = await orders(fields)
      await shop.sandbox.pays(ordered.payOrderId)
      await endsPaid(here(), { ...ordered, inbox })
    })

    it('and is paid before it has answered the order: the merchant is told', async () => {
      await misbehaves({ on: 'callback', fault: 'early' })
      const ordered = await orders()
      expect(ordered.answer).toMatchObject({ orderState: 2 })
      await endsPaid(here(), ordered)
    })

    it.each([
      ['tells of a payment twice', 'duplicate', 0],
      ['tells of a payment a minute late', 'delay', 60 * SECOND_MS],
      ['has its first word of a payment lost', 'drop', 15 * SECOND_MS],
      ['signs its first word of a payment wrongly', 'bad_signature', 15 * SECOND_MS],
      ['speaks of another merchant first', 'wrong_merchant', 15 * SECOND_MS],
    ])('and %s: the merchant is told once', async (_, fault, passesMs) => {
      const { shop } = here()
      const ordered = await orders()
      await misbehaves({ on: 'callback', fault })
      await shop.sandbox.pays(ordered.payOrderId)
      await shop.sandbox.passes(passesMs)
      await endsPaid(here(), ordered)
    })

    it('and never tells of a payment: it is asked, and the merchant is told', async () => {
      const { shop } = here()
      const ordered = await orders()
      await misbehaves({ on: 'callback', fault: 'drop', times: 1_000 })
      await shop.sandbox.pays(ordered.payOrderId)
      await shop.sandbox.passes(60 * SECOND_MS)
      await endsPaid(here(), ordered)
    })

    it('and tells of two payments in the wrong order: the merchant is told once of each', async () => {
      const { shop } = here()
      const first = await orders()
      const second = await orders()
      await misbehaves({ on: 'callback', fault: 'reorder' })
      await shop.sandbox.pays(first.payOrderId)
      expect(first.inbox.heard).toEqual([])
      await shop.sandbox.pays(second.payOrderId)
      await endsPaid(here(), second)
      await endsPaid(here(), first)
    })

    it('and tells of another amount: nobody acts on it until somebody has looked', async () => {
      const { shop } = here()
      const { payOrderId, inbox } = await orders()
      await misbehaves({ on: 'callback', fault: 'wrong_amount' })
      await shop.sandbox.pays(payOrderId)
      expect((await shop.sandbox.order(payOrderId)).notifications).toEqual([])
      expect(await shop.closes(payOrderId)).toEqual({ code: 9999, msg: '当前订单不可关闭' })
      expect(await shop.refunds(payOrderId)).toMatchObject({
        code: 9999,
        msg: expect.stringMatching(/^订单状态不正确， 无法完成退款/),
      })
      expect(inbox.heard).toEqual([])
    })
  })
}
