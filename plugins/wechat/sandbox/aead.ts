import type { Random } from '../../../core/plugin/simulator.ts'
import { toBase64 } from './base64.ts'
import { alphanumeric } from './numbers.ts'

export interface Sealed {
  readonly algorithm: 'AEAD_AES_256_GCM'
  /** Base64, the tag is its last 16 bytes. */
  readonly ciphertext: string
  readonly associated_data: string
  /** 12 characters, used as bytes. */
  readonly nonce: string
}

/** Encrypts for the merchant, as callbacks and certificates are; the key's characters are its bytes. */
export async function seal(
  random: Random,
  apiV3Key: string,
  associatedData: string,
  plaintext: string,
): Promise<Sealed> {
  const nonce = alphanumeric(random, 12)
  const ciphertext = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv: utf8.encode(nonce), additionalData: utf8.encode(associatedData) },
    await imported(apiV3Key),
    utf8.encode(plaintext),
  )
  return {
    algorithm: 'AEAD_AES_256_GCM',
    ciphertext: toBase64(new Uint8Array(ciphertext)),
    associated_data: associatedData,
    nonce,
  }
}

const utf8 = new TextEncoder()

// A pure cache, as in rsa.ts.
const keys = new Map<string, Promise<CryptoKey>>()

function imported(apiV3Key: string) {
  const known = keys.get(apiV3Key)
  if (known !== undefined) return known
  const key = crypto.subtle.importKey('raw', utf8.encode(apiV3Key), 'AES-GCM', false, ['encrypt'])
  keys.set(apiV3Key, key)
  return key
}
