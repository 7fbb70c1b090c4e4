import { derOf, fromBase64, toBase64 } from './base64.ts'

/**
 * SHA256-RSA, PKCS#1 v1.5: the one signature of APIv3.
 *
 * @returns base64
 */
export async function sign(privateKeyPem: string, message: string): Promise<string> {
  const key = await imported('pkcs8', privateKeyPem, 'sign')
  return toBase64(new Uint8Array(await crypto.subtle.sign(RSA, key, utf8.encode(message))))
}

export async function verifies(
  publicKeyPem: string,
  message: Uint8Array<ArrayBuffer>,
  signature: string,
): Promise<boolean> {
  const bytes = fromBase64(signature)
  if (bytes === undefined) return false
  return crypto.subtle.verify(RSA, await imported('spki', publicKeyPem, 'verify'), bytes, message)
}

const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const
const utf8 = new TextEncoder()

// A pure cache: importing a key costs as much as using it, and a simulation does so every call.
const keys = new Map<string, Promise<CryptoKey>>()

function imported(format: 'pkcs8' | 'spki', pem: string, use: 'sign' | 'verify') {
  const known = keys.get(pem)
  if (known !== undefined) return known
  const key = crypto.subtle.importKey(format, derOf(pem), RSA, false, [use])
  keys.set(pem, key)
  return key
}
