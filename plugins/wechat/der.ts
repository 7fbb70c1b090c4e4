/**
 * As much of ASN.1 DER as keys and certificates need: WebCrypto has no X.509 reader, and imports no
 * PKCS#1 (X.690 §8.1, §10.1).
 */
export type Bytes = Uint8Array<ArrayBuffer>

export interface DerElement {
  readonly tag: number
  readonly content: Bytes
  /** With tag and length. */
  readonly whole: Bytes
}

export const SEQUENCE = 0x30

/**
 * The elements that stand one after another in `bytes`.
 *
 * @returns none when anything in it is malformed: a caller asks for what it needs in any case
 */
export function readElements(bytes: Bytes): readonly DerElement[] {
  const elements: DerElement[] = []
  for (let offset = 0; offset < bytes.length; ) {
    const element = readElement(bytes.subarray(offset))
    if (element === undefined) return []
    elements.push(element)
    offset += element.whole.length
  }
  return elements
}

export function wrapElement(tag: number, ...parts: readonly Bytes[]): Bytes {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const header = [tag, ...lengthBytes(length)]
  const element = new Uint8Array(header.length + length)
  element.set(header)
  let offset = header.length
  for (const part of parts) {
    element.set(part, offset)
    offset += part.length
  }
  return element
}

function readElement(bytes: Bytes): DerElement | undefined {
  const [tag, first] = bytes
  if (tag === undefined || first === undefined) return undefined
  // Tags of several bytes occur neither in keys nor in the part of a certificate that is read.
  if ((tag & 0x1f) === 0x1f) return undefined

  // Above 0x80 the byte says how many bytes of length follow; 0x80 itself is not DER.
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  if (first === 0x80 || lengthBytes > 3 || bytes.length < 2 + lengthBytes) return undefined
  const start = 2 + lengthBytes
  const length =
    lengthBytes === 0 ? first : bytes.subarray(2, start).reduce((sum, byte) => sum * 256 + byte, 0)

  const end = start + length
  if (end > bytes.length) return undefined
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(0, end) }
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return [0x80 | bytes.length, ...bytes]
}
