import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSqld as startIn } from '../../edge/commands/local-sqld.ts'

export { freePort, type LocalSqld as Sqld, sqldMissing } from '../../edge/commands/local-sqld.ts'

/** A real libSQL server with an empty database of its own, which goes with it. */
export async function startSqld() {
  const directory = await mkdtemp(join(tmpdir(), 'tongbao-sqld-'))
  const sqld = await startIn(directory)
  return {
    ...sqld,
    async stop() {
      await sqld.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
