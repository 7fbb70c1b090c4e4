import { describe, expect, it } from 'vitest'
import type { Database } from '../../../core/ports.ts'
import { openShop, type Shop } from '../../kit/shop.ts'

/** A database at the other end of a wire: what is asked for at one time is answered at one time. */
function withLatency(database: Database): Database {
  return {
    async batch(statements, mode) {
      await new Promise((resolve) => setImmediate(resolve))
      return database.batch(statements, mode)
    },
  }
}

async function paid(amount = 1000) {
  const shop = await openShop({ wrapDatabase: withLatency })
  const payOrderId = await shop.orders({ amount })
  await shop.payerPays(payOrderId)
  shop.told.length = 0
  return { shop, payOrderId }
}

const refundCalls = (shop: Shop) => shop.bank.calls.filter((call) => call.startsWith('refund '))

async function sums(shop: Shop) {
  const sql = 'select refund_reserved_minor, refunded_minor, refund_count from payments'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  return rows?.[0]
}

const times = <T>(count: number, each: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => each(i))

describe('refunds that are asked for at once', () => {
  it.each([
    ['end at once', false],
    ['wait at the channel', true],
  ])(
    'are let through as far as the money goes: three of twenty with 30 % each, when they %s',
    async (_, wait) => {
      const { shop, payOrderId } = await paid()
      shop.bank.refundsWait = wait
      const answers = await Promise.all(
        times(20, () => shop.refunds(payOrderId, { refundAmount: 300 })),
      )
      expect(answers.filter(({ code }) => code === 0)).toHaveLength(3)
      expect(new Set(answers.filter(({ code }) => code !== 0).map(({ msg }) => msg))).toEqual(
        new Set(['申请金额超出订单可退款余额，请检查退款金额']),
      )
      expect(refundCalls(shop)).toHaveLength(3)
      expect(await sums(shop)).toEqual([900, wait ? 0 : 900, 3])
    },
  )

  it('are let through as far as the money goes while all their ends are unknown', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.always('refund', 'silent_after')
    const answers = await Promise.all(
      times(20, () => shop.refunds(payOrderId, { refundAmount: 300 })),
    )
    expect(answers.filter(({ code }) => code === 0)).toHaveLength(3)
    expect(await sums(shop)).toEqual([900, 0, 3])
  })

  it('are all let through when the money goes as far as all of them', async () => {
    const { shop, payOrderId } = await paid()
    const answers = await Promise.all(
      times(40, () => shop.refunds(payOrderId, { refundAmount: 25 })),
    )
    expect(answers.map(({ code }) => code)).toEqual(times(40, () => 0))
    expect(await sums(shop)).toEqual([1000, 1000, 40])
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 5 })
  })

  it('make one row, one channel call and equal answers when they are copies', async () => {
    const { shop, payOrderId } = await paid()
    const fields = { mchRefundNo: 'F1', refundAmount: 600 }
    const answers = await Promise.all(times(20, () => shop.refunds(payOrderId, fields)))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ code: 0, data: { refundAmount: 600 } })
    expect(refundCalls(shop)).toHaveLength(1)
    expect(await sums(shop)).toEqual([600, 600, 1])
    await shop.settles()
    expect(shop.told).toHaveLength(1)
  })

  it('let one of two requests through that fight for one number', async () => {
    const { shop, payOrderId } = await paid()
    const answers = await Promise.all(
      times(10, (i) => shop.refunds(payOrderId, { mchRefundNo: 'F1', refundAmount: 1 + (i % 2) })),
    )
    const codes = new Set(answers.map(({ code, data }) => `${code} ${data?.refundAmount ?? ''}`))
    expect(codes.size).toBe(2)
    expect(codes).toContain('9999 ')
    expect(refundCalls(shop)).toHaveLength(1)
  })

  it('keep to the number of refunds that the channel takes', async () => {
    const { shop, payOrderId } = await paid()
    const answers = await Promise.all(
      times(60, () => shop.refunds(payOrderId, { refundAmount: 1 })),
    )
    expect(answers.filter(({ code }) => code === 0)).toHaveLength(50)
    expect(new Set(answers.filter(({ code }) => code !== 0).map(({ msg }) => msg))).toEqual(
      new Set(['当前通道每笔订单最多退款50次']),
    )
  })
})
