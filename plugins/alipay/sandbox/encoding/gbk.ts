/**
 * Text in GBK. Every runtime can read it, none can write it: the table for writing is the reader's
 * own, inverted.
 */
export function toGbk(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = []
  for (const character of text) {
    const code = character.charCodeAt(0)
    if (code < 0x80) bytes.push(code)
    else bytes.push(...(table().get(character) ?? [QUESTION_MARK]))
  }
  return Uint8Array.from(bytes)
}

export function fromGbk(bytes: Uint8Array): string {
  return new TextDecoder('gbk').decode(bytes)
}

const QUESTION_MARK = 0x3f
const LINE_FEED = 0x0a

// A pure cache of what never changes, made when it is first wanted.
const tables: ReadonlyMap<string, readonly number[]>[] = []

function table(): ReadonlyMap<string, readonly number[]> {
  const [known] = tables
  if (known !== undefined) return known

  const pairs: (readonly [number, number])[] = []
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) pairs.push([lead, trail])
  }
  // A line feed behind each pair keeps one that is not assigned from swallowing the next.
  const lines = fromGbk(Uint8Array.from(pairs.flatMap((pair) => [...pair, LINE_FEED]))).split('\n')
  const made = new Map<string, readonly number[]>()
  for (const [index, pair] of pairs.entries()) {
    const character = lines[index] ?? ''
    if ([...character].length !== 1 || character === '\ufffd' || made.has(character)) continue
    made.set(character, pair)
  }
  tables.push(made)
  return made
}
