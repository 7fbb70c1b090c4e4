import { ok, type Result, refuse } from '../../core/plugin/api.ts'
import { type Bytes, decodeBase64, encodeBase64 } from './bytes.ts'
import type { AlipayConfig } from './config.ts'
import { pkcs8Of } from './key-material.ts'

const ALGORITHM = 'RSASSA-PKCS1-v1_5'

/**
 * `RSA2`: SHA256withRSA over the UTF-8 of a text, as base64.
 *
 * @returns a refusal when the private key of the settings cannot be used
 */
export async function rsaSign(settings: Signing, text: string): Promise<Result<string, string>> {
  const key = await privateKeyOf(settings)
  if (key === undefined) return refuse('the private key of the settings cannot be used')
  const signature = await crypto.subtle.sign(ALGORITHM, key, new TextEncoder().encode(text))
  return ok(encodeBase64(new Uint8Array(signature)))
}

/** Whether `signature`, base64, is an RSA2 signature of the UTF-8 of a text. */
export async function rsaVerifyText(spki: Bytes, text: string, signature: string) {
  const bytes = decodeBase64(signature)
  if (bytes === undefined) return false
  return rsaVerify({
    spki,
    hash: 'SHA-256',
    signature: bytes,
    message: new TextEncoder().encode(text),
  })
}

export interface SignedBytes {
  readonly spki: Bytes
  readonly hash: 'SHA-1' | 'SHA-256'
  readonly signature: Bytes
  readonly message: Bytes
}

/** False for keys that cannot be used, too. */
export async function rsaVerify({ spki, hash, signature, message }: SignedBytes): Promise<boolean> {
  try {
    const algorithm = { name: ALGORITHM, hash }
    const key = await crypto.subtle.importKey('spki', spki, algorithm, false, ['verify'])
    return await crypto.subtle.verify(ALGORITHM, key, signature, message)
  } catch {
    return false
  }
}

/** What is signed with. */
export type Signing = Pick<AlipayConfig, 'appPrivateKey'>

/** An import takes as long as a signature, and settings that are bound stay the same object. */
const imported = new WeakMap<Signing, CryptoKey>()

async function privateKeyOf(settings: Signing): Promise<CryptoKey | undefined> {
  const key = imported.get(settings) ?? (await importPrivateKey(settings))
  if (key !== undefined) imported.set(settings, key)
  return key
}

async function importPrivateKey({ appPrivateKey }: Signing): Promise<CryptoKey | undefined> {
  const pkcs8 = pkcs8Of(appPrivateKey)
  if (pkcs8 === undefined) return undefined
  try {
    const algorithm = { name: ALGORITHM, hash: 'SHA-256' }
    return await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign'])
  } catch {
    // Well-formed DER, but no usable key: numbers that do not belong together, or too short ones.
    return undefined
  }
}
