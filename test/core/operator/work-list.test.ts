import { describe, expect, it } from 'vitest'
import type { AppId, RefundId } from '../../../core/ids.ts'
import { lookAtRefund } from '../../../core/operator/look-at.ts'
import { reopenEndpoint } from '../../../core/operator/reopen.ts'
import {
  listWork,
  WORK_KINDS,
  type WorkItem,
  type WorkKind,
} from '../../../core/operator/work-list.ts'
import type { Database, Statement } from '../../../core/ports.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../core/time.ts'
import { migrateDatabase } from '../../../edge/migrate.ts'
import { openDatabaseFile } from '../../../edge/ports/libsql-file.ts'
import { openShop, type Shop, saying } from '../../kit/shop.ts'

/** All pages of a kind, in their order. */
async function work(shop: Shop, kind: WorkKind, limit = 10): Promise<readonly WorkItem[]> {
  const items: WorkItem[] = []
  let after: string | undefined
  do {
    const page = await listWork(shop.gateway.core, kind, { limit, after })
    // Of secrets and settings, a page looks at so many of each.
    expect(page.items.length).toBeLessThanOrEqual(kind === 'unreadable' ? 2 * limit : limit)
    items.push(...page.items)
    after = page.next
  } while (after !== undefined)
  return items
}

async function run(shop: Shop, sql: string, ...args: (string | number)[]) {
  const [rows] = await shop.database.batch([{ sql, args }], 'write')
  return rows
}

async function saysPaid(shop: Shop, payOrderId: string, change: Readonly<Record<string, unknown>>) {
  const order = shop.bank.orders.get(payOrderId)
  if (order === undefined) throw new Error('the bank has the order')
  await shop.bank.callback({ ...order, state: 'paid' }, change)
  await shop.settles()
}

