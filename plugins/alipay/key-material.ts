import { type Bytes, decodeBase64, sameBytes } from './bytes.ts'
import { BIT_STRING, INTEGER, OCTET_STRING, readSequence, SEQUENCE, wrapElement } from './der.ts'

/**
 * DER of the keys or certificates in a text as an operator pastes it: PEM, block after block, or
 * the bare base64 that Alipay's console and key tool give out.
 */
export function derBlocksOf(text: string): readonly Bytes[] {
  const armoured = [...text.matchAll(/-----BEGIN [^-]+-----([^-]+)-----END /g)]
  const bodies = armoured.length === 0 ? [text] : armoured.map(([, body = '']) => body)
  return bodies.flatMap((body) => decodeBase64(body.replace(/\s+/g, '')) ?? [])
}

/** PKCS#8 of an RSA private key that is PKCS#8 or PKCS#1; nothing when it is neither. */
export function pkcs8Of(text: string): Bytes | undefined {
  const der = derBlocksOf(text)[0]
  if (der === undefined) return undefined
  const [version, second] = readSequence(der)
  if (version?.tag !== INTEGER) return undefined
  if (second?.tag === SEQUENCE) return sameBytes(second.whole, RSA_ALGORITHM) ? der : undefined
  // PKCS#1 has the modulus where PKCS#8 names the algorithm. WebCrypto imports PKCS#8 only, which
  // is the same key wrapped in its algorithm (RFC 5958 §2).
  if (second?.tag !== INTEGER) return undefined
  return wrapElement(SEQUENCE, VERSION_0, RSA_ALGORITHM, wrapElement(OCTET_STRING, der))
}

/** SPKI of an RSA public key; nothing when it is something else. */
export function spkiOf(text: string): Bytes | undefined {
  const der = derBlocksOf(text)[0]
  if (der === undefined) return undefined
  const [algorithm, key] = readSequence(der)
  const isRsa = algorithm !== undefined && sameBytes(algorithm.whole, RSA_ALGORITHM)
  return isRsa && key?.tag === BIT_STRING ? der : undefined
}

/** Whether a private key and a public key are the two halves of one. */
export function isPair(pkcs8: Bytes, spki: Bytes): boolean {
  const [, , wrapped] = readSequence(pkcs8)
  const [, privateModulus] = wrapped === undefined ? [] : readSequence(wrapped.content)
  const [, bits] = readSequence(spki)
  // The first byte of a bit string counts its unused bits.
  const [publicModulus] = bits === undefined ? [] : readSequence(bits.content.subarray(1))
  if (privateModulus === undefined || publicModulus === undefined) return false
  return sameBytes(privateModulus.whole, publicModulus.whole)
}

const VERSION_0 = Uint8Array.of(INTEGER, 1, 0)
/** rsaEncryption with its NULL parameters (RFC 3279 §2.3.1). */
const RSA_ALGORITHM = Uint8Array.of(
  ...[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00],
)
