import { type Client, createClient } from '@libsql/client/sqlite3'
import { describe, expect, it } from 'vitest'
import { changeSettings } from '../../../core/merchant/accounts.ts'
import type { Database, Statement } from '../../../core/ports.ts'
import { HOUR_MS, MINUTE_MS } from '../../../core/time.ts'
import { migrateDatabase } from '../../../edge/migrate.ts'
import { libsqlDatabase } from '../../../edge/ports/libsql.ts'
import { openSharing } from '../../kit/sharing.ts'
import { openShop, saying } from '../../kit/shop.ts'

/** Tables that grow with each payment: no statement may read one of them from end to end. */
const GROWING = [
  'payments',
  'attempts',
  'refunds',
  'transfers',
  'splits',
  'split_shares',
  'split_returns',
  'events',
  'outbox',
  'deliveries',
  'inbound_calls',
  'idempotency',
]

/** Keeps one of each statement that the gateway makes. */
function listening(seen: Map<string, Statement>) {
  return (database: Database): Database => ({
    batch(statements, mode) {
      for (const statement of statements) seen.set(statement.sql, statement)
      return database.batch(statements, mode)
    },
  })
}

/** All that a gateway does: orders and their ends, refunds, callbacks, notifications, sweeps. */
async function fullRun(seen: Map<string, Statement>): Promise<void> {
  const shop = await openShop({
    wrapDatabase: listening(seen),
    latePolicy: 'refund',
    notifiesEveryEnd: true,
  })
  seen.clear()
  const paid = await shop.orders({ mchOrderNo: 'A1' })
  await shop.asksFor({ mchOrderNo: 'A1' })
  await shop.orders({ wayCode: 'ALI_APP' })
  shop.merchantAnswers.push(saying('fail'))
  await shop.payerPays(paid)
  await shop.calls('/api/pay/query', { mchOrderNo: 'A1' })

  shop.bank.will('refund', 'silent_before', 'refused')
  await shop.refunds(paid, { mchRefundNo: 'F1' })
  await shop.refunds(paid, { mchRefundNo: 'F1' })
  await shop.refunds(paid)
  await shop.calls('/api/refund/query', { mchRefundNo: 'F1' })
  await shop.passes(3 * MINUTE_MS)
  for (const refund of shop.bank.refunds.values()) {
    await shop.bank.callback(refund)
    await shop.calls('/api/refund/query', { refundOrderId: refund.number })
  }

  shop.bank.will('pay', 'silent_before', 'not_reachable', 'declines')
  const lost = await shop.orders({ mchOrderNo: 'A2' })
  await shop.asksFor({ mchOrderNo: 'A3' })
  await shop.asksFor({ mchOrderNo: 'A3' })
  await shop.asksFor({ mchOrderNo: 'A4' })
  await shop.asksFor({ mchOrderNo: 'A2' })
  await shop.sees(lost)
  await shop.closes(lost)

  const late = await shop.orders()
  await shop.closes(late)
  await shop.clock.advance(MINUTE_MS)
  await shop.payerPays(late)
  const forged = shop.bank.orders.get(lost)
  if (forged !== undefined) await shop.bank.callback(forged, { sign: 'forged' })
  const image = await shop.asksFor({ channelExtra: '{"payDataType":"codeImgUrl"}' })
  await shop.gateway.fetch(new Request(String(image.data?.payData)))
  await shop.gateway.fetch(new Request(`https://pay.example/api/pay/return/bank/${paid}`))
  await shop.passes(3 * HOUR_MS, MINUTE_MS)
}

