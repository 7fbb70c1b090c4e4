import * as z from 'zod'
import { CONTRACT_VERSION } from '../../core/plugin/api.ts'
import { ok, type Result, refuse } from '../../core/result.ts'

/** A plugin of this repository: the door of a folder in plugins/. */
const LOCAL = /^\.\/plugins\/[a-z0-9-]+\/index\.ts$/
const LOCAL_SANDBOX = /^\.\/plugins\/[a-z0-9-]+\/sandbox\/index\.ts$/
/** Anybody's: a package of the npm registry, maybe with a path into it. */
const PACKAGE = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(\/[\w./-]+)?$/

const name = z.string().regex(/^[A-Za-z_$][\w$]*$/, 'is not the name of an export')

function moduleAt(local: RegExp) {
  return z
    .string()
    .refine(
      (module) => local.test(module) || PACKAGE.test(module),
      'is neither an npm package nor ./plugins/<name>/ with an index.ts',
    )
}

const channel = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9_]{1,19}$/, 'is not an id: a letter, then letters and digits'),
  module: moduleAt(LOCAL),
  export: name,
  /** Filled in by the registry command, like the integrity. */
  version: z.string().optional(),
  /** Of the code that runs: a local plugin's files, or what package-lock.json says of a package. */
  integrity: z.string().optional(),
  /** Its simulator, for sandbox mode. */
  sandbox: z.strictObject({ module: moduleAt(LOCAL_SANDBOX), export: name }).optional(),
})

const manifest = z.strictObject({
  contract: z.literal(CONTRACT_VERSION),
  channels: z
    .array(channel)
    .refine(
      (channels) => new Set(channels.map(({ id }) => id)).size === channels.length,
      'two of them have the same id',
    ),
  /** None yet: the contract has no listeners so far. */
  listeners: z.array(z.never()),
})

export type PluginEntry = z.output<typeof channel>
export type PluginsManifest = z.output<typeof manifest>

/** Parses plugins.manifest.json. The refusals are lines for whoever edits it. */
export function parsePluginsManifest(text: string): Result<PluginsManifest, readonly string[]> {
  const parsed = manifest.safeParse(parseJson(text))
  if (parsed.success) return ok(parsed.data)
  return refuse(
    parsed.error.issues.map(
      ({ path, message }) => `plugins.manifest.json: ${[...path, message].join(' ')}`,
    ),
  )
}

export function printPluginsManifest(manifest: PluginsManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

export function isLocal(module: string): boolean {
  return module.startsWith('./')
}

/** The package of a module: `@scope/name` of `@scope/name/sandbox`. */
export function packageOf(module: string): string {
  return module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
