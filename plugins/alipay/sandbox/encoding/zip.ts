import { toGbk } from './gbk.ts'

export interface ZipEntry {
  readonly name: string
  readonly content: Uint8Array<ArrayBuffer>
  /** Into the headers, as DOS has it: two seconds is as fine as it gets. */
  readonly digits: string
}

/**
 * Packs files as Alipay does: names in GBK, without the flag that would say UTF-8. Contents are
 * stored as they are, which a reader of ZIP has to take as well as compressed ones.
 */
export function zip(entries: readonly ZipEntry[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const entry of entries) {
    const name = toGbk(entry.name)
    const common = [...stamp(entry.digits), ...u32(crc32(entry.content))]
    const sizes = [...u32(entry.content.length), ...u32(entry.content.length)]
    const header = [...VERSION, ...NO_FLAGS, ...STORED, ...common, ...sizes, ...u16(name.length)]
    const local = bytes(u32(0x04034b50), header, u16(0), name, entry.content)
    // No extra field, no comment, first disk, no attributes; then where the entry is.
    const rest = [...u16(0), ...u16(0), ...u16(0), ...u16(0), ...u32(0), ...u32(offset)]
    directory.push(bytes(u32(0x02014b50), VERSION, header, rest, name))
    parts.push(local)
    offset += local.length
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const count = u16(entries.length)
  const end = bytes(u32(0x06054b50), u32(0), count, count, u32(size), u32(offset), u16(0))
  return bytes(...parts, ...directory, end)
}

const VERSION = u16(20)
const NO_FLAGS = u16(0)
const STORED = u16(0)

function u16(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff]
}

function u32(value: number): number[] {
  return [...u16(value & 0xffff), ...u16(value >>> 16)]
}

/** @param digits `20260102062710` */
function stamp(digits: string): number[] {
  const part = (from: number, length: number) => Number(digits.slice(from, from + length))
  const time = (part(8, 2) << 11) | (part(10, 2) << 5) | (part(12, 2) >> 1)
  const date = ((part(0, 4) - 1980) << 9) | (part(4, 2) << 5) | part(6, 2)
  return [...u16(time), ...u16(date)]
}

function crc32(content: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of content) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

function bytes(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
