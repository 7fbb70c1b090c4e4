import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { lastingPort, spawnGateway } from '../../kit/gateway-process.ts'
import { sqldMissing } from '../../kit/sqld.ts'
import { until } from '../../kit/until.ts'

const missing = sqldMissing()

/** Processes that this one has started and that still run; Linux tells, where sqld runs too. */
const childrenOf = (pid: number): readonly string[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)

describe.skipIf(missing !== undefined)(missing ?? 'npm run dev:worker', () => {
  it('that is ended before it is up leaves nothing running', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tongbao-dev-'))
    const started = spawnGateway({ runtime: 'workerd', directory, port: await lastingPort() })
    const { pid = 0 } = started.child
    const gone = once(started.child, 'exit')
    const sqld = await until(() => childrenOf(pid)[0], 'its database')
    started.kill('SIGTERM')
    expect(await gone).toEqual([0, null])
    await until(() => !existsSync(`/proc/${sqld}`), 'the end of its database')
    rmSync(directory, { recursive: true, force: true, maxRetries: 10 })
  })
})