describe('the work list', () => {
  it('is empty where all is well', async () => {
    const shop = await openShop()
    await shop.payerPays(await shop.orders())
    for (const kind of WORK_KINDS) expect(await work(shop, kind)).toEqual([])
  })

  it('has frozen payments, with the facts that froze them and the calls that brought them', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders({ mchOrderNo: 'A1' })
    await saysPaid(shop, payOrderId, { amount: 1001 })
    const [item, ...others] = await work(shop, 'frozen')
    expect(others).toEqual([])
    expect(item).toMatchObject({
      kind: 'frozen',
      id: payOrderId,
      appId: shop.app.appId,
      what: 'money does not move: amount_differs',
      facts: { merchantPaymentNo: 'A1', amountMinor: 1000, state: 'pending', channel: 'bank' },
      can: ['release_accept', 'release_keep'],
    })
    expect(item?.evidence).toContainEqual(
      expect.objectContaining({
        kind: 'event',
        event: 'payment.frozen',
        source: 'callback',
        says: expect.objectContaining({
          fact: expect.objectContaining({ paid: { minor: 1001, currency: 'CNY' }, payee: 'shop' }),
        }),
      }),
    )
    expect(item?.evidence).toContainEqual(
      expect.objectContaining({ kind: 'callback', verdict: 'accepted' }),
    )
    expect(JSON.stringify(item)).not.toContain('payer-canary')
  })

  it('has held money', async () => {
    const shop = await openShop({ latePolicy: 'hold' })
    const payOrderId = await shop.orders()
    await shop.closes(payOrderId)
    await shop.clock.advance(MINUTE_MS)
    await shop.payerPays(payOrderId)
    expect(await work(shop, 'held')).toMatchObject([
      { id: payOrderId, can: ['late_accept', 'late_refund'], facts: { amountMinor: 1000 } },
    ])
  })

  it.each([1, 2, 3, 10])(
    'is read in pages of %d, each item once, the oldest first',
    async (limit) => {
      const shop = await openShop()
      const numbers: string[] = []
      for (let i = 0; i < 5; i++) numbers.push(await shop.orders())
      for (const number of numbers) await saysPaid(shop, number, { amount: 1001 })
      const found = await work(shop, 'frozen', limit)
      expect(found.map(({ id }) => id)).toEqual([...numbers].sort())
    },
  )

  it('has refunds that need an operator, until one has looked; then the channel is asked', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    await shop.payerPays(payOrderId)
    shop.bank.refundsWait = true
    await shop.refunds(payOrderId, { mchRefundNo: 'F1' })
    const [refund] = shop.bank.refunds.values()
    if (refund === undefined) throw new Error('the bank has the refund')
    await shop.bank.callback({ ...refund, state: 'paid' }, { amount: 7 })
    const { core } = shop.gateway
    const refundId = refund.number as RefundId
    expect(await work(shop, 'refund')).toMatchObject([
      { id: refundId, facts: { merchantRefundNo: 'F1', amountMinor: 100 }, can: ['look_at'] },
    ])
    refund.state = 'paid'
    expect(await lookAtRefund(core, refundId, 'seen in the console')).toEqual({
      ok: true,
      value: undefined,
    })
    expect(await work(shop, 'refund')).toEqual([])
    await shop.sweeps()
    expect(await run(shop, 'select state, needs_operator from refunds')).toEqual([['succeeded', 0]])
    expect(await run(shop, "select kind, evidence from events where source = 'operator'")).toEqual([
      ['refund.looked_at', '{"note":"seen in the console"}'],
    ])
    expect(await lookAtRefund(core, refundId, 'again')).toMatchObject({
      refusal: { code: 'needs_no_operator' },
    })
    expect(await lookAtRefund(core, 'R0' as RefundId, 'again')).toMatchObject({
      refusal: { code: 'not_found' },
    })
  })

  it('has transfers that need an operator', async () => {
    const shop = await openShop()
    await run(
      shop,
      `insert into transfers (transfer_id, merchant_no, app_id, merchant_transfer_no, state, version,
        amount_minor, currency, currency_as_given, entry, account, description, client_ip, extra,
        channel, account_id, config_version, payee, dispatched_at_ms, sends, needs_operator, created_at_ms)
       values ('T1', 'M1', 'a1', 'X1', 'pending', 1, 5, 'CNY', 'CNY', 'WX', 'openid-canary', '', '', '{}',
        'bank', 'A1', 1, 'shop', 1, 1, 1, 1)`,
    )
    const found = await work(shop, 'transfer')
    expect(found).toMatchObject([
      { id: 'T1', facts: { merchantTransferNo: 'X1' }, can: ['look_at'] },
    ])
    expect(JSON.stringify(found)).not.toContain('openid-canary')
  })

  it('has notifications that were given up, with their tries', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders({ notifyUrl: 'https://shop.example/notify?token=canary' })
    shop.merchantAnswers.push(...Array.from({ length: 60 }, () => saying('no', 500)))
    await shop.payerPays(payOrderId)
    await run(shop, "update outbox set state = 'exhausted'")
    const [item] = await work(shop, 'notification')
    expect(item).toMatchObject({
      facts: { told: 'payment.succeeded', subjectId: payOrderId, origin: 'https://shop.example' },
      evidence: [{ kind: 'try', number: 1, status: 500, answer: 'no' }],
      can: ['replay'],
    })
    expect(JSON.stringify(item)).not.toContain('canary')
  })

  it('has addresses that are gone or failing, until they are opened again', async () => {
    const shop = await openShop()
    const { core } = shop.gateway
    const insert = 'insert into endpoints values (?, ?, 9, 1, 2, ?, ?)'
    await run(shop, `${insert.replace('?, ?)', 'null, 5)')}`, 'a1', 'https://gone.example')
    await run(shop, `${insert.replace('?, ?)', '7, null)')}`, 'a1', 'https://slow.example')
    expect(await work(shop, 'endpoint_gone', 1)).toMatchObject([
      { id: 'a1 https://gone.example', sinceMs: 5, facts: { failures: 9 }, can: ['reopen'] },
    ])
    expect(await work(shop, 'endpoint_open')).toMatchObject([{ id: 'a1 https://slow.example' }])
    for (const origin of ['https://gone.example', 'https://slow.example']) {
      const key = { appId: 'a1' as AppId, origin }
      expect(await reopenEndpoint(core, key, 'moved')).toMatchObject({ ok: true })
      expect(await reopenEndpoint(core, key, 'moved')).toMatchObject({ ok: false })
    }
    expect(await work(shop, 'endpoint_gone')).toEqual([])
    expect(await work(shop, 'endpoint_open')).toEqual([])
    // Each time it is opened again has an event of its own.
    await run(shop, "update endpoints set gone_at_ms = 9 where origin = 'https://gone.example'")
    const gone = { appId: 'a1' as AppId, origin: 'https://gone.example' }
    await reopenEndpoint(core, gone, 'moved again')
    expect(
      await run(shop, "select version from events where subject_kind = 'endpoint' order by 1"),
    ).toEqual([[1], [1], [2]])
  })

  it('has accounts whose callbacks do not verify, however many calls there were', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    for (let i = 0; i < 7; i++) await saysPaid(shop, payOrderId, { sign: 'forged' })
    const found = await work(shop, 'callbacks')
    expect(found).toMatchObject([
      { id: shop.accountId, facts: { channel: 'bank', calls: 7 }, can: ['put_settings'] },
    ])
    expect(found[0]?.evidence).toHaveLength(5)
  })

  it('has settings and secrets that do not open or do not fit', async () => {
    const shop = await openShop()
    await run(shop, "update channel_configs set settings_sealed = 'spoiled'")
    await run(shop, "update apps set secret_sealed = 'spoiled'")
    expect(await work(shop, 'unreadable', 1)).toMatchObject([
      { id: shop.app.appId, can: ['rotate_secret'] },
      { id: shop.accountId, facts: { channel: 'bank', version: 1 }, can: ['put_settings'] },
    ])
  })
})

describe('what the work list asks its database', () => {
  it('is found by an index, for every kind and at every page', async () => {
    const seen = new Map<string, Statement>()
    const shop = await openShop({
      wrapDatabase: (database): Database => ({
        batch(statements, mode) {
          for (const statement of statements) seen.set(statement.sql, statement)
          return database.batch(statements, mode)
        },
      }),
      latePolicy: 'hold',
    })
    const late = await shop.orders()
    await shop.closes(late)
    await shop.clock.advance(MINUTE_MS)
    await shop.payerPays(late)
    await saysPaid(shop, late, { channelNo: 'B-second' })
    seen.clear()
    for (const kind of WORK_KINDS) {
      await listWork(shop.gateway.core, kind, { limit: 1, after: undefined })
      await listWork(shop.gateway.core, kind, { limit: 1, after: `${HOUR_MS}~${DAY_MS}` })
    }
    const planner = await openDatabaseFile(':memory:')
    await migrateDatabase(planner.database)
    const scans: unknown[] = []
    for (const { sql, args } of seen.values()) {
      const [plan = []] = await planner.database.batch(
        [{ sql: `explain query plan ${sql}`, args }],
        'read',
      )
      // A scan of a partial index is what is wanted: it holds the work and nothing else.
      const bad = plan
        .map(String)
        .filter((step) => /SCAN \w+\b(?! USING (COVERING )?INDEX)/.test(step))
      if (bad.length > 0) scans.push({ sql, bad })
    }
    expect(seen.size).toBeGreaterThan(18)
    expect(scans).toEqual([])
  })
})
