import type { KeyRing, MasterKey } from '../core/ports.ts'
import { ok, type Result, refuse } from '../core/result.ts'

const KEY_BYTES = 32

/**
 * Parses `id:base64[,id2:base64…]`. The first key seals, all of them open, so a new key is put in
 * front and the old one stays until nothing is sealed with it any more.
 *
 * @returns a refusal that says what is wrong without repeating any part of a key
 */
export function parseKeyRing(text: string): Result<KeyRing, string> {
  const keys: MasterKey[] = []
  for (const [index, entry] of text.split(',').entries()) {
    const key = parseKey(entry.trim())
    const which = `key ${index + 1}`
    if (key === undefined) {
      return refuse(`${which} is not written as id:base64, with ${KEY_BYTES} bytes in the base64`)
    }
    if (keys.some(({ id }) => id === key.id)) return refuse(`${which} has the id of another key`)
    keys.push(key)
  }
  const [first, ...rest] = keys
  return first === undefined ? refuse('there is no key') : ok([first, ...rest])
}

function parseKey(entry: string): MasterKey | undefined {
  const [, id, base64] = /^([\w-]{1,32}):([A-Za-z0-9+/]+={0,2})$/.exec(entry) ?? []
  if (id === undefined || base64 === undefined) return undefined
  const bytes = decodeBase64(base64)
  return bytes?.length === KEY_BYTES ? { id, bytes } : undefined
}

function decodeBase64(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}
