/**
 * `npm run simulate -- --seed 1 --histories 100000`
 *
 * Plays histories, one a seed, on `--threads` (as many as there are processors unless told otherwise).
 * The first that breaks a law is made as short as can be, and told; with `--all` it goes on to the
 * end, and tells the first of each kind; with `--keep` what it tells is added to the corpus, which
 * `npm test` replays. `--channel wechat` or `alipay` plays against that channel's simulator instead of the
 * model's bank. `--story` tells the one history of `--seed`, however it ends. `--teeth` shows that
 * a gateway whose laws are broken on purpose does not pass.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { COUNTERPARTS, counterpartOf } from './counterpart.ts'
import {
  addToCorpus,
  type CorpusEntry,
  type Failure,
  playSeed,
  shortestOf,
  storyOf,
} from './seeds.ts'
import { kindOf, playCase } from './shrink.ts'
import { openStage } from './stage.ts'
import { showTeeth } from './teeth.ts'
import { playOnThreads } from './threads.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    histories: { type: 'string', default: '1000' },
    threads: { type: 'string', default: String(availableParallelism()) },
    all: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    story: { type: 'boolean', default: false },
    teeth: { type: 'boolean', default: false },
    channel: { type: 'string', default: 'model' },
  },
})
const seed = Number(values.seed)
const channel = z.enum(COUNTERPARTS).parse(values.channel)
if (values.teeth) await showTeeth(channel)
else if (values.story) await tellOne()
else await playAll()

async function tellOne(): Promise<void> {
  const ended = await playSeed(await openStage(await counterpartOf(channel)), seed, true)
  const faults = Object.fromEntries(ended.met)
  console.log(storyOf({ plan: ended.plan, faults }, ended))
  console.log(`trace ${ended.trace}`)
}

async function playAll(): Promise<void> {
  let toldMs = performance.now()
  let toldFailures = 0
  const assignment = {
    channel,
    seed,
    histories: Number(values.histories),
    threads: Number(values.threads),
    stopsAtFirst: !values.all,
  }
  const { played, failed, seconds } = await playOnThreads(assignment, (soFar) => {
    // At once: a run of an hour need not end before somebody looks at what it found.
    for (const { seed, what } of soFar.failed.slice(toldFailures)) console.error(`${seed}: ${what}`)
    toldFailures = soFar.failed.length
    if (performance.now() - toldMs < 10_000) return
    toldMs = performance.now()
    const rate = (soFar.played / soFar.seconds).toFixed(1)
    console.error(`${soFar.played} histories, ${soFar.failed.length} failed, ${rate} a second`)
  })
  console.log(
    `${played} histories from seed ${seed} on ${values.threads} threads: ${played - failed.length} passed, ${failed.length} failed; ${seconds.toFixed(0)} s, ${(played / seconds).toFixed(1)} a second`,
  )
  if (failed.length > 0) await tellFailures(failed)
}

/** Of each kind of failure the first one. */
async function tellFailures(failed: readonly Failure[]): Promise<void> {
  process.exitCode = 1
  const stage = await openStage(await counterpartOf(channel))
  const kinds = new Set<string>()
  const found: CorpusEntry[] = []
  for (const { seed, what } of failed) {
    if (kinds.has(kindOf(what))) continue
    kinds.add(kindOf(what))
    const shortest = await shortestOf(stage, seed)
    console.log(storyOf(shortest, await playCase(stage, shortest, true)))
    found.push({ about: what, ...(channel !== 'model' && { channel }), ...shortest })
  }
  if (values.keep) addToCorpus(found)
}
