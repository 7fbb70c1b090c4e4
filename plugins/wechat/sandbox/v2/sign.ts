import { md5 } from '@noble/hashes/legacy.js'
import type { V2Members } from './xml.ts'

export type SignType = 'MD5' | 'HMAC-SHA256'

/** What stands in `sign`: over everything else that is not empty, ended by the APIv2 key. */
export async function signatureOf(members: V2Members, key: string, by: SignType): Promise<string> {
  const pairs = Object.entries(members)
    .filter(([name, value]) => name !== 'sign' && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const text = `${pairs.map(([name, value]) => `${name}=${value}`).join('&')}&key=${key}`
  const bytes = utf8.encode(text)
  const digest = by === 'MD5' ? md5(bytes) : await hmac(key, bytes)
  return [...digest].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('')
}

async function hmac(key: string, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', utf8.encode(key), algorithm, false, [
    'sign',
  ])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, message))
}

const utf8 = new TextEncoder()
