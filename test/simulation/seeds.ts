import { readFileSync, writeFileSync } from 'node:fs'
import type { CounterpartName } from './counterpart.ts'
import { drawnFaults } from './faults.ts'
import { type Ended, playHistory } from './history.ts'
import { drawPlan, type Plan } from './plan.ts'
import { type Case, shrink } from './shrink.ts'
import type { Stage } from './stage.ts'

export function playSeed(stage: Stage, seed: number, tells = false): Promise<Ended> {
  const plan = planOf(stage, seed)
  return playHistory(stage, plan, { faults: drawnFaults(seed, plan.weather.rates), tells })
}

export function planOf({ counterpart }: Stage, seed: number): Plan {
  return counterpart.adapts(drawPlan(seed))
}

export interface Played {
  readonly played: number
  readonly failed: readonly Failure[]
}

export interface Failure {
  readonly seed: number
  /** What held no longer, first of all. */
  readonly what: string
}

/** Plays seeds one after the other, until all are played or it is late. */
export async function playSeeds(
  stage: Stage,
  from: number,
  count: number,
  isLate: () => boolean = () => false,
): Promise<Played> {
  const failed: Failure[] = []
  let played = 0
  for (; played < count && !isLate(); played++) {
    const seed = from + played
    const [broken] = (await playSeed(stage, seed)).broken
    if (broken !== undefined) failed.push({ seed, what: broken.what })
  }
  return { played, failed }
}

/** The history of a seed, less all that its end does not need. */
export async function shortestOf(stage: Stage, seed: number): Promise<Case> {
  const { met } = await playSeed(stage, seed)
  return shrink(stage, { plan: planOf(stage, seed), faults: Object.fromEntries(met) })
}

/** What is worth reading of a history that went wrong. */
export function storyOf({ plan, faults }: Case, { story, broken }: Ended): string {
  const { callbacks, bankSkewMs, skewsMs, replicaLagMs, latePolicy } = plan.weather
  const lines = [
    `seed ${plan.seed}: ${plan.steps.length} steps, ${Object.keys(faults).length} faults`,
    `callbacks ${callbacks}; the bank's clock ${bankSkewMs} ms off, ours ${skewsMs.join(', ')}; reads lag up to ${replicaLagMs} ms; late money: ${latePolicy}`,
    ...story,
    ...broken.map(({ what }) => `BROKEN: ${what}`),
  ]
  return lines.join('\n')
}

export interface CorpusEntry extends Case {
  /** What was wrong, in a sentence. */
  readonly about: string
  /** Who was at the other end; the model's bank unless it says so. */
  readonly channel?: CounterpartName
}

const CORPUS = new URL('corpus.json', import.meta.url)

/** Stories that once went wrong. Whole plans, not seeds: they outlive a change of what a seed draws. */
export function readCorpus(): readonly CorpusEntry[] {
  return JSON.parse(readFileSync(CORPUS, 'utf8'))
}

export function addToCorpus(entries: readonly CorpusEntry[]): void {
  writeFileSync(CORPUS, `${JSON.stringify([...readCorpus(), ...entries], null, 2)}\n`)
}
