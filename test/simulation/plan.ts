import type { LatePolicy } from '../../core/payment/state.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/time.ts'
import { type Chance, chanceOf } from './chance.ts'
import type { Door } from './faults.ts'

export interface OrderPlan {
  readonly way: 'WX_NATIVE' | 'WX_BAR' | 'ALI_APP'
  readonly fen: number
  readonly expirySeconds: number
  /** Whether the merchant gave an address for notifications. */
  readonly told: boolean
  readonly split: 'none' | 'automatic' | 'manual'
}

export interface RefundPlan {
  /** Which order, from 0. */
  readonly order: number
  readonly fen: number
  readonly told: boolean
}

export interface TransferPlan {
  readonly fen: number
  readonly told: boolean
}

export interface ReturnPlan {
  readonly order: number
  readonly receiver: 0 | 1
  readonly fen: number
}

/** What people, banks and machines do of themselves; `of` is an order, refund, … by its place. */
export type Deed =
  | 'order'
  | 'order_again'
  | 'order_other'
  | 'ask'
  | 'close'
  | 'refund'
  | 'refund_again'
  | 'refund_other'
  | 'ask_refund'
  | 'transfer'
  | 'transfer_again'
  | 'transfer_other'
  | 'ask_transfer'
  | 'cancel_transfer'
  | 'split'
  | 'ask_split'
  | 'return'
  | 'return_again'
  | 'payer_pays'
  | 'pays_after_end'
  | 'payee_takes'
  | 'forged_callback'
  | 'stray_callback'
  | 'misplaced_callback'
  | 'other_amount'
  | 'other_payee'
  | 'replayed_callback'
  | 'sweep'
  | 'rotate'
  | 'crash'

export interface Step {
  /** Names its task, and so what befalls it; kept when other steps are taken away. */
  readonly id: number
  readonly atMs: number
  readonly deed: Deed
  readonly of: number
  /** Which isolate it happens in. */
  readonly isolate: number
}

export interface Weather {
  readonly rates: Readonly<Record<Door, number>>
  readonly callbacks: 'punctual' | 'late' | 'often' | 'never'
  /** Of the bank's clock from ours. */
  readonly bankSkewMs: number
  /** Of each isolate's clock. */
  readonly skewsMs: readonly number[]
  /** How far reads may lag behind writes. */
  readonly replicaLagMs: number
  readonly latePolicy: LatePolicy
  readonly notifiesEveryEnd: boolean
}

/** All of a history that is decided before it begins. */
export interface Plan {
  readonly seed: number
  readonly weather: Weather
  readonly orders: readonly OrderPlan[]
  readonly refunds: readonly RefundPlan[]
  readonly transfers: readonly TransferPlan[]
  readonly returns: readonly ReturnPlan[]
  readonly steps: readonly Step[]
  /** How long faults go on. */
  readonly stormMs: number
}

export const ISOLATES = 3

export const CALM: Readonly<Record<Door, number>> = {
  read: 0,
  write: 0,
  bank: 0,
  merchant: 0,
  timer: 0,
  sleep: 0,
}

export function drawPlan(seed: number): Plan {
  const chance = chanceOf(seed, 'plan')
  const stormMs = chance.pick([
    5 * SECOND_MS,
    40 * SECOND_MS,
    4 * MINUTE_MS,
    20 * MINUTE_MS,
    3 * HOUR_MS,
  ])
  const orders = drawMany(chance, chance.pick([1, 1, 1, 1, 1, 2, 2, 3]), () => drawOrder(chance))
  const refunds = drawMany(chance, chance.pick([0, 0, 1, 1, 2, 3]), () => ({
    order: chance.whole(0, orders.length - 1),
    fen: chance.pick([100, 400, 600, 1_000]),
    told: chance.is(0.8),
  }))
  const transfers = drawMany(chance, chance.pick([0, 0, 0, 0, 1, 2]), () => ({
    fen: chance.whole(1, 900),
    told: chance.is(0.8),
  }))
  const returns = drawMany(chance, chance.pick([0, 0, 1]), () => ({
    order: chance.whole(0, orders.length - 1),
    receiver: chance.pick([0, 1] as const),
    fen: chance.pick([1, 100, 200, 300]),
  }))
  const deeds = [
    ...orders.flatMap((order, of) => deedsOfOrder(chance, order, of, stormMs)),
    ...refunds.flatMap((_, of) => deedsOfRefund(chance, of, stormMs)),
    ...transfers.flatMap((_, of) => deedsOfTransfer(chance, of, stormMs)),
    ...returns.flatMap((_, of) =>
      some(chance, stormMs, of, ['return', 0.9], ['return_again', 0.4]),
    ),
    ...deedsOfMachines(chance, stormMs),
  ]
  const steps = deeds
    .sort((a, b) => a.atMs - b.atMs)
    .map((deed, id) => ({ id, ...deed, isolate: chance.whole(0, ISOLATES - 1) }))
  const weather = drawWeather(chance)
  return { seed, weather, orders, refunds, transfers, returns, steps, stormMs }
}

function drawMany<Item>(chance: Chance, count: number, draw: (chance: Chance) => Item): Item[] {
  return Array.from({ length: count }, () => draw(chance))
}

function drawOrder(chance: Chance): OrderPlan {
  return {
    way: chance.pick(['WX_NATIVE', 'WX_NATIVE', 'WX_BAR', 'ALI_APP']),
    fen: 1_000,
    expirySeconds: chance.pick([30, 120, 600, 7_200]),
    told: chance.is(0.85),
    split: chance.pick(['none', 'none', 'none', 'automatic', 'manual']),
  }
}

