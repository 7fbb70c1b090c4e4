import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as z from 'zod'
import { CONTRACT_VERSION } from '../../core/plugin/api.ts'
import { ok, type Result, refuse } from '../../core/result.ts'
import { folderIntegrity, lockedPackage } from './integrity.ts'
import {
  isLocal,
  type PluginEntry,
  packageOf,
  parsePluginsManifest,
  printPluginsManifest,
} from './manifest.ts'
import { channelsModule, simulatorsModule } from './modules.ts'

export interface RegistryOptions {
  /** The folder of plugins.manifest.json. */
  readonly root: string
  /** Ids of npm plugins whose change somebody has looked at. */
  readonly accept?: readonly string[]
  readonly load?: (specifier: string) => Promise<Readonly<Record<string, unknown>>>
}

/** What a file of the registry should be. */
export interface RegistryFile {
  readonly path: string
  readonly text: string
}

/**
 * Decides what plugins.manifest.json and the modules made from it should be, and writes nothing.
 *
 * A local plugin's integrity follows its files, which are reviewed here. A package's code is
 * somebody else's: when it is not the code that was accepted, that is a refusal.
 */
export async function planRegistry(
  options: RegistryOptions,
): Promise<Result<readonly RegistryFile[], readonly string[]>> {
  const { root, accept = [] } = options
  const parsed = parsePluginsManifest(await readFile(join(root, 'plugins.manifest.json'), 'utf8'))
  if (!parsed.ok) return parsed
  const manifest = parsed.value

  const strangers = accept.filter((id) => !manifest.channels.some((channel) => channel.id === id))
  if (strangers.length > 0) return refuse(strangers.map((id) => `there is no plugin ${id}`))

  const entries = await Promise.all(manifest.channels.map((entry) => checked(entry, options)))
  const problems = entries.flatMap((entry) => (entry.ok ? [] : [entry.refusal]))
  if (problems.length > 0) return refuse(problems)

  const channels = entries.flatMap((entry) => (entry.ok ? [entry.value] : []))
  return ok([
    { path: 'plugins.manifest.json', text: printPluginsManifest({ ...manifest, channels }) },
    { path: 'edge/channels.ts', text: channelsModule(channels) },
    { path: 'edge/simulators.ts', text: simulatorsModule(channels) },
  ])
}

/** Those of the files that are not what they should be. */
export async function staleFiles(
  root: string,
  files: readonly RegistryFile[],
): Promise<readonly RegistryFile[]> {
  const found = await Promise.all(
    files.map(({ path }) => readFile(join(root, path), 'utf8').catch(() => undefined)),
  )
  return files.filter(({ text }, index) => found[index] !== text)
}

async function checked(
  entry: PluginEntry,
  options: RegistryOptions,
): Promise<Result<PluginEntry, string>> {
  const { id, module, export: name, sandbox } = entry
  // A package: before anything of it is run.
  const accepted = isLocal(module) ? ok(undefined) : await acceptedPackage(entry, options)
  if (!accepted.ok) return accepted

  const loaded = await exported(module, name, options)
  if (!loaded.ok) return refuse(`${id}: ${loaded.refusal}`)
  const channel = channelShape.safeParse(loaded.value)
  if (!channel.success) return refuse(`${id}: ${name} of ${module} was not made by defineChannel`)
  const { manifest } = channel.data
  if (manifest.id !== id) return refuse(`${id}: ${module} is the channel ${manifest.id}`)
  const { from, to } = manifest.contract
  if (CONTRACT_VERSION < from || CONTRACT_VERSION > to) {
    return refuse(`${id}: was written for contract ${from} to ${to}, this is ${CONTRACT_VERSION}`)
  }
  if (sandbox !== undefined) {
    const simulator = await exported(sandbox.module, sandbox.export, options)
    if (!simulator.ok) return refuse(`${id}: ${simulator.refusal}`)
  }

  const { version, integrity } = accepted.value ?? {
    version: manifest.version,
    integrity: await folderIntegrity(join(options.root, dirname(module))),
  }
  return ok({ id, module, export: name, version, integrity, ...(sandbox && { sandbox }) })
}

const channelShape = z.object({
  manifest: z.object({
    id: z.string(),
    version: z.string(),
    contract: z.object({ from: z.number(), to: z.number() }),
  }),
  bind: z.custom((value) => typeof value === 'function'),
})

async function acceptedPackage(
  { id, module, version, integrity }: PluginEntry,
  { root, accept = [] }: RegistryOptions,
) {
  const name = packageOf(module)
  const locked = await lockedPackage(root, name)
  if (locked === undefined) {
    return refuse(`${id}: package-lock.json has no ${name} from a registry: npm install ${name}`)
  }
  const same = locked.version === version && locked.integrity === integrity
  if (same || accept.includes(id)) return ok(locked)
  return refuse(
    `${id}: ${name} is ${locked.version} ${locked.integrity} in package-lock.json, ` +
      `and ${version === undefined ? 'nothing' : `${version} ${integrity}`} was accepted: ` +
      `look at what is new, then npm run registry -- --accept ${id}`,
  )
}

async function exported(
  module: string,
  name: string,
  { root, load = (specifier) => import(specifier) }: RegistryOptions,
): Promise<Result<unknown, string>> {
  const specifier = isLocal(module) ? pathToFileURL(join(root, module)).href : module
  try {
    const value = (await load(specifier))[name]
    return value === undefined ? refuse(`${module} has no export ${name}`) : ok(value)
  } catch (error) {
    return refuse(`${module} cannot be loaded: ${error instanceof Error ? error.message : error}`)
  }
}
