import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { channelsModule } from '../../../edge/registry/modules.ts'
import { planRegistry, staleFiles } from '../../../edge/registry/registry.ts'

/** A repository with one plugin of its own, and one from npm. */
let root: string

const ACME = { id: 'acmepay', module: './plugins/acme/index.ts', export: 'acme' }
const ACME_SANDBOX = { module: './plugins/acme/sandbox/index.ts', export: 'createAcme' }
const PAYCO = { id: 'payco', module: '@payco/tongbao', export: 'payco' }
const PINNED = { version: '1.2.3', integrity: 'sha512-one' }

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tongbao-registry-'))
  await put('package.json', '{ "type": "module" }')
  await put('plugins/acme/index.ts', channelCode('acme', 'acmepay'))
  await put('plugins/acme/pay.ts', 'export const pay = 1')
  await put('plugins/acme/sandbox/index.ts', 'export const createAcme = () => {}')
  await declares(ACME)
  await locks(PINNED)
})

afterEach(() => rm(root, { recursive: true }))

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

const channelCode = (name: string, id: string, to = 1) =>
  `export const ${name} = ${JSON.stringify({
    manifest: { id, version: '0.4.0', contract: { from: 1, to } },
  })}\n${name}.bind = () => {}`

const declares = (...channels: object[]) =>
  put('plugins.manifest.json', JSON.stringify({ contract: 1, channels, listeners: [] }))

const locks = (entry: object) =>
  put(
    'package-lock.json',
    JSON.stringify({ packages: { '': {}, 'node_modules/@payco/tongbao': entry } }),
  )

async function plan(accept: string[] = []) {
  const load = async (specifier: string): Promise<Record<string, unknown>> =>
    specifier === '@payco/tongbao'
      ? {
          payco: {
            manifest: { id: 'payco', version: '9', contract: { from: 1, to: 1 } },
            bind() {},
          },
        }
      : import(/* @vite-ignore */ specifier)
  return planRegistry({ root, accept, load })
}

async function planned(accept?: string[]): Promise<Record<string, string>> {
  const made = await plan(accept)
  if (!made.ok) throw new Error(made.refusal.join('\n'))
  return Object.fromEntries(made.value.map(({ path, text }) => [path, text]))
}

async function refused(accept?: string[]) {
  const made = await plan(accept)
  return made.ok ? [] : made.refusal
}

async function pinnedPlugins(accept?: string[]) {
  return JSON.parse((await planned(accept))['plugins.manifest.json'] ?? '').channels
}

describe('the registry', () => {
  it('makes a module of the channels, and another one of the simulators', async () => {
    await declares({ ...ACME, sandbox: ACME_SANDBOX }, { ...PAYCO, ...PINNED })
    const files = await planned()
    expect(files['edge/channels.ts']).toBe(`\
// Made from plugins.manifest.json by \`npm run registry\`; not to be edited.
import { payco } from '@payco/tongbao'
import type { AnyChannel } from '../core/plugin/api.ts'
import { acme as acmepay } from '../plugins/acme/index.ts'

/** The channels that this deployment carries. */
export const channels: readonly AnyChannel[] = [acmepay, payco]
`)
    expect(files['edge/simulators.ts']).toBe(`\
// Made from plugins.manifest.json by \`npm run registry\`; not to be edited.
import type { Simulator, SimulatorPorts } from '../core/plugin/simulator.ts'
import { createAcme as acmepay } from '../plugins/acme/sandbox/index.ts'

/** Opens the simulator of each channel that has one, by the channel's id. Sandbox mode only. */
export const simulators: Readonly<Record<string, (ports: SimulatorPorts) => Simulator>> = {
  acmepay,
}
`)
  })

  it('is written as the formatter would have it, also with many channels', () => {
    const ids = Array.from({ length: 9 }, (_, index) => `channel_${index}`)
    const channels = ids.map((id) => ({ ...ACME, id, export: id }))
    const code = channelsModule(channels)
    expect(code).toContain('AnyChannel[] = [\n  channel_0,\n  channel_1,\n')
    expect(code).toContain("import { channel_8 } from '../plugins/acme/index.ts'\n")
  })

  it('is stale until it was written, and again when the manifest changes', async () => {
    const stale = async () => {
      const made = await plan()
      return made.ok ? (await staleFiles(root, made.value)).map(({ path }) => path) : []
    }
    expect(await stale()).toEqual([
      'plugins.manifest.json',
      'edge/channels.ts',
      'edge/simulators.ts',
    ])
    for (const [path, text] of Object.entries(await planned())) await put(path, text)
    expect(await stale()).toEqual([])
    await put('plugins/acme/pay.ts', 'export const pay = 2')
    expect(await stale()).toEqual(['plugins.manifest.json'])
    await declares()
    expect(await stale()).toEqual(['plugins.manifest.json', 'edge/channels.ts'])
  })
})

