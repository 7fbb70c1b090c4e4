import type { seededRandom } from '../kit/random.ts'

export type Bytes = Uint8Array<ArrayBuffer>
type Random = ReturnType<typeof seededRandom>

/** Texts that parsers stumble over, put where they do not belong. */
const HOSTILE = [
  '\0',
  '\r\n',
  '"',
  '\\',
  '\\ud800',
  '%',
  '%00',
  '%ED%A0%80',
  '%2',
  '&',
  '=',
  '+',
  ';',
  ',',
  ',`',
  '`',
  '<![CDATA[',
  ']]>',
  '<!DOCTYPE x [<!ENTITY a "b">]>',
  '&a;',
  '</xml>',
  '<xml>',
  '{}',
  '[]',
  '[[',
  '{"a":',
  '__proto__',
  'constructor',
  'null',
  'NaN',
  '1e999',
  '-0',
  '9007199254740993',
  '0x10',
  '99999999999999999999',
  '\ufeff',
  '\u202e',
  '🎁',
  'İ',
  'ﬀ',
  '-----BEGIN CERTIFICATE-----',
  '-----END CERTIFICATE-----',
  '../',
  '//',
  'https://[',
  '\xff\xfe',
  '\x30\x84\xff\xff\xff\xff',
  '\x30\x80',
  '\x1f\x8b\x08',
  'PK\x05\x06',
  'PK\x01\x02',
]

const encoder = new TextEncoder()

type Change = (bytes: Bytes, random: Random) => Bytes

const CHANGES: readonly Change[] = [
  // One bit, one byte.
  (bytes, random) => withByte(bytes, random, (byte) => byte ^ (1 << below(random, 8))),
  (bytes, random) => withByte(bytes, random, () => below(random, 256)),
  // A piece left out, said twice, or moved to where it does not belong.
  (bytes, random) => spliced(bytes, ...piece(bytes, random), new Uint8Array()),
  (bytes, random) => {
    const [from, to] = piece(bytes, random)
    return spliced(bytes, from, from, bytes.subarray(from, to))
  },
  (bytes, random) => {
    const [from, to] = piece(bytes, random)
    const at = below(random, bytes.length + 1)
    return spliced(bytes, at, at, bytes.subarray(from, to))
  },
  (bytes, random) => bytes.slice(0, below(random, bytes.length + 1)),
  // A hostile text put in, or in place of a piece.
  (bytes, random) => {
    const at = below(random, bytes.length + 1)
    return spliced(bytes, at, at, hostile(random))
  },
  (bytes, random) => spliced(bytes, ...piece(bytes, random), hostile(random)),
  // Much of one thing: depth, length, number.
  (bytes, random) => {
    const at = below(random, bytes.length + 1)
    const unit = below(random, 2) === 0 ? hostile(random) : bytes.slice(...piece(bytes, random))
    return spliced(bytes, at, at, repeated(unit, 1 << below(random, 15)))
  },
]

/** A valid input, made invalid in one to six places. The same for the same randomness. */
export function mutated(seed: Bytes, random: Random): Bytes {
  let bytes: Bytes = seed.slice()
  for (let left = 1 + below(random, 6); left > 0; left--) {
    const change = CHANGES[below(random, CHANGES.length)]
    if (change !== undefined) bytes = change(bytes, random)
  }
  return bytes.slice(0, MAX_BYTES)
}

const MAX_BYTES = 300 * 1024

export function below(random: Random, limit: number): number {
  return Math.floor(random.next() * limit)
}

function hostile(random: Random): Bytes {
  const text = HOSTILE[below(random, HOSTILE.length)] ?? ''
  const isBinary = /[\x80-\xff]/.test(text) && !/[\u0100-\uffff]/.test(text)
  return isBinary ? Uint8Array.from(text, (char) => char.charCodeAt(0)) : encoder.encode(text)
}

function piece(bytes: Bytes, random: Random): [number, number] {
  const from = below(random, bytes.length + 1)
  return [from, Math.min(bytes.length, from + below(random, 24))]
}

function withByte(bytes: Bytes, random: Random, change: (byte: number) => number): Bytes {
  if (bytes.length === 0) return bytes
  const at = below(random, bytes.length)
  return bytes.with(at, change(bytes[at] ?? 0))
}

function spliced(bytes: Bytes, from: number, to: number, instead: Bytes): Bytes {
  const whole = new Uint8Array(from + instead.length + bytes.length - to)
  whole.set(bytes.subarray(0, from))
  whole.set(instead, from)
  whole.set(bytes.subarray(to), from + instead.length)
  return whole
}

function repeated(unit: Bytes, times: number): Bytes {
  const count = unit.length === 0 ? 0 : Math.min(times, Math.ceil(MAX_BYTES / unit.length))
  const whole = new Uint8Array(unit.length * count)
  for (let i = 0; i < count; i++) whole.set(unit, i * unit.length)
  return whole
}
