/**
 * The members of a JSON object as they stand in its text, not parsed: Alipay signs the very
 * characters of the answer's node, escapes like `\/` and all (reference §3).
 *
 * Reads no more of JSON than where a value ends, so whoever uses a value still parses it.
 *
 * @returns nothing when the text is not one object, or names a member twice: of two, one would be
 *   verified and the other believed
 */
export function rawMembers(text: string): ReadonlyMap<string, string> | undefined {
  const members = new Map<string, string>()
  let at = skipSpace(text, 0)
  if (text[at] !== '{') return undefined
  at = skipSpace(text, at + 1)
  if (text[at] === '}') return skipSpace(text, at + 1) === text.length ? members : undefined
  for (;;) {
    const nameEnd = stringEnd(text, at)
    if (nameEnd === undefined) return undefined
    // Member names of Alipay's have no escapes; one that has is another name, and is not found.
    const name = text.slice(at + 1, nameEnd - 1)
    at = skipSpace(text, nameEnd)
    if (text[at] !== ':') return undefined
    const start = skipSpace(text, at + 1)
    const end = valueEnd(text, start)
    if (end === undefined || members.has(name)) return undefined
    members.set(name, text.slice(start, end))
    at = skipSpace(text, end)
    if (text[at] === '}') return skipSpace(text, at + 1) === text.length ? members : undefined
    if (text[at] !== ',') return undefined
    at = skipSpace(text, at + 1)
  }
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (/[ \t\r\n]/.test(text[at] ?? '')) at++
  return at
}

/** Just behind the string that begins at `from`. */
function stringEnd(text: string, from: number): number | undefined {
  if (text[from] !== '"') return undefined
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '"') return at + 1
    if (text[at] === '\\') at++
  }
  return undefined
}

/** Just behind the value that begins at `from`. */
function valueEnd(text: string, from: number): number | undefined {
  if (text[from] === '"') return stringEnd(text, from)
  if (text[from] !== '{' && text[from] !== '[') {
    const length = /^[^\s,{}[\]"]+/.exec(text.slice(from, from + 40))?.[0].length
    return length === undefined ? undefined : from + length
  }
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const char = text[at]
    if (char === '"') {
      const end = stringEnd(text, at)
      if (end === undefined) return undefined
      at = end - 1
    } else if (char === '{' || char === '[') depth++
    else if (char === '}' || char === ']') depth--
    if (depth === 0) return at + 1
  }
  return undefined
}
