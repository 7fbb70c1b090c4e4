/** How much more is read of a body that is too long. Beyond it, whoever sends is not a mistaken client. */
const MAX_DRAINED_BYTES = 16 * 1_024 * 1_024

/**
 * Reads a body up to a bound, whatever its `Content-Length` claims.
 *
 * The rest of one that is longer is read too, and dropped: most clients write all they have before
 * they read, and would see a broken connection instead of our answer.
 *
 * @returns nothing when it is longer
 */
export async function limitedBody(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > MAX_DRAINED_BYTES) return undefined
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request.body) {
    length += chunk.length
    if (length > MAX_DRAINED_BYTES) return undefined
    if (length <= maxBytes) chunks.push(chunk)
  }
  return length > maxBytes ? undefined : joined(chunks, length)
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
