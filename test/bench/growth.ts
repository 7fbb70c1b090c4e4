import { join } from 'node:path'
import type { Database, SqlValue } from '../../core/ports.ts'
import { type Bank, openBank } from '../kit/bank.ts'
import { anOrder } from '../kit/shop.ts'
import { median, type Section, spread } from './figures.ts'
import { inFolder, openTables } from './file.ts'
import { type BenchShop, openBenchShop } from './shop.ts'

const FEW = 10_000
const ROUNDS = 10
const ORDERS_A_ROUND = 60

/** Tables that have rows for each order. */
const GROWING = ['payments', 'attempts', 'idempotency', 'events', 'outbox', 'inbound_calls']

/**
 * What an order costs, from request to the channel's callback, with few and with many stored.
 *
 * @param many how many orders the larger database holds
 */
export async function measureGrowth(many: number): Promise<Section> {
  return inFolder(async (folder) => {
    const files = [
      await openTables(join(folder, 'few.db')),
      await openTables(join(folder, 'many.db')),
    ]
    try {
      const [few, more] = [
        await stocked(files[0]?.database, FEW),
        await stocked(files[1]?.database, many),
      ]
      await round(few)
      await round(more)
      const ratios: { readonly ms: number; readonly cpuMs: number }[] = []
      for (let i = 0; i < ROUNDS; i++) {
        // Who goes first has a colder machine: in turn.
        const first = await round(i % 2 ? more : few)
        const second = await round(i % 2 ? few : more)
        const [a, b] = i % 2 ? [second, first] : [first, second]
        ratios.push({ ms: b.ms / a.ms, cpuMs: b.cpuMs / a.cpuMs })
      }
      const cpu = ratios.map(({ cpuMs }) => cpuMs)
      return {
        title: 'Growth',
        figures: [
          {
            name: `an order with ${many.toLocaleString('en')} stored, beside ${FEW.toLocaleString('en')}`,
            measured: spread(cpu, 2, '×'),
            budget: '≤ 1.2×',
            holds: median(cpu) <= 1.2,
            how: `CPU time of ${ROUNDS} rounds of ${ORDERS_A_ROUND} orders with their callbacks, in turn on two files; npm run bench -- --stored 10000000 for more`,
          },
          {
            name: 'the same by the clock',
            measured: spread(
              ratios.map(({ ms }) => ms),
              2,
              '×',
            ),
            how: 'the same rounds, with what the disk adds',
          },
        ],
      }
    } finally {
      for (const file of files) await file.close()
    }
  })
}

interface Stocked {
  readonly shop: BenchShop
  readonly bank: Bank
}

async function stocked(database: Database | undefined, count: number): Promise<Stocked> {
  if (database === undefined) throw new Error('the file was opened')
  const bank = openBank(Date.now, (request) => shop.gateway.fetch(request))
  const http = { send: (request: Parameters<Bank['answer']>[0]) => bank.answer(request) }
  const shop: BenchShop = await openBenchShop({ database, http })
  const made = { shop, bank }
  await takeOne(made)
  for (const table of GROWING) await copyRows(database, table, count)
  await database.batch([{ sql: 'analyze', args: [] }], 'write')
  return made
}

/** Our ids: a letter and 21 digits; the bank's carry one of them. */
const AN_ID = /^([A-Z]+)\d{21}$/

/** Writes the one row that is there `count` times, each with ids and numbers of its own. */
async function copyRows(database: Database, table: string, count: number): Promise<void> {
  const read = async (sql: string) => (await database.batch([{ sql, args: [] }], 'read'))[0] ?? []
  const columns = (await read(`select name from pragma_table_info('${table}')`)).map(([name]) =>
    String(name),
  )
  const [row] = await read(`select * from ${table} limit 1`)
  if (row === undefined) return
  const values = columns.map((column, i) => copied(column, row[i]))
  // In portions, so that one transaction stays small.
  for (let from = 0; from < count; from += 50_000) {
    const sql = `with recursive seq(n) as (select ${from} union all select n + 1 from seq where n + 1 < ${Math.min(from + 50_000, count)})
      insert into ${table} (${columns.join(', ')}) select ${values.join(', ')} from (select * from ${table} limit 1), seq`
    await database.batch([{ sql, args: [] }], 'write')
  }
}

function copied(column: string, value: SqlValue | undefined): string {
  const prefix = typeof value === 'string' ? AN_ID.exec(value)?.[1] : undefined
  if (prefix !== undefined) return `'${prefix}1' || printf('%020d', n)`
  if (column === 'merchant_payment_no' || column === 'key') return `${column} || '-' || n`
  // Due times of what is copied would make work for nobody.
  if (column.startsWith('next_') && value !== null) return '8000000000000'
  return column
}

async function takeOne({ shop, bank }: Stocked): Promise<void> {
  const { payOrderId } = await shop.calls('/api/pay/unifiedOrder', anOrder())
  const order = bank.orders.get(String(payOrderId))
  if (order === undefined) throw new Error('the bank has the order')
  order.state = 'paid'
  order.paidAtMs = Date.now()
  await bank.callback(order)
}

async function round(of: Stocked) {
  const [startedAtMs, cpuBefore] = [performance.now(), process.cpuUsage()]
  for (let i = 0; i < ORDERS_A_ROUND; i++) await takeOne(of)
  const { user, system } = process.cpuUsage(cpuBefore)
  return { ms: performance.now() - startedAtMs, cpuMs: (user + system) / 1_000 }
}
