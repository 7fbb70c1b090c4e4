import { describe, expect, it } from 'vitest'
import { checkConfig } from '../../../plugins/wechat/config.ts'
import { jsapiParameters } from '../../../plugins/wechat/jsapi.ts'
import { authorize, signLines } from '../../../plugins/wechat/sign.ts'
import { openWorld, SETTINGS, vectors } from './fake-wechat.ts'

const { ours } = vectors

describe('a signature of the merchant', () => {
  it.each([
    ['POST', ours.request_post],
    ['GET', ours.request_get],
  ])('is the one of the vector for %s', async (_, vector) => {
    const { method, url, timestamp, nonce_str, body, signature } = vector
    const lines = [method, url, timestamp, nonce_str, body]
    expect(lines.map((line) => `${line}\n`).join('')).toBe(vector.message)
    expect(await signLines(SETTINGS, lines)).toEqual({ ok: true, value: signature })
  })

  it("is the one of the vector for WeChat's client", async () => {
    const { appId, timeStamp, nonceStr, package: prepay, paySign } = ours.paysign_jsapi
    expect(await signLines(SETTINGS, [appId, timeStamp, nonceStr, prepay])).toEqual({
      ok: true,
      value: paySign,
    })
  })

  it('is another for another body', async () => {
    const { method, url, timestamp, nonce_str, body, signature } = ours.request_post
    const changed = body.replace('"total":100', '"total":101')
    const signed = await signLines(SETTINGS, [method, url, timestamp, nonce_str, changed])
    expect(signed).not.toEqual({ ok: true, value: signature })
  })

  it('says who signed, when, and with which certificate', async () => {
    const { ports } = openWorld()
    const lowerCase = { ...SETTINGS, merchantSerial: SETTINGS.merchantSerial.toLowerCase() }
    const header = await authorize(ports, lowerCase, { method: 'GET', path: '/v3/x', body: '' })
    const value = header.ok ? header.value : ''
    expect(value).toMatch(/^WECHATPAY2-SHA256-RSA2048 /)
    expect(value).toContain(`mchid="${ours.mchid}"`)
    expect(value).toContain('timestamp="1767225600"')
    expect(value).toContain(`serial_no="${ours.serial_no}"`)
  })

  it('never uses a nonce twice', async () => {
    const { ports } = openWorld()
    const first = await jsapiParameters(ports, SETTINGS, SETTINGS.appid, 'wx1')
    const second = await jsapiParameters(ports, SETTINGS, SETTINGS.appid, 'wx1')
    if (!first.ok || !second.ok) throw new Error('does not sign')
    expect(first.value.nonceStr).not.toBe(second.value.nonceStr)
  })
})

describe('a private key as operators paste it', () => {
  const pkcs8 = ours.merchant_private_key_pkcs8
  const lines = pkcs8.replace(/(.{64})/g, '$1\n')

  it.each([
    ['bare base64', pkcs8],
    ['base64 in lines', lines],
    ['PEM', `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`],
    [
      'PEM with the line ends of Windows',
      `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`.replaceAll('\n', '\r\n'),
    ],
    ['bare PKCS#1', pkcs1(pkcs8)],
    [
      'PKCS#1 PEM',
      `-----BEGIN RSA PRIVATE KEY-----\n${pkcs1(pkcs8)}\n-----END RSA PRIVATE KEY-----`,
    ],
  ])('signs alike: %s', async (_, merchantPrivateKey) => {
    const config = { ...SETTINGS, merchantPrivateKey }
    expect(checkConfig(config)).toEqual({ ok: true, value: undefined })
    const { method, url, timestamp, nonce_str, body, signature } = ours.request_post
    expect(await signLines(config, [method, url, timestamp, nonce_str, body])).toEqual({
      ok: true,
      value: signature,
    })
  })
})

/** The PKCS#1 key is what stands after the first 26 bytes of a PKCS#8 envelope of this size. */
function pkcs1(pkcs8: string): string {
  return btoa(atob(pkcs8).slice(26))
}
