import { toHex } from './hex.ts'

/**
 * SHA-256 over what a request asks for, to tell a repeat from another request under the same
 * number. Absent and empty fields count the same, as they do for JeePay's signature.
 */
export async function fingerprintOf(
  request: Readonly<Record<string, string | number | undefined>>,
): Promise<string> {
  const present = Object.entries(request)
    .filter(([, value]) => value !== undefined && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const bytes = new TextEncoder().encode(JSON.stringify(present))
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}
