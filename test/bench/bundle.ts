import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import * as z from 'zod'
import type { Section } from './figures.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BUDGET_KIB = 400

export interface Bundle {
  readonly path: string
  readonly section: Section
}

const sourceMap = z.object({ sources: z.array(z.string()) })

/** What `wrangler deploy` would upload: the live worker with all built-in channels. */
export async function makeBundle(folder: string): Promise<Bundle> {
  const wrangler = join(ROOT, 'node_modules/wrangler/bin/wrangler.js')
  await promisify(execFile)(
    process.execPath,
    [wrangler, 'deploy', '--dry-run', '--outdir', folder],
    {
      cwd: ROOT,
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: folder },
    },
  )
  const path = join(folder, 'worker.js')
  const code = await readFile(path)
  const kib = gzipSync(code).length / 1_024
  const { sources } = sourceMap.parse(JSON.parse(await readFile(`${path}.map`, 'utf8')))
  const simulated = sources.filter((source) => /\/sandbox\//.test(source))
  const channels = new Set(
    sources.flatMap((source) => /plugins\/([\w-]+)\//.exec(source)?.[1] ?? []),
  )
  return {
    path,
    section: {
      title: 'Worker bundle',
      figures: [
        {
          name: 'gzipped',
          measured: `${kib.toFixed(0)} KiB`,
          budget: `≤ ${BUDGET_KIB} KiB`,
          holds: kib <= BUDGET_KIB,
          how: `wrangler deploy --dry-run, ${(code.length / 1_024).toFixed(0)} KiB before gzip; channels: ${[...channels].join(', ')}`,
        },
        {
          name: 'source files of simulators in it',
          measured: String(simulated.length),
          budget: '0',
          holds: simulated.length === 0,
          how: `of the ${sources.length} that the source map names`,
        },
      ],
    },
  }
}
