import { describe, expect, it } from 'vitest'
import { readCertificates } from '../../../plugins/alipay/certificate.ts'
import { isTrusted } from '../../../plugins/alipay/certificate-chain.ts'
import {
  hashOf,
  rootSerialOf,
  rsaRoots,
  serialOf,
} from '../../../plugins/alipay/certificate-serial.ts'
import { commonNameOf, nameText } from '../../../plugins/alipay/distinguished-name.ts'
import { spkiOf } from '../../../plugins/alipay/key-material.ts'
import { vectors } from './fake-alipay.ts'

const { published, certificates } = vectors
const [roots, sandbox, production] = [
  published.certificates.roots.file,
  published.certificates.alipay_of_yansongda.file,
  published.certificates.alipay_in_production.file,
]

describe('the serial that Alipay knows a certificate by', () => {
  it.each(published.serials)('is over issuer and number (%#)', ({ issuer, serial_decimal, sn }) => {
    expect(hashOf(issuer, BigInt(serial_decimal))).toBe(sn)
  })

  it.each([published.certificates.app_of_smartwalle, published.certificates.alipay_of_gopay])(
    'is the published one for a published certificate (%#)',
    ({ file, sn }) => {
      const [certificate] = readCertificates(file)
      expect(certificate && serialOf(certificate)).toBe(sn)
    },
  )

  it("of Alipay's roots leaves out the SM2 and the ECDSA one", () => {
    expect(readCertificates(roots)).toHaveLength(4)
    expect(rsaRoots(roots)).toHaveLength(2)
    expect(rootSerialOf(roots)).toBe(published.certificates.roots.sn)
  })

  it('leaves out what cannot be read', () => {
    const odd = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    expect(rootSerialOf(odd + roots)).toBe(published.certificates.roots.sn)
    expect(rootSerialOf('nonsense')).toBe('')
  })
})

describe('a certificate of Alipay', () => {
  const [leaf, issuer] = readCertificates(sandbox)

  it('says who it is for, who signed it, and until when', () => {
    expect(leaf && nameText(leaf.issuer)).toBe(
      'CN=Ant Financial Certification Authority Class 2 R1 test,OU=Certification Authority test,O=Ant Financial test,C=CN',
    )
    expect(leaf && commonNameOf(leaf.subject)).toBe('支付宝(中国)网络技术有限公司-2088721003899159')
    expect(leaf).toMatchObject({
      isAuthority: false,
      notBeforeMs: Date.UTC(2023, 5, 7, 8, 47, 2),
      notAfterMs: Date.UTC(2024, 5, 6, 8, 47, 2),
    })
  })

  it('has the key that its answers verify with', () => {
    expect(leaf?.spki).toEqual(spkiOf(published.alipay_public_key_spki))
  })

  it('is trusted by its issuer, while it is valid', async () => {
    if (leaf === undefined || issuer === undefined) throw new Error('both can be read')
    const trust = { anchors: [issuer], others: [], nowMs: Date.UTC(2024, 0, 1) }
    expect(await isTrusted(leaf, trust)).toBe(true)
    expect(await isTrusted(leaf, { ...trust, nowMs: Date.UTC(2024, 5, 7) })).toBe(false)
    expect(await isTrusted(leaf, { ...trust, nowMs: Date.UTC(2023, 5, 7) })).toBe(false)
    expect(await isTrusted(leaf, { ...trust, anchors: rsaRoots(roots) })).toBe(false)
  })

  it('of production leads to the roots that the console gives out', async () => {
    const [inUse, ...others] = readCertificates(production)
    if (inUse === undefined) throw new Error('it can be read')
    const trust = { anchors: rsaRoots(roots), others, nowMs: Date.UTC(2020, 0, 1) }
    expect(await isTrusted(inUse, trust)).toBe(true)
    expect(await isTrusted(inUse, { ...trust, others: [] })).toBe(false)
  })
})

describe('a chain', () => {
  const nowMs = Date.UTC(2026, 0, 1)
  const read = (...files: string[]) => files.flatMap(readCertificates)
  const anchors = read(certificates.root)

  it.each([
    ['one under the root', true, [certificates.renewed, certificates.class_2]],
    ['one whose issuer is missing', false, [certificates.renewed]],
    ['one that has expired', false, [certificates.expired, certificates.class_2]],
    [
      'one that a merchant signed',
      false,
      [certificates.by_a_merchant, certificates.merchant, certificates.class_2],
    ],
    [
      'one that an impostor of the issuer signed',
      false,
      [certificates.by_an_impostor, certificates.impostor, certificates.class_2],
    ],
  ] as const)('trusts, of %s: %s', async (_, trusted, files) => {
    const [certificate, ...others] = read(...files)
    if (certificate === undefined) throw new Error('it can be read')
    expect(await isTrusted(certificate, { anchors, others, nowMs })).toBe(trusted)
  })
})
