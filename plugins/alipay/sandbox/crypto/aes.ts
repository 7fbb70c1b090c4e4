import { fromBase64, toBase64 } from '../encoding/base64.ts'

/**
 * Content encryption: AES-128-CBC with PKCS#7 padding and, as Alipay has it, sixteen zero bytes for
 * an initialisation vector.
 *
 * @param contentKey base64 of 16 bytes, as the console gives it out
 * @returns base64
 */
export async function encrypt(contentKey: string, plaintext: string): Promise<string> {
  const key = await imported(contentKey, 'encrypt')
  const bytes = new TextEncoder().encode(plaintext)
  return toBase64(new Uint8Array(await crypto.subtle.encrypt(ALGORITHM, key, bytes)))
}

/** @returns undefined when it was not encrypted with this key */
export async function decrypt(contentKey: string, ciphertext: string): Promise<string | undefined> {
  const bytes = fromBase64(ciphertext)
  if (bytes === undefined) return undefined
  const key = await imported(contentKey, 'decrypt')
  try {
    return utf8.decode(await crypto.subtle.decrypt(ALGORITHM, key, bytes))
  } catch {
    return undefined // wrong padding, or not text: the caller says that it cannot be decrypted
  }
}

const ALGORITHM = { name: 'AES-CBC', iv: new Uint8Array(16) }
const utf8 = new TextDecoder('utf-8', { fatal: true })

function imported(contentKey: string, use: 'encrypt' | 'decrypt') {
  const bytes = fromBase64(contentKey)
  if (bytes?.length !== 16) throw new Error('a content key is base64 of 16 bytes')
  return crypto.subtle.importKey('raw', bytes, 'AES-CBC', false, [use])
}
