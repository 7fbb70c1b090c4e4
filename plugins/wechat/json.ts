/** @returns nothing when it is not JSON, or its bytes are not UTF-8; JSON itself has no `undefined` */
export function parseJson(input: string | Uint8Array<ArrayBuffer>): unknown {
  try {
    return JSON.parse(typeof input === 'string' ? input : UTF8.decode(input))
  } catch {
    return undefined
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true })
