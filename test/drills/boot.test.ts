import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runOperate } from '../../edge/commands/operate/run.ts'
import { migrateDatabase } from '../../edge/migrate.ts'
import { openDatabaseFile } from '../../edge/ports/libsql-file.ts'
import { MASTER_KEY } from '../acceptance/runtimes.ts'
import { lastingPort, startGateway } from '../kit/gateway-process.ts'
import type { MerchantApp } from '../kit/jeepay-client.ts'
import { openMerchantServer } from '../kit/merchant-server.ts'
import { openStorefront } from '../kit/storefront.ts'
import { notice, SETTINGS, TOLD_PAID, TRADE_NO } from '../plugins/alipay/fake-alipay.ts'

/** A merchant whose app takes a way that is signed here: no channel has to be reached for it. */
async function openApp(url: string): Promise<MerchantApp> {
  const { database, close } = await openDatabaseFile(url)
  await migrateDatabase(database)
  await close()
  const operates = async (command: string) => {
    const printed: string[] = []
    const environment = { TONGBAO_DATABASE_URL: url, TONGBAO_MASTER_KEY: MASTER_KEY }
    const status = await runOperate(command.split(' '), environment, {
      read: async () => JSON.stringify(SETTINGS),
      print: (line) => void printed.push(line),
      remark: (line) => void printed.push(line),
    })
    expect([status, ...printed]).toEqual([0, expect.any(String)])
    return printed.join()
  }
  await operates('merchant M1 --name Shop')
  const app = JSON.parse(await operates('app --merchant M1 --name Till')) as MerchantApp
  const account = await operates('account --merchant M1 --channel alipay --settings -')
  await operates(`passage --app ${app.appId} --way ALI_APP --account ${account} --fee 0.6%`)
  return app
}

it('a gateway on Node comes up while its QStash and its Redis are down, takes a payment and tells of it once', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tongbao-drill-'))
  const databaseUrl = `file:${join(directory, 'gateway.db')}`
  const app = await openApp(databaseUrl)
  const merchant = await openMerchantServer()
  const [port, nobody] = [await lastingPort(), await lastingPort()]
  const gateway = await startGateway({
    directory,
    port,
    mode: 'live',
    environment: {
      TONGBAO_MODE: 'live',
      TONGBAO_DATABASE_URL: databaseUrl,
      TONGBAO_MASTER_KEY: MASTER_KEY,
      TONGBAO_PUBLIC_URL: `http://127.0.0.1:${port}`,
      TONGBAO_ALLOW_PRIVATE_TARGETS: 'true',
      TONGBAO_RATE_PER_APP: '60',
      TONGBAO_TIMER: 'qstash',
      QSTASH_URL: `http://127.0.0.1:${nobody}`,
      QSTASH_TOKEN: 'token',
      QSTASH_CURRENT_SIGNING_KEY: 'sig_current',
      QSTASH_NEXT_SIGNING_KEY: 'sig_next',
      UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${nobody}`,
      UPSTASH_REDIS_REST_TOKEN: 'token',
    },
  })
  try {
    const { baseUrl } = gateway
    const shop = openStorefront({ baseUrl, app }, merchant)
    const { payOrderId, inbox } = await shop.orders({ wayCode: 'ALI_APP', amount: 8_888 })
    const { body, headers } = await notice({ ...TOLD_PAID, out_trade_no: payOrderId })
    const told = await fetch(`${baseUrl}/api/pay/notify/alipay/${payOrderId}`, {
      method: 'POST',
      headers,
      body,
    })
    expect([told.status, await told.text()]).toEqual([200, 'success'])
    const paid = { state: 2, amount: 8_888, channelOrderNo: TRADE_NO }
    expect(await shop.sees(payOrderId)).toMatchObject(paid)
    const [heard] = await inbox.hears(1)
    expect(heard?.fields).toMatchObject({ payOrderId, state: '2' })

    const health = await fetch(`${baseUrl}/healthz`)
    expect([health.status, await health.json()]).toEqual([
      200,
      expect.objectContaining({
        status: 'degraded',
        database: 'reachable',
        timer: 'unreachable',
        redis: 'unreachable',
      }),
    ])
    expect(await gateway.ends('SIGTERM')).toBe(0)
    expect(inbox.heard).toHaveLength(1)
  } finally {
    await gateway.ends('SIGKILL')
    await merchant.close()
    await rm(directory, { recursive: true, force: true, maxRetries: 10 })
  }
}, 180_000)
