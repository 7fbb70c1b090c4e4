import { describe, expect, it } from 'vitest'
import type { Database } from '../../../core/ports.ts'
import { callsOf, openSharing, sharesIn, sharingOf } from '../../kit/sharing.ts'
import type { Shop } from '../../kit/shop.ts'

/** A database at the other end of a wire: what is asked for at one time is answered at one time. */
function withLatency(database: Database): Database {
  return {
    async batch(statements, mode) {
      await new Promise((resolve) => setImmediate(resolve))
      return database.batch(statements, mode)
    },
  }
}

async function ready() {
  const sharing = await openSharing({ wrapDatabase: withLatency })
  const first = await sharing.bound()
  const second = await sharing.bound({ accNo: 'store-2', divisionProfit: '0.4' })
  const payOrderId = await sharing.paid()
  return { ...sharing, first, second, payOrderId }
}

async function sums(shop: Shop) {
  const sql = 'select refund_reserved_minor, split_reserved_minor, fee_minor from payments'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  return rows?.[0]?.map(Number) ?? []
}

const times = <T>(count: number, each: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => each(i))

describe('divisions of one payment at once', () => {
  it('make one split, one channel call and equal answers when they are copies', async () => {
    const { shop, payOrderId, first, shares } = await ready()
    const answers = await Promise.all(times(20, () => shares(payOrderId, [{ receiverId: first }])))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ code: 0, data: { state: 1, amount: 298 } })
    expect(callsOf(shop, 'split')).toHaveLength(1)
  })

  it('are all answered that it failed when the one that they waited for did', async () => {
    const { shop, payOrderId, first, shares } = await ready()
    shop.bank.will('split', 'refused')
    const beganMs = shop.clock.now()
    // The copies come while the first call is under way.
    let copies: Promise<unknown>[] = []
    shop.bank.during('split', async () => {
      copies = times(5, () => shares(payOrderId, [{ receiverId: first }]))
      // Time goes on once nobody but the copies, which wait, is left.
      while (shop.clock.now() === beganMs) await new Promise((resolve) => setImmediate(resolve))
    })
    const answer = await shares(payOrderId, [{ receiverId: first }])
    expect(answer.data).toMatchObject({ state: 2 })
    expect(await Promise.all(copies)).toEqual(times(5, () => answer))
    expect(callsOf(shop, 'split')).toHaveLength(1)
    // Nobody waited for a lease to end.
    expect(shop.clock.now() - beganMs).toBeLessThan(2_000)
  })

  it('let one of two different ones through: a payment is shared once', async () => {
    const { shop, payOrderId, first, second, shares } = await ready()
    const answers = await Promise.all(
      times(10, (i) => shares(payOrderId, [{ receiverId: i % 2 === 0 ? first : second }])),
    )
    const amounts = new Set(answers.map(({ code, data, msg }) => data?.amount ?? `${code} ${msg}`))
    expect(amounts.size).toBe(2)
    expect(amounts).toContain('9999 当前订单状态不支持分账')
    expect(shop.bank.splits.size).toBe(1)
  })
})

describe('a division and refunds of one payment at once', () => {
  it.each([1, 5, 20])(
    'share what the refunds have left, however they come (%i refunds)',
    async (count) => {
      const { shop, payOrderId, first, second, shares } = await ready()
      const all = await Promise.all([
        ...times(count, () => shop.refunds(payOrderId, { refundAmount: 20 })),
        shares(payOrderId, [{ receiverId: first }, { receiverId: second }]),
        ...times(count, () => shop.refunds(payOrderId, { refundAmount: 20 })),
      ])
      // Nobody was turned away for having been slower than somebody else.
      expect(all.filter(({ code }) => code !== 0)).toEqual([])
      const [refunded = 0, shared = 0, fee = 0] = await sums(shop)
      expect(refunded).toBe(40 * count)
      // The shares never exceed 70 % of what was left at some moment between the refunds.
      const amount = Number(all.find(({ data }) => data?.divisionId !== undefined)?.data?.amount)
      expect(shared).toBe(amount)
      const possible = times(2 * count + 1, (i) => Math.floor((1000 - fee - 20 * i) * 0.7))
      expect(possible).toContain(amount)
    },
  )

  it('a refund may be of all that was paid, whatever was shared; a share never of what was refunded', async () => {
    const { shop, payOrderId, first, shares } = await ready()
    await shares(payOrderId, [{ receiverId: first }])
    expect((await shop.refunds(payOrderId, { refundAmount: 1000 })).data).toMatchObject({
      state: 2,
    })
    expect(await sums(shop)).toEqual([1000, 298, 6])

    const other = await ready()
    await other.shop.refunds(other.payOrderId, { refundAmount: 994 })
    expect(await other.shares(other.payOrderId, [{ receiverId: other.first }])).toEqual({
      code: 9999,
      msg: '可分账金额不足',
    })
  })

  it('a refund whose end is not known counts as paid out', async () => {
    const { shop, payOrderId, first, shares } = await ready()
    shop.bank.will('refund', 'silent_after')
    await shop.refunds(payOrderId, { refundAmount: 500 })
    expect(sharesIn(await shares(payOrderId, [{ receiverId: first }]))).toMatchObject([
      { amount: 148 },
    ])
    expect(await sharingOf(shop)).toEqual(['finished', 148, null])
  })
})
