import { describe, expect, it } from 'vitest'
import { decryptContent, encryptContent } from '../../../plugins/alipay/content-cipher.ts'
import { rawMembers } from '../../../plugins/alipay/envelope.ts'
import { decodeForm } from '../../../plugins/alipay/form.ts'
import { spkiOf } from '../../../plugins/alipay/key-material.ts'
import { rsaSign, rsaVerifyText } from '../../../plugins/alipay/rsa.ts'
import { signText } from '../../../plugins/alipay/sign-text.ts'
import { fromBase64, vectors } from './fake-alipay.ts'

const { ours, published, certificates } = vectors
const recorded = spkiOf(published.alipay_public_key_spki) ?? new Uint8Array()
const alipayKey = spkiOf(ours.alipay_public_key_spki) ?? new Uint8Array()

describe('the text of a request', () => {
  it('is the parameters in order, as they are, without what is empty', () => {
    const { params, sign_string } = ours.v2_request
    const present = Object.entries(params).filter(([, value]) => value !== '')
    expect(signText(new Map(present))).toBe(sign_string)
  })

  it.each([
    ['PKCS#8, bare', ours.app_private_key_pkcs8],
    ['PKCS#1, bare', certificates.app_private_key_pkcs1],
    ['PKCS#8, PEM', pem('PRIVATE KEY', ours.app_private_key_pkcs8)],
    ['PKCS#1, PEM', pem('RSA PRIVATE KEY', certificates.app_private_key_pkcs1)],
  ])('is signed as the vector says with a key in %s', async (_, key) => {
    const { sign_string, sign } = ours.v2_request
    expect(await rsaSign({ appPrivateKey: key }, sign_string)).toEqual({ ok: true, value: sign })
  })

  it.each(['', 'not base64!', 'AAAA', ours.alipay_public_key_spki])(
    'is not signed with what is no private key (%#)',
    async (key) => {
      expect(await rsaSign({ appPrivateKey: key }, 'a=b')).toMatchObject({ ok: false })
    },
  )
})

describe('the node of an answer', () => {
  const { node, sign } = published.response

  it('verifies as it was recorded from Alipay, slashes escaped', async () => {
    expect(await rsaVerifyText(recorded, node, sign)).toBe(true)
  })

  it('does not verify once its slashes have been unescaped', async () => {
    expect(await rsaVerifyText(recorded, node.replaceAll('\\/', '/'), sign)).toBe(false)
  })

  it('verifies as the vector says, cut out of the whole answer', async () => {
    const members = rawMembers(ours.v2_response.raw)
    const cut = members?.get('alipay_trade_precreate_response') ?? ''
    expect(cut).toBe(ours.v2_response.node)
    expect(await rsaVerifyText(alipayKey, cut, ours.v2_response.sign)).toBe(true)
    expect(await rsaVerifyText(recorded, cut, ours.v2_response.sign)).toBe(false)
  })

  it.each(['', 'AAAA', '%%%', sign.slice(0, -4)])(
    'does not verify with signature %j',
    async (bad) => {
      expect(await rsaVerifyText(recorded, node, bad)).toBe(false)
    },
  )
})

describe('what comes back with a payer or a callback', () => {
  it('verifies without sign_type, and not with it', async () => {
    const { text, sign } = published.return_url
    expect(await rsaVerifyText(recorded, text, sign)).toBe(true)
    const typed = signText(
      new Map([...new URLSearchParams(text), ['sign_type', 'RSA2']] as [string, string][]),
    )
    expect(await rsaVerifyText(recorded, typed, sign)).toBe(false)
  })

  it('is decoded once: a plus stays a plus, a percent a percent', async () => {
    const form = decodeForm(new TextEncoder().encode(ours.notify.form_body)) ?? new Map()
    expect(form.get('subject')).toBe('测试商品 1+1=2 & 100%')
    expect(form.get('passback_params')).toBe('a%3D1')
    const unsigned = [...form].filter(([name]) => name !== 'sign' && name !== 'sign_type')
    expect(signText(new Map(unsigned))).toBe(ours.notify.sign_string)
    expect(form.get('sign')).toBe(ours.notify.sign)
    expect(await rsaVerifyText(alipayKey, ours.notify.sign_string, ours.notify.sign)).toBe(true)
  })
})

describe('encrypted content', () => {
  it.each([published.aes, ours.aes])('is what the vector says (%#)', async (vector) => {
    expect(await encryptContent(vector.key, vector.plaintext)).toBe(vector.ciphertext)
    expect(await decryptContent(vector.key, vector.ciphertext)).toBe(vector.plaintext)
  })

  it.each([
    ['another key', published.aes.key, ours.aes.ciphertext],
    ['a piece of it', ours.aes.key, ours.aes.ciphertext.slice(0, 24)],
    ['no base64', ours.aes.key, '???'],
  ])('does not open with %s', async (_, key, ciphertext) => {
    expect(await decryptContent(key, ciphertext)).not.toBe(ours.aes.plaintext)
  })
})

function pem(kind: string, base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? []
  expect(fromBase64(base64).length).toBeGreaterThan(1000)
  return `-----BEGIN ${kind}-----\n${lines.join('\n')}\n-----END ${kind}-----\n`
}
