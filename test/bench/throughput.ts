import { join } from 'node:path'
import { Hono } from 'hono'
import { z } from 'zod'
import type { Database } from '../../core/ports.ts'
import { verifyJeepay } from '../../core/signing/jeepay.ts'
import { anOrder, signedRequest } from '../kit/shop.ts'
import { median, type Section, spread } from './figures.ts'
import { inFolder, openTables } from './file.ts'
import { type Replay, recorded, replayOf } from './replay.ts'
import { type BenchShop, openBenchShop } from './shop.ts'

const ORDERS_A_ROUND = 150
const ROUNDS = 12
const WARM_UP_ORDERS = 400
const AT_ONCE = 8

/**
 * Orders per second of the gateway beside a bare Hono handler: the same JSON, one check of the
 * sign, and the very statements that an order issues, on the same file in the same run.
 */
export async function measureThroughput(): Promise<Section> {
  return inFolder(async (folder) => {
    const file = await openTables(join(folder, 'gateway.db'))
    try {
      return await compare(file.database)
    } finally {
      await file.close()
    }
  })
}

async function compare(file: Database): Promise<Section> {
  const database = recorded(file)
  const shop = await openBenchShop({ database })
  await takeOrders(shop, shop.gateway.fetch, WARM_UP_ORDERS)
  const mchOrderNo = 'RECORDED'
  const batches = await database.record(() =>
    shop.calls('/api/pay/unifiedOrder', { ...anOrder(), mchOrderNo }),
  )
  const bare = bareHandler(file, shop.app.appSecret, replayOf(batches, mchOrderNo))
  await takeOrders(shop, bare, WARM_UP_ORDERS)

  const rounds: { readonly ours: Cost; readonly bare: Cost }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // Who goes first has a colder machine: in turn.
    const first = await takeOrders(shop, round % 2 ? bare : shop.gateway.fetch, ORDERS_A_ROUND)
    const second = await takeOrders(shop, round % 2 ? shop.gateway.fetch : bare, ORDERS_A_ROUND)
    rounds.push(round % 2 ? { bare: first, ours: second } : { ours: first, bare: second })
  }
  const ratios = rounds.map(({ ours, bare }) => bare.ms / ours.ms)
  const cpuRatios = rounds.map(({ ours, bare }) => bare.cpuMs / ours.cpuMs)
  const statements = batches.reduce((sum, batch) => sum + batch.statements.length, 0)
  return {
    title: 'Throughput',
    figures: [
      {
        name: 'orders a second, beside a bare handler',
        measured: spread(ratios, 2),
        budget: '≥ 0.5',
        holds: median(ratios) >= 0.5,
        how: `${ROUNDS} rounds of ${ORDERS_A_ROUND} orders in turn, ${AT_ONCE} at once, in process; the bare Hono handler does the JSON, one MD5 check and the order's ${statements} statements in ${batches.length} batches on the same file`,
      },
      {
        name: 'the same by CPU time',
        measured: spread(cpuRatios, 2),
        how: 'CPU time of the process in the same rounds: not hidden by the disk',
      },
      {
        name: 'CPU per order: ours, bare',
        measured: `${costOf(rounds.map(({ ours }) => ours.cpuMs))}, ${costOf(rounds.map(({ bare }) => bare.cpuMs))}`,
        how: 'median of the rounds; on this machine, now',
      },
    ],
  }
}

function costOf(cpuMs: readonly number[]): string {
  return `${(median(cpuMs) / ORDERS_A_ROUND).toFixed(2)} ms`
}

interface Cost {
  readonly ms: number
  readonly cpuMs: number
}

type Handler = (request: Request) => Response | Promise<Response>

const answerSchema = z.object({ code: z.literal(0) })

/** Requests are made and signed before the clock starts. */
async function takeOrders({ app }: BenchShop, handler: Handler, count: number): Promise<Cost> {
  const requests = Array.from({ length: count }, () =>
    signedRequest('/api/pay/unifiedOrder', anOrder(), app),
  )
  const answers: string[] = []
  const runner = async () => {
    for (let request = requests.pop(); request !== undefined; request = requests.pop()) {
      answers.push(await (await handler(request)).text())
    }
  }
  const [startedAtMs, cpuBefore] = [performance.now(), process.cpuUsage()]
  await Promise.all(Array.from({ length: AT_ONCE }, runner))
  const { user, system } = process.cpuUsage(cpuBefore)
  const ms = performance.now() - startedAtMs
  for (const answer of answers) answerSchema.parse(JSON.parse(answer))
  return { ms, cpuMs: (user + system) / 1_000 }
}

/** What is left of an order when there is no gateway. */
function bareHandler(database: Database, secret: string, replay: Replay): Handler {
  const app = new Hono()
  app.post('/api/pay/unifiedOrder', async (c) => {
    const fields: Record<string, unknown> = await c.req.json()
    const texts = Object.entries(fields).map(([name, value]) => [name, String(value)] as const)
    if (!verifyJeepay(texts, secret, String(fields.sign))) return c.json({ code: 9999 })
    for (const { statements, mode } of replay(String(fields.mchOrderNo))) {
      await database.batch(statements, mode)
    }
    return c.json({ code: 0, msg: 'SUCCESS' })
  })
  return (request) => app.fetch(request)
}
