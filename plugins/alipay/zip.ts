import type { Bytes } from './bytes.ts'

export interface ZipEntry {
  /** As in the archive: bills are named in GBK, without saying so. */
  readonly nameBytes: Bytes
  readonly contents: Bytes
}

/** What a day's bill may unpack to, with all its files. */
const MAX_CONTENTS_BYTES = 64 * 1024 * 1024

/**
 * Unpacks an archive by its central directory, which alone knows the sizes of entries that were
 * written as a stream.
 *
 * @returns nothing when it is no archive, or is damaged, encrypted, or too large
 * @see PKWARE APPNOTE 6.3 §4.3.12, §4.3.16
 */
export async function unzip(archive: Bytes): Promise<readonly ZipEntry[] | undefined> {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength)
  const end = findEnd(view)
  if (end === undefined) return undefined
  const headers = centralHeaders(view, end)
  // All of them before any: entries may share their contents, and be many from few bytes.
  const size = headers?.reduce((sum, at) => sum + view.getUint32(at + 24, true), 0) ?? 0
  if (headers === undefined || size > MAX_CONTENTS_BYTES) return undefined

  const entries: ZipEntry[] = []
  for (const at of headers) {
    const contents = await contentsOf(archive, view, at)
    if (contents === undefined) return undefined
    const nameLength = view.getUint16(at + 28, true)
    entries.push({ nameBytes: archive.slice(at + 46, at + 46 + nameLength), contents })
  }
  return entries
}

/** Where the headers of the central directory begin; nothing when one does not fit into it. */
function centralHeaders(view: DataView, end: number): readonly number[] | undefined {
  const headers: number[] = []
  let at = view.getUint32(end + 16, true)
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL_HEADER) return undefined
    headers.push(at)
    const nameLength = view.getUint16(at + 28, true)
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    if (at > end) return undefined
  }
  return headers
}

const END = 0x06054b50
const CENTRAL_HEADER = 0x02014b50
const LOCAL_HEADER = 0x04034b50

/** It stands at the end, before a comment of at most 64 KiB. */
function findEnd(view: DataView): number | undefined {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 65_557); at--) {
    if (view.getUint32(at, true) === END) return at
  }
  return undefined
}

const STORED = 0
const DEFLATED = 8

async function contentsOf(
  archive: Bytes,
  view: DataView,
  header: number,
): Promise<Bytes | undefined> {
  const isEncrypted = (view.getUint16(header + 8, true) & 1) === 1
  const method = view.getUint16(header + 10, true)
  const packedSize = view.getUint32(header + 20, true)
  const size = view.getUint32(header + 24, true)
  const local = view.getUint32(header + 42, true)
  if (isEncrypted || local + 30 > archive.length) return undefined
  if (view.getUint32(local, true) !== LOCAL_HEADER) return undefined
  const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true)
  if (start + packedSize > archive.length) return undefined

  const packed = archive.subarray(start, start + packedSize)
  const contents =
    method === STORED ? packed : method === DEFLATED ? await inflate(packed, size) : []
  if (!(contents instanceof Uint8Array) || contents.length !== size) return undefined
  return crc32(contents) === view.getUint32(header + 16, true) ? contents : undefined
}

/** @returns nothing when it is damaged, or unpacks to more than it says */
async function inflate(packed: Bytes, size: number): Promise<Bytes | undefined> {
  const contents = new Uint8Array(size)
  let length = 0
  try {
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
    for await (const chunk of stream) {
      if (length + chunk.length > size) return undefined
      contents.set(chunk, length)
      length += chunk.length
    }
  } catch {
    return undefined
  }
  return length === size ? contents : undefined
}

/** IEEE 802.3; four bits at a time keep the table small. */
function crc32(bytes: Bytes): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    crc = (crc >>> 4) ^ (CRC_NIBBLES[crc & 15] ?? 0)
    crc = (crc >>> 4) ^ (CRC_NIBBLES[crc & 15] ?? 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}

const CRC_NIBBLES = Array.from({ length: 16 }, (_, nibble) => {
  let crc = nibble
  for (let bit = 0; bit < 4; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})
