import { parseArgs } from 'node:util'
import { allTargets, fuzz } from './fuzz.ts'

/**
 * `npm run fuzz -- --runs N --seed S [--only part-of-a-name]`: feeds each parser at the rim N changed
 * inputs, and prints what it did not stand in the form of the corpus.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
})
const targets = (await allTargets()).filter(({ name }) => name.includes(values.only))
const crashes = await fuzz(targets, { runs: Number(values.runs), seed: Number(values.seed) })
for (const { target, input, reason } of crashes) {
  console.log(`${target}: ${reason}`)
  const hex = Buffer.from(input).toString('hex')
  console.log(JSON.stringify({ target, story: reason, hex }))
}
console.log(
  `${targets.length} targets, ${values.runs} inputs each: ${crashes.length} did not stand them`,
)
process.exitCode = crashes.length === 0 ? 0 : 1
