import { importsOf, isNodes, targetOf } from './imports.ts'

/** The only folders and files at the top; a further one needs a reason that a newcomer accepts. */
const TOP_LEVEL =
  /^(core|plugins|edge|admin|test|package(-lock)?\.json|wrangler\.toml|plugins\.manifest\.json|README\.md|LICENSE|biome\.json|tsconfig(\.\w+)?\.json|\w+\.config\.ts|\..+)$/

/** @param ignored what .gitignore says: names, and patterns with a star */
export function topLevelProblems(names: readonly string[], ignored: readonly string[]): string[] {
  const patterns = ignored.map(
    (line) =>
      new RegExp(
        `^${line
          .replace(/^\/|\/$/g, '')
          .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
          .replaceAll('*', '.*')}$`,
      ),
  )
  return names
    .filter((name) => !TOP_LEVEL.test(name) && !patterns.some((pattern) => pattern.test(name)))
    .map((name) => `${name} does not belong at the top: it is core, plugins, edge, admin or test`)
}

/** Files of the repository by their path. */
export type Sources = ReadonlyMap<string, string>

/**
 * What a live entry must not reach: simulators, and in a Worker Node's own modules too. A dynamic
 * import counts in a Worker, because the bundler takes it in; Node and Deno do not run it.
 */
export function liveProblems(sources: Sources, entry: string): string[] {
  const isWorker = entry === 'edge/worker.ts'
  const problems: string[] = []
  const seen = new Set<string>()
  const visit = (path: string, way: readonly string[]): void => {
    if (seen.has(path)) return
    seen.add(path)
    const here = [...way, path]
    if (path === 'edge/simulators.ts' || /^plugins\/[^/]+\/sandbox\//.test(path)) {
      problems.push(`${here.join(' → ')}: simulators are no part of what is live`)
      return
    }
    for (const imported of importsOf(sources.get(path) ?? '')) {
      if (imported.kind === 'type' || (imported.kind === 'dynamic' && !isWorker)) continue
      const target = targetOf(path, imported)
      if (target !== undefined) visit(target, here)
      else if (isWorker && isNodes(imported.specifier)) {
        problems.push(`${here.join(' → ')} imports ${imported.specifier}: a Worker has no Node`)
      }
    }
  }
  if (sources.has(entry)) visit(entry, [])
  return problems
}
