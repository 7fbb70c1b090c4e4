import {
  type ConfigFields,
  type ConfigOf,
  type KeyWithId,
  ok,
  type Result,
  refuse,
} from '../../core/plugin/api.ts'
import { pkcs8Of, spkiOf } from './key-material.ts'

/** Settings of a direct merchant. Hints name the places in pay.weixin.qq.com. */
export const fields = {
  mchid: {
    kind: 'text',
    pattern: /^\d{6,32}$/,
    scope: 'merchant',
    required: true,
    label: { zh: '商户号', en: 'Merchant number (mchid)' },
    hint: {
      zh: '商户平台 > 账户中心 > 商户信息',
      en: 'Merchant console > Account > Merchant info',
    },
  },
  appid: {
    kind: 'text',
    pattern: /^[0-9A-Za-z_-]{1,32}$/,
    scope: 'merchant',
    required: true,
    label: { zh: 'AppID', en: 'AppID' },
    hint: {
      zh: '商户平台 > 产品中心 > AppID账号管理；须已与商户号绑定，openid 属于它',
      en: 'Merchant console > Products > AppID accounts. Bound to the mchid; openids belong to it',
    },
  },
  merchantPrivateKey: {
    kind: 'private_key',
    scope: 'merchant',
    required: true,
    label: { zh: '商户API私钥', en: 'Merchant API private key' },
    hint: {
      zh: '申请商户API证书时得到的 apiclient_key.pem',
      en: 'apiclient_key.pem, made when the merchant API certificate was applied for',
    },
  },
  merchantSerial: {
    kind: 'text',
    pattern: /^[0-9A-Fa-f]{8,64}$/,
    scope: 'merchant',
    required: true,
    label: { zh: '商户API证书序列号', en: 'Serial of the merchant API certificate' },
    hint: {
      zh: '商户平台 > 账户中心 > API安全 > 商户API证书 > 管理证书',
      en: 'Merchant console > Account > API security > Merchant API certificate > Manage',
    },
  },
  apiV3Key: {
    kind: 'secret',
    pattern: /^[0-9A-Za-z]{32}$/,
    scope: 'merchant',
    required: true,
    label: { zh: 'APIv3密钥', en: 'APIv3 key' },
    hint: {
      zh: '商户平台 > 账户中心 > API安全 > APIv3密钥；32位数字和字母',
      en: 'Merchant console > Account > API security > APIv3 key: 32 letters and digits',
    },
  },
  verification: {
    kind: 'choice',
    choices: ['public_key', 'certificates', 'both'],
    scope: 'merchant',
    required: true,
    label: { zh: '验签方式', en: 'WeChat Pay is recognised by' },
    hint: {
      zh: 'public_key：微信支付公钥；certificates：平台证书（自动下载）；both：由平台证书切换到公钥期间',
      en: 'public_key: its public key. certificates: platform certificates, fetched by themselves. both: while the merchant number moves from certificates to the public key',
    },
  },
  wechatpayPublicKey: {
    kind: 'public_key_with_id',
    scope: 'merchant',
    required: false,
    label: { zh: '微信支付公钥', en: 'WeChat Pay public key' },
    hint: {
      zh: '商户平台 > 账户中心 > API安全 > 微信支付公钥；公钥ID以 PUB_KEY_ID_ 开头',
      en: 'Merchant console > Account > API security > WeChat Pay public key; its id begins with PUB_KEY_ID_',
    },
  },
} as const satisfies ConfigFields

export type WechatConfig = ConfigOf<typeof fields>

/** The WeChat Pay public key, if these settings recognise WeChat by it. */
export function publicKeyOf(config: WechatConfig): KeyWithId | undefined {
  return config.verification === 'certificates' ? undefined : config.wechatpayPublicKey
}

/** Says what to change when settings do not fit each other, or a key is not the key it should be. */
export function checkConfig(config: WechatConfig): Result<undefined, { readonly reason: string }> {
  const reason = problemOf(config)
  return reason === undefined ? ok(undefined) : refuse({ reason })
}

function problemOf(config: WechatConfig): string | undefined {
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