/** All that moves money out: transfers, splits, returns of shares, and their queries and ends. */
async function moneyOut(seen: Map<string, Statement>): Promise<void> {
  const sharing = await openSharing({ wrapDatabase: listening(seen), notifiesEveryEnd: true })
  const { shop, groupId, bound, paid, shares, exec, returns } = sharing
  const { bank } = shop
  seen.clear()
  const receiverId = await bound()
  await bound({ accNo: 'gone' })
  await shop.calls('/api/division/receiver/list', { receiverGroupId: groupId })
  await shop.calls('/api/division/receiver/unbind', { receiverId: receiverId + 1 })

  bank.will('transfer', 'silent_before', 'refused')
  await shop.transfers({ mchOrderNo: 'T1' })
  await shop.transfers({ mchOrderNo: 'T1' })
  await shop.transfers()
  bank.transfersWait = true
  const { data } = await shop.transfers({ mchOrderNo: 'T3' })
  await shop.calls('/api/transfer/query', { transferId: data?.transferId })
  const [waiting] = bank.transfers.values()
  if (waiting !== undefined) await bank.callback({ ...waiting, state: 'paid' }, { amount: 1 })
  await shop.calls('/api/transfer/cancel', { mchOrderNo: 'T3' })

  const payOrderId = await paid()
  bank.splitsWait = true
  bank.will('split', 'refused', 'silent_before')
  await shares(payOrderId, [{ receiverId }])
  await shares(payOrderId, [{ receiverId }])
  await shares(payOrderId, [{ receiverGroupId: groupId }])
  await exec(payOrderId, { useSysAutoDivisionReceivers: 1 })
  await shop.calls('/api/division/query', { payOrderId })
  await shop.passes(3 * MINUTE_MS)
  const callbackUrl = `https://pay.example/api/account/notify/bank/${shop.accountId}`
  for (const split of bank.splits.values()) {
    for (const share of split.shares) share.state = 'paid'
    split.state = 'finished'
    await bank.callback({ ...split, callbackUrl })
  }
  bank.will('return', 'silent_before', 'one_fen_more')
  await returns(payOrderId, { mchReturnNo: 'B1', receiverId, returnAmount: 1 })
  await returns(payOrderId, { mchReturnNo: 'B1', receiverId, returnAmount: 1 })
  await shop.passes(3 * MINUTE_MS)
  await returns(payOrderId, { mchReturnNo: 'B2', receiverId, returnAmount: 1 })
  await shop.calls('/api/division/return/query', { mchReturnNo: 'B1' })
  await paid({ divisionMode: 1 })
  const settings = { merchant: 'shop-2', key: 'key-2' }
  await changeSettings(shop.gateway.core, shop.accountId, settings)
  await shop.passes(HOUR_MS, MINUTE_MS)
}

interface Scan {
  readonly sql: string
  readonly step: string
}

/** An empty database that explains how it would go about a statement. */
async function openPlanner(): Promise<Client> {
  const client = createClient({ url: ':memory:', concurrency: 1 })
  await migrateDatabase(libsqlDatabase(client))
  return client
}

/** Steps of a statement's plan that read a growing table from end to end. */
async function scansOf(planner: Client, { sql, args }: Statement): Promise<readonly Scan[]> {
  const plan = await planner.execute({ sql: `explain query plan ${sql}`, args: [...args] })
  // SQLite does not begin to read where it can see that nothing will be found.
  if (sql.endsWith(' where false')) return []
  return plan.rows
    .map((row) => String(row.detail))
    .filter((step) => GROWING.some((table) => new RegExp(`^SCAN ${table}\\b`).test(step)))
    .map((step) => ({ sql, step }))
}

async function scansAmong(seen: ReadonlyMap<string, Statement>): Promise<readonly Scan[]> {
  const planner = await openPlanner()
  const scans: Scan[] = []
  for (const statement of seen.values()) scans.push(...(await scansOf(planner, statement)))
  return scans
}

describe('what the gateway asks its database', () => {
  it('is found by an index, in everything it does', async () => {
    const seen = new Map<string, Statement>()
    await fullRun(seen)
    expect(seen.size).toBeGreaterThan(40)
    expect(await scansAmong(seen)).toEqual([])
  })

  it('is found by an index where money goes out, too', async () => {
    const seen = new Map<string, Statement>()
    await moneyOut(seen)
    expect(seen.size).toBeGreaterThan(40)
    const written = [...seen.keys()].filter((sql) => /^(update|insert into)/.test(sql)).join('\n')
    for (const table of ['transfers', 'splits', 'split_shares', 'split_returns']) {
      expect(written).toMatch(new RegExp(`update "?${table}"?`))
      expect(written).toMatch(new RegExp(`insert into "?${table}"?`))
    }
    expect(await scansAmong(seen)).toEqual([])
  })

  it('includes what drains superseded settings', async () => {
    const seen = new Map<string, Statement>()
    await moneyOut(seen)
    const [drain] = [...seen.values()].filter(({ sql }) => sql.includes('set drained_at_ms'))
    const planner = await openPlanner()
    const plan = await planner.execute({
      sql: `explain query plan ${drain?.sql}`,
      args: [...(drain?.args ?? [])],
    })
    const steps = plan.rows.map((row) => String(row.detail))
    expect(steps.filter((step) => step.startsWith('SCAN'))).toEqual([
      'SCAN config USING COVERING INDEX channel_configs_in_use',
    ])
  })

  it('would be caught here if it were not', async () => {
    const planner = await openPlanner()
    for (const sql of [
      'select * from payments where subject = ?',
      'update payments set state = 1 where subject = ?',
      'select 1 where exists (select 1 from events where kind = ?)',
      'select payment_id from refunds order by reason = ?',
    ]) {
      expect(await scansOf(planner, { sql, args: ['a'] })).toHaveLength(1)
    }
  })
})
