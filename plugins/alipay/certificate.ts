import type { Milliseconds } from '../../core/plugin/api.ts'
import { type Bytes, hexOf } from './bytes.ts'
import {
  BIT_STRING,
  type DerElement,
  INTEGER,
  OBJECT_ID,
  objectIdOf,
  readElements,
  readSequence,
  SEQUENCE,
} from './der.ts'
import { derBlocksOf } from './key-material.ts'

/** What verifying and counting serials needs of an X.509 certificate (RFC 5280 §4.1). */
export interface Certificate {
  readonly serial: bigint
  /** Names as they stand in the certificate, for comparing and for `nameText`. */
  readonly issuer: Bytes
  readonly subject: Bytes
  /** The public key, in the form that WebCrypto imports. */
  readonly spki: Bytes
  readonly notBeforeMs: Milliseconds
  readonly notAfterMs: Milliseconds
  /** It may sign other certificates (basic constraints, §4.2.1.9). */
  readonly isAuthority: boolean
  /** The part that its issuer signed, how, and the signature. */
  readonly signed: Bytes
  readonly algorithm: string
  readonly signature: Bytes
  /** All of it. */
  readonly der: Bytes
}

/** Reads a file of certificates, in order. One that cannot be read is left out. */
export function readCertificates(text: string): readonly Certificate[] {
  return derBlocksOf(text).flatMap((der) => readCertificate(der) ?? [])
}

export function readCertificate(der: Bytes): Certificate | undefined {
  const [signed, algorithm, signature] = readSequence(der)
  if (signed?.tag !== SEQUENCE || algorithm?.tag !== SEQUENCE) return undefined
  if (signature?.tag !== BIT_STRING) return undefined
  const [algorithmId] = readElements(algorithm.content)
  if (algorithmId?.tag !== OBJECT_ID) return undefined

  const fields = readElements(signed.content)
  const [serial, , issuer, validity, subject, spki, ...optional] =
    fields[0]?.tag === VERSION ? fields.slice(1) : fields
  if (serial?.tag !== INTEGER || validity?.tag !== SEQUENCE || spki?.tag !== SEQUENCE) {
    return undefined
  }
  if (issuer?.tag !== SEQUENCE || subject?.tag !== SEQUENCE) return undefined
  const [notBeforeMs, notAfterMs] = readElements(validity.content).map(timeOf)
  if (notBeforeMs === undefined || notAfterMs === undefined) return undefined
  return {
    serial: BigInt(`0x${hexOf(serial.content) || '0'}`),
    issuer: issuer.content,
    subject: subject.content,
    spki: spki.whole.slice(),
    notBeforeMs,
    notAfterMs,
    isAuthority: isAuthority(optional.find(({ tag }) => tag === EXTENSIONS)),
    signed: signed.whole.slice(),
    algorithm: objectIdOf(algorithmId.content),
    // Its first byte counts unused bits, of which a signature has none.
    signature: signature.content.slice(1),
    der,
  }
}

const VERSION = 0xa0
const EXTENSIONS = 0xa3
const BOOLEAN = 0x01
const BASIC_CONSTRAINTS = '2.5.29.19'

function isAuthority(extensions: DerElement | undefined): boolean {
  if (extensions === undefined) return false
  for (const { content } of readSequence(extensions.content)) {
    const [id, ...rest] = readElements(content)
    const value = rest.at(-1)
    if (id === undefined || value === undefined) continue
    if (objectIdOf(id.content) !== BASIC_CONSTRAINTS) continue
    const [flag] = readSequence(value.content)
    return flag?.tag === BOOLEAN && flag.content[0] !== 0
  }
  return false
}

const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
/** `20260101000000Z` */
const MAX_TIME_LENGTH = 15

/** RFC 5280 §4.1.2.5: always with seconds and `Z`; two digits of the year from 1950 to 2049. */
function timeOf({ tag, content }: DerElement): Milliseconds | undefined {
  if (content.length > MAX_TIME_LENGTH) return undefined
  const text = String.fromCharCode(...content)
  const digits = { [UTC_TIME]: 2, [GENERALIZED_TIME]: 4 }[tag]
  if (digits === undefined || !/^\d{12,14}Z$/.test(text)) return undefined
  const year = Number(text.slice(0, digits))
  const [month, day, hour, minute, second] = (text.slice(digits).match(/\d\d/g) ?? []).map(Number)
  if (month === undefined || second === undefined) return undefined
  const fullYear = digits === 4 ? year : year + (year < 50 ? 2000 : 1900)
  return Date.UTC(fullYear, month - 1, day, hour, minute, second)
}
