/**
 * Takes what is not code out of a TypeScript source: comments, and what stands inside strings,
 * templates and regular expressions. Everything keeps its place, so that an index or a line in the
 * result is one in the source. What stands in `${…}` is code and stays.
 */
export function blank(source: string): string {
  let code = ''
  // How deep in braces each template's expression is, the innermost last.
  const templates: number[] = []
  let at = 0
  while (at < source.length) {
    const end = endOfText(source, at, code, templates)
    if (end === undefined) {
      const character = source.charAt(at)
      count(templates, character)
      code += character
      at += 1
    } else {
      code += blanked(source.slice(at, end))
      at = end
    }
  }
  return code
}

/** Where the text ends that begins here; undefined when it is code that stands here. */
function endOfText(
  source: string,
  at: number,
  code: string,
  templates: number[],
): number | undefined {
  const character = source.charAt(at)
  if (character === '`') return endOfTemplate(source, at + 1, templates)
  if (character === '}' && templates.at(-1) === 0) {
    templates.pop()
    return endOfTemplate(source, at + 1, templates)
  }
  const text = TEXTS.find(({ opens }) => source.startsWith(opens, at))
  if (text !== undefined && (text.opens !== '/' || mayBeginExpression(code))) {
    text.whole.lastIndex = at
    if (text.whole.test(source)) return text.whole.lastIndex
  }
  return undefined
}

/** What is text from its opening to its end; comments first, for they open with a slash too. */
const TEXTS: readonly { readonly opens: string; readonly whole: RegExp }[] = [
  { opens: '//', whole: /\/\/.*/y },
  { opens: '/*', whole: /\/\*[\s\S]*?\*\//y },
  { opens: "'", whole: /'(?:\\[\s\S]|[^\\'\n])*'/y },
  { opens: '"', whole: /"(?:\\[\s\S]|[^\\"\n])*"/y },
  { opens: '/', whole: /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\//y },
]

function endOfTemplate(source: string, from: number, templates: number[]): number {
  for (let at = from; at < source.length; at++) {
    const character = source.charAt(at)
    if (character === '\\') at += 1
    else if (character === '`') return at + 1
    else if (character === '$' && source.charAt(at + 1) === '{') {
      templates.push(0)
      return at + 2
    }
  }
  return source.length
}

function count(templates: number[], character: string): void {
  const depth = templates.at(-1)
  if (depth === undefined) return
  if (character === '{') templates[templates.length - 1] = depth + 1
  if (character === '}') templates[templates.length - 1] = depth - 1
}

/** A slash behind a value divides; anywhere else it begins a regular expression. */
function mayBeginExpression(code: string): boolean {
  const before = code.trimEnd()
  return (
    !/[\w$)\]}'"`/]$/.test(before) ||
    /\b(return|typeof|case|in|of|void|throw|await|yield|else)$/.test(before)
  )
}

/** Keeps line ends, and the marks around what is no comment: by them an import is still known. */
function blanked(text: string): string {
  const spaces = text.replace(/[^\n]/g, ' ')
  if (/^\/[/*]/.test(text)) return spaces
  return text.charAt(0) + spaces.slice(1, -1) + text.slice(-1)
}
