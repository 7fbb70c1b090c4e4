import { beforeAll, describe, expect, it } from 'vitest'
import { MINUTE_MS, SECOND_MS } from '../../core/time.ts'
import type { Door, Fault } from './faults.ts'
import { CALM, type Deed, type OrderPlan, type Plan, type Weather } from './plan.ts'
import { storyOf } from './seeds.ts'
import { playCase } from './shrink.ts'
import { openStage, type Stage } from './stage.ts'

/**
 * Every crash point: a story is played once as it should go, to learn each door that it uses; then
 * once for each use and each thing that can go wrong there. Whatever that was, the gateway is there
 * again at once, people go on with what they do, and after three days the laws have to hold.
 */
interface Story {
  readonly order?: Partial<OrderPlan>
  readonly weather?: Partial<Weather>
  /** Seconds, deed, and of which order, refund, … from 0. */
  readonly steps: readonly (readonly [seconds: number, deed: Deed, of?: number])[]
  /** The step with which it comes to its point: what is before that, other stories try. */
  readonly from?: number
  /** Calls that the bank must have had: else the story is not the one that is meant. */
  readonly calls: readonly string[]
  /** Picks what the bank decides by itself. */
  readonly seed?: number
}

const STORIES: Readonly<Record<string, Story>> = {
  'an order that is repeated and paid': {
    steps: [
      [0, 'order'],
      [45, 'order_again'],
      [60, 'payer_pays'],
    ],
    calls: ['pay'],
  },
  'two copies of an order at once': {
    steps: [
      [0, 'order'],
      [0.01, 'order_again'],
      [60, 'payer_pays'],
    ],
    calls: ['pay'],
  },
  'an order that is signed here': {
    order: { way: 'ALI_APP' },
    steps: [
      [0, 'order'],
      [45, 'order_again'],
      [60, 'payer_pays'],
    ],
    calls: [],
  },
  "an order that charges the payer's code": {
    order: { way: 'WX_BAR' },
    steps: [
      [0, 'order'],
      [45, 'order_again'],
      [70, 'sweep'],
    ],
    calls: ['pay'],
    seed: 2,
  },
  "a payer's code that waits for a password, and is given up": {
    order: { way: 'WX_BAR' },
    weather: { notifiesEveryEnd: true },
    steps: [
      [0, 'order'],
      [70, 'sweep'],
    ],
    calls: ['pay', 'query', 'close'],
    seed: 5,
  },
  'a query that finds a payment paid': {
    weather: { callbacks: 'never' },
    steps: [
      [0, 'order'],
      [20, 'payer_pays'],
      [21, 'ask'],
      [60, 'ask'],
    ],
    from: 2,
    calls: ['pay', 'query'],
  },
  'a close that is repeated': {
    weather: { notifiesEveryEnd: true },
    steps: [
      [0, 'order'],
      [20, 'close'],
      [60, 'close'],
    ],
    from: 1,
    calls: ['pay', 'close'],
  },
  'a close that meets the payer': {
    steps: [
      [0, 'order'],
      [20, 'close'],
      [20.01, 'payer_pays'],
    ],
    from: 1,
    calls: ['pay', 'close'],
  },
  'a sweep that closes what has expired': {
    order: { expirySeconds: 30 },
    weather: { notifiesEveryEnd: true },
    steps: [
      [0, 'order'],
      [40, 'sweep'],
    ],
    from: 1,
    calls: ['pay', 'query', 'close'],
  },
  'two sweeps at once that find a payment paid': {
    weather: { callbacks: 'never' },
    steps: [
      [0, 'order'],
      [20, 'payer_pays'],
      [25, 'sweep'],
      [25.005, 'sweep'],
      [60, 'sweep'],
    ],
    from: 2,
    calls: ['pay', 'query'],
  },
  'a refund that is repeated': {
    steps: [
      [0, 'order'],
      [10, 'payer_pays'],
      [30, 'refund'],
      [80, 'refund_again'],
      [90, 'sweep'],
    ],
    from: 2,
    calls: ['pay', 'refund'],
    seed: 2,
  },
  'two refunds at once, of which one is too much': {
    steps: [
      [0, 'order'],
      [10, 'payer_pays'],
      [30, 'refund'],
      [30.005, 'refund', 1],
      [80, 'refund_again', 1],
    ],
    from: 2,
    calls: ['pay', 'refund'],
  },
  'money that comes late and goes back': {
    weather: { latePolicy: 'refund' },
    steps: [
      [0, 'order'],
      [10, 'close'],
      [20, 'pays_after_end'],
      [40, 'sweep'],
    ],
    from: 1,
    calls: ['pay', 'close', 'refund'],
    seed: 3,
  },
  'a transfer that its payee takes': {
    steps: [
      [0, 'transfer'],
      [20, 'payee_takes'],
      [40, 'transfer_again'],
      [50, 'sweep'],
    ],
    calls: ['transfer'],
    seed: 8,
  },
  'a transfer that is cancelled': {
    steps: [
      [0, 'transfer'],
      [20, 'cancel_transfer'],
      [60, 'cancel_transfer'],
    ],
    from: 1,
    calls: ['transfer', 'cancel_transfer'],
    seed: 8,
  },
  'a split, of which a share is taken back': {
    order: { split: 'manual' },
    steps: [
      [0, 'order'],
      [10, 'payer_pays'],
      [20, 'split'],
      [65, 'split'],
      [70, 'sweep'],
      [80, 'return'],
      [125, 'return_again'],
      [130, 'sweep'],
    ],
    from: 2,
    calls: ['pay', 'split', 'split_return'],
    seed: 5,
  },
  'a payment that is split by itself': {
    order: { split: 'automatic' },
    steps: [
      [0, 'order'],
      [10, 'payer_pays'],
      [100, 'sweep'],
    ],
    from: 2,
    calls: ['pay', 'split'],
  },
  'a key that is changed while a payment waits': {
    steps: [
      [0, 'order'],
      [10, 'rotate'],
      [20, 'payer_pays'],
      [30, 'ask'],
      [40, 'refund'],
    ],
    from: 1,
    calls: ['pay', 'refund'],
  },
}

