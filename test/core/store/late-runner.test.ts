import { describe, expect, it } from 'vitest'
import { MINUTE_MS, SECOND_MS } from '../../../core/time.ts'
import { openSharing } from '../../kit/sharing.ts'
import { NOTIFY_URL, type Shop } from '../../kit/shop.ts'

const MONEY_OUT = {
  refund: (shop: Shop, payOrderId: string) => shop.refunds(payOrderId),
  transfer: (shop: Shop) => shop.transfers(),
  split: (_: Shop, payOrderId: string, receiverId: number, sharing: Sharing) =>
    sharing.shares(payOrderId, [{ receiverId }], { notifyUrl: NOTIFY_URL }),
  return: async (_: Shop, payOrderId: string, receiverId: number, sharing: Sharing) =>
    sharing.returns(payOrderId, {
      mchReturnNo: 'B1',
      receiverId,
      returnAmount: 100,
      notifyUrl: NOTIFY_URL,
    }),
} as const
type Sharing = Awaited<ReturnType<typeof openSharing>>

describe('a call that never left', () => {
  it.each(Object.entries(MONEY_OUT))(
    'is no end of a %s that others have sent again since',
    async (operation, asks) => {
      const sharing = await openSharing()
      const { shop } = sharing
      const receiverId = await sharing.bound()
      const payOrderId = await sharing.paid()
      if (operation === 'return') await sharing.shares(payOrderId, [{ receiverId }])
      // The second time it arrives, and nobody hears of it for some minutes.
      shop.bank.will(operation, 'not_reachable', 'silent_after')
      // Its runner is slow, or its clock is behind: the others see its lease as over.
      shop.bank.before(operation, async () => {
        await shop.passes(70 * SECOND_MS, 10 * SECOND_MS)
        shop.bank.always(`query_${operation}`, 'not_reachable')
      })
      const { data } = await asks(shop, payOrderId, receiverId, sharing)
      expect(data?.errCode ?? '').toBe('')
      shop.bank.always(`query_${operation}`)
      await shop.passes(60 * MINUTE_MS, MINUTE_MS)
      expect(shop.bank.calls.filter((call) => call.startsWith(`${operation} `))).toHaveLength(1)
      const states = shop.told.map(({ fields }) => fields.state)
      expect(states).toEqual([operation === 'split' ? '1' : '2'])
    },
  )
})
