import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { planRegistry, type RegistryFile, staleFiles } from '../registry/registry.ts'

// npm run registry                    makes edge/channels.ts and edge/simulators.ts anew
// npm run registry -- --check         only says what is stale
// npm run registry -- --accept <id>   takes the package-lock.json's version of an npm plugin

const root = fileURLToPath(new URL('../..', import.meta.url))
const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    accept: { type: 'string', multiple: true, default: [] },
  },
})

const plan = await planRegistry({ root, accept: values.accept })
if (!plan.ok) {
  report(plan.refusal)
} else {
  const stale = await staleFiles(root, plan.value)
  if (values.check) report(stale.map(({ path }) => `${path} is stale: npm run registry`))
  else await write(stale)
}

function report(problems: readonly string[]): void {
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}

async function write(files: readonly RegistryFile[]): Promise<void> {
  for (const { path, text } of files) {
    await writeFile(join(root, path), text)
    console.log(`${path} is new`)
  }
}
