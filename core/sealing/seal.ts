import { CompactEncrypt, compactDecrypt, decodeProtectedHeader, errors } from 'jose'
import type { KeyRing } from '../ports.ts'
import { assert, ok, type Result, refuse } from '../result.ts'

/**
 * What a sealed text belongs to. It is authenticated with the text, so that a sealed value that was
 * moved to another row does not open there.
 */
export type SealContext =
  | `app/${string}/secret`
  | `account/${string}/config/${number}`
  | `shared/app/${string}`
  /** A payer's way to a channel's consent page and back. */
  | 'identity'

export type SealRefusal =
  | { readonly code: 'unknown_master_key'; readonly keyId: string }
  | { readonly code: 'not_ours' }

/** Seals a text with the first key of the ring: compact JWE, `dir` and A256GCM, key id for rotation. */
export function seal(keyRing: KeyRing, context: SealContext, text: string): Promise<string> {
  const [key] = keyRing
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: key.id, ctx: context })
    .encrypt(key.bytes)
}

/** Opens a sealed text with whichever key of the ring sealed it. */
export async function unseal(
  keyRing: KeyRing,
  context: SealContext,
  sealed: string,
): Promise<Result<string, SealRefusal>> {
  let unknownKeyId: string | undefined
  try {
    const opened = await compactDecrypt(
      sealed,
      (header) => {
        const key = keyRing.find(({ id }) => id === header.kid)
        if (key === undefined) unknownKeyId = String(header.kid)
        // jose wants a key here; a wrong one fails to decrypt, which is caught below.
        return key?.bytes ?? new Uint8Array(32)
      },
      { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] },
    )
    if (opened.protectedHeader.ctx !== context) return refuse({ code: 'not_ours' })
    return ok(new TextDecoder().decode(opened.plaintext))
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error
    if (unknownKeyId !== undefined)
      return refuse({ code: 'unknown_master_key', keyId: unknownKeyId })
    return refuse({ code: 'not_ours' })
  }
}

/**
 * Opens what has to open for the gateway to work.
 *
 * @throws when it does not: the master key is missing or another one, an operator's matter
 */
export async function openSealed(
  keyRing: KeyRing,
  context: SealContext,
  sealed: string,
): Promise<string> {
  const opened = await unseal(keyRing, context, sealed)
  if (opened.ok) return opened.value
  assert(false, `${context} opens: ${sealProblem(opened.refusal)}`)
}

export function sealProblem(refusal: SealRefusal): string {
  return refusal.code === 'unknown_master_key'
    ? `it was sealed with master key ${refusal.keyId}, which is not in the ring`
    : 'it was not sealed for this row, or the master key is another one'
}

/** The id of the key that sealed a text; none of what is no sealed text. */
export function sealingKeyOf(sealed: string): string | undefined {
  try {
    return decodeProtectedHeader(sealed).kid
  } catch {
    return undefined
  }
}
