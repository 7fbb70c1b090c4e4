import { describe, expect, it } from 'vitest'
import { signedBy } from '../../kit/jeepay-client.ts'
import { anOrder, aRefund, succeeded } from '../../kit/storefront.ts'
import { endsPaid, type Here } from './world.ts'

export function specifyCopies(here: Here): void {
  describe('many at once', () => {
    it('50 copies of one order make one payment, and get 50 equal answers', async () => {
      const { shop, merchant, rows } = here()
      const inbox = merchant.inbox()
      const request = signedBy(shop.app, { ...anOrder(), notifyUrl: inbox.url })
      const before = await rows.counts()
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => shop.sends('/api/pay/unifiedOrder', request)),
      )
      const [first] = answers
      expect(first).toMatchObject({ code: 0, data: { orderState: 1, payDataType: 'codeUrl' } })
      expect(answers).toEqual(answers.map(() => first))

      const after = await rows.counts()
      expect(after).toMatchObject({
        payments: (before.payments ?? 0) + 1,
        attempts: (before.attempts ?? 0) + 1,
      })
      const payOrderId = String(first?.data?.payOrderId)
      const sends = await rows.select('select sends from attempts where payment_id = ?', payOrderId)
      expect(sends).toEqual([[1]])
      const atChannel = (await shop.sandbox.paymentsAtChannel()).filter(
        ({ number }) => number === payOrderId,
      )
      expect(atChannel).toMatchObject([{ state: 'NOTPAY', amount: { minor: 1_000 } }])

      await shop.sandbox.pays(payOrderId)
      const mchOrderNo = String(request.mchOrderNo)
      const answer = succeeded(first ?? { code: -1, msg: '' }).data
      await endsPaid(here(), { payOrderId, mchOrderNo, request, answer, inbox })
    })

    it('20 refunds of 30 % let three through', async () => {
      const { shop } = here()
      const ordered = await shop.orders()
      const { payOrderId } = ordered
      await shop.sandbox.pays(payOrderId)
      await endsPaid(here(), ordered)

      const requests = Array.from({ length: 20 }, () => ({ ...aRefund(), refundAmount: 300 }))
      const answers = await Promise.all(requests.map((one) => shop.refunds(payOrderId, one)))
      const refused = { code: 9999, msg: '申请金额超出订单可退款余额，请检查退款金额' }
      expect(answers.filter(({ code }) => code === 0)).toHaveLength(3)
      expect(answers.filter(({ code }) => code !== 0)).toEqual(Array(17).fill(refused))

      await shop.sandbox.passes(6_000)
      const { refunds } = await shop.sandbox.order(payOrderId)
      expect(refunds.map(({ amount, state }) => [amount, state])).toEqual(
        Array(3).fill([300, 'succeeded']),
      )
      expect(await shop.refunds(payOrderId, { refundAmount: 101 })).toEqual(refused)
      expect(await shop.refunds(payOrderId, { refundAmount: 100 })).toMatchObject({ code: 0 })
      await shop.sandbox.passes(6_000)
      expect(await shop.sees(payOrderId)).toMatchObject({ state: 5 })
    })
  })
}
