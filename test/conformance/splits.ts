import { describe, expect, it } from 'vitest'
import type { AnswerFault } from '../../core/plugin/simulator.ts'
import { assert } from '../../core/result.ts'
import { MINUTE_MS } from '../../core/time.ts'
import { ANSWER_FAULTS, SOME_QUERY_FAULTS } from './faults.ts'
import { type Market, NOTIFY_URL, openMarket, type Subject } from './market.ts'
import { extraOf, type Ordered, orderOf, payerPays } from './order.ts'

/** The first group of a merchant has this number. */
const GROUP = 100_001
const KINDS = { person: 0, merchant: 1 } as const

export function describeSplits(subject: Subject): void {
  const { manifest } = subject.plugin
  const { split } = manifest.capabilities
  const [usual] = Object.keys(manifest.ways).filter(
    (way) => !('authCode' in (manifest.ways[way]?.input.shape ?? {})),
  )
  if (split === undefined || usual === undefined) return

  /** A payment that is paid and may be shared, and two receivers of a tenth each. */
  async function openPaid() {
    const market = await openMarket(subject)
    const receivers = (await market.simulator.cast?.())?.receivers ?? []
    assert(receivers.length > 0, 'somebody can have a share')
    const ids: number[] = []
    for (const { kind, account, name, relation, relationName } of receivers.slice(0, 2)) {
      const { data, msg } = await market.calls('/api/division/receiver/bind', {
        ifCode: manifest.id,
        receiverGroupId: GROUP,
        accType: KINDS[kind],
        accNo: account,
        accName: name,
        relationType: relation,
        relationTypeName: relationName,
        divisionProfit: '0.1',
      })
      assert(data?.bindState === 1, `${account} is bound: ${msg} ${data?.errMsg}`)
      ids.push(Number(data.receiverId))
    }
    const way = manifest.ways[usual ?? '']
    const extra = await extraOf(market, Object.keys(way?.input.shape ?? {}))
    const ordered = await orderOf(market, usual ?? '', extra, { divisionMode: 2 })
    expect(await payerPays(market, ordered)).toBe(true)
    await market.passes(2 * MINUTE_MS, 20_000)
    const share = () =>
      market.calls('/api/division/exec', {
        payOrderId: ordered.payOrderId,
        useSysAutoDivisionReceivers: 0,
        receivers: JSON.stringify(ids.map((receiverId) => ({ receiverId }))),
        notifyUrl: NOTIFY_URL,
      })
    return { market, ordered, ids, share }
  }

  describe('a split', () => {
    it('gives each receiver its share, and the merchant is told once', async () => {
      const { market, ordered, share } = await openPaid()
      const answer = await share()
      expect(answer.code).toBe(0)
      await expectShared(market, ordered, String(answer.data?.divisionId))
    })

    it('without receivers releases what there is, and shares nothing', async () => {
      const { market, ordered } = await openPaid()
      const answer = await market.calls('/api/division/exec', {
        payOrderId: ordered.payOrderId,
        useSysAutoDivisionReceivers: 0,
      })
      expect(answer.code).toBe(0)
      await market.calmsDown()
      const { payOrderId } = ordered
      const { data } = await market.calls('/api/division/query', { payOrderId })
      expect(data?.state).toBe(1)
    })

    it('that is asked for twice is sent once', async () => {
      const { market, ordered, share } = await openPaid()
      const [first, second] = await Promise.all([share(), share()])
      expect(first.data?.divisionId).toBe(second.data?.divisionId)
      await expectShared(market, ordered, String(first.data?.divisionId))
    })

    it.each(ANSWER_FAULTS)('whose call meets %s is shared once', async (fault: AnswerFault) => {
      const { market, ordered, share } = await openPaid()
      await market.misbehaves({ on: 'split', fault, times: 1 })
      const answer = await share()
      expect(answer.code).toBe(0)
      expect([1, 3]).toContain(answer.data?.state)
      await expectShared(market, ordered, String(answer.data?.divisionId))
    })

    it.each(SOME_QUERY_FAULTS)(
      'whose query meets %s is shared once',
      async (fault: AnswerFault) => {
        const { market, ordered, share } = await openPaid()
        await market.misbehaves(
          { on: 'split', fault: 'silence_after', times: 1 },
          { on: 'query_split', fault, times: 2 },
          { on: 'callback', fault: 'drop', times: 20 },
        )
        const answer = await share()
        await expectShared(market, ordered, String(answer.data?.divisionId))
      },
    )
  })

  if (!split.returns) return
  describe('a share', () => {
    it('can be taken back from a merchant that received it, and no more than that', async () => {
      const { market, ordered, ids, share } = await openPaid()
      const answer = await share()
      await expectShared(market, ordered, String(answer.data?.divisionId))
      const cast = await market.simulator.cast?.()
      const place = cast?.receivers.slice(0, 2).findIndex(({ kind }) => kind === 'merchant') ?? -1
      assert(place !== -1, 'one of the receivers is a merchant')
      const takes = (returnAmount: number, mchReturnNo: string) =>
        market.calls('/api/division/return', {
          payOrderId: ordered.payOrderId,
          mchReturnNo,
          receiverId: String(ids[place]),
          returnAmount,
          notifyUrl: NOTIFY_URL,
        })
      const taken = await takes(99, 'BACK1')
      expect(taken.code).toBe(0)
      expect((await takes(1, 'BACK2')).code).not.toBe(0)
      await market.calmsDown()
      const query = await market.calls('/api/division/return/query', { mchReturnNo: 'BACK1' })
      expect(query.data?.state).toBe(2)
      const told = market.told(String(taken.data?.divisionReturnId))
      expect(told.map(({ state }) => state)).toEqual(['2'])
    })
  })
}

async function expectShared(market: Market, ordered: Ordered, splitId: string): Promise<void> {
  await market.calmsDown()
  const { data } = await market.calls('/api/division/query', { payOrderId: ordered.payOrderId })
  expect(data?.state).toBe(1)
  const shares = JSON.parse(String(data?.receivers)) as { amount: number; state: number }[]
  expect(shares.map(({ amount, state }) => ({ amount, state }))).toEqual([
    { amount: expect.any(Number), state: 1 },
    { amount: expect.any(Number), state: 1 },
  ])
  expect(market.told(splitId).map(({ state }) => state)).toEqual(['1'])
}
