import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { SUBJECTS } from './subjects.ts'

/**
 * `npm run mutate [-- subject…]`: changes each subject in every small way that Stryker knows, one at
 * a time, and says how many of the changes its tests have noticed. Subjects are named by any part of
 * their path; all of them take an hour or so on two cores.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const asked = process.argv.slice(2)
const subjects = Object.keys(SUBJECTS).filter(
  (path) => asked.length === 0 || asked.some((part) => path.includes(part)),
)

const mutantSchema = z.object({
  status: z.string(),
  mutatorName: z.string(),
  replacement: z.string().optional(),
  location: z.object({ start: z.object({ line: z.number() }) }),
})
const reportSchema = z.object({
  files: z.record(z.string(), z.object({ mutants: z.array(mutantSchema) })),
})

const FOUND = ['Killed', 'Timeout']
const MISSED = ['Survived', 'NoCoverage']

const scores = subjects.map((path) => {
  const command = ['stryker', 'run', 'test/mutation/stryker.config.json', '--mutate', path]
  const env = { ...process.env, MUTATED: path }
  const { status } = spawnSync('npx', command, { cwd: ROOT, env, stdio: 'inherit' })
  if (status !== 0) return `${path}: Stryker could not run`
  const report = reportSchema.parse(
    JSON.parse(readFileSync(`${ROOT}/.tongbao/mutants.json`, 'utf8')),
  )
  const mutants = Object.values(report.files).flatMap((file) => file.mutants)
  const those = (kinds: readonly string[]) => mutants.filter((one) => kinds.includes(one.status))
  const [found, missed] = [those(FOUND).length, those(MISSED).length]
  const score = `${found} of ${found + missed} (${((100 * found) / (found + missed)).toFixed(1)} %)`
  // One that never ends is found, one that a busy machine held up is not: to be looked at.
  const endless = those(['Timeout']).map(({ mutatorName, replacement = '', location }) =>
    `  never ended: line ${location.start.line}, ${mutatorName} ${replacement}`.slice(0, 100),
  )
  return [`${path}: ${score}`, ...endless].join('\n')
})
console.log(scores.join('\n'))
