import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const module = (path: string) =>
  fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url))
const BINARY = module('deno/deno')

/** The binary itself where it is: what npm may put before it does not pass a SIGKILL on. */
export const DENO = existsSync(BINARY) ? BINARY : module('.bin/deno')

/**
 * Runs a script in Deno to its end.
 *
 * @param may what it is allowed, as in `--allow-…`
 * @returns what it printed
 */
export async function runInDeno(
  script: URL,
  args: readonly string[],
  may: readonly string[],
): Promise<string> {
  const allowed = may.map((what) => `--allow-${what}`)
  const command = ['run', '--no-prompt', ...allowed, fileURLToPath(script), ...args]
  return (await promisify(execFile)(DENO, command)).stdout
}
