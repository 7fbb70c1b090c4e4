/**
 * As much of ASN.1 DER as keys and certificates need: WebCrypto has no X.509 reader, and imports no
 * PKCS#1 (X.690 §8.1, §10.1).
 */
import type { Bytes } from './bytes.ts'

export const INTEGER = 0x02
export const BIT_STRING = 0x03
export const OCTET_STRING = 0x04
export const OBJECT_ID = 0x06
export const SEQUENCE = 0x30

export interface DerElement {
  readonly tag: number
  readonly content: Bytes
  /** With tag and length. */
  readonly whole: Bytes
}

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

/** The elements of the one sequence that `bytes` are; none when they are something else. */
export function readSequence(bytes: Bytes): readonly DerElement[] {
  const [sequence, ...rest] = readElements(bytes)
  return sequence?.tag === SEQUENCE && rest.length === 0 ? readElements(sequence.content) : []
}

export function wrapElement(tag: number, ...parts: readonly Bytes[]): Bytes {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const header = [tag, ...lengthOctets(length)]
  const element = new Uint8Array(header.length + length)
  element.set(header)
  let offset = header.length
  for (const part of parts) {
    element.set(part, offset)
    offset += part.length
  }
  return element
}

/** `1.2.840.113549.1.1.11` (X.690 §8.19). */
export function objectIdOf(content: Bytes): string {
  const arcs: number[] = []
  let arc = 0
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    arcs.push(arc)
    arc = 0
  }
  const [first = 0, ...others] = arcs
  const root = Math.min(Math.floor(first / 40), 2)
  return [root, first - root * 40, ...others].join('.')
}

function readElement(bytes: Bytes): DerElement | undefined {
  const [tag, first] = bytes
  if (tag === undefined || first === undefined) return undefined
  // Tags of several bytes occur neither in keys nor in the parts of a certificate that are read.
  if ((tag & 0x1f) === 0x1f) return undefined

  // Above 0x80 the byte says how many bytes of length follow; 0x80 itself is not DER.
  const octets = first < 0x80 ? 0 : first & 0x7f
  if (first === 0x80 || octets > 3 || bytes.length < 2 + octets) return undefined
  const start = 2 + octets
  const length =
    octets === 0 ? first : bytes.subarray(2, start).reduce((sum, byte) => sum * 256 + byte, 0)

  const end = start + length
  if (end > bytes.length) return undefined
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(0, end) }
}

function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return [0x80 | octets.length, ...octets]
}
