/** `npm run dev:worker`: the sandbox on workerd, with a libSQL server of its own beside it. */
import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { announce, bootEnvironment } from '../boot.ts'
import { migrateDatabase } from '../migrate.ts'
import { remoteDatabase } from '../ports/libsql-http.ts'
import { sqldMissing, startSqld } from './local-sqld.ts'
import { watchFolders } from './watch-folders.ts'

const FOLDER = '.tongbao/sqld'
const SWEEP_EVERY_MS = 2_000
const PROJECT = new URL('../../', import.meta.url)
/** All that a Worker is made of; where it is run from does not matter. */
const SOURCES = ['core', 'edge', 'plugins', 'admin']

const missing = sqldMissing()
if (missing !== undefined) {
  console.error(`tongbao: ${missing}`)
  process.exit(1)
}
const host = process.env.HOST || '127.0.0.1'
const port = Number(process.env.PORT || 8787)
const publicUrl = `http://${host}:${port}`

/** What there is to be ended, at each moment of the start too. */
const running: (() => unknown)[] = []
const END_TAKES_AT_MOST_MS = 5_000
let stopped = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    stopped = true
    const ended = Promise.allSettled(running.map(async (ends) => ends()))
    await Promise.race([ended, sleep(END_TAKES_AT_MOST_MS)])
    // Whoever is left is ended by this: libSQL server, workerd and esbuild die with us.
    process.exit(0)
  })
}

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
  entrypoint: fileURLToPath(new URL('edge/worker-sandbox.ts', PROJECT)),
  config: '',
  compatibilityDate: '2026-08-01',
  bindings: Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, { type: 'plain_text', value }]),
  ),
  dev: {
    logLevel: 'warn',
    server: { hostname: host, port },
    inspector: false,
    // Ours instead: wrangler's watches whatever lies on the way to the folder it is run from, in an
    // esbuild that outlives a process which is killed.
    watch: false,
    persist: false,
  },
})
running.push(() => worker.dispose())
await worker.ready

const merchant = z.object({ mchNo: z.string(), appId: z.string(), appSecret: z.string() })
const answer = await fetch(`${publicUrl}/sandbox/api/merchant`)
announce(merchant.parse(await answer.json()), publicUrl)

if (!process.argv.includes('--no-watch')) {
  const folders = SOURCES.map((folder) => fileURLToPath(new URL(folder, PROJECT)))
  running.push(watchFolders(folders, () => void worker.patchConfig({})))
}
// Here nobody runs the cron triggers of wrangler.toml.
while (!stopped) {
  await fetch(`${publicUrl}/cdn-cgi/handler/scheduled`).catch(() => undefined)
  await sleep(SWEEP_EVERY_MS)
}
