/**
 * Clients of WeChat Pay that other people wrote, so that no rule of the protocol is checked against
 * ourselves alone.
 */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Aes, Formatter, Rsa } from 'wechatpay-axios-plugin'
import WxPay from 'wechatpay-node-v3'
import { jsapiParameters } from '../../../plugins/wechat/jsapi.ts'
import { open } from '../../../plugins/wechat/sealed.ts'
import { authorize, signLines } from '../../../plugins/wechat/sign.ts'
import {
  inbound,
  nativePay,
  openWorld,
  PAID,
  SETTINGS,
  seal,
  signed,
  vectors,
} from './fake-wechat.ts'

const { ours } = vectors
const merchantPrivate = Rsa.fromPkcs8(ours.merchant_private_key_pkcs8)
const merchantPublic = createPublicKey(
  createPrivateKey({
    key: Buffer.from(ours.merchant_private_key_pkcs8, 'base64'),
    format: 'der',
    type: 'pkcs8',
  }),
)
const platformPrivate = Rsa.fromPkcs8(ours.platform_private_key_pkcs8)

describe('wechatpay-axios-plugin', () => {
  it('verifies a request as we send it', async () => {
    const world = openWorld()
    world.answers(signed(200, { code_url: 'weixin://wxpay/bizpayurl?pr=1' }))
    await world.channel.pay(world.ports, nativePay({ subject: '测试 "1" \\ 😀' }))
    const [request] = world.requests
    const { nonce_str, signature, timestamp } = parameters(request?.headers.Authorization)
    const message = Formatter.request(
      'POST',
      '/v3/pay/transactions/native',
      timestamp,
      nonce_str,
      String(request?.body),
    )
    expect(Rsa.verify(message, signature, merchantPublic)).toBe(true)
  })

  it('signs a request as we do', async () => {
    const path = '/v3/pay/transactions/out-trade-no/a%7Cb*c?mchid=1900000109'
    const message = Formatter.request('GET', path, '1767225600', 'NONCE', '')
    const theirs = Rsa.sign(message, merchantPrivate)
    const lines = ['GET', path, '1767225600', 'NONCE', '']
    expect(await signLines(SETTINGS, lines)).toEqual({ ok: true, value: theirs })
  })

  it('signs the parameters of the client as we do', async () => {
    const { ports } = openWorld()
    const made = await jsapiParameters(
      ports,
      SETTINGS,
      SETTINGS.appid,
      'wx201410272009395522657a690389285100',
    )
    if (!made.ok) throw new Error(made.refusal)
    const { appId, timeStamp, nonceStr, package: prepay, paySign } = made.value
    const message = Formatter.joinedByLineFeed(appId, timeStamp, nonceStr, prepay)
    expect(paySign).toBe(Rsa.sign(message, merchantPrivate))
  })

  it('writes an answer that we verify', async () => {
    const world = openWorld()
    const body = JSON.stringify(PAID)
    const timestamp = '1767225600'
    const message = Formatter.response(timestamp, 'NONCE', body)
    world.answers(async () => ({
      kind: 'answered',
      status: 200,
      headers: new Headers({
        'Wechatpay-Timestamp': timestamp,
        'Wechatpay-Nonce': 'NONCE',
        'Wechatpay-Serial': ours.wechatpay_serial,
        'Wechatpay-Signature': Rsa.sign(message, platformPrivate),
      }),
      body: new TextEncoder().encode(body),
    }))
    const { attemptId, way } = nativePay()
    const outcome = await world.channel.query(world.ports, { attemptId, way })
    expect(outcome).toMatchObject({ kind: 'succeeded' })
  })

  it('seals a callback that we open', async () => {
    const world = openWorld()
    const ciphertext = Aes.AesGcm.encrypt(
      JSON.stringify(PAID),
      ours.apiv3_key,
      'abcdefghijkl',
      'transaction',
    )
    const body = JSON.stringify({
      id: 'EV-1',
      event_type: 'TRANSACTION.SUCCESS',
      resource: {
        algorithm: 'AEAD_AES_256_GCM',
        original_type: 'transaction',
        associated_data: 'transaction',
        nonce: 'abcdefghijkl',
        ciphertext,
      },
    })
    const message = Formatter.response('1767225600', 'NONCE', body)
    const headers = {
      'wechatpay-timestamp': '1767225600',
      'wechatpay-nonce': 'NONCE',
      'wechatpay-serial': ours.wechatpay_serial,
      'wechatpay-signature': Rsa.sign(message, platformPrivate),
    }
    const call = inbound({ headers, body: new TextEncoder().encode(body) })
    expect(await world.channel.readCallback(world.ports, call)).toMatchObject({
      ok: true,
      value: { dedupeKey: 'EV-1', facts: [{ kind: 'succeeded' }] },
    })
  })

  it('seals without associated data what we open', async () => {
    const ciphertext = Aes.AesGcm.encrypt('内容', ours.apiv3_key, 'abcdefghijkl', '')
    const sealed = { nonce: 'abcdefghijkl', associated_data: '', ciphertext }
    const opened = await open(ours.apiv3_key, { algorithm: 'AEAD_AES_256_GCM', ...sealed })
    expect(opened).toEqual({ ok: true, value: '内容' })
  })
})

describe('wechatpay-node-v3', () => {
  const peer = new WxPay({
    appid: SETTINGS.appid,
    mchid: ours.mchid,
    serial_no: ours.serial_no,
    publicKey: Buffer.from(vectors.platform_certificates.old.certificate_pem),
    privateKey: Buffer.from(merchantPrivate.export({ type: 'pkcs8', format: 'pem' })),
  })

  it('signs a request as we do', async () => {
    const { method, url, timestamp, nonce_str, body, signature } = ours.request_post
    expect(peer.getSignature(method, nonce_str, timestamp, url, body)).toBe(signature)
    expect(await signLines(SETTINGS, [method, url, timestamp, nonce_str, body])).toEqual({
      ok: true,
      value: signature,
    })
  })

  it('writes an authorization of the same parts', async () => {
    const { ports } = openWorld()
    const header = await authorize(ports, SETTINGS, { method: 'GET', path: '/v3/x', body: '' })
    const made = parameters(header.ok ? header.value : undefined)
    const signature = peer.getSignature('GET', made.nonce_str, made.timestamp, '/v3/x')
    const theirs = parameters(peer.getAuthorization(made.nonce_str, made.timestamp, signature))
    expect(made).toEqual(theirs)
  })

  it('opens what is sealed for us', async () => {
    const {
      ciphertext = '',
      nonce = '',
      associated_data = '',
    } = await seal('{"a":1}', 'transaction')
    const opened = peer.decipher_gcm(ciphertext, associated_data, nonce, ours.apiv3_key)
    expect(opened).toEqual({ a: 1 })
  })
})

/** The parameters of an `Authorization` header, in any order. */
function parameters(authorization: string | undefined): Record<string, string> & Signed {
  const listed = (authorization ?? '').matchAll(/(\w+)="([^"]*)"/g)
  const named = Object.fromEntries(Array.from(listed, ([, name, value]) => [name, value]))
  return { nonce_str: '', signature: '', timestamp: '', ...named }
}

interface Signed {
  readonly nonce_str: string
  readonly signature: string
  readonly timestamp: string
}
