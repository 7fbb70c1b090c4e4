/**
 * Names and account numbers: RSA-OAEP with SHA-1, encrypted by the merchant for the key that
 * `Wechatpay-Serial` names, and by WeChat for the merchant's certificate.
 */
import { derOf, fromBase64, toBase64 } from './base64.ts'
import type { Call } from './calls.ts'
import type { Merchant } from './merchants.ts'

/** A name that is nobody's: whoever is meant by it is called something else. */
export const WRONG_NAME = '姓名不符'

/** @returns undefined when it was not encrypted for the key that the call names */
export async function openSecret(
  { sealedWith }: Call,
  ciphertext: string,
): Promise<string | undefined> {
  const bytes = fromBase64(ciphertext)
  if (bytes === undefined || sealedWith === undefined) return undefined
  const key = await imported('pkcs8', sealedWith.privateKey, 'decrypt')
  try {
    return utf8.decode(await crypto.subtle.decrypt(OAEP, key, bytes))
  } catch {
    return undefined // encrypted for another key, or not text: the caller says so
  }
}

/** Not reproducible: WebCrypto takes the padding's randomness from the runtime. */
export async function sealSecret({ certificates }: Merchant, text: string): Promise<string> {
  const [certificate] = certificates
  if (certificate === undefined) return ''
  const key = await imported('spki', certificate.publicKey, 'encrypt')
  const bytes = await crypto.subtle.encrypt(OAEP, key, new TextEncoder().encode(text))
  return toBase64(new Uint8Array(bytes))
}

const OAEP = { name: 'RSA-OAEP', hash: 'SHA-1' } as const
const utf8 = new TextDecoder('utf-8', { fatal: true })

// A pure cache, as in rsa.ts.
const keys = new Map<string, Promise<CryptoKey>>()

function imported(format: 'pkcs8' | 'spki', pem: string, use: 'encrypt' | 'decrypt') {
  const known = keys.get(pem)
  if (known !== undefined) return known
  const key = crypto.subtle.importKey(format, derOf(pem), OAEP, false, [use])
  keys.set(pem, key)
  return key
}
