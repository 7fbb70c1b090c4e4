import * as z from 'zod'
import { ok, type Result, refuse } from '../../core/plugin/api.ts'
import { decodeBase64 } from './base64.ts'

/** What WeChat encrypts with the APIv3 key: the contents of callbacks, and its certificates. */
export const sealedSchema = z.object({
  algorithm: z.literal('AEAD_AES_256_GCM'),
  nonce: z.string(),
  associated_data: z.string().default(''),
  ciphertext: z.string(),
})

export type Sealed = z.output<typeof sealedSchema>

/** `shape` is the sender's fault; `key` means that the APIv3 key is another, or bytes were changed. */
export type SealRefusal = 'shape' | 'key'

/**
 * Opens what was sealed with the APIv3 key.
 *
 * @see WeChat Pay APIv3 "how to decrypt callbacks and certificates" (reference §4)
 */
export async function open(apiV3Key: string, sealed: Sealed): Promise<Result<string, SealRefusal>> {
  const text = new TextEncoder()
  const nonce = text.encode(sealed.nonce)
  const ciphertext = decodeBase64(sealed.ciphertext)
  if (nonce.length !== NONCE_BYTES) return refuse('shape')
  // The tag alone would be an empty text, which nothing that is sealed here can be.
  if (ciphertext === undefined || ciphertext.length <= TAG_BYTES) return refuse('shape')

  try {
    const secret = text.encode(apiV3Key)
    const key = await crypto.subtle.importKey('raw', secret, 'AES-GCM', false, ['decrypt'])
    const opened = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: nonce, additionalData: text.encode(sealed.associated_data) },
      key,
      ciphertext,
    )
    return ok(new TextDecoder().decode(opened))
  } catch {
    return refuse('key')
  }
}

const NONCE_BYTES = 12
const TAG_BYTES = 16
