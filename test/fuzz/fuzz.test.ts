import { beforeAll, describe, expect, it } from 'vitest'
import { allTargets, corpus, feed, fuzz } from './fuzz.ts'
import type { Target } from './target.ts'

describe('parsers at the rim', () => {
  let targets: readonly Target[] = []
  beforeAll(async () => {
    targets = await allTargets()
  })

  it('stand what they are usually given', async () => {
    for (const target of targets) {
      for (const seed of target.seeds) expect(await feed(target, seed)).toBeUndefined()
    }
  })

  it.each(corpus())('stand what once was too much: $story', async ({ target, input }) => {
    const its = targets.find(({ name }) => name === target)
    expect(its).toBeDefined()
    if (its !== undefined) expect(await feed(its, input)).toBeUndefined()
  })

  it('stand whatever is changed about it', async () => {
    expect(await fuzz(targets, { runs: 25, seed: 20_260_101 })).toEqual([])
  }, 300_000)
})
