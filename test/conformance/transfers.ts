import { describe, expect, it } from 'vitest'
import type { AnswerFault } from '../../core/plugin/simulator.ts'
import { assert } from '../../core/result.ts'
import { MINUTE_MS } from '../../core/time.ts'
import type { Envelope } from '../kit/shop.ts'
import { ANSWER_FAULTS, SOME_QUERY_FAULTS } from './faults.ts'
import { type Market, NOTIFY_URL, openMarket, type Subject } from './market.ts'

const numbers = { next: 1 }

export function describeTransfers(subject: Subject): void {
  const { manifest } = subject.plugin
  const entries = Object.keys(manifest.transfers ?? {})
  const { transfer } = manifest.capabilities
  const [usual] = entries
  if (transfer === undefined || usual === undefined) return

  async function open(entry: string) {
    const market = await openMarket(subject)
    const payee = (await market.simulator.cast?.())?.payees[entry]
    assert(payee !== undefined, `somebody can be sent money by ${entry}`)
    const { account, accountName, bankName, extra } = payee
    const mchOrderNo = `CT${numbers.next++}`
    const request = {
      mchOrderNo,
      ifCode: manifest.id,
      entryType: entry,
      amount: 500,
      currency: 'CNY',
      accountNo: account,
      accountName,
      bankName,
      clientIp: '203.0.113.7',
      transferDesc: '佣金',
      notifyUrl: NOTIFY_URL,
      channelExtra: JSON.stringify(extra ?? {}),
    }
    const send = () => market.calls('/api/transferOrder', request)
    return { market, send, mchOrderNo }
  }

  /** Where the payee has to take it, they do. */
  async function payeeTakes(market: Market, transferId: string): Promise<void> {
    if (!transfer?.needsPayee) return
    await market.passes(10 * MINUTE_MS, MINUTE_MS)
    const { refused } = await market.simulator.act(transferId, 'pay')
    expect(refused).toBeUndefined()
  }

  async function expectSent(market: Market, answer: Envelope): Promise<void> {
    const transferId = String(answer.data?.transferId)
    await payeeTakes(market, transferId)
    await market.calmsDown()
    const { data } = await market.calls('/api/transfer/query', { transferId })
    expect(data).toMatchObject({ state: 2, amount: 500 })
    expect(market.told(transferId).map(({ state }) => state)).toEqual(['2'])
  }

  describe('a transfer', () => {
    it.each(entries)('to %s arrives, and the merchant is told once', async (entry) => {
      const { market, send } = await open(entry)
      const answer = await send()
      expect(answer.code).toBe(0)
      await expectSent(market, answer)
    })

    it('that is asked for twice is sent once', async () => {
      const { market, send } = await open(usual)
      const [first, second] = await Promise.all([send(), send()])
      expect(first.data?.transferId).toBe(second.data?.transferId)
      await expectSent(market, first)
    })

    it.each(ANSWER_FAULTS)('whose call meets %s arrives once', async (fault: AnswerFault) => {
      const { market, send } = await open(usual)
      await market.misbehaves({ on: 'transfer', fault, times: 1 })
      const answer = await send()
      expect(answer.code).toBe(0)
      expect([0, 1, 2]).toContain(answer.data?.state)
      await expectSent(market, answer)
    })

    it.each(SOME_QUERY_FAULTS)('whose query meets %s arrives once', async (fault: AnswerFault) => {
      const { market, send } = await open(usual)
      await market.misbehaves(
        { on: 'transfer', fault: 'silence_after', times: 1 },
        { on: 'query_transfer', fault, times: 2 },
        { on: 'callback', fault: 'drop', times: 20 },
      )
      await expectSent(market, await send())
    })
  })

  if (!transfer.cancellable) return
  describe('a transfer that its payee has not taken', () => {
    it('can be cancelled, and then never arrives', async () => {
      const { market, send } = await open(usual)
      const transferId = String((await send()).data?.transferId)
      const cancelled = await market.calls('/api/transfer/cancel', { transferId })
      expect(cancelled.code).toBe(0)
      await market.calmsDown()
      const { refused } = await market.simulator.act(transferId, 'pay')
      expect(refused).toBeDefined()
      const { data } = await market.calls('/api/transfer/query', { transferId })
      expect(data?.state).toBe(4)
      expect(market.told(transferId).map(({ state }) => state)).toEqual(['4'])
    })
  })
}
