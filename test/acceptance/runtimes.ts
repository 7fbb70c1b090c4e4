import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateDatabase } from '../../edge/migrate.ts'
import { remoteDatabase } from '../../edge/ports/libsql-http.ts'
import { demoAppIn, startGateway } from '../kit/gateway-process.ts'
import type { MerchantApp } from '../kit/jeepay-client.ts'
import { freePort, type Sqld, startSqld } from '../kit/sqld.ts'
import { startWorker } from '../kit/worker.ts'
import type { Runtime } from './specification.ts'

/** A key for tests: it guards nothing. */
export const MASTER_KEY = `k1:${Buffer.alloc(32, 7).toString('base64')}`

/** `npm start`, or the same under Deno: one process with a database file. */
export function inOneProcess(runtime: 'node' | 'deno'): Runtime {
  return {
    name: runtime === 'node' ? 'Node' : 'Deno',
    async startSandbox() {
      const directory = await temporaryDirectory()
      const gateway = await startGateway({ runtime, directory, port: await freePort() })
      return {
        baseUrl: gateway.baseUrl,
        app: demoAppIn(directory),
        databaseUrl: `file:${join(directory, '.tongbao/gateway.db')}`,
        output: gateway.output,
        stop: () => gateway.ends('SIGTERM').then(() => remove(directory)),
      }
    },
    async startLive() {
      const directory = await temporaryDirectory()
      const port = await freePort()
      const environment = liveSettings(`file:${join(directory, 'live.db')}`, port)
      const mode = 'live'
      const gateway = await startGateway({ runtime, directory, port, mode, environment })
      const { baseUrl } = gateway
      return { baseUrl, stop: () => gateway.ends('SIGTERM').then(() => remove(directory)) }
    },
  }
}

/** `npm run dev:worker`: workerd, and a libSQL server beside it. */
export const ON_WORKERD: Runtime = {
  name: 'workerd',
  async startSandbox() {
    const sqld = await startMigrated()
    const port = await freePort()
    const settings = { ...liveSettings(sqld.url, port), TONGBAO_MODE: 'sandbox' }
    const worker = await startWorker(entry('worker-sandbox.ts'), settings, port)
    const answer = await fetch(`${worker.url}/sandbox/api/merchant`)
    return {
      baseUrl: worker.url,
      app: (await answer.json()) as MerchantApp,
      databaseUrl: sqld.url,
      output: () => '',
      stop: () => worker.stop().then(sqld.stop),
    }
  },
  async startLive() {
    const sqld = await startMigrated()
    const port = await freePort()
    const worker = await startWorker(entry('worker.ts'), liveSettings(sqld.url, port), port)
    return { baseUrl: worker.url, stop: () => worker.stop().then(sqld.stop) }
  },
}

function liveSettings(databaseUrl: string, port: number): Record<string, string> {
  return {
    TONGBAO_MODE: 'live',
    TONGBAO_DATABASE_URL: databaseUrl,
    TONGBAO_MASTER_KEY: MASTER_KEY,
    TONGBAO_PUBLIC_URL: `http://127.0.0.1:${port}`,
  }
}

async function startMigrated(): Promise<Sqld> {
  const sqld = await startSqld()
  await migrateDatabase(remoteDatabase({ url: sqld.url }))
  return sqld
}

const entry = (file: string) => new URL(`../../edge/${file}`, import.meta.url)

const temporaryDirectory = () => mkdtemp(join(tmpdir(), 'tongbao-acceptance-'))

const remove = (directory: string) => rm(directory, { recursive: true, force: true })
