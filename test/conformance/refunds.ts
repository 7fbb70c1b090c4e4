import { describe, expect, it } from 'vitest'
import type { AnswerFault, CallbackFault } from '../../core/plugin/simulator.ts'
import { MINUTE_MS } from '../../core/time.ts'
import type { Envelope } from '../kit/shop.ts'
import { ANSWER_FAULTS, SOME_QUERY_FAULTS } from './faults.ts'
import { type Market, NOTIFY_URL, openMarket, type Subject } from './market.ts'
import { extraOf, orderOf, payerPays } from './order.ts'

const numbers = { next: 1 }
const PAID = 1_000

export function describeRefunds(subject: Subject): void {
  const { names, usual } = waysOf(subject)
  if (usual === undefined) return

  describe('a refund', () => {
    it.each(names)('of a payment by %s goes out in parts, and never beyond it', async (way) => {
      const { market, ordered, refund } = await openPaid(subject, way)
      const first = await refund(300)
      await expectRefunded(market, first, 300)
      expect((await refund(701)).code).not.toBe(0)
      const rest = await refund(700)
      await expectRefunded(market, rest, 700)
      const { data } = await market.calls('/api/pay/query', { payOrderId: ordered.payOrderId })
      expect(data?.state).toBe(5)
      expect((await refund(1)).code).not.toBe(0)
    })

    it('that is asked for twice goes out once', async () => {
      const { market, refund } = await openPaid(subject, usual)
      const fields = { mchRefundNo: 'TWICE' }
      const [first, second] = await Promise.all([refund(300, fields), refund(300, fields)])
      expect(second.data?.refundOrderId).toBe(first.data?.refundOrderId)
      await expectRefunded(market, first, 300)
      expect((await refund(700)).code).toBe(0)
    })
  })
}

export function describeFaultyRefunds(subject: Subject): void {
  const { usual } = waysOf(subject)
  if (usual === undefined) return
  describe('a refund whose call', () => {
    it.each(ANSWER_FAULTS)('meets %s arrives all the same, once', async (fault: AnswerFault) => {
      const { market, refund } = await openPaid(subject, usual)
      await market.misbehaves({ on: 'refund', fault, times: 1 })
      const asked = await refund(300)
      expect(asked.code).toBe(0)
      expect([0, 1, 2]).toContain(asked.data?.state)
      await expectRefunded(market, asked, 300)
      // What is not known counts as gone: nothing was left over for a second one.
      expect((await refund(701)).code).not.toBe(0)
    })

    it.each(SOME_QUERY_FAULTS)(
      'meets silence, and whose query meets %s, arrives all the same, once',
      async (fault: AnswerFault) => {
        const { market, refund } = await openPaid(subject, usual)
        await market.misbehaves(
          { on: 'refund', fault: 'silence_after', times: 1 },
          { on: 'query_refund', fault, times: 2 },
          { on: 'callback', fault: 'drop', times: 20 },
        )
        const asked = await refund(300)
        await market.passes(5 * MINUTE_MS, MINUTE_MS)
        expect((await refund(701)).code).not.toBe(0)
        await expectRefunded(market, asked, 300)
      },
    )
  })

  describe('a refund of which the channel', () => {
    const faults: readonly CallbackFault[] = [
      'drop',
      'duplicate',
      'early',
      'reorder',
      'delay',
      'bad_signature',
    ]
    it.each(faults)('tells by way of %s is told to the merchant once', async (fault) => {
      const { market, refund } = await openPaid(subject, usual)
      await market.misbehaves({ on: 'callback', fault, times: 1 })
      await expectRefunded(market, await refund(300), 300)
    })
  })
}

function waysOf({ plugin }: Subject) {
  const { capabilities, ways } = plugin.manifest
  const names = Object.keys(ways).filter((way) => !('authCode' in (ways[way]?.input.shape ?? {})))
  return { names, usual: capabilities.refund && names[0] }
}

async function openPaid(subject: Subject, way: string) {
  const { ways } = subject.plugin.manifest
  const market = await openMarket(subject)
  const extra = await extraOf(market, Object.keys(ways[way]?.input.shape ?? {}))
  const ordered = await orderOf(market, way, extra, { amount: PAID })
  expect(await payerPays(market, ordered)).toBe(true)
  await market.passes(MINUTE_MS, 10_000)
  const refund = (refundAmount: number, fields = {}) =>
    market.calls('/api/refund/refundOrder', {
      payOrderId: ordered.payOrderId,
      mchRefundNo: `CR${numbers.next++}`,
      refundAmount,
      currency: 'CNY',
      refundReason: '退货',
      notifyUrl: NOTIFY_URL,
      ...fields,
    })
  return { market, ordered, refund }
}

async function expectRefunded(market: Market, asked: Envelope, amount: number): Promise<void> {
  await market.calmsDown()
  const refundOrderId = String(asked.data?.refundOrderId)
  const { data } = await market.calls('/api/refund/query', { refundOrderId })
  expect(data).toMatchObject({ state: 2, refundAmount: amount })
  expect(market.told(refundOrderId).map(({ state }) => state)).toEqual(['2'])
}
