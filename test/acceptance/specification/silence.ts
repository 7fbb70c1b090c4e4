import { describe, expect, it } from 'vitest'
import { type Envelope, signedBy } from '../../kit/jeepay-client.ts'
import { anOrder, type Ordered } from '../../kit/storefront.ts'
import { until } from '../../kit/until.ts'
import { endsPaid, type Here, toldOnceOfSuccess } from './world.ts'

interface Hanging {
  readonly ordered: Ordered
  readonly answering: Promise<Envelope>
}

/** A channel that carries an order out and never answers: the call hangs for its whole deadline. */
export function specifySilence(here: Here): { specifyItsEnd(): void } {
  let hanging: Hanging | undefined

  describe('a channel that takes an order and falls silent', () => {
    it('may be paid while its call still hangs, and the merchant is told at once', async () => {
      const { shop, merchant } = here()
      const inbox = merchant.inbox()
      const order = { ...anOrder(), notifyUrl: inbox.url }
      const request = signedBy(shop.app, order)
      await shop.sandbox.misbehaves({ on: 'pay', fault: 'silence_after' })
      const answering = shop.sends('/api/pay/unifiedOrder', request)
      const { payOrderId, mchOrderNo } = await until(async () => {
        const known = await shop.sandbox.orderOf(order.mchOrderNo)
        return known?.channelState === 'NOTPAY' ? known : undefined
      }, 'the channel to have the order')

      const ordered = { payOrderId, mchOrderNo, request, answer: {}, inbox }
      hanging = { ordered, answering }
      await shop.sandbox.pays(payOrderId)
      await toldOnceOfSuccess(here(), ordered)
    })
  })

  return {
    specifyItsEnd() {
      describe('a channel that took an order and fell silent', () => {
        it('is given up at its deadline, and the order is answered as it stands', async () => {
          if (hanging === undefined) throw new Error('the order was not sent')
          const { ordered, answering } = hanging
          const { payOrderId, mchOrderNo } = ordered
          expect(await answering).toMatchObject({
            code: 0,
            data: { payOrderId, mchOrderNo, orderState: 2, payDataType: 'none', payData: '' },
          })
          await endsPaid(here(), ordered)
        })
      })
    },
  }
}
