import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGateway } from '../../core/gateway.ts'
import { createAccount, openPassage } from '../../core/merchant/accounts.ts'
import { createApp, createMerchant, setReplayWindow } from '../../core/merchant/merchants.ts'
import type { Database, HttpRequest, SqlValue } from '../../core/ports.ts'
import { assert } from '../../core/result.ts'
import { startSqld } from '../../edge/commands/local-sqld.ts'
import { parseKeyRing } from '../../edge/key-ring.ts'
import { migrateDatabase } from '../../edge/migrate.ts'
import { remoteDatabase } from '../../edge/ports/libsql-http.ts'
import { boundedMemory, systemClock, systemRandom } from '../../edge/ports/system.ts'
import { MASTER_KEY } from '../acceptance/runtimes.ts'
import { type Bank, type BankOrder, openBank } from '../kit/bank.ts'
import { bankChannel } from '../kit/bank-channel.ts'
import { lastingPort } from '../kit/gateway-process.ts'
import type { MerchantApp } from '../kit/jeepay-client.ts'
import { type MerchantServer, openMerchantServer } from '../kit/merchant-server.ts'
import { openStorefront, type Storefront } from '../kit/storefront.ts'
import { until } from '../kit/until.ts'
import { startWorker } from '../kit/worker.ts'

/**
 * A live deployment: the Worker on workerd and a libSQL server, each a process of its own; the bank
 * and the merchant, which don't depend on either, in this one.
 */
export interface Deployment {
  readonly shop: Storefront
  readonly merchant: MerchantServer
  readonly bank: Bank
  now(): number
  /** The bank has the payer's money, and calls back until it is heard, each time that time passes. */
  pays(payOrderId: string): Promise<void>
  /** SIGKILL, this moment. */
  databaseDies(): Promise<void>
  /** At the same address, with what it had. */
  databaseReturns(): Promise<void>
  /** Time passes for gateway and bank. */
  waits(ms: number): Promise<void>
  /** The same, and what is due is done as a Worker's cron does it. */
  passes(ms: number): Promise<void>
  /** Time passes until it holds. */
  settles(holds: () => boolean | Promise<boolean>, what: string): Promise<void>
  /** A look into the tables, past the gateway. */
  rows(sql: string): Promise<readonly (readonly SqlValue[])[]>
  health(): Promise<{ readonly status: string; readonly redis: string; readonly timer: string }>
  ends(): Promise<void>
}

export interface Around {
  /** What the Worker is told beside what it needs. */
  readonly settings?: Readonly<Record<string, string>>
  readonly replayWindowMs?: number
}

export async function openDeployment(
  around: (now: () => number) => Promise<Around> = async () => ({}),
): Promise<Deployment> {
  const directory = await mkdtemp(join(tmpdir(), 'tongbao-drill-'))
  const [sqldPort, port] = [await lastingPort(), await lastingPort()]
  const time = { aheadMs: 0 }
  const now = () => Date.now() + time.aheadMs
  const { settings = {}, replayWindowMs = null } = await around(now)
  let sqld = await startSqld(directory, sqldPort)
  const database = remoteDatabase({ url: sqld.url })
  await migrateDatabase(database)
  const app = await openApp(database, replayWindowMs)
  const merchant = await openMerchantServer()
  const bank = openBank(now, (request) => fetch(request))
  const counter = await serveBank(bank)
  const worker = await startWorker(
    new URL('./worker.probe.ts', import.meta.url),
    {
      TONGBAO_MODE: 'live',
      TONGBAO_DATABASE_URL: sqld.url,
      TONGBAO_MASTER_KEY: MASTER_KEY,
      TONGBAO_PUBLIC_URL: `http://127.0.0.1:${port}`,
      TONGBAO_ALLOW_PRIVATE_TARGETS: 'true',
      TONGBAO_LOG_LEVEL: 'error',
      BANK_URL: counter.url,
      ...settings,
    },
    port,
  )
  const unheard = new Set<BankOrder>()
  const callsBack = async () => {
    for (const order of unheard) {
      const { ok } = await bank.callback(order)
      if (ok) unheard.delete(order)
    }
  }

  const deployment: Deployment = {
    shop: openStorefront({ baseUrl: worker.url, app }, merchant),
    merchant,
    bank,
    now,
    async pays(payOrderId) {
      const order = bank.orders.get(payOrderId)
      assert(order !== undefined, 'the bank has the order')
      Object.assign(order, { state: 'paid', paidAtMs: now() })
      unheard.add(order)
      await callsBack()
    },
    databaseDies: () => sqld.stop(),
    async databaseReturns() {
      sqld = await startSqld(directory, sqldPort)
    },
    async waits(ms) {
      time.aheadMs += ms
      await fetch(`${worker.url}/drill/time/${time.aheadMs}`)
    },
    async passes(ms) {
      await deployment.waits(ms)
      const swept = await fetch(`${worker.url}/drill/sweep`)
      await swept.body?.cancel()
      await callsBack()
    },
    async settles(holds, what) {
      await until(async () => {
        if (await holds()) return true
        await deployment.passes(20_000)
        return false
      }, what)
    },
    rows: async (sql) => (await database.batch([{ sql, args: [] }], 'read'))[0] ?? [],
    async health() {
      const answer = await fetch(`${worker.url}/healthz`)
      return (await answer.json()) as Awaited<ReturnType<Deployment['health']>>
    },
    async ends() {
      await worker.stop()
      await merchant.close()
      await counter.close()
      await sqld.stop()
      await rm(directory, { recursive: true, force: true, maxRetries: 10 })
    },
  }
  return deployment
}

/** A merchant whose app takes payments at the bank. */
async function openApp(database: Database, replayWindowMs: number | null): Promise<MerchantApp> {
  const keyRing = parseKeyRing(MASTER_KEY)
  assert(keyRing.ok, 'the master key is one')
  const { core } = createGateway({
    channels: [bankChannel],
    settings: { publicUrl: 'http://127.0.0.1', allowsPrivateTargets: true },
    ports: {
      clock: systemClock,
      random: systemRandom,
      http: { send: async () => ({ kind: 'not_sent', reason: 'nobody calls' }) },
      database,
      log: { write: () => undefined },
      timer: { wake: async () => undefined },
      memory: boundedMemory(10),
      keyRing: keyRing.value,
      background: () => undefined,
    },
  })
  const merchantNo = await createMerchant(core, { merchantNo: 'M1', name: '小店' })
  const made = await createApp(core, { merchantNo, name: '收银' })
  await setReplayWindow(core, made.appId, replayWindowMs)
  const settings = { merchant: 'shop', key: 'a key of the test' }
  const account = await createAccount(core, { kind: 'merchant', no: merchantNo }, 'bank', settings)
  assert(account.ok, 'the bank account opens')
  await openPassage(core, {
    appId: made.appId,
    way: 'WX_NATIVE',
    accountId: account.value,
    feePartsPerMillion: 6_000,
  })
  return { mchNo: merchantNo, ...made }
}

async function serveBank(bank: Bank): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer(async (incoming, outgoing) => {
    const body = Buffer.concat(await Array.fromAsync(incoming as AsyncIterable<Buffer>)).toString()
    const request = { url: `https://bank.example${incoming.url}`, body } as HttpRequest
    const answer = await bank.answer(request).catch(() => undefined)
    if (answer?.kind !== 'answered') return void incoming.socket.destroy()
    outgoing.writeHead(answer.status).end(answer.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
