import { derOf, fromBase64, toBase64 } from '../encoding/base64.ts'

/** `RSA2` is SHA256withRSA. `RSA`, with SHA-1, is what applications of before 2018 may still use. */
export type SignType = 'RSA2' | 'RSA'

const HASHES = { RSA2: 'SHA-256', RSA: 'SHA-1' } as const satisfies Record<SignType, string>

/**
 * @param privateKey PKCS#8, as PEM or bare base64
 * @returns base64
 */
export async function sign(
  privateKey: string,
  message: Uint8Array<ArrayBuffer>,
  signType: SignType,
): Promise<string> {
  const key = await imported('pkcs8', privateKey, signType)
  return toBase64(new Uint8Array(await crypto.subtle.sign(key.algorithm, key, message)))
}

/** @param publicKey SPKI, as PEM or bare base64 */
export async function verifies(
  publicKey: string,
  message: Uint8Array<ArrayBuffer>,
  signature: string,
  signType: SignType,
): Promise<boolean> {
  const bytes = fromBase64(signature)
  if (bytes === undefined) return false
  const key = await imported('spki', publicKey, signType)
  return crypto.subtle.verify(key.algorithm, key, bytes, message)
}

// A pure cache: importing a key costs as much as using it, and a simulation does so every call.
const keys = new Map<string, Promise<CryptoKey>>()

function imported(format: 'pkcs8' | 'spki', text: string, signType: SignType) {
  const name = `${signType} ${text}`
  const known = keys.get(name)
  if (known !== undefined) return known
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: HASHES[signType] }
  const key = crypto.subtle.importKey(format, derOf(text), algorithm, false, [
    format === 'pkcs8' ? 'sign' : 'verify',
  ])
  keys.set(name, key)
  return key
}
