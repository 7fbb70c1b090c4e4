import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const DENO = fileURLToPath(new URL('../../node_modules/.bin/deno', import.meta.url))

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
