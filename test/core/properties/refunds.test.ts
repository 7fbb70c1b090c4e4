import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BankMood } from '../../kit/bank.ts'
import { forEachWay, interleaving } from '../../kit/interleaving.ts'
import { type Envelope, openShop, type Shop } from '../../kit/shop.ts'

/**
 * Refunds of one payment that are asked for at once, in every order in which their batches can reach
 * the database. What the bank is asked for never comes to more than was paid, at no moment.
 */

const PAID = 1000

interface Race {
  readonly name: string
  readonly asks: readonly number[]
  /** What the bank does with the refunds that reach it, one after the other. */
  readonly moods?: readonly BankMood[]
  /** Asked for under one number, as copies of one request are. */
  readonly isOneNumber?: true
  /** How many are taken, at least and at most. */
  readonly taken: readonly [number, number]
  /** What may be set aside in the end. */
  readonly kept: readonly number[]
  /** In how many ways their batches can follow each other, at least: so that none is left out. */
  readonly ways: number
}

const races: readonly Race[] = [
  { name: 'two that both fit', asks: [500, 500], taken: [2, 2], kept: [1000], ways: 10 },
  { name: 'two of which one fits', asks: [600, 500], taken: [1, 1], kept: [500, 600], ways: 16 },
  {
    name: 'two of which one fits, and nobody knows how it ends',
    asks: [600, 600],
    moods: ['silent_after', 'silent_before'],
    taken: [1, 1],
    kept: [600],
    ways: 8,
  },
  {
    // The second may come in time for the money that the first did not get.
    name: 'two of which one fits, and the bank refuses the first',
    asks: [600, 600],
    moods: ['refused'],
    taken: [1, 2],
    kept: [0, 600],
    ways: 8,
  },
  {
    name: 'two copies of one, whose answer is one',
    asks: [600, 600],
    isOneNumber: true,
    taken: [2, 2],
    kept: [600],
    ways: 68,
  },
  {
    name: 'two that fight for one number',
    asks: [300, 400],
    isOneNumber: true,
    taken: [1, 1],
    kept: [300, 400],
    ways: 16,
  },
  { name: 'three of which two fit', asks: [500, 500, 500], taken: [2, 2], kept: [1000], ways: 230 },
]

describe('refunds that are asked for at once, in every order of their batches', () => {
  it.each(races)(
    '$name',
    async (race) => {
      const { wrap, run } = interleaving()
      const shop = await openShop({ wrapDatabase: wrap })
      const ways = await forEachWay(async (choose) => {
        const payOrderId = await shop.orders({ amount: PAID, notifyUrl: undefined })
        await shop.payerPays(payOrderId)
        shop.bank.will('refund', ...(race.moods ?? []))
        const answers: Envelope[] = []
        const asks = race.asks.map((refundAmount, i) => async () => {
          const mchRefundNo = race.isOneNumber ? payOrderId : `${payOrderId}-${i}`
          const fields = { mchRefundNo, refundAmount, notifyUrl: undefined }
          answers.push(await shop.refunds(payOrderId, fields))
          expect(askedOfBank(shop, payOrderId)).toBeLessThanOrEqual(PAID)
        })
        await run(asks, new Set(race.asks).size === 1, choose)
        await expectFair(shop, payOrderId, race, answers)
      })
      expect(ways).toBeGreaterThanOrEqual(race.ways)
    },
    300_000,
  )

  it('never come to more than was paid, whatever they are and whatever the bank does with them', async () => {
    const { wrap, run } = interleaving()
    const shop = await openShop({ wrapDatabase: wrap })
    const moods = fc.constantFrom<BankMood[]>('refused', 'silent_after', 'not_reachable', 'busy')
    const cases = {
      asks: fc.array(fc.constantFrom(1, 300, 500, 501, 1000), { minLength: 3, maxLength: 3 }),
      moods: fc.array(moods, { maxLength: 3 }),
      areCopies: fc.boolean(),
      choices: fc.infiniteStream(fc.nat()),
    }
    await fc.assert(
      fc.asyncProperty(fc.record(cases), async ({ asks, moods, areCopies, choices }) => {
        const payOrderId = await shop.orders({ amount: PAID, notifyUrl: undefined })
        await shop.payerPays(payOrderId)
        shop.bank.will('refund', ...moods)
        const answers: Envelope[] = []
        const runs = asks.map((refundAmount, i) => async () => {
          const mchRefundNo = `${payOrderId}-${areCopies ? 0 : i}`
          const fields = { mchRefundNo, refundAmount, notifyUrl: undefined }
          answers.push(await shop.refunds(payOrderId, fields))
        })
        await run(runs, false, (among) => Number(choices.next().value) % among)
        await expectWithinPaid(shop, payOrderId)
        expect(answers).toHaveLength(3)
        // What it was told to do with refunds that never reached it, it does no more.
        shop.bank.forget('refund')
      }),
      { numRuns: 40 },
    )
  }, 300_000)
})

/** What the bank has, in fen, of the refunds that it may yet pay out or has paid. */
function askedOfBank({ bank }: Shop, payOrderId: string): number {
  const refunds = [...bank.refunds.values()].filter(({ order }) => order === payOrderId)
  return refunds.reduce((sum, { amount }) => sum + amount, 0)
}

async function expectFair(shop: Shop, payOrderId: string, race: Race, answers: Envelope[]) {
  const taken = answers.filter(({ code }) => code === 0).length
  expect(taken).toBeGreaterThanOrEqual(race.taken[0])
  expect(taken).toBeLessThanOrEqual(race.taken[1])
  for (const { code } of answers) expect([0, 9999]).toContain(code)
  expect(race.kept).toContain(await expectWithinPaid(shop, payOrderId))
}

/** @returns what is set aside, which is what the refunds that did not fail come to */
async function expectWithinPaid(shop: Shop, payOrderId: string): Promise<number> {
  const [payments, refunds] = await shop.database.batch(
    [
      {
        sql: 'select refund_reserved_minor from payments where payment_id = ?',
        args: [payOrderId],
      },
      { sql: 'select amount_minor, state from refunds where payment_id = ?', args: [payOrderId] },
    ],
    'read',
  )
  const reserved = Number(payments?.[0]?.[0])
  const standing = (refunds ?? []).filter(([, state]) => state !== 'failed')
  expect(standing.reduce((sum, [amount]) => sum + Number(amount), 0)).toBe(reserved)
  expect(reserved).toBeLessThanOrEqual(PAID)
  expect(askedOfBank(shop, payOrderId)).toBeLessThanOrEqual(reserved)
  return reserved
}
