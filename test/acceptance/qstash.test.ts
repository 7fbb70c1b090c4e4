import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGateway } from '../../core/gateway.ts'
import type { NotificationId } from '../../core/ids.ts'
import { createApp, createMerchant } from '../../core/merchant/merchants.ts'
import type { Database } from '../../core/ports.ts'
import { outbox } from '../../core/store/schema.ts'
import { parseKeyRing } from '../../edge/key-ring.ts'
import { migrateDatabase } from '../../edge/migrate.ts'
import { remoteDatabase } from '../../edge/ports/libsql-http.ts'
import { boundedMemory, systemClock, systemRandom } from '../../edge/ports/system.ts'
import {
  type Inbox,
  isSigned,
  type MerchantServer,
  openMerchantServer,
} from '../kit/merchant-server.ts'
import type { Qstash } from '../kit/qstash.ts'
import { serveQstash } from '../kit/qstash-server.ts'
import { freePort, type Sqld, sqldMissing, startSqld } from '../kit/sqld.ts'
import { type RunningWorker, startWorker } from '../kit/worker.ts'
import { MASTER_KEY } from './runtimes.ts'

/** The live Worker on workerd, a libSQL server, and QStash's stand-in: a process each. */
describe.skipIf(sqldMissing() !== undefined)('the live Worker with QStash', () => {
  let sqld: Sqld
  let qstash: Qstash & { close(): Promise<void> }
  let merchant: MerchantServer
  let worker: RunningWorker
  let database: Database
  let appSecret: string
  let inbox: Inbox

  beforeAll(async () => {
    sqld = await startSqld()
    database = remoteDatabase({ url: sqld.url })
    await migrateDatabase(database)
    qstash = await serveQstash(systemClock)
    merchant = await openMerchantServer()
    inbox = merchant.inbox()
    appSecret = await writeNotification(database, inbox.url)
    const port = await freePort()
    const { url, token, currentSigningKey, nextSigningKey } = qstash.account
    worker = await startWorker(
      new URL('../../edge/worker.ts', import.meta.url),
      {
        TONGBAO_MODE: 'live',
        TONGBAO_DATABASE_URL: sqld.url,
        TONGBAO_MASTER_KEY: MASTER_KEY,
        TONGBAO_PUBLIC_URL: `http://127.0.0.1:${port}`,
        TONGBAO_ALLOW_PRIVATE_TARGETS: 'true',
        TONGBAO_TIMER: 'qstash',
        QSTASH_URL: url,
        QSTASH_TOKEN: token,
        QSTASH_CURRENT_SIGNING_KEY: currentSigningKey,
        QSTASH_NEXT_SIGNING_KEY: nextSigningKey,
      },
      port,
    )
  }, 60_000)

  afterAll(async () => {
    await worker.stop()
    await merchant.close()
    await qstash.close()
    await sqld.stop()
  })

  const sweeps = async () => {
    const answer = await fetch(`${worker.url}/cdn-cgi/handler/scheduled`)
    expect(answer.status).toBe(200)
  }

  /** The row and QStash's messages are due: as if the time had passed. */
  const isDue = async () => {
    const sql = 'update outbox set next_try_at_ms = 0'
    await database.batch([{ sql, args: [] }], 'write')
    for (const message of qstash.waiting) message.dueAtMs = 0
  }

  const tries = async () => {
    const sql = 'select state, tries from outbox'
    return (await database.batch([{ sql, args: [] }], 'read'))[0]?.[0]
  }

  const published = async (count: number) => {
    // The Worker publishes after it has answered.
    for (let waits = 0; qstash.published.length < count && waits < 200; waits++) await pause(25)
    expect(qstash.published).toHaveLength(count)
  }

  it('tells by its sweep while QStash is away, and by QStash once it is back, once a try', async () => {
    inbox.reacts({ status: 500, body: 'not now' })
    qstash.faults.api = 'away'
    await sweeps()
    expect(await tries()).toEqual(['waiting', 1])
    expect(inbox.heard).toHaveLength(1)

    qstash.faults.api = 'works'
    await isDue()
    await sweeps()
    expect(await tries()).toEqual(['waiting', 2])
    await published(1)
    expect(qstash.waiting[0]?.url).toMatch(/\/internal\/notifications\/N\d{21}\/3$/)

    // Signed with a key that is not ours: nothing happens, and it comes again.
    await isDue()
    qstash.faults.tampers = (call) => ({ ...call, key: 'sig_wrong' })
    await qstash.tick()
    expect(qstash.calls.map(({ status }) => status)).toEqual([401])
    expect(await tries()).toEqual(['waiting', 2])

    // Delivered three times, with the next key.
    await isDue()
    qstash.faults.tampers = (call) => call
    qstash.rotate()
    qstash.faults.copies = 3
    await qstash.tick()
    expect(qstash.calls.map(({ status }) => status)).toEqual([401, 200, 200, 200])
    expect(await tries()).toEqual(['waiting', 3])
    expect(inbox.heard).toHaveLength(3)

    inbox.reacts('success')
    await published(2)
    await isDue()
    await qstash.tick()
    expect(await tries()).toEqual(['delivered', 4])
    expect(inbox.heard).toHaveLength(4)
    expect(new Set(inbox.heard.map(({ text }) => text)).size).toBe(1)
    expect(inbox.heard.every((heard) => isSigned(heard, appSecret))).toBe(true)
    await sweeps()
    expect(inbox.heard).toHaveLength(4)
  })
})

/** As a payment that succeeded leaves it behind. @returns the secret of the merchant's app */
async function writeNotification(database: Database, url: string): Promise<string> {
  const keyRing = parseKeyRing(MASTER_KEY)
  if (!keyRing.ok) throw new Error(keyRing.refusal)
  const { core } = createGateway({
    channels: [],
    settings: { publicUrl: 'http://127.0.0.1', allowsPrivateTargets: true },
    ports: {
      clock: systemClock,
      random: systemRandom,
      http: { send: async () => ({ kind: 'not_sent', reason: 'nobody calls' }) },
      database,
      log: { write: () => {} },
      timer: { wake: async () => {} },
      memory: boundedMemory(10),
      keyRing: keyRing.value,
      background: () => {},
    },
  })
  const merchantNo = await createMerchant(core, { merchantNo: 'M1', name: '小店' })
  const { appId, appSecret } = await createApp(core, { merchantNo, name: '收银' })
  const paymentId = 'P176722560000012345678' as never
  const snapshot = {
    paymentId,
    merchantNo,
    appId,
    merchantPaymentNo: 'A1',
    channel: 'bank',
    way: 'WX_NATIVE',
    amountMinor: 1_000,
    refundedMinor: 0,
    currencyAsGiven: 'cny',
    state: 'succeeded',
    lateDecision: null,
    clientIp: '127.0.0.1',
    subject: '商品',
    body: '商品',
    channelPaymentNo: 'B1',
    errorCode: null,
    errorMessage: null,
    extParam: null,
    paidAtMs: 1_767_225_600_000,
    createdAtMs: 1_767_225_600_000,
  }
  await core.store.write.insert(outbox).values({
    notificationId: 'N176722560000012345678' as NotificationId,
    merchantNo,
    appId,
    subjectKind: 'payment',
    subjectId: paymentId,
    kind: 'payment.succeeded',
    url,
    snapshot: JSON.stringify(snapshot),
    state: 'waiting',
    tries: 0,
    nextTryAtMs: 0,
    createdAtMs: 1_767_225_600_000,
  })
  return appSecret
}
