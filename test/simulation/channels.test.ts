import { describe, expect, it } from 'vitest'
import { counterpartOf } from './counterpart.ts'
import { playSeed, playSeeds, shortestOf, storyOf } from './seeds.ts'
import { playCase } from './shrink.ts'
import { openStage } from './stage.ts'

/** RSA is dear: a handful of histories, and fewer on a slow machine, which never fails for that. */
const HISTORIES = 60
const LONGEST_MS = 4_000

describe.each(['wechat', 'alipay'] as const)('the simulation against %s', (channel) => {
  it(
    'finds no law broken in the histories that there is time for',
    async () => {
      const stage = await openStage(await counterpartOf(channel))
      // One with a refund, a close and faults in it: the same each time, to the last row.
      const { trace } = await playSeed(stage, 49)
      expect((await playSeed(stage, 49)).trace).toBe(trace)

      const untilMs = performance.now() + LONGEST_MS
      const { failed } = await playSeeds(stage, 1, HISTORIES, () => performance.now() > untilMs)
      const [first] = failed
      if (first === undefined) return
      const shortest = await shortestOf(stage, first.seed)
      expect.fail(storyOf(shortest, await playCase(stage, shortest, true)))
    },
    LONGEST_MS * 20,
  )
})
