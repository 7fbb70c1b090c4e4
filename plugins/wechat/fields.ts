import type { ConfigFields } from '../../core/plugin/api.ts'

const APPID = /^[0-9A-Za-z_-]{1,32}$/
const MCHID = /^\d{6,32}$/

/**
 * The settings. Who signs has those of scope `merchant`: a direct merchant, or the service provider,
 * who signs for all of its sub-merchants (reference §1.1). Hints name places in pay.weixin.qq.com.
 */
export const fields = {
  mode: {
    kind: 'choice',
    choices: ['direct', 'partner'],
    scope: 'merchant',
    required: false,
    label: { zh: '商户模式', en: 'Merchant mode' },
    hint: {
      zh: 'direct：直连商户（默认）；partner：服务商，此时“商户号”等均为服务商的，并须填特约商户号',
      en: 'direct: a merchant for itself (default). partner: a service provider; its own number and keys go here, and the sub-merchant number is needed',
    },
  },
  mchid: {
    kind: 'text',
    pattern: MCHID,
    scope: 'merchant',
    required: true,
    label: { zh: '商户号', en: 'Merchant number (mchid)' },
    hint: {
      zh: '商户平台 > 账户中心 > 商户信息；服务商模式填服务商商户号',
      en: "Merchant console > Account > Merchant info. In partner mode the provider's",
    },
  },
  appid: {
    kind: 'text',
    pattern: APPID,
    scope: 'merchant',
    required: true,
    label: { zh: 'AppID', en: 'AppID' },
    hint: {
      zh: '商户平台 > 产品中心 > AppID账号管理；须已与商户号绑定，openid 属于它',
      en: 'Merchant console > Products > AppID accounts. Bound to the mchid; openids belong to it',
    },
  },
  liteAppid: {
    kind: 'text',
    pattern: APPID,
    scope: 'merchant',
    required: false,
    label: { zh: '小程序 AppID', en: 'Mini program AppID' },
    hint: {
      zh: 'WX_LITE 用；与上面的 AppID 相同则不填',
      en: 'For WX_LITE, if it is another than the AppID above',
    },
  },
  mobileAppid: {
    kind: 'text',
    pattern: APPID,
    scope: 'merchant',
    required: false,
    label: { zh: '移动应用 AppID', en: 'Mobile app AppID' },
    hint: {
      zh: 'WX_APP 用；微信开放平台 > 移动应用；与上面的 AppID 相同则不填',
      en: 'For WX_APP: WeChat Open Platform > Mobile apps, if it is another than the AppID above',
    },
  },
  appSecret: {
    kind: 'secret',
    pattern: /^[0-9A-Za-z]{16,64}$/,
    scope: 'merchant',
    required: false,
    label: { zh: '公众号 AppSecret', en: 'Secret of the official account (AppSecret)' },
    hint: {
      zh: '用于获取 openid：公众平台 > 设置与开发 > 基本配置；并在“网页授权域名”登记本系统域名',
      en: 'To learn openids: mp.weixin.qq.com > Settings > Basic configuration. Register our domain there for web authorisation',
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
  codePay: {
    kind: 'choice',
    choices: ['v2', 'v3'],
    scope: 'merchant',
    required: false,
    label: { zh: '付款码支付接口', en: 'API for payment codes' },
    hint: {
      zh: 'WX_BAR 用。v2（默认）：须填 APIv2密钥；v3：商户号已开通 v3 付款码支付，须填门店编号',
      en: 'For WX_BAR. v2 (default) needs the APIv2 key; v3 needs a merchant number that has the v3 product, and the store number',
    },
  },
  apiV2Key: {
    kind: 'secret',
    pattern: /^[0-9A-Za-z]{32}$/,
    scope: 'merchant',
    required: false,
    label: { zh: 'APIv2密钥', en: 'APIv2 key' },
    hint: {
      zh: 'WX_BAR（v2）用：商户平台 > 账户中心 > API安全 > APIv2密钥',
      en: 'For WX_BAR by v2: Merchant console > Account > API security > APIv2 key',
    },
  },
  apiV2Signature: {
    kind: 'choice',
    choices: ['HMAC-SHA256', 'MD5'],
    scope: 'merchant',
    required: false,
    label: { zh: 'APIv2签名类型', en: 'APIv2 signature' },
    hint: {
      zh: '默认 HMAC-SHA256；仅在商户号不支持时选 MD5',
      en: 'HMAC-SHA256 (default); MD5 only for a merchant number that has nothing better',
    },
  },
  reverseUrl: {
    kind: 'url',
    scope: 'merchant',
    required: false,
    label: { zh: 'v2撤销代理地址', en: 'Proxy for reversing by v2' },
    hint: {
      zh: 'WX_BAR（v2）的撤销须出示商户API证书，运行环境不一定能做到：填自建代理的完整地址，它携带证书转发到 https://api.mch.weixin.qq.com/secapi/pay/reverse；不填则无法撤销',
      en: 'Reversing a payment code by v2 takes the merchant API certificate, which not every runtime can show: the whole address of a proxy of yours that shows it and passes on to https://api.mch.weixin.qq.com/secapi/pay/reverse. Without it nothing is reversed',
    },
  },
  codePayStore: {
    kind: 'text',
    pattern: /^[0-9A-Za-z_-]{1,32}$/,
    scope: 'merchant',
    required: false,
    label: { zh: '门店编号', en: 'Store number' },
    hint: {
      zh: 'WX_BAR（v3）用：商户自定义的门店编号（store_info.out_id）',
      en: "For WX_BAR by v3: the merchant's own number of the store (store_info.out_id)",
    },
  },
  subMchid: {
    kind: 'text',
    pattern: MCHID,
    scope: 'sub_merchant',
    required: false,
    label: { zh: '特约商户号', en: 'Sub-merchant number (sub_mchid)' },
    hint: {
      zh: '服务商平台 > 特约商户管理；仅服务商模式，必填',
      en: "Provider's console > Sub-merchants. Partner mode only, and needed there",
    },
  },
  subAppid: {
    kind: 'text',
    pattern: APPID,
    scope: 'sub_merchant',
    required: false,
    label: { zh: '特约商户 AppID', en: "Sub-merchant's AppID (sub_appid)" },
    hint: {
      zh: '特约商户自己的公众号等；使用其 openid（isSubOpenId）时必填',
      en: "The sub-merchant's own; needed where its openids are used (isSubOpenId)",
    },
  },
  subLiteAppid: {
    kind: 'text',
    pattern: APPID,
    scope: 'sub_merchant',
    required: false,
    label: { zh: '特约商户小程序 AppID', en: "Sub-merchant's mini program AppID" },
    hint: {
      zh: 'WX_LITE 用；与特约商户 AppID 相同则不填',
      en: "For WX_LITE, if it is another than the sub-merchant's AppID",
    },
  },
  subMobileAppid: {
    kind: 'text',
    pattern: APPID,
    scope: 'sub_merchant',
    required: false,
    label: { zh: '特约商户移动应用 AppID', en: "Sub-merchant's mobile app AppID" },
    hint: {
      zh: 'WX_APP 用；与特约商户 AppID 相同则不填',
      en: "For WX_APP, if it is another than the sub-merchant's AppID",
    },
  },
  appPartnerId: {
    kind: 'choice',
    choices: ['sub_mchid', 'sp_mchid'],
    scope: 'service_provider',
    required: false,
    label: { zh: 'APP支付 partnerid', en: 'partnerid of app payments' },
    hint: {
      zh: 'WX_APP 用：调起支付时的 partnerid。默认：由特约商户的应用调起时为特约商户号，否则为服务商商户号',
      en: "For WX_APP: what the app hands over as partnerid. Unless chosen: the sub-merchant's number when its app calls, else the provider's",
    },
  },
  partnerTransfers: {
    kind: 'choice',
    choices: ['off', 'on'],
    scope: 'service_provider',
    required: false,
    label: { zh: '服务商代特约商户转账', en: 'Transfers for sub-merchants' },
    hint: {
      zh: '默认 off；微信支付已为服务商开通“商家转账（服务商）”后选 on',
      en: 'off (default); on once WeChat Pay has opened transfers for the service provider',
    },
  },
} as const satisfies ConfigFields
