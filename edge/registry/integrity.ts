import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import * as z from 'zod'

/**
 * The hash of the code that a local plugin puts into a live bundle: its TypeScript files without
 * the sandbox, each by its path and its bytes.
 */
export async function folderIntegrity(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = files
    .filter((file) => file.isFile() && file.name.endsWith('.ts'))
    .map((file) => relative(folder, join(file.parentPath, file.name)).split(sep).join('/'))
    .filter((path) => !path.startsWith('sandbox/'))

  const hash = createHash('sha256')
  for (const path of paths.toSorted()) {
    const bytes = await readFile(join(folder, path))
    // With the length, so that no byte can move from one file into the next.
    hash.update(`${path}\0${bytes.length}\0`).update(bytes)
  }
  return `sha256-${hash.digest('base64')}`
}

const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), integrity: z.string().optional() }),
  ),
})

export interface LockedPackage {
  readonly version: string
  readonly integrity: string
}

/**
 * What `npm ci` installs, and verifies, for a package.
 *
 * @returns undefined when it is not installed from a registry
 */
export async function lockedPackage(
  root: string,
  name: string,
): Promise<LockedPackage | undefined> {
  const text = await readFile(join(root, 'package-lock.json'), 'utf8')
  const { version, integrity } =
    lockFile.parse(JSON.parse(text)).packages[`node_modules/${name}`] ?? {}
  return version === undefined || integrity === undefined ? undefined : { version, integrity }
}
