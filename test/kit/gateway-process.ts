import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DENO } from './deno.ts'
import type { MerchantApp } from './jeepay-client.ts'
import { until } from './until.ts'

/** A gateway in a process of its own, started as an operator would. */
export interface GatewayProcess {
  readonly baseUrl: string
  /** All that it has printed so far, log included. */
  output(): string
  readonly isRunning: boolean
  /** Ends it, as gently as the signal is, and waits for its end. */
  ends(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
}

export interface ProcessOptions {
  /** `workerd` is `npm run dev:worker`: the Worker, a libSQL server, and who started them. */
  readonly runtime?: 'node' | 'deno' | 'workerd'
  /** Where it runs: a sandbox keeps its `.tongbao` there. */
  readonly directory: string
  readonly port: number
  /** Sandbox unless told; live needs its settings in `environment`. */
  readonly mode?: 'sandbox' | 'live'
  readonly environment?: Readonly<Record<string, string>>
}

const edge = (file: string) => fileURLToPath(new URL(`../../edge/${file}`, import.meta.url))

const COMMANDS = {
  node: [process.execPath, edge('node.ts')],
  deno: [DENO, 'run', '--no-prompt', '-A', edge('deno.ts')],
  workerd: [process.execPath, edge('commands/dev-worker.ts'), '--no-watch'],
} as const

/** No measure of anything: an end to waiting. workerd is bundled for first. */
const BOOT_TIMEOUT_MS = 180_000

/** @throws when it ends instead of serving, with what it printed */
export async function startGateway(options: ProcessOptions): Promise<GatewayProcess> {
  const { port } = options
  const { child, output, kill } = spawnGateway(options)
  const isRunning = () => child.exitCode === null && child.signalCode === null
  await until(
    () => /Merchant API|is live at/.test(output()) || !isRunning(),
    'the gateway to come up',
    BOOT_TIMEOUT_MS,
  ).catch((error: unknown) => {
    kill('SIGKILL')
    throw new Error(`the gateway did not come up: ${output()}`, { cause: error })
  })
  if (!isRunning()) throw new Error(`the gateway ended: ${output()}`)
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    output,
    get isRunning() {
      return isRunning()
    },
    async ends(signal) {
      const gone = once(child, 'exit')
      if (isRunning() && kill(signal)) await gone
      return child.exitCode
    },
  }
}

/** A gateway that is not expected to come up. */
export async function bootToItsEnd(
  options: ProcessOptions,
): Promise<{ readonly status: number | null; readonly output: string }> {
  const { child, output } = spawnGateway(options)
  const giveUp = setTimeout(() => child.kill('SIGKILL'), 20_000)
  await once(child, 'close')
  clearTimeout(giveUp)
  return { status: child.exitCode, output: output() }
}

/** The process alone, for those who want to be there before it is up. */
export function spawnGateway({
  runtime = 'node',
  directory,
  port,
  mode = 'sandbox',
  environment = {},
}: ProcessOptions): {
  readonly child: ChildProcess
  output(): string
  kill(signal: NodeJS.Signals): boolean
} {
  const [command, ...args] = COMMANDS[runtime]
  if (mode === 'sandbox') args.push('--sandbox')
  const child = spawn(command, args, {
    cwd: directory,
    // Not the developer's own settings.
    env: { ...SURROUNDINGS, PORT: String(port), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: runtime === 'workerd',
  })
  // Nobody outlives who started them: a SIGKILL tells no children.
  const kill = (signal: NodeJS.Signals) =>
    runtime === 'workerd' && signal === 'SIGKILL' && child.pid !== undefined
      ? process.kill(-child.pid, signal)
      : child.kill(signal)
  const killWithUs = () => kill('SIGKILL')
  process.once('exit', killWithUs)
  child.once('exit', () => process.off('exit', killWithUs))

  const printed: string[] = []
  child.stdout.on('data', (chunk: Buffer) => printed.push(chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => printed.push(chunk.toString()))
  return { child, kill, output: () => printed.join('') }
}

/** What a process needs that has nothing to do with the gateway. */
export const SURROUNDINGS: Readonly<Record<string, string>> = Object.fromEntries(
  ['PATH', 'HOME', 'TMPDIR', 'DENO_DIR'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  }),
)

/** The demo merchant of a sandbox that runs, or ran, in this directory. */
export function demoAppIn(directory: string): MerchantApp {
  return JSON.parse(readFileSync(join(directory, '.tongbao/sandbox.json'), 'utf8')) as MerchantApp
}

/**
 * A port to come back to after a crash: below those that outgoing connections draw theirs from, so
 * that nobody takes it while the gateway is away.
 */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const server = createServer()
    server.listen(port, '127.0.0.1')
    const isFree = await Promise.race([
      once(server, 'listening').then(() => true),
      once(server, 'error').then(() => false),
    ]).catch(() => false)
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
}
