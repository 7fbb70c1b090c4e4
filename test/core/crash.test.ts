import { describe, expect, it } from 'vitest'
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts'
import { expectBooksInOrder } from '../kit/audit.ts'
import { type Fault, faultyDatabase } from '../kit/faulty-database.ts'
import { type Envelope, openShop, type Shop, type ShopOptions } from '../kit/shop.ts'

/**
 * Something that a gateway does, with the database failing at each of its batches in turn, before
 * the commit and after it; then the gateway is started anew, time passes, and all has to be well.
 */
interface Story {
  readonly options?: ShopOptions
  /** Up to the moment of the fault. */
  before(shop: Shop): Promise<string>
  /** Under the fault. */
  acts(shop: Shop, payOrderId: string): Promise<void>
  /** What the world does once the database is back. */
  goesOn(shop: Shop, payOrderId: string): Promise<void>
  /** How the payment is shown in the end. */
  readonly ends: number
  /** The states that the merchant may be told, each at least once. */
  readonly told: readonly string[]
}

const ORDER = { mchOrderNo: 'A1', expiredTime: 600 }
const REFUND = { mchRefundNo: 'F1', refundAmount: 400 }

/** What a merchant's client may meet: never a 5xx, which the SDK would repeat by itself. */
function expectAnswer(answer: Envelope): void {
  expect([0, 12]).toContain(answer.code)
}

async function pays(shop: Shop, callsBack: boolean): Promise<void> {
  for (const order of shop.bank.orders.values()) {
    if (order.state !== 'unpaid') continue
    order.state = 'paid'
    order.paidAtMs = shop.clock.now()
    for (let tries = 0; callsBack && tries < 3; tries++) {
      if ((await shop.bank.callback(order)).status === 200) break
    }
  }
  await shop.settles()
}

async function timePasses(shop: Shop): Promise<void> {
  await shop.passes(4 * MINUTE_MS, 15 * SECOND_MS)
  await shop.passes(30 * MINUTE_MS, 3 * MINUTE_MS)
  await shop.passes(3 * HOUR_MS, 20 * MINUTE_MS)
}

const orders = (shop: Shop) => shop.orders(ORDER)
async function ordersAndPays(shop: Shop): Promise<string> {
  const payOrderId = await shop.orders(ORDER)
  await shop.payerPays(payOrderId)
  shop.told.length = 0
  return payOrderId
}

