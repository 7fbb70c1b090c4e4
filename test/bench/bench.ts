/**
 * `npm run bench`: the budgets of the design as counts, ratios and sizes. It prints what it finds,
 * whatever that is; a slow machine fails nothing here.
 */
import { parseArgs } from 'node:util'
import { makeBundle } from './bundle.ts'
import type { Figure, Section } from './figures.ts'
import { inFolder } from './file.ts'
import { measureGrowth } from './growth.ts'
import { countRoundTrips } from './round-trips.ts'
import { measureThroughput } from './throughput.ts'
import { measureWorkerd } from './workerd.ts'

const { values } = parseArgs({ options: { stored: { type: 'string', default: '300000' } } })
const stored = Number(values.stored)
if (!Number.isSafeInteger(stored) || stored < 1) {
  console.error('bench: --stored takes how many orders the larger database holds, say 10000000')
  process.exit(1)
}

print(await countRoundTrips())
print(await measureThroughput())
print(await measureGrowth(stored))
await inFolder(async (folder) => {
  const bundle = await makeBundle(folder)
  print(bundle.section)
  print(await measureWorkerd(folder, bundle.path))
})

function print({ title, figures, notes = [] }: Section): void {
  console.log(`\n${title}`)
  for (const figure of figures) console.log(lineOf(figure))
  for (const note of notes) console.log(`  ${note}`)
}

function lineOf({ name, measured, budget, holds, how }: Figure): string {
  const mark = holds === undefined ? ' ' : holds ? '✓' : '✗'
  const beside = budget === undefined ? '' : `   budget ${budget}`
  return `  ${mark} ${name}: ${measured}${beside}\n      ${how}`
}
