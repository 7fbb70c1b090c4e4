import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { migrateDatabase } from '../../edge/migrate.ts'
import { remoteDatabase } from '../../edge/ports/libsql-http.ts'
import { systemClock, systemRandom } from '../../edge/ports/system.ts'
import { wechat } from '../../plugins/wechat/index.ts'
import { createWechatSimulator } from '../../plugins/wechat/sandbox/index.ts'
import { memoryBooks } from '../kit/books.ts'
import { answerSimulated } from '../kit/serve-simulator.ts'
import { anOrder, signed } from '../kit/shop.ts'
import { freePort, sqldMissing, startSqld } from '../kit/sqld.ts'
import { countingProxy } from './counting-proxy.ts'
import { median, type Section, spread } from './figures.ts'
import { KEY_RING, openBenchShop, PUBLIC_URL } from './shop.ts'

const WORKERD = fileURLToPath(new URL('../../node_modules/workerd/bin/workerd', import.meta.url))
const TITLE = 'workerd'
const WARM_UP_ORDERS = 200
const ROUNDS = 9
const ORDERS_A_ROUND = 100
const STARTS = 9
/** Linux counts a process's CPU time in hundredths of a second. */
const TICK_MS = 10

/**
 * CPU time of a WeChat Pay order (one RSA signature, one verification), memory, and start-up, of
 * the bundle that would be deployed, on `workerd serve` with a libSQL server behind it.
 */
export async function measureWorkerd(folder: string, bundle: string): Promise<Section> {
  const missing =
    process.platform === 'linux' ? sqldMissing() : 'CPU time is read from /proc, which Linux has'
  if (missing !== undefined) return { title: TITLE, figures: [], notes: [`skipped: ${missing}`] }
  const orders = await measureOrders(folder, bundle)
  const starts = await measureStarts(folder, bundle)
  return { title: TITLE, figures: [...orders, ...starts] }
}

async function measureOrders(folder: string, bundle: string): Promise<Section['figures']> {
  const sqld = await startSqld()
  const simulator = createWechatSimulator({
    clock: systemClock,
    random: systemRandom,
    books: memoryBooks(),
    callback: async () => undefined,
  })
  const isWechat = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const host = incoming.headers.host ?? ''
    if (!simulator.hosts.includes(host)) return false
    answerSimulated(simulator, `https://${host}`, incoming, outgoing).catch(() =>
      outgoing.destroy(),
    )
    return true
  }
  const proxy = await countingProxy(sqld.url, isWechat)
  try {
    const database = remoteDatabase({ url: sqld.url })
    await migrateDatabase(database)
    const settings = await simulator.demoSettings()
    const { app } = await openBenchShop({ database, channel: { plugin: wechat, settings } })
    const [key] = KEY_RING
    const worker = await serve(folder, bundle, proxy.url, {
      TONGBAO_MODE: 'live',
      TONGBAO_DATABASE_URL: sqld.url,
      TONGBAO_MASTER_KEY: `${key.id}:${Buffer.from(key.bytes).toString('base64')}`,
      TONGBAO_PUBLIC_URL: PUBLIC_URL,
      TONGBAO_LOG_LEVEL: 'error',
    })
    try {
      const order = async () => {
        const response = await fetch(`${worker.url}/api/pay/unifiedOrder`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(signed(anOrder(), app)),
        })
        z.object({ code: z.literal(0) }).parse(await response.json())
      }
      for (let i = 0; i < WARM_UP_ORDERS; i++) await order()
      const warmKib = await memoryKib(worker.child)
      const rounds: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const before = await cpuMs(worker.child)
        for (let i = 0; i < ORDERS_A_ROUND; i++) await order()
        rounds.push(((await cpuMs(worker.child)) - before) / ORDERS_A_ROUND)
      }
      const laterKib = await memoryKib(worker.child)
      return [
        {
          name: 'CPU of an order',
          measured: spread(rounds, 2, ' ms'),
          budget: '≤ 3 ms',
          holds: median(rounds) <= 3,
          how: `CPU time of the whole workerd process over ${ROUNDS} rounds of ${ORDERS_A_ROUND} WX_NATIVE orders: one RSA-2048 signature, one verification, two batches at sqld`,
        },
        {
          name: 'memory of the process',
          measured: `${mib(warmKib)} after ${WARM_UP_ORDERS} orders, ${mib(laterKib)} after ${ROUNDS * ORDERS_A_ROUND} more`,
          how: 'resident set of workerd, whose own share is most of it',
        },
      ]
    } finally {
      await worker.stop()
    }
  } finally {
    await proxy.close()
    await sqld.stop()
  }
}

const EMPTY = 'export default { fetch: () => new Response("", { status: 404 }) }\n'

async function measureStarts(folder: string, bundle: string): Promise<Section['figures']> {
  const empty = join(folder, 'empty.js')
  await writeFile(empty, EMPTY)
  const nowhere = `http://127.0.0.1:${await freePort()}`
  const startMs = async (script: string) => {
    const beforeMs = performance.now()
    const worker = await serve(folder, script, nowhere, {})
    const ms = performance.now() - beforeMs
    await worker.stop()
    return ms
  }
  const extra: number[] = []
  for (let i = 0; i < STARTS; i++) {
    const [ours, bare] = [await startMs(bundle), await startMs(empty)]
    extra.push(ours - bare)
  }
  return [
    {
      name: 'start-up',
      measured: spread(extra, 0, ' ms'),
      budget: '≤ 50 ms',
      holds: median(extra) <= 50,
      how: `from spawning workerd to its first answer, less the same for an empty worker; ${STARTS} starts of each in turn`,
    },
  ]
}

interface Served {
  readonly url: string
  readonly child: ChildProcess
  stop(): Promise<void>
}

/** @param outside where all that the worker fetches goes, whatever host it names */
async function serve(
  folder: string,
  script: string,
  outside: string,
  settings: Readonly<Record<string, string>>,
): Promise<Served> {
  const port = await freePort()
  const config = join(folder, `workerd-${port}.capnp`)
  await writeFile(config, configOf(script.slice(folder.length + 1), outside, port, settings))
  const child = spawn(WORKERD, ['serve', config], { stdio: 'ignore' })
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  const url = `http://127.0.0.1:${port}`
  const giveUpAtMs = Date.now() + 20_000
  while ((await fetch(`${url}/nowhere`).catch(() => undefined)) === undefined) {
    if (child.exitCode !== null || Date.now() > giveUpAtMs)
      throw new Error('workerd does not serve')
    await sleep(1)
  }
  return {
    url,
    child,
    async stop() {
      process.off('exit', killWithUs)
      if (child.kill('SIGKILL')) await once(child, 'exit')
    },
  }
}

function configOf(
  script: string,
  outside: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): string {
  const bindings = Object.entries(settings).map(
    ([name, text]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)})`,
  )
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "outside", external = (address = "${new URL(outside).host}", http = ())),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed ${JSON.stringify(script)})],
  compatibilityDate = "2026-08-01",
  bindings = [${bindings.join(', ')}],
  globalOutbound = "outside",
);
`
}

async function cpuMs({ pid }: ChildProcess): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // Behind the name, which may hold anything: field 3 is the first; 14 and 15 are user and system.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

async function memoryKib({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1])
}

function mib(kib: number): string {
  return `${(kib / 1_024).toFixed(0)} MiB`
}
