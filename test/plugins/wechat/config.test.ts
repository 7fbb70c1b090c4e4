import { expect, it } from 'vitest'
import { wechat } from '../../../plugins/wechat/index.ts'
import { BOTH_SETTINGS, CERTIFICATE_SETTINGS, SETTINGS, vectors } from './fake-wechat.ts'

const { old } = vectors.platform_certificates
/** A throw-away key on a curve, which WeChat Pay does not use. */
const EC_KEY =
  'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkwZ8//tqmp0qE0d0MGIGfiqKWe8mLdBWlI4wzjH+Y2qhRANCAAQgw4owRBlaOCqFUfIos/IrL7bB7Kz/r64xj6WtmeWNGel5Ql9ZE6NyFEEo8CPm/bnU6kTsDBk5hqRop4LJ84+L'

it.each([
  ['with the public key', SETTINGS],
  ['with platform certificates', CERTIFICATE_SETTINGS],
  ['with both', BOTH_SETTINGS],
])('takes the settings of a merchant that recognises WeChat %s', (_, settings) => {
  const bound = wechat.bind(settings)
  expect(bound.ok && bound.value.payee).toBe('1900000109')
})

it.each([
  ['mchid', { ...SETTINGS, mchid: 'M1' }],
  ['mchid', { ...SETTINGS, mchid: undefined }],
  ['appid', { ...SETTINGS, appid: 'wx 1' }],
  ['apiV3Key', { ...SETTINGS, apiV3Key: SETTINGS.apiV3Key.slice(1) }],
  ['apiV3Key', { ...SETTINGS, apiV3Key: `${SETTINGS.apiV3Key}0` }],
  ['merchantSerial', { ...SETTINGS, merchantSerial: 'PUB_KEY_ID_01' }],
  ['verification', { ...SETTINGS, verification: 'none' }],
  ['verification', { ...SETTINGS, verification: undefined }],
  ['merchantPrivateKey', { ...SETTINGS, merchantPrivateKey: old.certificate_pem }],
  [
    'merchantPrivateKey',
    { ...SETTINGS, merchantPrivateKey: vectors.ours.platform_public_key_spki },
  ],
  ['merchantPrivateKey', { ...SETTINGS, merchantPrivateKey: EC_KEY }],
  ['merchantPrivateKey', { ...SETTINGS, merchantPrivateKey: 'AAAA' }],
  ['merchantPrivateKey', { ...SETTINGS, merchantPrivateKey: SETTINGS.merchantPrivateKey.slice(4) }],
  ['wechatpayPublicKey', { ...CERTIFICATE_SETTINGS, verification: 'public_key' }],
  ['wechatpayPublicKey', { ...CERTIFICATE_SETTINGS, verification: 'both' }],
  ['wechatpayPublicKey', withPublicKey({ id: '0119000001092026010100000000000001' })],
  ['wechatpayPublicKey', withPublicKey({ id: 'PUB_KEY_ID_' })],
  ['wechatpayPublicKey', withPublicKey({ key: old.certificate_pem })],
  ['wechatpayPublicKey', withPublicKey({ key: SETTINGS.merchantPrivateKey })],
])('says that %s is wrong (%#)', (field, settings) => {
  const bound = wechat.bind(settings)
  expect(bound.ok ? [] : bound.refusal).toEqual([expect.stringMatching(new RegExp(`^${field}`))])
})

it('never repeats a key in what it says', () => {
  const bound = wechat.bind({ ...SETTINGS, merchantPrivateKey: old.certificate_pem })
  expect(bound.ok ? '' : bound.refusal.join()).toBe(
    'merchantPrivateKey: is not an unencrypted RSA private key; give apiclient_key.pem',
  )
})

function withPublicKey(changes: object): object {
  return { ...SETTINGS, wechatpayPublicKey: { ...SETTINGS.wechatpayPublicKey, ...changes } }
}
