import { blank } from './blank.ts'

const TIME = 'time is a port, use the clock'
const CHANCE = 'randomness is a port, use random.bytes'
const NODES = 'core and plugins run where there is no Node'

/** Reached by a name of their own, so that a property of the same name is another thing. */
const GLOBALS: Readonly<Record<string, string>> = {
  fetch: 'HTTP is a port, use http.send',
  setTimeout: TIME,
  setInterval: TIME,
  setImmediate: TIME,
  performance: TIME,
  process: NODES,
  Buffer: NODES,
  globalThis: 'what comes from outside comes through a port',
}

/** Forbidden wherever they stand. */
const EXPRESSIONS: readonly (readonly [what: string, pattern: RegExp, instead: string])[] = [
  ['Date.now', /\bDate\s*\.\s*now\b/g, TIME],
  ['new Date()', /\bnew\s+Date\s*(\(\s*\)|(?![\s(\w$.]))/g, TIME],
  ['Date()', /(?<![\w$.]|\bnew\s+)Date\s*\(/g, TIME],
  ['AbortSignal.timeout', /\bAbortSignal\s*\.\s*timeout\b/g, TIME],
  ['Math.random', /\bMath\s*\.\s*random\b/g, CHANCE],
  ['getRandomValues', /\bgetRandomValues\b/g, CHANCE],
  ['randomUUID', /\brandomUUID\b/g, CHANCE],
]

/** Where core or a plugin reaches for something that it was not given. */
export function globalProblems(path: string, source: string): string[] {
  if (!/^(core|plugins)\//.test(path)) return []
  const code = blank(source)
  const told = (index: number, what: string, instead: string) => {
    const line = code.slice(0, index).split('\n').length
    return { line, text: `${path}:${line} uses ${what}: ${instead}` }
  }
  const globals = Object.entries(GLOBALS).flatMap(([name, instead]) =>
    [...code.matchAll(new RegExp(`(?<![\\w$])${name}(?![\\w$])`, 'g'))]
      .filter(({ index }) => isGlobal(code, index, name))
      .map(({ index }) => told(index, name, instead)),
  )
  const expressions = EXPRESSIONS.flatMap(([what, pattern, instead]) =>
    [...code.matchAll(pattern)].map(({ index }) => told(index, what, instead)),
  )
  return [...globals, ...expressions].toSorted((a, b) => a.line - b.line).map(({ text }) => text)
}

/** Not a property, a key, a method that is defined, or its signature. */
function isGlobal(code: string, index: number, name: string): boolean {
  const before = code.slice(0, index).trimEnd()
  const after = code.slice(index + name.length).trimStart()
  if (/(?<!\.\.)\.$/.test(before)) return false
  if (before.endsWith('?')) return true
  if (/^\??\s*:/.test(after)) return false
  return !/^\??\s*\(/.test(after) || !isDefinition(after)
}

/** Whether what stands behind the parentheses makes a definition of what looks like a call. */
function isDefinition(after: string): boolean {
  let depth = 0
  for (let at = after.indexOf('('); at < after.length; at++) {
    if (after[at] === '(') depth += 1
    if (after[at] === ')') depth -= 1
    if (depth === 0) return /^\s*[{:]/.test(after.slice(at + 1))
  }
  return false
}
