import { SERVER_BOUNDS } from '../../core/sweep/sweep.ts'
import { migrateDatabase } from '../../edge/migrate.ts'
import { remoteDatabase } from '../../edge/ports/libsql-http.ts'
import { openBank } from '../kit/bank.ts'
import { anOrder, aRefund, saying } from '../kit/shop.ts'
import { sqldMissing, startSqld } from '../kit/sqld.ts'
import { type CountingProxy, countingProxy } from './counting-proxy.ts'
import type { Figure, Section } from './figures.ts'
import { type BenchShop, openBenchShop } from './shop.ts'

const TITLE = 'Round trips to the database'

/** Requests that a real libSQL server gets for each operation, counted in front of it. */
export async function countRoundTrips(): Promise<Section> {
  const missing = sqldMissing()
  if (missing !== undefined) return { title: TITLE, figures: [], notes: [`skipped: ${missing}`] }
  const sqld = await startSqld()
  const proxy = await countingProxy(sqld.url)
  try {
    const database = remoteDatabase({ url: proxy.url })
    await migrateDatabase(database)
    return { title: TITLE, figures: await countAll(proxy, database) }
  } finally {
    await proxy.close()
    await sqld.stop()
  }
}

async function countAll(
  proxy: CountingProxy,
  database: ReturnType<typeof remoteDatabase>,
): Promise<readonly Figure[]> {
  const bank = openBank(Date.now, (request) => shop.gateway.fetch(request))
  const shop: BenchShop = await openBenchShop({
    database,
    http: {
      send: async (request) =>
        new URL(request.url).host === 'bank.example' ? bank.answer(request) : saying('success'),
    },
  })

  const figures: Figure[] = []
  async function count(name: string, budget: number | undefined, work: () => Promise<unknown>) {
    const before = proxy.passed()
    await work()
    const trips = proxy.passed() - before
    figures.push({
      name,
      measured: String(trips),
      ...(budget !== undefined && { budget: `≤ ${budget}`, holds: trips <= budget }),
      how: 'requests that reached sqld',
    })
  }
  const orders = (fields = {}) => shop.calls('/api/pay/unifiedOrder', { ...anOrder(), ...fields })
  const pays = async (payOrderId: string) => {
    const order = bank.orders.get(payOrderId)
    if (order === undefined) throw new Error('the bank has the order')
    order.state = 'paid'
    order.paidAtMs = Date.now()
    await bank.callback(order)
  }

  await orders() // warms the isolate
  const mchOrderNo = 'BENCH1'
  let payOrderId = ''
  await count('create a payment (the channel is called)', 2, async () => {
    payOrderId = String((await orders({ mchOrderNo })).payOrderId)
  })
  await count('create a payment (signed locally)', 1, () => orders({ wayCode: 'ALI_APP' }))
  await count('the same order again', 2, () => orders({ mchOrderNo }))
  // The second trip claims the question, so that a hundred shops that poll are one to the channel.
  await count('query a payment that is open (the channel is asked)', undefined, () =>
    shop.calls('/api/pay/query', { mchOrderNo }),
  )
  await count('query it again within seconds (the channel is not)', 1, () =>
    shop.calls('/api/pay/query', { mchOrderNo }),
  )
  await count("a channel's callback", 2, () => pays(payOrderId))
  await count('query a payment that is over', 1, () => shop.calls('/api/pay/query', { payOrderId }))
  await count('tell a merchant', undefined, async () => {
    const notificationId = shop.woken.pop()
    if (notificationId !== undefined) await shop.gateway.deliver(notificationId)
  })
  const { mchRefundNo, ...refund } = aRefund()
  await count('refund', undefined, () =>
    shop.calls('/api/refund/refundOrder', { ...refund, mchRefundNo, payOrderId }),
  )
  await count('query a refund', 1, () => shop.calls('/api/refund/query', { mchRefundNo }))
  const toClose = String((await orders()).payOrderId)
  await count('close a payment', undefined, () =>
    shop.calls('/api/pay/close', { payOrderId: toClose }),
  )
  await count('a sweep that finds nothing due', undefined, () => shop.gateway.sweep(SERVER_BOUNDS))
  shop.isCold()
  await count('create a payment in a new isolate', undefined, () => orders())
  return figures
}
