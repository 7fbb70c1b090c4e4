import type { Milliseconds } from '../../core/plugin/api.ts'
import { type Bytes, type DerElement, readElements, SEQUENCE } from './der.ts'
import { derOf } from './key-material.ts'

export interface Certificate {
  /** As in `Wechatpay-Serial`: upper-case hex. */
  readonly serial: string
  /** The public key, in the form that WebCrypto imports. */
  readonly spki: Bytes
  readonly notBeforeMs: Milliseconds
  readonly notAfterMs: Milliseconds
}

/**
 * Reads what verifying needs out of an X.509 certificate. Checks no chain: whoever asks has the
 * certificate from WeChat, sealed with a key that WeChat and the merchant share.
 *
 * @see RFC 5280 §4.1: version, serial, algorithm, issuer, validity, subject, public key
 */
export function readCertificate(pem: string): Certificate | undefined {
  const der = derOf(pem)
  if (der === undefined) return undefined
  const [certificate] = readElements(der)
  if (certificate?.tag !== SEQUENCE) return undefined
  const [signed] = readElements(certificate.content)
  if (signed?.tag !== SEQUENCE) return undefined

  const fields = readElements(signed.content)
  const [serial, , , validity, , spki] = fields[0]?.tag === VERSION ? fields.slice(1) : fields
  if (serial?.tag !== INTEGER || spki?.tag !== SEQUENCE || validity?.tag !== SEQUENCE) {
    return undefined
  }
  const [notBeforeMs, notAfterMs] = readElements(validity.content).map(timeOf)
  if (notBeforeMs === undefined || notAfterMs === undefined) return undefined
  return {
    // A serial whose first bit is set has a zero byte before it, which is no digit of it.
    serial: hexOf(serial.content).replace(/^00(?=[89A-F])/, ''),
    spki: spki.whole.slice(),
    notBeforeMs,
    notAfterMs,
  }
}

/** A serial is a number: leading zeros and the case of its digits do not tell two apart. */
export function isSameSerial(a: string, b: string): boolean {
  const digits = (hex: string) => hex.toUpperCase().replace(/^0+/, '')
  return digits(a) === digits(b)
}

const VERSION = 0xa0
const INTEGER = 0x02
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
/** `20260101000000Z` */
const MAX_TIME_LENGTH = 15

/** RFC 5280 §4.1.2.5: always with seconds and `Z`; two digits of the year from 1950 to 2049. */
function timeOf({ tag, content }: DerElement): Milliseconds | undefined {
  if (content.length > MAX_TIME_LENGTH) return undefined
  const text = String.fromCharCode(...content)
  const digits = { [UTC_TIME]: 2, [GENERALIZED_TIME]: 4 }[tag]
  if (digits === undefined || !/^\d{10,14}Z$/.test(text)) return undefined
  const year = Number(text.slice(0, digits))
  const [month, day, hour, minute, second] = (text.slice(digits).match(/\d\d/g) ?? []).map(Number)
  if (month === undefined || day === undefined || second === undefined) return undefined
  const fullYear = digits === 4 ? year : year + (year < 50 ? 2000 : 1900)
  return Date.UTC(fullYear, month - 1, day, hour, minute, second)
}

function hexOf(bytes: Bytes): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()
}
