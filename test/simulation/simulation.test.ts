import { beforeAll, describe, expect, it } from 'vitest'
import { counterpartOf } from './counterpart.ts'
import { playSeed, playSeeds, readCorpus, shortestOf, storyOf } from './seeds.ts'
import { playCase } from './shrink.ts'
import { openStage, type Stage } from './stage.ts'
import { blunted } from './teeth.ts'

/** Bounded by histories and by time: a slow machine plays fewer, and never fails for that. */
const HISTORIES = 1_000
const LONGEST_MS = 20_000

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})

describe('the simulation', () => {
  it(
    'finds no law broken in the histories that there is time for',
    async () => {
      const untilMs = performance.now() + LONGEST_MS
      const { failed } = await playSeeds(stage, 1, HISTORIES, () => performance.now() > untilMs)
      const [first] = failed
      if (first === undefined) return
      const shortest = await shortestOf(stage, first.seed)
      expect.fail(storyOf(shortest, await playCase(stage, shortest, true)))
    },
    LONGEST_MS * 5,
  )

  it('plays a seed the same each time, to the last row', async () => {
    for (const seed of [3, 6, 81]) {
      const first = await playSeed(stage, seed)
      expect((await playSeed(stage, seed)).trace).toBe(first.trace)
      // With the faults that it drew told by name, it is the same history too.
      const told = { plan: first.plan, faults: Object.fromEntries(first.met) }
      expect((await playCase(stage, told)).trace).toBe(first.trace)
    }
  })

  it('knows how to break each law in the core as it is (npm run simulate -- --teeth)', () => {
    expect(blunted()).toEqual([])
  })

  it.each(readCorpus())('no longer finds that $about', async (entry) => {
    const { channel } = entry
    const its = channel === undefined ? stage : await openStage(await counterpartOf(channel))
    const ended = await playCase(its, entry, true)
    expect(ended.broken.map(({ what }) => what)).toEqual([])
  })
})
