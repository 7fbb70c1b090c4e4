import { describe, expect, it } from 'vitest'
import { type AttemptId, type BoundChannel, money, type RefundId } from '../../core/plugin/api.ts'
import { channelPorts } from '../../core/plugin/host.ts'
import { assert } from '../../core/result.ts'
import { type Market, NOTIFY_URL, openMarket, type Subject } from './market.ts'
import { extraOf, orderOf, payerPays } from './order.ts'

const TOTAL = money(1_000, 'CNY')

/** Two merchants below one provider, who share its keys: none reaches the other's money. */
export function describeTenancy(subject: Subject): void {
  const { plugin } = subject
  const [usual] = Object.entries(plugin.manifest.ways).filter(
    ([, { input }]) => !('authCode' in input.shape),
  )
  if (usual === undefined) return
  const [way, { input }] = usual

  /** One of the two has been paid; the other has its own settings at the same channel. */
  async function openNeighbours() {
    const market = await openMarket({ ...subject, settings: (simulator) => below(simulator, 0) })
    const settings = await below(market.simulator, 1)
    const neighbour = plugin.bind(settings)
    assert(neighbour.ok, 'the neighbour has settings')
    const extra = await extraOf(market, Object.keys(input.shape))
    const ordered = await orderOf(market, way, extra, { amount: TOTAL.minor })
    expect(await payerPays(market, ordered)).toBe(true)
    const paid = await market.asks(ordered.payOrderId)
    assert(paid.kind === 'succeeded', 'the first merchant has the money')
    return { market, ordered, paid, neighbour: neighbour.value }
  }

  describe('of two merchants below one provider, the one', () => {
    it('is somebody else to the channel', async () => {
      const { paid, neighbour } = await openNeighbours()
      expect(neighbour.payee).not.toBe(paid.payee)
    })

    it("does not see the other's payment as its own", async () => {
      const { market, ordered, neighbour } = await openNeighbours()
      const { payOrderId: attemptId } = ordered
      const asked = await neighbour.query(portsOf(market, neighbour), {
        attemptId: attemptId as AttemptId,
        way,
      })
      const isItsOwn = asked.kind === 'succeeded' && asked.payee === neighbour.payee
      expect(isItsOwn).toBe(false)
    })

    it("gives nothing of the other's money back", async () => {
      const { market, ordered, paid, neighbour } = await openNeighbours()
      const answer = await neighbour.refund?.(portsOf(market, neighbour), {
        refundId: 'R900000000000000000001' as RefundId,
        attemptId: ordered.payOrderId as AttemptId,
        way,
        channelPaymentNo: paid.channelPaymentNo,
        amount: TOTAL,
        total: TOTAL,
        reason: '退货',
        callbackUrl: 'https://pay.example/api/refund/notify/none',
      })
      expect(['failed', 'unknown', 'not_sent']).toContain(answer?.kind)
      // All of it is still there for its owner.
      const refunded = await market.calls('/api/refund/refundOrder', {
        payOrderId: ordered.payOrderId,
        mchRefundNo: 'ALL',
        refundAmount: TOTAL.minor,
        currency: 'CNY',
        refundReason: '退货',
        notifyUrl: NOTIFY_URL,
      })
      await market.calmsDown()
      const { refundOrderId } = refunded.data ?? {}
      const { data } = await market.calls('/api/refund/query', { refundOrderId })
      expect(data?.state).toBe(2)
    })

    it("closes nothing of the other's", async () => {
      const market = await openMarket({ ...subject, settings: (simulator) => below(simulator, 0) })
      const neighbour = plugin.bind(await below(market.simulator, 1))
      assert(neighbour.ok, 'the neighbour has settings')
      const extra = await extraOf(market, Object.keys(input.shape))
      const ordered = await orderOf(market, way, extra)
      const ports = portsOf(market, neighbour.value)
      await neighbour.value.close?.(ports, { attemptId: ordered.payOrderId as AttemptId, way })
      expect(await payerPays(market, ordered)).toBe(true)
    })
  })
}

async function below(simulator: Market['simulator'], place: number) {
  const settings = (await simulator.cast?.())?.belowProvider[place]
  assert(settings !== undefined, 'the simulator has a provider with two merchants')
  return settings
}

function portsOf({ gateway }: Market, channel: BoundChannel) {
  return channelPorts(gateway.core, channel, 'neighbour')
}