const WRONG: Readonly<Record<Door, readonly Fault[]>> = {
  read: ['dies_before', 'fails_before'],
  write: ['dies_before', 'dies_after', 'fails_before', 'fails_after'],
  bank: ['dies_before', 'dies_after', 'not_sent', 'lost_before', 'lost_after', 'late'],
  merchant: ['dies_before', 'dies_after', 'lost_after'],
  timer: ['dies_before', 'dies_after', 'lost'],
  sleep: ['dies_before'],
}

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})

function planOf({ order, weather, steps, seed = 1 }: Story): Plan {
  return {
    seed,
    weather: {
      rates: CALM,
      callbacks: 'punctual',
      bankSkewMs: 0,
      skewsMs: [0, 0, 0],
      replicaLagMs: 0,
      latePolicy: 'accept',
      notifiesEveryEnd: false,
      ...weather,
    },
    orders: [
      { way: 'WX_NATIVE', fen: 1_000, expirySeconds: 600, told: true, split: 'none', ...order },
    ],
    refunds: [
      { order: 0, fen: 600, told: true },
      { order: 0, fen: 500, told: true },
    ],
    transfers: [{ fen: 300, told: true }],
    returns: [{ order: 0, receiver: 0, fen: 100 }],
    steps: steps.map(([seconds, deed, of = 0], id) => ({
      id,
      atMs: seconds * SECOND_MS,
      deed,
      of,
      isolate: id % 3,
    })),
    stormMs: 3 * MINUTE_MS,
  }
}

describe('whatever goes wrong at whichever door', () => {
  it.each(Object.entries(STORIES))(
    'of %s',
    async (_, story) => {
      const plan = planOf(story)
      const asItShould = await playCase(stage, { plan, faults: {} }, true)
      expect(asItShould.broken).toEqual([])
      const told = asItShould.story.join('\n')
      for (const call of story.calls) expect(told).toContain(`: bank, ${call} `)

      let played = 0
      const uses = [...asItShould.doors]
      const first = uses.findIndex(([use]) => use.startsWith(`step ${story.from ?? 0},`))
      for (const [use, door] of uses.slice(first)) {
        for (const fault of WRONG[door]) {
          const wrong = { plan, faults: { [use]: fault } }
          const { broken, met } = await playCase(stage, wrong)
          expect([...met.keys()]).toContain(use)
          played++
          if (broken.length === 0) continue
          expect.fail(`${use}: ${fault}\n${storyOf(wrong, await playCase(stage, wrong, true))}`)
        }
      }
      expect(played).toBeGreaterThan(9)
      // Some hundreds of histories: no clock of the machine's is to judge them.
    },
    600_000,
  )
})
