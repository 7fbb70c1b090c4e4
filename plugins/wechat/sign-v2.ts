import { md5 } from '@noble/hashes/legacy.js'

export type V2Signature = 'HMAC-SHA256' | 'MD5'

/**
 * The signature of an APIv2 message: all members that are not empty but `sign` itself, by name, with
 * the key at the end.
 *
 * @see WeChat Pay APIv2 "how to sign" (reference §8.2)
 */
export async function signV2(
  members: Readonly<Record<string, string>>,
  key: string,
  type: V2Signature,
): Promise<string> {
  const listed = Object.keys(members)
    .filter((name) => name !== 'sign' && members[name] !== '')
    // By code unit, which for names in ASCII is the order that WeChat means.
    .sort()
    .map((name) => `${name}=${members[name]}`)
  const message = new TextEncoder().encode([...listed, `key=${key}`].join('&'))
  // WebCrypto has no MD5 everywhere.
  return hexOf(type === 'MD5' ? md5(message) : await hmacSha256(message, key))
}

/** Takes the same time wherever two signatures differ. */
export function isSameSignature(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let index = 0; index < a.length; index++) {
    difference |= a.charCodeAt(index) ^ b.charCodeAt(index)
  }
  return difference === 0
}

async function hmacSha256(message: Uint8Array<ArrayBuffer>, key: string): Promise<Uint8Array> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const secret = new TextEncoder().encode(key)
  const imported = await crypto.subtle.importKey('raw', secret, algorithm, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign(algorithm.name, imported, message))
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()
}
