import type { Random } from '../../../../core/plugin/simulator.ts'
import { alphanumeric } from '../numbers.ts'

/** What one file of a bill is encrypted with: the characters are the bytes. */
export interface BillKey {
  readonly key: string
  readonly nonce: string
}

export function newBillKey(random: Random): BillKey {
  return { key: alphanumeric(random, 32), nonce: alphanumeric(random, 12) }
}

/** Packed first, encrypted then; the tag is at the end, and there is no associated data. */
export async function sealBill(
  file: Uint8Array<ArrayBuffer>,
  { key, nonce }: BillKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const utf8 = new TextEncoder()
  const imported = await crypto.subtle.importKey('raw', utf8.encode(key), 'AES-GCM', false, [
    'encrypt',
  ])
  const algorithm = { name: 'AES-GCM', iv: utf8.encode(nonce) }
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, imported, file))
}
