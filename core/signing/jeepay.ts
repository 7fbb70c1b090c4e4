import { md5 } from '@noble/hashes/legacy.js'
import { equalInConstantTime } from './equal.ts'
import { toHex } from './hex.ts'

/**
 * JeePay's MD5 signature, the only one its merchants have.
 *
 * MD5 comes bundled: WebCrypto has it on workerd only.
 *
 * @param fields name and sign text of each field; `sign` itself and empty texts are left out here
 * @returns 32 upper-case hex digits: the Java SDK compares the answer's sign with its case
 * @see JeePay Java SDK 1.6.1 (`JeepayKit.getSign`); reference §2
 */
export function signJeepay(fields: Iterable<readonly [string, string]>, secret: string): string {
  // The text holds the secret. It must not leave this function, least of all into a log.
  const text = `${signText(fields)}key=${secret}`
  return toHex(md5(new TextEncoder().encode(text))).toUpperCase()
}

/** Checks a sign in either case, as JeePay's server does. */
export function verifyJeepay(
  fields: Iterable<readonly [string, string]>,
  secret: string,
  sign: string,
): boolean {
  return equalInConstantTime(signJeepay(fields, secret), sign.toUpperCase())
}

/** `name=value&` of each field, sorted as whole texts: a tie on the name is decided by the value. */
function signText(fields: Iterable<readonly [string, string]>): string {
  const parts: string[] = []
  for (const [name, value] of fields) {
    if (name !== 'sign' && value !== '') parts.push(`${name}=${value}&`)
  }
  return parts.sort(compareIgnoringCase).join('')
}

/** Java's `String.CASE_INSENSITIVE_ORDER`: UTF-16 units, each folded to upper and then lower case. */
function compareIgnoringCase(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const unitA = a.charCodeAt(i)
    const unitB = b.charCodeAt(i)
    if (unitA === unitB) continue
    const difference = fold(unitA) - fold(unitB)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** As Java folds a unit: what would become several units in upper case (ß → SS) is let be. */
function fold(unit: number): number {
  const text = String.fromCharCode(unit)
  const upper = text.toUpperCase()
  // Only İ has two units in lower case; the first is what Java has for it.
  return (upper.length === 1 ? upper : text).toLowerCase().charCodeAt(0)
}
