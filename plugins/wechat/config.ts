import { type ConfigOf, type KeyWithId, ok, type Result, refuse } from '../../core/plugin/api.ts'
import { fields } from './fields.ts'
import { pkcs8Of, spkiOf } from './key-material.ts'

export type WechatConfig = ConfigOf<typeof fields>

/** The WeChat Pay public key, if these settings recognise WeChat by it. */
export function publicKeyOf(config: WechatConfig): KeyWithId | undefined {
  return config.verification === 'certificates' ? undefined : config.wechatpayPublicKey
}

/** Says what to change when settings do not fit each other, or a key is not the key it should be. */
export function checkConfig(config: WechatConfig): Result<undefined, { readonly reason: string }> {
  const reason = keyProblem(config) ?? modeProblem(config) ?? codePayProblem(config)
  return reason === undefined ? ok(undefined) : refuse({ reason })
}

function keyProblem(config: WechatConfig): string | undefined {
  if (pkcs8Of(config.merchantPrivateKey) === undefined) {
    return 'merchantPrivateKey: is not an unencrypted RSA private key; give apiclient_key.pem'
  }
  const publicKey = config.wechatpayPublicKey
  if (publicKey === undefined) {
    return config.verification === 'certificates'
      ? undefined
      : `wechatpayPublicKey: is missing, and verification is ${config.verification}`
  }
  if (!/^PUB_KEY_ID_[0-9A-Za-z]+$/.test(publicKey.id)) {
    return 'wechatpayPublicKey: its id begins with PUB_KEY_ID_; give the whole id'
  }
  if (spkiOf(publicKey.key) === undefined) {
    return 'wechatpayPublicKey: is not an RSA public key; give pub_key.pem, not a certificate'
  }
  return undefined
}

/** Settings of nobody but a service provider or those below it. */
const PARTNERS = Object.entries(fields).flatMap(([name, { scope }]) =>
  scope === 'merchant' ? [] : [name],
)

/** A sub-merchant left out would mean that the provider collects for itself; so nothing is guessed. */
function modeProblem(config: WechatConfig): string | undefined {
  if (config.mode !== 'partner') {
    const stray = PARTNERS.find((name) => Object.hasOwn(config, name))
    return stray === undefined ? undefined : `${stray}: is for mode partner only`
  }
  if (config.subMchid === undefined) return 'subMchid: is missing, and mode is partner'
  if (config.subMchid === config.mchid) {
    return "subMchid: is the provider's own number; give the sub-merchant's"
  }
  return undefined
}

function codePayProblem(config: WechatConfig): string | undefined {
  if (config.codePay === 'v3') {
    return config.codePayStore === undefined
      ? 'codePayStore: is missing, and WX_BAR goes by v3 (codePay)'
      : undefined
  }
  if (config.apiV2Key !== undefined) return undefined
  const asksForV2 =
    config.codePay === 'v2' ||
    config.apiV2Signature !== undefined ||
    config.reverseUrl !== undefined
  return asksForV2 ? 'apiV2Key: is missing, and WX_BAR goes by v2 (codePay)' : undefined
}
