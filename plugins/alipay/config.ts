import type { ConfigFields, ConfigOf } from '../../core/plugin/api.ts'

/**
 * Settings of an application of Alipay's open platform. Hints name the places in open.alipay.com.
 * A service provider has the application and its keys; of each merchant below it come the PID and
 * the authorisation token.
 */
export const fields = {
  environment: {
    kind: 'choice',
    choices: ['production', 'sandbox'],
    scope: 'merchant',
    required: true,
    label: { zh: '环境', en: 'Environment' },
    hint: {
      zh: 'production：正式环境；sandbox：支付宝沙箱（控制台 > 开发工具 > 沙箱），其应用和密钥与正式环境不同',
      en: "production, or sandbox: Alipay's own test environment (Console > Tools > Sandbox), with an application and keys of its own",
    },
  },
  appId: {
    kind: 'text',
    pattern: /^\d{16}$/,
    scope: 'merchant',
    required: true,
    label: { zh: '应用 APPID', en: 'APPID of the application' },
    hint: {
      zh: '控制台 > 应用列表；服务商填第三方应用的 APPID',
      en: "Console > My applications; a service provider's third-party application",
    },
  },
  sellerId: {
    kind: 'text',
    pattern: /^2088\d{12}$/,
    scope: 'sub_merchant',
    required: true,
    label: { zh: '收款方 PID', en: 'PID of the payee' },
    hint: {
      zh: '收款支付宝账号的 2088 开头的 16 位数字：账号中心 > PID；服务商模式填商家的 PID',
      en: 'The 16 digits, beginning with 2088, of the account that is paid: Account centre > PID. Below a service provider: the PID of the merchant',
    },
  },
  mode: {
    kind: 'choice',
    choices: ['key', 'certificate'],
    scope: 'merchant',
    required: true,
    label: { zh: '接口加签方式', en: 'Signing mode' },
    hint: {
      zh: '控制台 > 应用 > 开发设置 > 接口加签方式；key：密钥，certificate：证书（转账必须用证书）',
      en: 'Console > application > Development settings > Signing. key, or certificate, which transfers require',
    },
  },
  appPrivateKey: {
    kind: 'private_key',
    scope: 'merchant',
    required: true,
    label: { zh: '应用私钥', en: 'Private key of the application' },
    hint: {
      zh: '支付宝密钥工具生成的应用私钥（PKCS#8 或 PKCS#1）',
      en: "Made with Alipay's key tool; PKCS#8 or PKCS#1",
    },
  },
  alipayPublicKey: {
    kind: 'public_key',
    scope: 'merchant',
    required: false,
    label: { zh: '支付宝公钥', en: "Alipay's public key" },
    hint: {
      zh: '密钥模式：接口加签方式中查看“支付宝公钥”，不是应用公钥',
      en: "Key mode: shown under Signing as 支付宝公钥. Not the application's own public key",
    },
  },
  appCert: {
    kind: 'certificate',
    scope: 'merchant',
    required: false,
    label: { zh: '应用公钥证书', en: 'Certificate of the application' },
    hint: {
      zh: '证书模式：接口加签方式中下载 appCertPublicKey_<APPID>.crt',
      en: 'Certificate mode: appCertPublicKey_<APPID>.crt, from Signing',
    },
  },
  alipayCert: {
    kind: 'certificate',
    scope: 'merchant',
    required: false,
    label: { zh: '支付宝公钥证书', en: "Alipay's certificate" },
    hint: {
      zh: '证书模式：接口加签方式中下载 alipayCertPublicKey_RSA2.crt',
      en: 'Certificate mode: alipayCertPublicKey_RSA2.crt, from Signing',
    },
  },
  alipayRootCert: {
    kind: 'certificate',
    scope: 'merchant',
    required: false,
    label: { zh: '支付宝根证书', en: "Alipay's root certificates" },
    hint: {
      zh: '证书模式：接口加签方式中下载 alipayRootCert.crt，整个文件',
      en: 'Certificate mode: alipayRootCert.crt, from Signing; the whole file',
    },
  },
  appAuthToken: {
    kind: 'secret',
    pattern: /^\S{1,40}$/,
    scope: 'sub_merchant',
    required: false,
    label: { zh: '应用授权令牌', en: 'Authorisation token (app_auth_token)' },
    hint: {
      zh: '服务商模式：商家授权第三方应用后得到的 app_auth_token；直连商户不填',
      en: 'Below a service provider: what the merchant granted its application. Empty for direct merchants',
    },
  },
  serviceProviderId: {
    kind: 'text',
    pattern: /^2088\d{12}$/,
    scope: 'service_provider',
    required: false,
    label: { zh: '服务商 PID', en: 'PID of the service provider' },
    hint: {
      zh: '返佣用的 sys_service_provider_id；没有返佣可不填',
      en: 'For rebates (sys_service_provider_id); empty where there are none',
    },
  },
  contentKey: {
    kind: 'secret',
    pattern: /^[0-9A-Za-z+/]{22}==$/,
    scope: 'merchant',
    required: false,
    label: { zh: '接口内容加密密钥', en: 'Content encryption key (AES)' },
    hint: {
      zh: '控制台 > 应用 > 开发设置 > 接口内容加密方式；填了就加密',
      en: 'Console > application > Development settings > Content encryption. Calls are encrypted when it is given',
    },
  },
  miniProgramAppId: {
    kind: 'text',
    pattern: /^\d{16}$/,
    scope: 'sub_merchant',
    required: false,
    label: { zh: '小程序 APPID', en: 'APPID of the mini program' },
    hint: {
      zh: 'ALI_LITE：收银小程序不是上面的应用时填写',
      en: 'ALI_LITE: when the mini program is not the application above',
    },
  },
} as const satisfies ConfigFields

export type AlipayConfig = ConfigOf<typeof fields>

/** The account that the money goes to. Callbacks are compared with it. */
export function payeeOf(config: AlipayConfig): string {
  return config.sellerId
}
