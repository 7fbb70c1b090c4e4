/** One element of DER: enough of X.690 to read a certificate. */
export interface Element {
  readonly tag: number
  readonly content: Uint8Array<ArrayBuffer>
  /** With tag and length, as a public key is handed on. */
  readonly whole: Uint8Array<ArrayBuffer>
}

/** The elements that stand one behind the other in some content. */
export function elementsOf(bytes: Uint8Array<ArrayBuffer>): readonly Element[] {
  const elements: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const [start, length] = readLength(bytes, at + 1)
    const end = start + length
    if (end > bytes.length) throw new Error('DER ends before its content')
    elements.push({
      tag: bytes[at] ?? 0,
      content: bytes.slice(start, end),
      whole: bytes.slice(at, end),
    })
    at = end
  }
  return elements
}

/** @throws when there is none at this place */
export function elementAt(bytes: Uint8Array<ArrayBuffer>, index: number): Element {
  const element = elementsOf(bytes)[index]
  if (element === undefined) throw new Error(`DER has no element ${index}`)
  return element
}

/** `1.2.840.113549.1.1.11`. */
export function objectIdentifier({ content }: Element): string {
  const [first = 0, ...rest] = content
  const numbers = [Math.floor(first / 40), first % 40]
  let number = 0
  for (const byte of rest) {
    number = number * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    numbers.push(number)
    number = 0
  }
  return numbers.join('.')
}

/** Short form, or the number of bytes that hold the length. */
function readLength(bytes: Uint8Array, at: number): readonly [start: number, length: number] {
  const first = bytes[at] ?? 0
  if (first < 0x80) return [at + 1, first]
  const start = at + 1 + (first & 0x7f)
  return [start, bytes.slice(at + 1, start).reduce((length, byte) => length * 256 + byte, 0)]
}
