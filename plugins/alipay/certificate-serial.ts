import { md5 } from '@noble/hashes/legacy.js'
import { hexOf } from './bytes.ts'
import { type Certificate, readCertificates } from './certificate.ts'
import { nameText } from './distinguished-name.ts'

/**
 * What Alipay calls a certificate by: MD5 over the name of its issuer and its serial number in
 * decimal (reference §4). A name, not a proof: nothing is believed because of it.
 */
export function serialOf({ issuer, serial }: Pick<Certificate, 'issuer' | 'serial'>): string {
  return hashOf(nameText(issuer), serial)
}

export function hashOf(issuerName: string, serial: bigint): string {
  return hexOf(md5(new TextEncoder().encode(`${issuerName}${serial}`)))
}

/**
 * `alipay_root_cert_sn`: of the roots that are signed with RSA, in the order of the file. Alipay's
 * bundle has an SM2 and an ECDSA root too, which do not count.
 */
export function rootSerialOf(bundle: string): string {
  return rsaRoots(bundle).map(serialOf).join('_')
}

export function rsaRoots(bundle: string): readonly Certificate[] {
  return readCertificates(bundle).filter(({ algorithm }) => algorithm.startsWith(RSA_FAMILY))
}

const RSA_FAMILY = '1.2.840.113549.1.1.'
