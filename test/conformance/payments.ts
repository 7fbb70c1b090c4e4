import { describe, expect, it } from 'vitest'
import type { CallbackFault } from '../../core/plugin/simulator.ts'
import { HOUR_MS, MINUTE_MS } from '../../core/time.ts'
import { ANSWER_FAULTS, QUERY_FAULTS } from './faults.ts'
import { type Market, openMarket, type Subject } from './market.ts'
import {
  extraOf,
  type Ordered,
  orderOf,
  payerPays,
  sendOrder,
  stateOf,
  toldStates,
} from './order.ts'

/** Facts that no honest channel tells: nobody acts on them. */
const LIES: readonly CallbackFault[] = ['wrong_amount', 'wrong_merchant']
const HONEST: readonly CallbackFault[] = [
  'drop',
  'duplicate',
  'early',
  'reorder',
  'delay',
  'bad_signature',
]

/** Each way, when nothing goes wrong but what payers do. */
export function describePayments(subject: Subject): void {
  const { atTill, shown, open } = waysOf(subject)

  describe('a payment', () => {
    it.each(shown)('by %s is paid, and the merchant is told once', async (way) => {
      const { market, order } = await open(way)
      const ordered = await order()
      expect(ordered.state).toBe(1)
      expect(ordered.handed).not.toBe('')
      expect(await payerPays(market, ordered)).toBe(true)
      await expectSettled(market, ordered, true)
    })

    it.each(shown)('by %s that nobody pays is closed when it expires', async (way) => {
      const { market, order } = await open(way)
      const ordered = await order({ expiredTime: 600 })
      await market.passes(HOUR_MS, 5 * MINUTE_MS)
      expect(await payerPays(market, ordered)).toBe(false)
      await expectSettled(market, ordered, false)
    })

    it.each(shown)(
      'by %s is closed when the merchant asks, and cannot be paid then',
      async (way) => {
        const { market, order } = await open(way)
        const ordered = await order()
        const closed = await market.calls('/api/pay/close', { payOrderId: ordered.payOrderId })
        const paid = await payerPays(market, ordered)
        // Where a close cannot fence what nobody has opened yet, the gateway says so.
        expect(paid).toBe(closed.code !== 0)
        await expectSettled(market, ordered, paid)
      },
    )

    it.each(atTill)('by %s is paid at once', async (way) => {
      const { market, order } = await open(way)
      const ordered = await order()
      expect(ordered.state).toBe(2)
      await expectSettled(market, ordered, true)
    })

    it.each(atTill)('by %s waits for the password, and is paid', async (way) => {
      const { market, order } = await open(way, 'password')
      const ordered = await order()
      expect(ordered.state).toBe(1)
      await market.passes(MINUTE_MS / 2, 5_000)
      await payerPays(market, ordered)
      await market.calmsDown()
      expect([2, 3, 6]).toContain(await stateOf(market, ordered))
      expect(await holdsMoney(market, ordered)).toBe((await stateOf(market, ordered)) === 2)
    })

    it.each(atTill)('by %s without enough money takes none', async (way) => {
      const { market, order } = await open(way, 'insufficient_balance')
      const ordered = await order()
      await expectSettled(market, ordered, false)
    })
  })
}

