import { type Fault, givenFaults } from './faults.ts'
import { type Ended, playHistory } from './history.ts'
import type { Plan, Weather } from './plan.ts'
import type { Stage } from './stage.ts'

/** A plan with the faults that its history met: what the corpus keeps, and what a story is made of. */
export interface Case {
  readonly plan: Plan
  /** By the use of a door: `step 3, 2`. */
  readonly faults: Readonly<Record<string, Fault>>
}

export function playCase(stage: Stage, { plan, faults }: Case, tells = false): Promise<Ended> {
  return playHistory(stage, plan, { faults: givenFaults(new Map(Object.entries(faults))), tells })
}

/**
 * The shortest story with the same end that can be found by leaving things out: steps and faults by
 * halves, quarters and so on down to single ones, then what is odd about the weather.
 *
 * @param maxPlays how many histories may be played for it
 */
export async function shrink(stage: Stage, found: Case, maxPlays = 600): Promise<Case> {
  const first = (await playCase(stage, found)).broken[0]
  if (first === undefined) return found
  const wanted = kindOf(first.what)
  let plays = 0
  const fails = async (candidate: Case): Promise<boolean> => {
    if (plays >= maxPlays) return false
    plays++
    const [broken] = (await playCase(stage, candidate)).broken
    return broken !== undefined && kindOf(broken.what) === wanted
  }

  let best = found
  for (let isSmaller = true; isSmaller && plays < maxPlays; ) {
    const before = sizeOf(best)
    best = await leaveOut(stepsOf(best), (steps) => withSteps(best, steps), fails)
    best = await leaveOut(Object.entries(best.faults), (faults) => withFaults(best, faults), fails)
    isSmaller = sizeOf(best) < before
  }
  for (const change of PLAINER) {
    const weather = { ...best.plan.weather, ...change }
    const candidate = { ...best, plan: { ...best.plan, weather } }
    if (await fails(candidate)) best = candidate
  }
  return best
}

const PLAINER: readonly Partial<Weather>[] = [
  { replicaLagMs: 0 },
  { bankSkewMs: 0 },
  { skewsMs: [0, 0, 0] },
  { callbacks: 'punctual' },
  { callbacks: 'never' },
  { latePolicy: 'accept' },
]

/** What is broken, whatever the numbers in it. */
export function kindOf(what: string): string {
  return what.replaceAll(/[A-Z]?\d[\w.]*/g, '#')
}

const sizeOf = ({ plan, faults }: Case) => plan.steps.length + Object.keys(faults).length
const stepsOf = ({ plan }: Case) => plan.steps
const withSteps = (whole: Case, steps: Plan['steps']): Case => ({
  ...whole,
  plan: { ...whole.plan, steps },
})
const withFaults = (whole: Case, faults: readonly (readonly [string, Fault])[]): Case => ({
  ...whole,
  faults: Object.fromEntries(faults),
})

/** Zeller's delta debugging, by leaving out. */
async function leaveOut<Item>(
  items: readonly Item[],
  rebuilt: (items: readonly Item[]) => Case,
  fails: (candidate: Case) => Promise<boolean>,
): Promise<Case> {
  let left = items
  for (let size = Math.ceil(left.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < left.length; ) {
      const fewer = [...left.slice(0, from), ...left.slice(from + size)]
      if (await fails(rebuilt(fewer))) left = fewer
      else from += size
    }
  }
  return rebuilt(left)
}
