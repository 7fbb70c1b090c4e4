import { describe, expect, it } from 'vitest'
import { isSameSerial, readCertificate } from '../../../plugins/wechat/certificate.ts'
import { fromBase64, toBase64, vectors } from './fake-wechat.ts'

const { old, new: newer } = vectors.platform_certificates

describe('a certificate', () => {
  it.each([
    ['with a time of two-digit year', old, '2025-01-01T00:00:00Z', '2026-06-01T00:00:00Z'],
    ['that outlives 2049', newer, '2025-12-01T00:00:00Z', '2055-12-31T23:59:59Z'],
  ])('is read: one %s', (_, { certificate_pem, serial_no }, notBefore, notAfter) => {
    expect(readCertificate(certificate_pem)).toMatchObject({
      serial: serial_no,
      notBeforeMs: Date.parse(notBefore),
      notAfterMs: Date.parse(notAfter),
    })
  })

  it.each([
    ['old', old],
    ['new', newer],
  ])('has the key that its private key signs for: %s', async (_, certificate) => {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    const message = new TextEncoder().encode('message')
    const pkcs8 = fromBase64(certificate.private_key_pkcs8)
    const priv = await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign'])
    const signature = await crypto.subtle.sign(algorithm.name, priv, message)
    const spki = readCertificate(certificate.certificate_pem)?.spki ?? new Uint8Array()
    const pub = await crypto.subtle.importKey('spki', spki, algorithm, false, ['verify'])
    expect(await crypto.subtle.verify(algorithm.name, pub, signature, message)).toBe(true)
  })

  const der = fromBase64(old.certificate_pem.replace(/-----[^-]+-----|\s/g, ''))

  it.each([0, 1, 2, 3, 4, 20, 100, 200, 400, 800])(
    'is refused when only its first %i bytes came',
    (length) => {
      expect(readCertificate(toBase64(der.slice(0, length)))).toBeUndefined()
    },
  )

  it('never throws, whatever byte is another', () => {
    for (let index = 0; index < der.length; index++) {
      for (const value of [0x00, 0x1f, 0x80, 0x84, 0xff]) {
        const broken = der.slice()
        broken[index] = value
        expect(() => readCertificate(toBase64(broken))).not.toThrow()
      }
    }
  })

  it.each([
    '',
    'not base64!',
    '-----BEGIN CERTIFICATE-----\nU0hBUkVELVRFU1Q=\n-----END CERTIFICATE-----\n',
    vectors.ours.platform_public_key_spki,
    vectors.ours.merchant_private_key_pkcs8,
  ])('is refused when it is something else (%#)', (text) => {
    expect(readCertificate(text)).toBeUndefined()
  })
})

it.each([
  ['0a1b', '0A1B', true],
  ['A1B', '0A1B', true],
  ['0A1B', '0A1C', false],
])('tells serials apart by their number: %s and %s', (a, b, same) => {
  expect(isSameSerial(a, b)).toBe(same)
})
