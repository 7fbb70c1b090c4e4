/** `npm run dev:worker`: the sandbox on workerd, with a libSQL server of its own beside it. */
import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { announce, bootEnvironment } from '../boot.ts'
import { migrateDatabase } from '../migrate.ts'
import { remoteDatabase } from '../ports/libsql-http.ts'
import { sqldMissing, startSqld } from './local-sqld.ts'

const FOLDER = '.tongbao/sqld'
const SWEEP_EVERY_MS = 2_000

const missing = sqldMissing()
if (missing !== undefined) {
  console.error(`tongbao: ${missing}`)
  process.exit(1)
}
const host = process.env.HOST || '127.0.0.1'
const port = Number(process.env.PORT || 8787)
const publicUrl = `http://${host}:${port}`

mkdirSync(FOLDER, { recursive: true })
const sqld = await startSqld(FOLDER)
await migrateDatabase(remoteDatabase({ url: sqld.url }))

// Read when wrangler is loaded, hence before its import.
Object.assign(process.env, { CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false' })
const { unstable_startWorker } = await import('wrangler')
const { TONGBAO_MASTER_KEY = '' } = bootEnvironment(process.env, ['--sandbox'])
const settings = {
  TONGBAO_MODE: 'sandbox',
  TONGBAO_DATABASE_URL: sqld.url,
  TONGBAO_MASTER_KEY,
  TONGBAO_PUBLIC_URL: publicUrl,
}
const worker = await unstable_startWorker({
  name: 'tongbao-sandbox',
  entrypoint: fileURLToPath(new URL('../worker-sandbox.ts', import.meta.url)),
  config: '',
  compatibilityDate: '2026-08-01',
  bindings: Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, { type: 'plain_text', value }]),
  ),
  dev: {
    logLevel: 'warn',
    server: { hostname: host, port },
    inspector: false,
    // A test that kills it has nothing to watch, and would leave the watcher behind.
    watch: !process.argv.includes('--no-watch'),
    persist: false,
  },
})
await worker.ready

const merchant = z.object({ mchNo: z.string(), appId: z.string(), appSecret: z.string() })
const answer = await fetch(`${publicUrl}/sandbox/api/merchant`)
announce(merchant.parse(await answer.json()), publicUrl)

let stopped = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    stopped = true
    await worker.dispose()
    await sqld.stop()
    process.exit(0)
  })
}
// Here nobody runs the cron triggers of wrangler.toml.
while (!stopped) {
  await fetch(`${publicUrl}/cdn-cgi/handler/scheduled`).catch(() => undefined)
  await sleep(SWEEP_EVERY_MS)
}
