import { decodeBase64, encodeBase64, utf8Of } from './bytes.ts'

/** AES-128-CBC with a vector of zeros, as Alipay has it; WebCrypto pads by PKCS#7 (reference §5). */
const ALGORITHM = { name: 'AES-CBC', iv: new Uint8Array(16) } as const

/** @param contentKey base64 of 16 bytes, as the settings have it */
export async function encryptContent(contentKey: string, text: string): Promise<string> {
  const key = await importKey(contentKey, 'encrypt')
  const sealed = await crypto.subtle.encrypt(ALGORITHM, key, new TextEncoder().encode(text))
  return encodeBase64(new Uint8Array(sealed))
}

/** @returns nothing when it was not encrypted with this key */
export async function decryptContent(
  contentKey: string,
  ciphertext: string,
): Promise<string | undefined> {
  const bytes = decodeBase64(ciphertext)
  if (bytes === undefined) return undefined
  try {
    const key = await importKey(contentKey, 'decrypt')
    return utf8Of(new Uint8Array(await crypto.subtle.decrypt(ALGORITHM, key, bytes)))
  } catch {
    return undefined
  }
}

function importKey(contentKey: string, use: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  const bytes = decodeBase64(contentKey) ?? new Uint8Array()
  return crypto.subtle.importKey('raw', bytes, ALGORITHM.name, false, [use])
}
