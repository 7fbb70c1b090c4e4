import { type Bytes, sameBytes } from './bytes.ts'
import type { Certificate } from './certificate.ts'
import { rsaVerify } from './rsa.ts'

export interface Trust {
  /** Believed because the operator gave them: the roots, and whoever issued Alipay's certificate. */
  readonly anchors: readonly Certificate[]
  /** What came along with the certificate; believed for nothing but their signatures. */
  readonly others: readonly Certificate[]
  readonly nowMs: number
}

/**
 * Whether a certificate was issued under one that we trust, link by link: the issuer's name, the
 * issuer's signature, and that the issuer may issue. Merchants have certificates of the same
 * authority, so a link that is no authority proves nothing.
 */
export async function isTrusted(certificate: Certificate, trust: Trust): Promise<boolean> {
  let current = certificate
  for (let links = 0; links < MAX_LINKS; links++) {
    if (trust.nowMs < current.notBeforeMs || trust.nowMs > current.notAfterMs) return false
    if ((await issuerAmong(trust.anchors, current)) !== undefined) return true
    const authorities = trust.others.filter(({ isAuthority }) => isAuthority)
    const issuer = await issuerAmong(authorities, current)
    if (issuer === undefined) return false
    current = issuer
  }
  return false
}

const MAX_LINKS = 4

async function issuerAmong(
  candidates: readonly Certificate[],
  certificate: Certificate,
): Promise<Certificate | undefined> {
  for (const candidate of candidates) {
    if (!sameBytes(candidate.subject, certificate.issuer)) continue
    if (await signedBy(candidate.spki, certificate)) return candidate
  }
  return undefined
}

/** RSA alone; one root of Alipay's bundle is so old that SHA-1 signs below it. */
const HASHES: ReadonlyMap<string, 'SHA-1' | 'SHA-256'> = new Map([
  ['1.2.840.113549.1.1.5', 'SHA-1'],
  ['1.2.840.113549.1.1.11', 'SHA-256'],
])

async function signedBy(spki: Bytes, certificate: Certificate): Promise<boolean> {
  const hash = HASHES.get(certificate.algorithm)
  if (hash === undefined) return false
  return rsaVerify({ spki, hash, signature: certificate.signature, message: certificate.signed })
}
