import type { KeyRing, MasterKey } from '../ports.ts'
import { equalInConstantTime } from './equal.ts'

/** What a token is good for. A token for one purpose is worth nothing for another. */
export type TokenPurpose = 'qr_image' | 'identity'

/** A token that only this deployment can issue: 128 bits of HMAC-SHA256 over the text. */
export function issueToken(keyRing: KeyRing, purpose: TokenPurpose, text: string): Promise<string> {
  const [key] = keyRing
  return tokenUnder(key, purpose, text)
}

export async function isTokenOf(
  keyRing: KeyRing,
  purpose: TokenPurpose,
  text: string,
  token: string,
): Promise<boolean> {
  const tokens = await Promise.all(keyRing.map((key) => tokenUnder(key, purpose, text)))
  return tokens.some((ours) => equalInConstantTime(ours, token))
}

async function tokenUnder(master: MasterKey, purpose: TokenPurpose, text: string): Promise<string> {
  const encoder = new TextEncoder()
  // The master key seals secrets; what signs tokens is derived, so that neither use tells of the other.
  const base = await crypto.subtle.importKey('raw', master.bytes, 'HKDF', false, ['deriveKey'])
  const key = await crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: encoder.encode(purpose) },
    base,
    { name: 'HMAC', hash: 'SHA-256', length: 256 },
    false,
    ['sign'],
  )
  const mac = await crypto.subtle.sign('HMAC', key, encoder.encode(text))
  return btoa(String.fromCharCode(...new Uint8Array(mac, 0, 16)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
