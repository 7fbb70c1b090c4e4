import { md5 } from '@noble/hashes/legacy.js'
import { derOf, toBase64 } from '../encoding/base64.ts'
import { type Element, elementAt, elementsOf, objectIdentifier } from './der.ts'

/** What Alipay looks at in a certificate. */
export interface Certificate {
  /** Alipay's own serial of it: MD5 over issuer and serial number. */
  readonly sn: string
  /** SPKI, base64. */
  readonly publicKey: string
  readonly signatureAlgorithm: string
}

/** Reads the first certificate of a PEM text. */
export function readCertificate(pem: string): Certificate {
  const [first] = pem.split(/(?<=-----END CERTIFICATE-----)/)
  const [toBeSigned, algorithm] = elementsOf(elementAt(derOf(first ?? ''), 0).content)
  if (toBeSigned === undefined || algorithm === undefined) throw new Error('not a certificate')

  // A version stands in front of all other fields, unless it is the first version.
  const fields = elementsOf(toBeSigned.content).filter(({ tag }) => tag !== 0xa0)
  const [serial, , issuer, , , publicKey] = fields
  if (serial === undefined || issuer === undefined || publicKey === undefined) {
    throw new Error('not a certificate')
  }
  const named = new TextEncoder().encode(distinguishedName(issuer) + decimal(serial.content))
  return {
    sn: Array.from(md5(named), (byte) => byte.toString(16).padStart(2, '0')).join(''),
    publicKey: toBase64(publicKey.whole),
    signatureAlgorithm: objectIdentifier(elementAt(algorithm.content, 0)),
  }
}

/**
 * The serial of a bundle of roots: those of its RSA family alone, in the order of the file.
 *
 * @see reference §4, "SN algorithm"
 */
export function rootSn(bundle: string): string {
  return bundle
    .split(/(?<=-----END CERTIFICATE-----)/)
    .filter((pem) => pem.trim() !== '')
    .map(readCertificate)
    .filter(({ signatureAlgorithm }) => signatureAlgorithm.startsWith('1.2.840.113549.1.1.'))
    .map(({ sn }) => sn)
    .join('_')
}

const ATTRIBUTES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
}

/** Most specific part first, as RFC 2253 writes it: the reverse of the certificate. */
function distinguishedName({ content }: Element): string {
  const parts = elementsOf(content).map((set) => {
    const attribute = elementAt(set.content, 0).content
    const oid = objectIdentifier(elementAt(attribute, 0))
    const value = new TextDecoder().decode(elementAt(attribute, 1).content)
    return `${ATTRIBUTES[oid] ?? oid}=${value}`
  })
  return parts.reverse().join(',')
}

function decimal(bytes: Uint8Array): string {
  return bytes.reduce((number, byte) => number * 256n + BigInt(byte), 0n).toString()
}
