import { decodeBase64 } from './base64.ts'
import { type Bytes, readElements, SEQUENCE, wrapElement } from './der.ts'

/**
 * DER of a key or certificate as an operator pastes it: PEM, or the base64 between its lines. Of
 * several PEM blocks the first counts.
 */
export function derOf(text: string): Bytes | undefined {
  const armoured = /-----BEGIN [^-]+-----([^-]+)-----END /.exec(text)
  return decodeBase64((armoured?.[1] ?? text).replace(/\s+/g, ''))
}

/** PKCS#8 of an RSA private key that is PKCS#8 or PKCS#1; nothing when it is neither. */
export function pkcs8Of(text: string): Bytes | undefined {
  const der = derOf(text)
  if (der === undefined) return undefined
  const [key, ...rest] = readElements(der)
  if (key?.tag !== SEQUENCE || rest.length > 0) return undefined

  const [version, second] = readElements(key.content)
  if (version?.tag !== INTEGER) return undefined
  if (second?.tag === SEQUENCE) return same(second.whole, RSA_ALGORITHM) ? der : undefined
  // PKCS#1 has the modulus where PKCS#8 names the algorithm. WebCrypto imports PKCS#8 only, which
  // is the same key wrapped in its algorithm (RFC 5958 §2).
  if (second?.tag !== INTEGER) return undefined
  return wrapElement(SEQUENCE, VERSION_0, RSA_ALGORITHM, wrapElement(OCTET_STRING, der))
}

/** SPKI of an RSA public key; nothing when it is something else. */
export function spkiOf(text: string): Bytes | undefined {
  const der = derOf(text)
  if (der === undefined) return undefined
  const [key, ...rest] = readElements(der)
  if (key?.tag !== SEQUENCE || rest.length > 0) return undefined
  const [algorithm] = readElements(key.content)
  return algorithm !== undefined && same(algorithm.whole, RSA_ALGORITHM) ? der : undefined
}

const INTEGER = 0x02
const OCTET_STRING = 0x04
const VERSION_0 = Uint8Array.of(INTEGER, 1, 0)
/** rsaEncryption with its NULL parameters (RFC 3279 §2.3.1). */
const RSA_ALGORITHM = Uint8Array.of(
  ...[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00],
)

function same(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
