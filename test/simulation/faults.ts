import type { BankMood } from './bank.ts'
import { type Chance, chanceOf } from './chance.ts'

/** A door between an isolate and the world. Something can go wrong each time that one is used. */
export type Door = 'read' | 'write' | 'bank' | 'merchant' | 'timer' | 'sleep'

/**
 * What goes wrong at a door. `before` and `after` say on which side of the effect: what fails before
 * it has none, after it has one that nobody heard of.
 */
export type Fault =
  /** The isolate is gone; what it had asked for happens all the same, or does not. */
  | 'dies_before'
  | 'dies_after'
  // The database.
  | 'busy'
  | 'fails_before'
  | 'fails_after'
  /** Takes longer than leases last, on the way there or on the way back. */
  | 'slow_before'
  | 'slow_after'
  // Calls over HTTP.
  | 'not_sent'
  | 'lost_before'
  | 'lost_after'
  /** The caller gives up, and only then the call arrives. */
  | 'late'
  | 'slow'
  | 'error_before'
  | 'error_after'
  | 'bad_sign'
  | 'truncated'
  | 'html'
  // What a bank is like.
  | Exclude<BankMood, 'plain'>
  // What a merchant answers.
  | 'says_fail'
  | 'redirects'
  | 'gone'
  | 'rate_limits'
  // Wake-ups.
  | 'lost'
  | 'doubled'
  | 'postponed'
  | 'throws'

/** What can go wrong at each door, and how often of a hundred faults there. */
const FAULTS: Readonly<Record<Door, readonly (readonly [Fault, number])[]>> = {
  read: [
    ['dies_before', 20],
    ['busy', 25],
    ['fails_before', 25],
    ['slow_before', 10],
    ['slow_after', 20],
  ],
  write: [
    ['dies_before', 12],
    ['dies_after', 18],
    ['busy', 15],
    ['fails_before', 15],
    ['fails_after', 25],
    ['slow_before', 8],
    ['slow_after', 7],
  ],
  bank: [
    ['dies_before', 8],
    ['dies_after', 12],
    ['not_sent', 6],
    ['lost_before', 10],
    ['lost_after', 14],
    ['late', 8],
    ['slow', 4],
    ['error_before', 3],
    ['error_after', 7],
    ['bad_sign', 3],
    ['truncated', 2],
    ['html', 2],
    ['busy', 4],
    ['declines', 4],
    ['refuses', 3],
    ['lags', 6],
    ['calls_back_first', 4],
  ],
  merchant: [
    ['dies_before', 8],
    ['dies_after', 10],
    ['not_sent', 10],
    ['lost_before', 10],
    ['lost_after', 14],
    ['slow', 8],
    ['says_fail', 14],
    ['redirects', 6],
    ['gone', 2],
    ['rate_limits', 8],
    ['error_before', 10],
  ],
  timer: [
    ['dies_before', 10],
    ['dies_after', 10],
    ['lost', 40],
    ['doubled', 15],
    ['postponed', 15],
    ['throws', 10],
  ],
  sleep: [
    ['dies_before', 50],
    ['postponed', 50],
  ],
}

/** Which fault each use of a door meets. A use is named by its task, and counted within it. */
export type FaultsOf = (use: string, door: Door) => Fault | undefined

/** @param rates of a use of each door to meet a fault */
export function drawnFaults(seed: number, rates: Readonly<Record<Door, number>>): FaultsOf {
  return (use, door) => {
    const rate = rates[door]
    if (rate === 0) return undefined
    const chance = chanceOf(seed, `fault ${use}`)
    return chance.is(rate) ? drawFault(chance, door) : undefined
  }
}

export function givenFaults(faults: ReadonlyMap<string, Fault>): FaultsOf {
  return (use) => faults.get(use)
}

export const noFaults: FaultsOf = () => undefined

function drawFault(chance: Chance, door: Door): Fault | undefined {
  let left = chance.next() * 100
  for (const [fault, weight] of FAULTS[door]) {
    left -= weight
    if (left < 0) return fault
  }
  return FAULTS[door].at(-1)?.[0]
}

/** Each fault that a door can have: for those who try them all. */
export function faultsAt(door: Door): readonly Fault[] {
  return FAULTS[door].map(([fault]) => fault)
}