/** Each way whose call, question or callback goes wrong. */
export function describeFaultyPayments(subject: Subject): void {
  const { atTill, shown, calling, open } = waysOf(subject)
  // One way that is shown and one at the till meet everything; the others share their code.
  const proven = [calling.find((way) => shown.includes(way)), atTill[0]]
  const others = calling.filter((way) => !proven.includes(way))

  it.each(others)('a payment by %s that was taken in silence can still be paid', async (way) => {
    const { market, order } = await open(way)
    await market.misbehaves({ on: 'pay', fault: 'silence_after', times: 1 })
    const { request } = await order()
    await market.passes(MINUTE_MS, 20_000)
    const again = await sendOrder(market, request)
    expect(await payerPays(market, again)).toBe(true)
    await expectSettled(market, again, true)
  })

  describe.each(proven.filter((way) => way !== undefined))('a payment by %s whose call', (way) => {
    it.each(ANSWER_FAULTS)('meets %s ends as the channel has it', async (fault) => {
      const { market, order } = await open(way)
      await market.misbehaves({ on: 'pay', fault, times: 1 })
      let ordered = await order()
      // Nobody knows yet: an answer that cannot be trusted is no failure.
      if (fault !== 'rate_limited') expect([0, 1, 2]).toContain(ordered.state)
      if (!takesCode(subject, way)) {
        await market.passes(MINUTE_MS, 10_000)
        ordered = await sendOrder(market, ordered.request)
        const paid = await payerPays(market, ordered)
        await expectSettled(market, ordered, paid)
        // The same order again gives something to pay with, whatever happened to the first call.
        expect(paid).toBe(true)
      } else {
        await market.calmsDown()
        await expectSettled(market, ordered, await holdsMoney(market, ordered))
      }
    })

    it.each(ANSWER_FAULTS)('meets %s three times ends as the channel has it', async (fault) => {
      const { market, order } = await open(way)
      await market.misbehaves({ on: 'pay', fault, times: 3 })
      const ordered = await order({ expiredTime: 900 })
      const paid = takesCode(subject, way) ? undefined : await payerPays(market, ordered)
      await market.calmsDown()
      await expectSettled(market, ordered, paid ?? (await holdsMoney(market, ordered)))
    })
  })

  const [usual] = shown
  if (usual === undefined) return

  describe(`a paid payment by ${usual} of which the channel`, () => {
    it.each(QUERY_FAULTS)('never tells, and whose query meets %s, is found', async (fault) => {
      const { market, order } = await open(usual)
      const ordered = await order()
      await market.misbehaves(
        { on: 'callback', fault: 'drop', times: 100 },
        { on: 'query', fault, times: 2 },
      )
      expect(await payerPays(market, ordered)).toBe(true)
      await expectSettled(market, ordered, true)
    })

    it.each(HONEST)(
      'tells by way of %s is succeeded, and the merchant is told once',
      async (fault) => {
        const { market, order } = await open(usual)
        await market.misbehaves({ on: 'callback', fault, times: 1 })
        const ordered = await order()
        await payerPays(market, ordered)
        await expectSettled(market, ordered, true)
      },
    )

    it.each(LIES)('says %s first: nobody acts on it before the truth is known', async (fault) => {
      const { market, order } = await open(usual)
      const ordered = await order()
      await market.misbehaves({ on: 'callback', fault, times: 1 })
      await market.simulator.act(ordered.payOrderId, 'pay')
      expect(toldStates(market, ordered)).toEqual([])
    })
  })

  describe(`closing a payment by ${usual}`, () => {
    it.each(ANSWER_FAULTS)(
      'that meets %s never loses the money of a payer who pays',
      async (fault) => {
        const { market, order } = await open(usual)
        const ordered = await order()
        await market.misbehaves({ on: 'close', fault, times: 1 })
        await market.calls('/api/pay/close', { payOrderId: ordered.payOrderId })
        const paid = await payerPays(market, ordered)
        await expectSettled(market, ordered, paid)
      },
    )

    it('after the payer has paid leaves it succeeded', async () => {
      const { market, order } = await open(usual)
      const ordered = await order()
      await market.misbehaves({ on: 'callback', fault: 'drop', times: 1 })
      expect(await payerPays(market, ordered)).toBe(true)
      await market.calls('/api/pay/close', { payOrderId: ordered.payOrderId })
      await expectSettled(market, ordered, true)
    })
  })
}

function waysOf(subject: Subject) {
  const { ways } = subject.plugin.manifest
  const names = Object.keys(ways)
  return {
    calling: names.filter((way) => ways[way]?.local !== true),
    atTill: names.filter((way) => takesCode(subject, way)),
    shown: names.filter((way) => !takesCode(subject, way)),
    async open(way: string, code?: string) {
      const market = await openMarket(subject)
      const extra = await extraOf(market, Object.keys(ways[way]?.input.shape ?? {}), code)
      return { market, order: (fields = {}) => orderOf(market, way, extra, fields) }
    },
  }
}

function takesCode({ plugin }: Subject, way: string): boolean {
  return 'authCode' in (plugin.manifest.ways[way]?.input.shape ?? {})
}

/** What the channel says of it when nothing is wrong: the last word. */
async function holdsMoney(market: Market, ordered: Ordered): Promise<boolean> {
  await market.simulator.misbehave([])
  const asked = await market.asks(ordered.payOrderId)
  return asked.kind === 'succeeded'
}

/** Once all is calm: our state is the channel's, and the merchant was told once of each end. */
async function expectSettled(market: Market, ordered: Ordered, paid: boolean): Promise<void> {
  await market.calmsDown()
  const { payOrderId } = ordered
  expect(await holdsMoney(market, ordered)).toBe(paid)
  const { data } = await market.calls('/api/pay/query', { payOrderId })
  const state = Number(data?.state)
  if (paid) expect(state).toBe(2)
  else expect([3, 6]).toContain(state)
  expect(toldStates(market, ordered)).toEqual([String(state)])
}
