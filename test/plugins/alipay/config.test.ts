import { describe, expect, it } from 'vitest'
import { alipay } from '../../../plugins/alipay/index.ts'
import {
  CERTIFICATE_SETTINGS,
  ENCRYPTED_SETTINGS,
  PROVIDER_SETTINGS,
  SETTINGS,
  vectors,
} from './fake-alipay.ts'

const { ours, certificates, published } = vectors

function without(settings: object, name: string): object {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => key !== name))
}

function problems(settings: object): readonly string[] {
  const bound = alipay.bind(settings)
  return bound.ok ? [] : bound.refusal
}

describe('settings', () => {
  it.each([
    ['in key mode', SETTINGS],
    ['in certificate mode', CERTIFICATE_SETTINGS],
    ['of a merchant below a service provider', PROVIDER_SETTINGS],
    ['with content encryption', ENCRYPTED_SETTINGS],
    ["of Alipay's own sandbox", { ...SETTINGS, environment: 'sandbox' }],
    ['with a PKCS#1 key', { ...SETTINGS, appPrivateKey: certificates.app_private_key_pkcs1 }],
  ])('%s are complete', (_, settings) => {
    expect(problems(settings)).toEqual([])
  })

  it('say whose money it is', () => {
    const bound = alipay.bind(PROVIDER_SETTINGS)
    expect(bound.ok && bound.value.payee).toBe('2088000000000001')
  })

  it.each([
    ['alipayPublicKey: is missing', without(SETTINGS, 'alipayPublicKey')],
    ['appCert: is missing', without(CERTIFICATE_SETTINGS, 'appCert')],
    ['alipayCert: is missing', without(CERTIFICATE_SETTINGS, 'alipayCert')],
    ['alipayRootCert: is missing', without(CERTIFICATE_SETTINGS, 'alipayRootCert')],
    [
      'appPrivateKey: is not an unencrypted RSA private key',
      { ...SETTINGS, appPrivateKey: ours.alipay_public_key_spki },
    ],
    [
      'alipayPublicKey: is not an RSA public key',
      { ...SETTINGS, alipayPublicKey: ours.app_private_key_pkcs8 },
    ],
    [
      'appPrivateKey: is not the key of appCert',
      { ...CERTIFICATE_SETTINGS, appCert: certificates.merchant },
    ],
    ['appCert: is not a certificate', { ...CERTIFICATE_SETTINGS, appCert: 'AAAA' }],
    ['alipayCert: is not a certificate', { ...CERTIFICATE_SETTINGS, alipayCert: 'AAAA' }],
    [
      "alipayCert: is the application's own certificate",
      { ...CERTIFICATE_SETTINGS, alipayCert: certificates.app },
    ],
    [
      'alipayRootCert: has no RSA root',
      { ...CERTIFICATE_SETTINGS, alipayRootCert: firstBlock(published.certificates.roots.file) },
    ],
  ])('that are wrong are told apart: %s', (problem, settings) => {
    expect(problems(settings)).toEqual([expect.stringContaining(problem)])
  })

  it("name the commonest mistake: the application's own public key for Alipay's", async () => {
    const own = await publicKeyOf(ours.app_private_key_pkcs8)
    expect(problems({ ...SETTINGS, alipayPublicKey: own })).toEqual([
      expect.stringContaining("the application's own public key"),
    ])
  })

  it.each([
    ['appId', '2021'],
    ['sellerId', '2089000000000001'],
    ['contentKey', 'short'],
    ['mode', 'both'],
    ['environment', 'test'],
    ['serviceProviderId', 'abc'],
  ])('are checked one by one: %s', (name, value) => {
    expect(problems({ ...SETTINGS, [name]: value })).toEqual([expect.stringContaining(name)])
  })
})

function firstBlock(file: string): string {
  return `${file.split('-----END CERTIFICATE-----')[0]}-----END CERTIFICATE-----\n`
}

async function publicKeyOf(pkcs8: string): Promise<string> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const der = Uint8Array.from(atob(pkcs8), (char) => char.charCodeAt(0))
  const key = await crypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign'])
  const { n, e } = await crypto.subtle.exportKey('jwk', key)
  const half = { kty: 'RSA', n: n ?? '', e: e ?? '' }
  const publicKey = await crypto.subtle.importKey('jwk', half, algorithm, true, ['verify'])
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey))
  return btoa(String.fromCharCode(...spki))
}
