import { describe, expect, it } from 'vitest'
import { type SignedMessage, verify } from '../../../plugins/wechat/verify.ts'
import { fromBase64, vectors } from './fake-wechat.ts'

const { ours, published } = vectors
const KEY = fromBase64(ours.platform_public_key_spki)
const known = async (id: string) => (id === ours.wechatpay_serial ? KEY : undefined)

interface Changes {
  readonly headers?: Record<string, string | undefined>
  readonly body?: string
  readonly receivedAtMs?: number
}

/** The answer of the vector, received as it was signed, or changed. */
function answered({ headers, body, receivedAtMs }: Changes = {}): SignedMessage {
  const { timestamp, nonce, signature } = ours.response_200
  const all: Record<string, string | undefined> = {
    'wechatpay-timestamp': timestamp,
    'wechatpay-nonce': nonce,
    'wechatpay-signature': signature,
    'wechatpay-serial': ours.wechatpay_serial,
    'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
    ...headers,
  }
  return {
    header: (name) => all[name],
    body: new TextEncoder().encode(body ?? ours.response_200.body),
    receivedAtMs: receivedAtMs ?? Number(timestamp) * 1000,
  }
}

const { signature } = ours.response_200
const AT_MS = Number(ours.response_200.timestamp) * 1000

describe('a signature of WeChat', () => {
  it('verifies as in the vector', async () => {
    expect(await verify(answered(), known)).toEqual({ ok: true, value: undefined })
  })

  it('verifies without a body', async () => {
    const { timestamp, nonce, signature, body } = ours.response_204
    const message = answered({
      headers: {
        'wechatpay-timestamp': timestamp,
        'wechatpay-nonce': nonce,
        'wechatpay-signature': signature,
      },
      body,
    })
    expect(await verify(message, known)).toEqual({ ok: true, value: undefined })
  })

  it('verifies when its type goes without saying', async () => {
    const message = answered({ headers: { 'wechatpay-signature-type': undefined } })
    expect(await verify(message, known)).toMatchObject({ ok: true })
  })

  it.each([
    ['a byte of the body is another', { body: ours.response_200.body.replace('0001', '0002') }],
    ['the body has one byte more', { body: `${ours.response_200.body}\n` }],
    ['the body is missing', { body: '' }],
    ['a byte of the signature is another', header('signature', `A${signature.slice(1)}`)],
    ['the signature is a probe', header('signature', `WECHATPAY/SIGNTEST/${signature}`)],
    ['the signature is too short', header('signature', signature.slice(0, 340))],
    ['the signature is no base64', header('signature', 'not base64!')],
    ['the signature is missing', header('signature', undefined)],
    ['the nonce is another', header('nonce', 'sharedrespnonce00000000000000002')],
    ['the nonce is missing', header('nonce', undefined)],
    ['the serial is unknown', header('serial', 'PUB_KEY_ID_0119000001092026010100000000000002')],
    ['the serial is missing', header('serial', undefined)],
    ['the type is another', header('signature-type', 'WECHATPAY2-SM2-WITH-SM3')],
    ['the time is another', header('timestamp', '1767225605')],
    ['the time is missing', header('timestamp', undefined)],
    ['the time is no number', header('timestamp', '1767225604s')],
    ['the time is a fraction', header('timestamp', '1767225604.0')],
    ['it is five minutes old', { receivedAtMs: AT_MS + 300_000 }],
    ['it is 301 seconds old', { receivedAtMs: AT_MS + 301_000 }],
    ['it is five minutes early', { receivedAtMs: AT_MS - 300_000 }],
  ] satisfies [string, Changes][])('is refused when %s', async (_, changes) => {
    expect(await verify(answered(changes), known)).toMatchObject({ ok: false })
  })

  it.each([299_999, -299_999])('holds for just under five minutes (%i ms)', async (ms) => {
    const message = answered({ receivedAtMs: AT_MS + ms })
    expect(await verify(message, known)).toMatchObject({ ok: true })
  })

  it('is refused when the key it names is no key', async () => {
    expect(await verify(answered(), async () => Uint8Array.of(0x30, 0))).toMatchObject({
      ok: false,
    })
  })

  it('does not look for a key when the time alone refuses it', async () => {
    const lookup = async () => {
      throw new Error('asked for a key')
    }
    const message = answered({ receivedAtMs: AT_MS + 300_000 })
    expect(await verify(message, lookup)).toMatchObject({ ok: false })
  })
})

it("is RSA as in the vector of WeChat's own SDK", async () => {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const { public_key_spki, signature, message } = published.rsa_verify
  const spki = fromBase64(public_key_spki)
  const key = await crypto.subtle.importKey('spki', spki, algorithm, false, ['verify'])
  const bytes = new TextEncoder().encode(message)
  expect(await crypto.subtle.verify(algorithm.name, key, fromBase64(signature), bytes)).toBe(true)
})

function header(name: string, value: string | undefined): Changes {
  return { headers: { [`wechatpay-${name}`]: value } }
}