function drawWeather(chance: Chance): Weather {
  const rate = chance.pick([0, 0.02, 0.06, 0.06, 0.15, 0.3])
  const atDoor = () => rate * chance.pick([0, 1, 1, 1.5])
  return {
    rates: {
      ...CALM,
      read: atDoor(),
      write: atDoor(),
      bank: atDoor(),
      merchant: atDoor(),
      timer: atDoor(),
      sleep: atDoor(),
    },
    callbacks: chance.pick(['punctual', 'late', 'often', 'never']),
    bankSkewMs: chance.pick([0, 0, 1_500, -1_500, 10 * MINUTE_MS, -10 * MINUTE_MS]),
    skewsMs: drawSkews(chance),
    replicaLagMs: chance.pick([0, 0, 0, 0, 300, 5_000]),
    latePolicy: chance.pick(['accept', 'refund', 'hold']),
    notifiesEveryEnd: chance.is(0.5),
  }
}

/** Of each isolate's clock: mostly all but right, and at times minutes apart. */
function drawSkews(chance: Chance): number[] {
  const areFarApart = chance.is(1 / 6)
  return Array.from({ length: ISOLATES }, () =>
    areFarApart
      ? chance.pick([0, 1, -1]) * chance.pick([40 * SECOND_MS, 3 * MINUTE_MS, 10 * MINUTE_MS])
      : chance.pick([0, 0, 400, -400]),
  )
}

type Drawn = Pick<Step, 'atMs' | 'deed' | 'of'>

/** Each with its probability, somewhere in the storm; a deed that comes first comes early. */
function some(
  chance: Chance,
  stormMs: number,
  of: number,
  ...deeds: readonly (readonly [Deed, number])[]
): Drawn[] {
  return deeds.flatMap(([deed, probability], place) => {
    if (!chance.is(probability)) return []
    const from = (place / deeds.length) * chance.next()
    return [{ deed, of, atMs: Math.floor(stormMs * (from + (1 - from) * chance.next() ** 2)) }]
  })
}

function deedsOfOrder(chance: Chance, order: OrderPlan, of: number, stormMs: number): Drawn[] {
  const startMs = Math.floor(stormMs * 0.4 * chance.next() ** 2)
  const shifted = some(
    chance,
    stormMs - startMs,
    of,
    ['order_again', 0.3],
    ['order_again', 0.15],
    ['order_other', 0.1],
    ['payer_pays', 0.7],
    ['ask', 0.3],
    ['close', 0.3],
    ['pays_after_end', 0.2],
    ['split', order.split === 'manual' ? 0.9 : 0.02],
    ['split', order.split === 'manual' ? 0.3 : 0],
    ['ask_split', 0.05],
    ['ask', 0.1],
    ['forged_callback', 0.05],
    ['misplaced_callback', 0.02],
    ['other_amount', 0.03],
    ['other_payee', 0.03],
  )
  // A payer who is as quick as the close, or a moment quicker than the bank's own books.
  const close = shifted.find(({ deed }) => deed === 'close')
  const meets: Drawn[] =
    close !== undefined && chance.is(0.4)
      ? [
          {
            deed: chance.pick(['payer_pays', 'pays_after_end', 'pays_after_end']),
            of,
            atMs: close.atMs + chance.pick([20, 90, 150, 2_000, 20_000]),
          },
        ]
      : []
  return [
    { deed: 'order', of, atMs: startMs },
    ...[...shifted, ...meets].map((drawn) => ({ ...drawn, atMs: startMs + drawn.atMs })),
  ]
}

function deedsOfRefund(chance: Chance, of: number, stormMs: number): Drawn[] {
  // Late, for a refund wants a payment that was paid.
  const startMs = Math.floor(stormMs * (0.3 + 0.7 * chance.next()))
  const shifted = some(
    chance,
    stormMs - startMs,
    of,
    ['refund_again', 0.3],
    ['refund_other', 0.1],
    ['ask_refund', 0.2],
  )
  return [
    { deed: 'refund', of, atMs: startMs },
    ...shifted.map((drawn) => ({ ...drawn, atMs: startMs + drawn.atMs })),
  ]
}

function deedsOfTransfer(chance: Chance, of: number, stormMs: number): Drawn[] {
  return some(
    chance,
    stormMs,
    of,
    ['transfer', 1],
    ['transfer_again', 0.4],
    ['transfer_other', 0.1],
    ['ask_transfer', 0.2],
    ['payee_takes', 0.5],
    ['cancel_transfer', 0.3],
  )
}

function deedsOfMachines(chance: Chance, stormMs: number): Drawn[] {
  const sweeps = chance.pick([1, 2, 3, 4, 6])
  return [
    ...Array.from({ length: sweeps }, () => ({
      deed: 'sweep' as const,
      of: 0,
      atMs: Math.floor(stormMs * chance.next()),
    })),
    ...some(
      chance,
      stormMs,
      0,
      ['crash', 0.2],
      ['rotate', 0.1],
      ['replayed_callback', 0.1],
      ['stray_callback', 0.05],
    ),
  ]
}

/** When the world looks again once the storm is over; the last time is what "settled" means by. */
export const CALM_LOOKS_MS: readonly number[] = [
  4 * MINUTE_MS,
  6 * MINUTE_MS,
  15 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
  8 * HOUR_MS,
  DAY_MS,
  2 * DAY_MS,
  3 * DAY_MS,
]
