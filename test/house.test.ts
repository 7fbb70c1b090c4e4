import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { planRegistry, staleFiles } from '../edge/registry/registry.ts'
import { blank } from './kit/house/blank.ts'
import { globalProblems } from './kit/house/globals.ts'
import { importProblems, importsOf } from './kit/house/imports.ts'
import { liveProblems, topLevelProblems } from './kit/house/rooms.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

const sources = new Map(
  ['core', 'plugins', 'edge', 'admin'].flatMap(sourcesIn).map((path) => [path, read(path)]),
)

function sourcesIn(folder: string): string[] {
  return readdirSync(ROOT).includes(folder)
    ? readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.m?[jt]s$/.test(name) && !name.includes('node_modules'))
        .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    : []
}

describe('the house', () => {
  it('imports one way: edge → plugins → core/plugin/api.ts, and edge → core', () => {
    expect([...sources].flatMap(([path, source]) => importProblems(path, source))).toEqual([])
  })

  it('gives core and plugins their clock, randomness and HTTP, and nothing of Node', () => {
    expect([...sources].flatMap(([path, source]) => globalProblems(path, source))).toEqual([])
  })

  it.each(['edge/worker.ts', 'edge/node.ts', 'edge/deno.ts'])(
    'keeps %s free of simulators',
    (entry) => {
      expect(liveProblems(sources, entry)).toEqual([])
    },
  )

  it('has these rooms and no others', () => {
    const ignored = read('.gitignore').split('\n').filter(Boolean)
    expect(topLevelProblems(readdirSync(ROOT), ignored)).toEqual([])
  })

  it('carries the plugins that its manifest declares; if not: npm run registry', async () => {
    const plan = await planRegistry({ root: ROOT })
    expect(plan).toMatchObject({ ok: true })
    if (plan.ok) expect(await staleFiles(ROOT, plan.value)).toEqual([])
  })
})

describe('the check of imports', () => {
  it.each([
    ['core/a.ts', '../edge/b.ts'],
    ['core/a.ts', '../plugins/wechat/index.ts'],
    ['core/a.ts', 'node:crypto'],
    ['core/a.ts', 'fs/promises'],
    ['core/a.ts', './b'],
    ['plugins/wechat/a.ts', '../../core/ports.ts'],
    ['plugins/wechat/a.ts', '../../core/plugin/simulator.ts'],
    ['plugins/wechat/a.ts', '../../core/plugin/host.ts'],
    ['plugins/wechat/a.ts', '../alipay/index.ts'],
    ['plugins/wechat/a.ts', './sandbox/index.ts'],
    ['plugins/wechat/a.ts', 'buffer'],
    ['plugins/wechat/sandbox/a.ts', '../sign.ts'],
    ['plugins/wechat/sandbox/a.ts', '../../../core/money.ts'],
    ['plugins/wechat/sandbox/a.ts', '../../alipay/sandbox/index.ts'],
    ['edge/a.ts', '../plugins/wechat/sign.ts'],
    ['edge/a.ts', '../test/kit/clock.ts'],
    ['edge/ports/a.ts', '../../admin/app.ts'],
    ['admin/a.ts', '../core/money.ts'],
    ['admin/a.ts', 'zod'],
  ])('does not let %s import %s', (path, specifier) => {
    for (const code of [
      `import { a } from '${specifier}'`,
      `import type {\n  A,\n} from "${specifier}"`,
      `export * from '${specifier}'`,
      `import '${specifier}'`,
      `const a = await import('${specifier}')`,
    ]) {
      expect(importProblems(path, code)).toHaveLength(1)
    }
  })

  it.each([
    ['core/http/a.ts', '../money.ts'],
    ['core/a.ts', 'hono'],
    ['core/a.ts', '@noble/hashes/legacy.js'],
    ['plugins/wechat/a.ts', './sign.ts'],
    ['plugins/wechat/a.ts', '../../core/plugin/api.ts'],
    ['plugins/wechat/sandbox/a.ts', './sign.ts'],
    ['plugins/wechat/sandbox/a.ts', '../../../core/plugin/simulator.ts'],
    ['edge/ports/a.ts', 'node:fs'],
    ['edge/ports/a.ts', '../../core/ports.ts'],
    ['edge/channels.ts', '../plugins/wechat/index.ts'],
    ['edge/simulators.ts', '../plugins/wechat/sandbox/index.ts'],
    ['test/a.ts', '../plugins/wechat/sign.ts'],
    ['drizzle.config.ts', 'drizzle-kit'],
  ])('lets %s import %s', (path, specifier) => {
    expect(importProblems(path, `import { a } from '${specifier}'`)).toEqual([])
  })

  it('says where, what and why', () => {
    expect(importProblems('core/a.ts', "// one\nimport '../edge/b.ts'")).toEqual([
      'core/a.ts:2 imports edge/b.ts: core imports neither edge nor a plugin, only core',
    ])
  })

  it('reads imports, and not what only looks like one', () => {
    expect(
      importsOf(`
        // import 'a'
        const text = "import 'b'"
        export const from = 'c'
        export { d } from 'd'
        import e, { type f } from 'e'
        import type { g } from 'g'
        type H = import('h').H
      `).map(({ specifier, kind }) => `${kind} ${specifier}`),
    ).toEqual(['static d', 'static e', 'type g', 'dynamic h'])
  })
})