describe('a plugin of this repository', () => {
  it('gets its version and the hash of its files filled in', async () => {
    expect(await pinnedPlugins()).toEqual([
      { ...ACME, version: '0.4.0', integrity: expect.stringMatching(/^sha256-[\w+/]{43}=$/) },
    ])
  })

  it.each([
    ['a byte', 'plugins/acme/pay.ts', 'export const pay = 2'],
    ['a further file', 'plugins/acme/close.ts', ''],
  ])('has another hash with %s changed', async (_, path, text) => {
    const [before] = await pinnedPlugins()
    await put(path, text)
    expect(await pinnedPlugins()).not.toEqual([before])
  })

  it.each(['plugins/acme/sandbox/index.ts', 'plugins/acme/README.md'])(
    'has the same hash whatever stands in %s, which no live bundle carries',
    async (path) => {
      const before = await pinnedPlugins()
      await put(path, '// changed')
      expect(await pinnedPlugins()).toEqual(before)
    },
  )

  it.each<[string, () => Promise<void>, string]>([
    [
      'is not there',
      () => declares({ ...ACME, module: './plugins/none/index.ts' }),
      'cannot be loaded',
    ],
    ['has no such export', () => declares({ ...ACME, export: 'acne' }), 'has no export acne'],
    [
      'is no channel',
      () => put('plugins/acme/index.ts', 'export const acme = {}'),
      'defineChannel',
    ],
    [
      'has another id',
      () => put('plugins/acme/index.ts', channelCode('acme', 'other')),
      'is the channel other',
    ],
    [
      'was written for another contract',
      () => put('plugins/acme/index.ts', channelCode('acme', 'acmepay', 0)),
      'was written for contract 1 to 0, this is 1',
    ],
    [
      'has no such simulator',
      () => declares({ ...ACME, sandbox: { ...ACME_SANDBOX, export: 'createAcne' } }),
      'has no export createAcne',
    ],
  ])('is refused when it %s', async (_, change, said) => {
    await change()
    expect(await refused()).toEqual([expect.stringContaining(said)])
  })
})

describe('a plugin from npm', () => {
  it('stays as it was accepted', async () => {
    await declares({ ...PAYCO, ...PINNED })
    expect(await pinnedPlugins()).toEqual([{ ...PAYCO, ...PINNED }])
  })

  it.each([
    ['code', { version: '1.2.3', integrity: 'sha512-two' }],
    ['version', { version: '1.2.4', integrity: 'sha512-one' }],
  ])('is refused with another %s, until somebody accepts it', async (_, entry) => {
    await declares({ ...PAYCO, ...PINNED })
    await locks(entry)
    expect(await refused()).toEqual([expect.stringContaining('registry -- --accept payco')])
    expect(await pinnedPlugins(['payco'])).toEqual([{ ...PAYCO, ...entry }])
  })

  it('is refused as long as it was never accepted', async () => {
    await declares(PAYCO)
    expect(await refused()).toEqual([expect.stringContaining('and nothing was accepted')])
  })

  it('is refused when it does not come from a registry, which would have hashed it', async () => {
    await declares({ ...PAYCO, ...PINNED })
    await locks({ version: '1.2.3', resolved: 'file:../payco' })
    expect(await refused(['payco'])).toEqual([
      expect.stringContaining('npm install @payco/tongbao'),
    ])
  })
})

describe('plugins.manifest.json', () => {
  it.each<[string, object[], string]>([
    ['a module elsewhere', [{ ...ACME, module: './edge/node.ts' }], 'neither an npm package nor'],
    ['a module above', [{ ...ACME, module: '../acme/index.ts' }], 'neither an npm package nor'],
    ['code for an export', [{ ...ACME, export: 'a } from "b"' }], 'is not the name of an export'],
    ['an id that is none', [{ ...ACME, id: 'acme pay' }], 'is not an id'],
    ['the same id twice', [ACME, ACME], 'two of them have the same id'],
    ['a field that it does not know', [{ ...ACME, enabled: true }], 'channels 0'],
  ])('is refused with %s', async (_, channels, said) => {
    await declares(...channels)
    expect(await refused()).toEqual([expect.stringContaining(said)])
  })

  it('is refused when it is no JSON', async () => {
    await put('plugins.manifest.json', '{')
    expect(await refused()).toHaveLength(1)
  })

  it('has no plugin that was not declared to accept', async () => {
    expect(await refused(['payco'])).toEqual(['there is no plugin payco'])
  })
})
