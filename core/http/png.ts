/**
 * Draws a matrix of dark and light modules as a PNG with one bit a pixel.
 *
 * @param scale pixels a module
 */
export async function drawPng(
  modules: readonly (readonly boolean[])[],
  scale: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const size = modules.length * scale
  const header = new DataView(new ArrayBuffer(13))
  header.setUint32(0, size)
  header.setUint32(4, size)
  // One bit a pixel, greyscale; the other three are the only methods that PNG has.
  header.setUint8(8, 1)
  const pixels = await deflate(pixelRows(modules, scale, size))
  return join([
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', new Uint8Array(header.buffer)),
    chunk('IDAT', pixels),
    chunk('IEND', new Uint8Array()),
  ])
}

function pixelRows(
  modules: readonly (readonly boolean[])[],
  scale: number,
  size: number,
): Uint8Array<ArrayBuffer> {
  // Each row begins with its filter: none.
  const bytesPerRow = 1 + Math.ceil(size / 8)
  const rows = new Uint8Array(bytesPerRow * size)
  for (let y = 0; y < size; y++) {
    const line = modules[Math.floor(y / scale)]
    for (let x = 0; x < size; x++) {
      const isDark = line?.[Math.floor(x / scale)] ?? false
      const at = y * bytesPerRow + 1 + (x >> 3)
      if (!isDark) rows[at] = (rows[at] ?? 0) | (0x80 >> (x & 7))
    }
  }
  return rows
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const typed = join([new TextEncoder().encode(type), data])
  const framed = new DataView(new ArrayBuffer(typed.length + 8))
  framed.setUint32(0, data.length)
  new Uint8Array(framed.buffer).set(typed, 4)
  framed.setUint32(typed.length + 4, crc32(typed))
  return new Uint8Array(framed.buffer)
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