describe('the check of globals', () => {
  it.each([
    'const a = Date.now()',
    'const a = new Date()',
    'const a = new Date( /* now */ )',
    'const a = new Date\n',
    'const a = Date()',
    'const a = Math.random()',
    'const a = await fetch(url)',
    'const a = ok ? fetch(url) : undefined',
    'const a = send ?? fetch',
    'const a = { fetch }',
    'const a = { ...fetch }',
    'const a = globalThis.fetch(url)',
    'const a = crypto.getRandomValues(b)',
    'const a = crypto.randomUUID()',
    'setTimeout(a, 1)',
    'setInterval(a, 1)',
    'const a = AbortSignal.timeout(1)',
    'const a = performance.now()',
    'const a = process.env.A',
    'const a = Buffer.from(b)',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source that is read
    'const a = `at ${Date.now()}`',
    "const a = 'it\\'s' + Date.now()",
    'const a = b / Date.now() / c',
    'const a = /[/\'"`]/.test(b) || Date.now()',
  ])('bites on %s', (code) => {
    expect(globalProblems('core/a.ts', code)).toHaveLength(1)
    expect(globalProblems('plugins/acme/sandbox/a.ts', code)).toHaveLength(1)
    expect(globalProblems('edge/a.ts', code)).toEqual([])
  })

  it.each([
    'const a = new Date(atMs)',
    'const a = gateway.fetch(request)',
    'const a = gateway?.fetch(request)',
    'const a = { fetch: app.fetch }',
    'const a = { async fetch(request: Request) { return b(request) } }',
    'interface A { fetch(request: Request): Promise<Response> }',
    'interface A { readonly fetch?: (request: Request) => Promise<Response> }',
    'const a = await crypto.subtle.digest(b, c)',
    'const a = clock.now() + pending.process',
    '// Date.now() is forbidden',
    '/* fetch(url)\n Math.random() */',
    "const a = 'Date.now() and fetch(url)'",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source that is read
    'const a = `fetch(url) ${b({ c: `Math.random() ${d}` })} Date.now()`',
    'const a = /fetch(url)/',
    'const prefetch = fetchAll(processes, $fetch)',
  ])('lets pass %s', (code) => {
    expect(globalProblems('core/a.ts', code)).toEqual([])
  })

  it('says where, what and what instead', () => {
    expect(globalProblems('core/a.ts', "const a = 'b'\nconst c = Date.now()")).toEqual([
      'core/a.ts:2 uses Date.now: time is a port, use the clock',
    ])
  })

  it('keeps each character of code in its place', () => {
    expect(blank('a /* b\n c */ + "d" // e')).toBe('a     \n      + " "     ')
  })
})

describe('the check of what is live', () => {
  const live = (entry: string, ...files: [string, string][]) =>
    liveProblems(new Map(files), entry).length

  it.each(['edge/worker.ts', 'edge/node.ts', 'edge/deno.ts'])(
    'finds a simulator behind %s',
    (entry) => {
      expect(
        live(entry, [entry, "import './a.ts'"], ['edge/a.ts', "export * from './simulators.ts'"]),
      ).toBe(1)
      expect(live(entry, [entry, "import '../plugins/wechat/sandbox/index.ts'"])).toBe(1)
      expect(live(entry, [entry, "import './a.ts'"], ['edge/a.ts', ''])).toBe(0)
    },
  )

  it('takes a late import for a part of a Worker, but not of a process', () => {
    const code = "const a = await import('./simulators.ts')"
    expect(live('edge/worker.ts', ['edge/worker.ts', code])).toBe(1)
    expect(live('edge/node.ts', ['edge/node.ts', code])).toBe(0)
  })

  it('finds what a Worker has not got', () => {
    const files = (entry: string): [string, string][] => [
      [entry, "import './a.ts'"],
      ['edge/a.ts', "import 'node:fs'"],
    ]
    expect(live('edge/worker.ts', ...files('edge/worker.ts'))).toBe(1)
    expect(live('edge/node.ts', ...files('edge/node.ts'))).toBe(0)
  })
})

describe('the check of rooms', () => {
  it.each(['src', 'utils', 'docs', 'scripts', 'index.ts', 'core.ts'])(
    'does not let in %s',
    (name) => {
      expect(topLevelProblems([name], [])).toHaveLength(1)
    },
  )

  it('lets in its five folders, settings of tools, and what git does not see', () => {
    const names = ['core', 'README.md', 'tsconfig.base.json', 'vitest.config.ts', '.ci']
    expect(
      topLevelProblems([...names, 'node_modules', 'a.db-wal'], ['node_modules/', '*.db*']),
    ).toEqual([])
  })
})
