import { expect } from 'vitest'
import type { Shop } from './shop.ts'

type Row = Readonly<Record<string, string | number | null>>

async function rowsOf(shop: Shop, table: string): Promise<Row[]> {
  const [names, rows] = await shop.database.batch(
    [
      { sql: 'select name from pragma_table_info(?)', args: [table] },
      { sql: `select * from ${table}`, args: [] },
    ],
    'read',
  )
  return (rows ?? []).map((row) =>
    Object.fromEntries(row.map((value, i) => [String(names?.[i]?.[0]), value as string])),
  )
}

/**
 * Holds the rows of a shop with one payment that has come to its end against the bank, and against
 * each other.
 */
export async function expectBooksInOrder(shop: Shop): Promise<void> {
  const [payment, ...others] = await rowsOf(shop, 'payments')
  const refunds = await rowsOf(shop, 'refunds')
  const events = await rowsOf(shop, 'events')
  expect([payment === undefined, others]).toEqual([false, []])

  // One order and one refund at the bank, however often we tried; and what we say, the bank says.
  expect(shop.bank.orders.size).toBeLessThanOrEqual(1)
  expect(shop.bank.refunds.size).toBe(refunds.length)
  for (const { number, state } of shop.bank.orders.values()) {
    expect(payment?.attempt_id).toBe(number)
    expect([payment?.state, state]).toEqual(
      state === 'paid' ? ['succeeded', 'paid'] : ['closed', 'closed'],
    )
  }
  const sum = refunds.reduce((total, refund) => total + Number(refund.amount_minor), 0)
  expect([payment?.refund_reserved_minor, payment?.refunded_minor]).toEqual([sum, sum])
  for (const refund of refunds) expect(refund.state).toBe('succeeded')

  // A version for each event and an event for each version.
  for (const [subject, id] of [
    [payment, payment?.payment_id] as const,
    ...refunds.map((each) => [each, each.refund_id] as const),
  ]) {
    const versions = events.filter(({ subject_id }) => subject_id === id).map((e) => e.version)
    expect(versions.map(Number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: Number(subject?.version) }, (_, i) => i + 1),
    )
  }

  const outbox = await rowsOf(shop, 'outbox')
  expect(outbox.filter(({ state }) => state !== 'delivered')).toEqual([])
}
