import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import { blank } from './blank.ts'

export interface Import {
  readonly specifier: string
  readonly line: number
  readonly kind: 'static' | 'type' | 'dynamic'
}

const STATEMENT = /\b(?:import|export)\b(\s+type\b)?[^'"`;()]*?(?:\bfrom)?\s*(['"])/g
const EXPRESSION = /\bimport\s*\(\s*(['"`])/g

export function importsOf(source: string): Import[] {
  const code = blank(source)
  const found = (match: RegExpExecArray, kind: Import['kind']): Import => {
    const quote = match.index + match[0].length - 1
    const end = code.indexOf(code.charAt(quote), quote + 1)
    const line = code.slice(0, quote).split('\n').length
    return { specifier: source.slice(quote + 1, end), line, kind }
  }
  return [
    ...[...code.matchAll(STATEMENT)]
      .filter(([text]) => /\bfrom\s*['"]$|^import\s*['"]$/.test(text))
      .map((match) => found(match, match[1] === undefined ? 'static' : 'type')),
    ...[...code.matchAll(EXPRESSION)].map((match) => found(match, 'dynamic')),
  ]
}

/** The path in the repository that a relative import means; undefined for a package. */
export function targetOf(path: string, { specifier }: Import): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined
}

export function isNodes(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier.split('/')[0] ?? '')
}

interface Area {
  readonly files: RegExp
  /** What its files may import of this repository; `$1` is what the first group matched. */
  readonly may: readonly string[]
  readonly said: string
  readonly packages: 'any' | 'web' | 'none'
}

/** Who may import what: the first area that a file belongs to. Files of no area are free. */
const AREAS: readonly Area[] = [
  {
    files: /^core\//,
    may: ['^core/'],
    said: 'core imports neither edge nor a plugin, only core',
    packages: 'web',
  },
  {
    files: /^plugins\/([^/]+)\/sandbox\//,
    may: ['^plugins/$1/sandbox/', '^core/plugin/(api|simulator)\\.ts$'],
    said: 'a sandbox imports only its own folder and core/plugin/{api,simulator}.ts',
    packages: 'web',
  },
  {
    files: /^plugins\/([^/]+)\//,
    may: ['^plugins/$1/(?!sandbox/)', '^core/plugin/api\\.ts$'],
    said: 'a plugin imports only its own folder, without its sandbox, and core/plugin/api.ts',
    packages: 'web',
  },
  {
    files: /^edge\//,
    // Pages of admin are documents that edge serves, as it would serve a file.
    may: ['^edge/', '^core/', '^plugins/[^/]+/(sandbox/)?index\\.ts$', '^admin/[\\w-]+-page\\.ts$'],
    said: 'edge imports edge, core, pages of admin, and of a plugin its index.ts alone',
    packages: 'any',
  },
  {
    files: /^admin\//,
    may: ['^admin/'],
    said: 'admin imports only admin: it talks HTTP to the rest',
    packages: 'none',
  },
]

/** Imports of one file that the house does not allow. */
export function importProblems(path: string, source: string): string[] {
  const area = AREAS.find(({ files }) => files.test(path))
  if (area === undefined) return []
  const [, own = ''] = area.files.exec(path) ?? []
  return importsOf(source).flatMap((imported) => {
    const problem = problemOf(area, own, imported, targetOf(path, imported))
    return problem === undefined ? [] : [`${path}:${imported.line} ${problem}`]
  })
}

function problemOf(
  { may, said, packages }: Area,
  own: string,
  { specifier }: Import,
  target: string | undefined,
): string | undefined {
  if (target === undefined) {
    if (packages === 'none') return `imports ${specifier}: ${said}`
    if (packages === 'web' && isNodes(specifier)) {
      return `imports ${specifier}: core and plugins run where there is no Node`
    }
    return undefined
  }
  if (!may.some((pattern) => new RegExp(pattern.replace('$1', own)).test(target))) {
    return `imports ${target}: ${said}`
  }
  if (!/\.\w+$/.test(target)) return `imports ${specifier}: Node and Deno want the file's ending`
  return undefined
}
