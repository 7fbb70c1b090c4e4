import { describe, expect, it } from 'vitest'
import type { BillRow } from '../../core/plugin/api.ts'
import { assert } from '../../core/result.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/time.ts'
import { NOTIFY_URL, openMarket, type Subject } from './market.ts'
import { extraOf, orderOf, payerPays } from './order.ts'

/** The channels' clock. */
const BEIJING_MS = 8 * HOUR_MS

export function describeBills(subject: Subject): void {
  const { bills, refund } = subject.plugin.manifest.capabilities
  const [usual] = Object.entries(subject.plugin.manifest.ways).filter(
    ([, way]) => !('authCode' in way.input.shape),
  )
  if (bills === undefined || refund === undefined || usual === undefined) return
  const [way, { input }] = usual

  describe('a bill', () => {
    it.each(bills.kinds)('of kind %s tells what moved on its day, and adds up', async (kind) => {
      const market = await openMarket(subject)
      const { simulator, clock } = market
      const startedAtMs = clock.now()
      const extra = await extraOf(market, Object.keys(input.shape))
      const paid = await orderOf(market, way, extra, { amount: 1_000 })
      expect(await payerPays(market, paid)).toBe(true)
      const unpaid = await orderOf(market, way, extra, { amount: 777 })
      const { data } = await market.calls('/api/refund/refundOrder', {
        payOrderId: paid.payOrderId,
        mchRefundNo: 'BILLED',
        refundAmount: 300,
        currency: 'CNY',
        refundReason: '退货',
        notifyUrl: NOTIFY_URL,
      })
      await market.passes(30 * MINUTE_MS, 5 * MINUTE_MS)

      const day = new Date(startedAtMs + BEIJING_MS).toISOString().slice(0, 10)
      const readyAtMs =
        Math.floor((startedAtMs + BEIJING_MS) / DAY_MS) * DAY_MS -
        BEIJING_MS +
        DAY_MS +
        (bills.readyAtHour + 1) * HOUR_MS
      await market.passes(readyAtMs - clock.now())
      await simulator.tick()
      const bill = await market.bill(kind, day)
      expect(bill.kind).toBe('ready')
      assert(bill.kind === 'ready', 'the bill is there')

      const numbers = bill.rows.map(({ number }: BillRow) => number)
      expect(numbers).not.toContain(unpaid.payOrderId)
      const of = (about: BillRow['about']) => bill.rows.filter((row) => row.about === about)
      if (of('funds').length === 0) {
        expect(of('payment')).toMatchObject([
          { number: paid.payOrderId, paid: { minor: 1_000, currency: 'CNY' }, state: 'succeeded' },
        ])
        expect(of('refund')).toMatchObject([
          {
            number: paid.payOrderId,
            refundNumber: String(data?.refundOrderId),
            refunded: { minor: 300, currency: 'CNY' },
          },
        ])
      } else {
        const moved = bill.rows.flatMap((row) =>
          row.about === 'funds'
            ? [row.direction === 'in' ? row.amount.minor : -row.amount.minor]
            : [],
        )
        // In with the payment, out with the refund; the channel's fee is between the two.
        expect(moved).toContain(1_000)
        expect(moved).toContain(-300)
      }
    })

    it.each(bills.kinds)('of kind %s is not there before its time', async (kind) => {
      const market = await openMarket(subject)
      const day = new Date(market.clock.now() + BEIJING_MS).toISOString().slice(0, 10)
      expect((await market.bill(kind, day)).kind).not.toBe('ready')
    })
  })
}