const stories: Readonly<Record<string, Story>> = {
  'an order that is repeated and paid': {
    before: async () => '',
    acts: async (shop) => expectAnswer(await shop.asksFor(ORDER)),
    async goesOn(shop) {
      const again = await shop.asksFor(ORDER)
      expect(again).toMatchObject({ code: 0, data: { orderState: 1, payDataType: 'codeUrl' } })
      await pays(shop, true)
    },
    ends: 2,
    told: ['2'],
  },
  'an order that is paid, and whose callback never comes': {
    before: async () => '',
    acts: async (shop) => expectAnswer(await shop.asksFor(ORDER)),
    async goesOn(shop) {
      await shop.asksFor(ORDER)
      await pays(shop, false)
    },
    ends: 2,
    told: ['2'],
  },
  'an order signed here, that is repeated and never paid': {
    before: async () => '',
    acts: async (shop) => expectAnswer(await shop.asksFor({ ...ORDER, wayCode: 'ALI_APP' })),
    async goesOn(shop) {
      const again = await shop.asksFor({ ...ORDER, wayCode: 'ALI_APP' })
      expect(again).toMatchObject({ code: 0, data: { orderState: 1, payDataType: 'aliapp' } })
    },
    ends: 6,
    told: [],
  },
  'a callback that the channel repeats': {
    before: orders,
    acts: (shop) => pays(shop, true),
    goesOn: async () => undefined,
    ends: 2,
    told: ['2'],
  },
  'a close': {
    before: orders,
    acts: async (shop, payOrderId) => expectAnswer(await shop.closes(payOrderId)),
    async goesOn(shop, payOrderId) {
      const again = await shop.closes(payOrderId)
      if (again.code !== 0) expect(again.msg).toBe('当前订单不可关闭')
    },
    ends: 6,
    told: [],
  },
  'a query that finds a payment paid': {
    before: orders,
    async acts(shop, payOrderId) {
      for (const order of shop.bank.orders.values()) order.state = 'paid'
      expectAnswer(await shop.sees(payOrderId))
      await shop.settles()
    },
    goesOn: async () => undefined,
    ends: 2,
    told: ['2'],
  },
  'a sweep that finds a payment paid and tells the merchant': {
    before: orders,
    async acts(shop) {
      for (const order of shop.bank.orders.values()) order.state = 'paid'
      await shop.clock.advance(15 * SECOND_MS)
      await shop.sweeps().catch(() => undefined)
      await shop.sweeps().catch(() => undefined)
    },
    goesOn: async () => undefined,
    ends: 2,
    told: ['2'],
  },
  'a sweep that closes what has expired': {
    before: orders,
    async acts(shop) {
      await shop.clock.advance(601 * SECOND_MS)
      await shop.sweeps().catch(() => undefined)
    },
    goesOn: async () => undefined,
    ends: 6,
    told: [],
  },
  'a refund that is repeated': {
    before: ordersAndPays,
    acts: async (shop, payOrderId) => expectAnswer(await shop.refunds(payOrderId, REFUND)),
    async goesOn(shop, payOrderId) {
      expect(await shop.refunds(payOrderId, REFUND)).toMatchObject({ code: 0 })
    },
    ends: 2,
    told: ['2'],
  },
  'a refund whose end comes by callback': {
    async before(shop) {
      const payOrderId = await ordersAndPays(shop)
      shop.bank.refundsWait = true
      await shop.refunds(payOrderId, REFUND)
      return payOrderId
    },
    async acts(shop) {
      for (const refund of shop.bank.refunds.values()) {
        refund.state = 'paid'
        for (let tries = 0; tries < 3; tries++) {
          if ((await shop.bank.callback(refund)).status === 200) break
        }
      }
      await shop.settles()
    },
    goesOn: async () => undefined,
    ends: 2,
    told: ['2'],
  },
  'money that comes late and goes back': {
    options: { latePolicy: 'refund' },
    async before(shop) {
      const payOrderId = await shop.orders(ORDER)
      await shop.closes(payOrderId)
      await shop.clock.advance(MINUTE_MS)
      for (const order of shop.bank.orders.values()) order.state = 'unpaid'
      return payOrderId
    },
    async acts(shop) {
      await pays(shop, true)
      await shop.sweeps().catch(() => undefined)
    },
    goesOn: (shop) => callsBackUntilHeard(shop),
    ends: 6,
    told: [],
  },
}

/** A channel repeats its callback until it is acknowledged, for hours if need be. */
async function callsBackUntilHeard(shop: Shop): Promise<void> {
  for (const order of shop.bank.orders.values()) {
    if (order.state === 'paid') expect((await shop.bank.callback(order)).status).toBe(200)
  }
  await shop.settles()
}

const faults: readonly Fault[] = [
  { when: 'before', lasts: 'once' },
  { when: 'after', lasts: 'once' },
  { when: 'before', lasts: 'until mended' },
  { when: 'after', lasts: 'until mended' },
]
const cases = Object.entries(stories).flatMap(([name, story]) =>
  faults.map((fault) => ({ name, story, fault })),
)

describe('a database that fails in the middle', () => {
  it.each(cases)('of $name ($fault.when the commit, $fault.lasts)', async ({ story, fault }) => {
    let batches = 0
    for (;;) {
      const isOver = await happens(story, fault, batches + 1)
      if (isOver) break
      batches++
    }
    // Each story has at least one batch to fail at: else this would test nothing.
    expect(batches).toBeGreaterThan(0)
  })
})

/** Tells a story with a fault at one batch. @returns whether the story has fewer batches */
async function happens(story: Story, fault: Fault, atBatch: number): Promise<boolean> {
  const faulty = faultyDatabase()
  const shop = await openShop({ ...story.options, wrapDatabase: faulty.wrap })
  const payOrderId = await story.before(shop)
  faulty.arm(fault, atBatch)
  await story.acts(shop, payOrderId)
  await shop.settles()
  const isOver = !faulty.hasFailed()
  faulty.mend()
  shop.restarts()
  await shop.clock.advance(MINUTE_MS)
  await story.goesOn(shop, payOrderId)
  await timePasses(shop)
  await expectWell(shop, story)
  return isOver
}

async function expectWell(shop: Shop, { ends, told }: Story): Promise<void> {
  const { data } = await shop.calls('/api/pay/query', { mchOrderNo: ORDER.mchOrderNo })
  expect(data).toMatchObject({ state: ends })
  expect(new Set(shop.told.map(({ fields }) => fields.state))).toEqual(new Set(told))
  await expectBooksInOrder(shop)
}
