import { expect, it } from 'vitest'
import { wechat } from '../../../plugins/wechat/index.ts'
import { BOTH_SETTINGS, CERTIFICATE_SETTINGS, SETTINGS, vectors } from './fake-wechat.ts'
import { PARTNER_SETTINGS, SUB_APP_SETTINGS, V2_SETTINGS, V3_CODE_SETTINGS } from './fixtures.ts'

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
  ['a direct merchant who says so', { ...SETTINGS, mode: 'direct' }, '1900000109'],
  ['a service provider', PARTNER_SETTINGS, '1900000109/1900000209'],
  ['a sub-merchant with an app', SUB_APP_SETTINGS, '1900000109/1900000209'],
  ['a till by v2', V2_SETTINGS, '1900000109'],
  ['a till by v3', V3_CODE_SETTINGS, '1900000109'],
])('takes the settings of %s', (_, settings, payee) => {
  const bound = wechat.bind(settings)
  expect(bound.ok ? bound.value.payee : bound.refusal).toBe(payee)
})

it('says of each setting, in both languages, what it is and where it is found', () => {
  for (const { label, hint } of Object.values(wechat.fields)) {
    for (const text of [label.zh, label.en, hint.zh, hint.en]) expect(text).toMatch(/\S/)
  }
})

it.each([
  ['mode', { ...SETTINGS, mode: 'isv' }],
  ['subMchid', { ...PARTNER_SETTINGS, subMchid: undefined }],
  ['subMchid', { ...PARTNER_SETTINGS, subMchid: PARTNER_SETTINGS.mchid }],
  ['subMchid', { ...PARTNER_SETTINGS, mode: undefined }],
  ['subMchid', { ...PARTNER_SETTINGS, mode: 'direct' }],
  ['subAppid', { ...SETTINGS, subAppid: 'wx00000000000000b1' }],
  ['subLiteAppid', { ...SETTINGS, subLiteAppid: 'wx00000000000000b1' }],
  ['subMobileAppid', { ...SETTINGS, subMobileAppid: 'wx00000000000000b1' }],
  ['appPartnerId', { ...SETTINGS, appPartnerId: 'sp_mchid' }],
  ['partnerTransfers', { ...SETTINGS, partnerTransfers: 'on' }],
  ['apiV2Key', { ...SETTINGS, codePay: 'v2' }],
  ['apiV2Key', { ...SETTINGS, apiV2Signature: 'MD5' }],
  ['apiV2Key', { ...SETTINGS, reverseUrl: 'https://mtls.shop.example/reverse' }],
  ['apiV2Key', { ...V2_SETTINGS, apiV2Key: 'short' }],
  ['reverseUrl', { ...V2_SETTINGS, reverseUrl: 'mtls.shop.example' }],
  ['codePayStore', { ...SETTINGS, codePay: 'v3' }],
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
