import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MINUTE_MS, SECOND_MS } from '../../../core/time.ts'
import { openShop, type Shop } from '../../kit/shop.ts'
import {
  closed,
  type Model,
  type ModelPayment,
  mayRefund,
  mayShow,
  newModel,
  ordered,
  paid,
  timePassed,
} from './reference.ts'

type Step = fc.AsyncCommand<Model, Real>

/** The gateway, and our numbers of the merchant's. */
interface Real {
  readonly shop: Shop
  readonly ids: Map<string, string>
}

const LASTS_SECONDS = 600

/** One step of a history: about the payment of a number, if there is one to be about. */
function step(
  name: string,
  number: string,
  run: (payment: ModelPayment, shop: Shop, id: string) => Promise<void>,
  isPossible: (payment: ModelPayment) => boolean = () => true,
): Step {
  return {
    check: ({ payments }) => {
      const payment = payments.get(number)
      return payment !== undefined && isPossible(payment)
    },
    async run(model, { shop, ids }) {
      const payment = model.payments.get(number)
      if (payment === undefined) throw new Error('there is no such payment')
      await run(payment, shop, ids.get(number) ?? '')
      // Before time goes on: whoever is still telling a merchant would seem to have died over it.
      await shop.settles()
    },
    toString: () => `${name} ${number}`,
  }
}

function order(number: string, fen: number): Step {
  const fields = { mchOrderNo: number, amount: fen, expiredTime: LASTS_SECONDS }
  return {
    check: ({ payments }) => !payments.has(number),
    async run(model, { shop, ids }) {
      ids.set(number, await shop.orders(fields))
      ordered(model, number, fen, LASTS_SECONDS * SECOND_MS)
    },
    toString: () => `order ${number} of ${fen} fen`,
  }
}

const repeat = (number: string) =>
  step('repeat', number, async ({ fen }, shop, id) => {
    const fields = { mchOrderNo: number, amount: fen, expiredTime: LASTS_SECONDS }
    expect(await shop.asksFor(fields)).toMatchObject({ code: 0, data: { payOrderId: id } })
  })

const repeatOtherwise = (number: string) =>
  step('repeat otherwise', number, async ({ fen }, shop) => {
    const fields = { mchOrderNo: number, amount: fen + 1, expiredTime: LASTS_SECONDS }
    expect((await shop.asksFor(fields)).code).toBe(9999)
  })

const pay = (number: string, isHeard: boolean) =>
  step(
    isHeard ? 'pay' : 'pay, and no callback',
    number,
    async (payment, shop, id) => {
      const bankOrder = shop.bank.orders.get(id)
      if (bankOrder === undefined) throw new Error('the bank has no such order')
      bankOrder.state = 'paid'
      bankOrder.paidAtMs = shop.clock.now()
      if (isHeard) expect((await shop.bank.callback(bankOrder)).status).toBe(200)
      paid(payment, isHeard)
    },
    ({ bank }) => bank === 'unpaid' || (bank === 'closed' && isHeard),
  )

const callback = (number: string) =>
  step(
    'callback',
    number,
    async (payment, shop, id) => {
      const bankOrder = shop.bank.orders.get(id)
      if (bankOrder !== undefined) await shop.bank.callback(bankOrder)
      paid(payment, true)
    },
    ({ bank }) => bank === 'paid',
  )

const query = (number: string) =>
  step('query', number, async (payment, shop, id) => {
    const { data } = await shop.sees(id)
    expect(mayShow(payment)).toContain(data?.state)
    // What has been shown once is known from then on.
    if (data?.state === 2) payment.heard = 'paid'
  })

const close = (number: string) =>
  step('close', number, async (payment, shop, id) => {
    const wasOpen = payment.heard === 'unpaid'
    const { code } = await shop.closes(id)
    if (wasOpen) closed(payment)
    expect(code).toBe(payment.heard === 'closed' && wasOpen ? 0 : 9999)
  })

const refund = (number: string, fen: number) =>
  step(`refund ${fen} fen of`, number, async (payment, shop, id) => {
    const may = mayRefund(payment, fen)
    const { code } = await shop.refunds(id, { refundAmount: fen })
    if (may === 'yes') expect(code).toBe(0)
    if (may === 'no') expect(code).toBe(9999)
    if (code === 0) {
      payment.heard = 'paid'
      payment.refunded += fen
    }
  })

const passes = (ms: number): Step => ({
  check: () => true,
  async run(model, { shop }) {
    await shop.passes(ms, MINUTE_MS)
    timePassed(model, ms)
  },
  toString: () => `${ms / MINUTE_MS} minutes pass`,
})

const restart: Step = {
  check: () => true,
  run: async (_, { shop }) => shop.restarts(),
  toString: () => 'restart',
}

/** What must be true of all that has ever happened, once everybody has had time. */
async function expectSettled(model: Model, { shop, ids }: Real): Promise<void> {
  await shop.passes(30 * MINUTE_MS, MINUTE_MS)
  timePassed(model, 30 * MINUTE_MS)
  for (const [number, payment] of model.payments) {
    const id = ids.get(number) ?? ''
    const { data } = await shop.sees(id)
    expect([number, data?.state]).toEqual([number, mayShow(payment)[0]])
    const tellsPaid = shop.told.filter(
      ({ fields }) => fields.payOrderId === id && fields.state === '2' && !fields.refundOrderId,
    )
    expect([number, tellsPaid.length]).toEqual([number, payment.bank === 'paid' ? 1 : 0])
    const refunds = [...shop.bank.refunds.values()].filter(({ order }) => order === id)
    expect(refunds.reduce((sum, { amount }) => sum + amount, 0)).toBe(payment.refunded)
  }
  expect(shop.bank.orders.size).toBe(model.payments.size)
}

const numbers = fc.constantFrom('A', 'A', 'B')
const steps = [
  fc.constant(order('B', 1000)),
  numbers.map(repeat),
  numbers.map(repeatOtherwise),
  fc.tuple(numbers, fc.boolean()).map(([number, isHeard]) => pay(number, isHeard)),
  numbers.map(callback),
  numbers.map(query),
  numbers.map(close),
  // Twice, and most of them so large that there is not money for two.
  fc.tuple(numbers, fc.constantFrom(1, 400, 600)).map(([number, fen]) => refund(number, fen)),
  numbers.map((number) => refund(number, 600)),
  fc.constantFrom(MINUTE_MS, 5 * MINUTE_MS, 11 * MINUTE_MS).map(passes),
  fc.constant(restart),
]

describe('a gateway and a page that says what it owes', () => {
  it('agree after every step of any history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 24, size: 'max' }), async (commands) => {
        const real: Real = { shop: await openShop({ latePolicy: 'accept' }), ids: new Map() }
        const model = newModel()
        // Most steps are about a payment: a history has one from the start.
        await order('A', 1000).run(model, real)
        await fc.asyncModelRun(() => ({ model, real }), commands)
        await expectSettled(model, real)
      }),
      { numRuns: Number(process.env.MODEL_RUNS ?? 40), endOnFailure: false },
    )
  })
})
