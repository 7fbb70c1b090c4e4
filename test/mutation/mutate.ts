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

const reportSchema = z.object({
  files: z.record(z.string(), z.object({ mutants: z.array(z.object({ status: z.string() })) })),
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
  const statuses = Object.values(report.files).flatMap(({ mutants }) =>
    mutants.map((m) => m.status),
  )
  const count = (kinds: readonly string[]) => statuses.filter((one) => kinds.includes(one)).length
  const [found, missed] = [count(FOUND), count(MISSED)]
  return `${path}: ${found} of ${found + missed} (${((100 * found) / (found + missed)).toFixed(1)} %)`
})
console.log(scores.join('\n'))
