import type { Json } from '../../../core/plugin/simulator.ts'
import { type DemoMerchant, demoKeys } from './demo-keys.ts'
import { DEMO_APP_SECRET } from './merchants.ts'
import type { Wechat } from './settings.ts'
import { CERTIFICATE_PROXY } from './v2/serve.ts'

/** What the plugin's config fields are to be filled with. */
export type DemoSettings = Readonly<Record<string, Json>>

/** To be the demo merchant, with everything that a direct merchant may have. */
export function demoSettings(wechat: Wechat): DemoSettings {
  const { merchant } = demoKeys(wechat.settings.rsaBits)
  const [, mobileAppid = merchant.appids[0]] = merchant.appids
  return { mode: 'direct', ...signerSettings(wechat, merchant), mobileAppid }
}

/** To be the demo service provider, for the first or the second of its sub-merchants. */
export function providerSettings(wechat: Wechat, subMerchant: 0 | 1): DemoSettings {
  const { provider } = demoKeys(wechat.settings.rsaBits)
  const sub = provider.subMerchants[subMerchant]
  const subAppid = sub?.appids[0]
  return {
    mode: 'partner',
    ...signerSettings(wechat, provider),
    subMchid: sub?.mchid ?? '',
    ...(subAppid !== undefined && { subAppid }),
    partnerTransfers: 'on',
  }
}

function signerSettings({ settings }: Wechat, signer: DemoMerchant): DemoSettings {
  const { verification, rsaBits } = settings
  const { platform } = demoKeys(rsaBits)
  return {
    mchid: signer.mchid,
    appid: signer.appids[0],
    appSecret: DEMO_APP_SECRET,
    merchantPrivateKey: signer.privateKey,
    merchantSerial: signer.serial,
    apiV3Key: signer.apiV3Key,
    verification,
    ...(verification !== 'certificates' && {
      wechatpayPublicKey: { id: platform.serial, key: platform.publicKey },
    }),
    codePay: 'v2',
    apiV2Key: signer.apiV2Key,
    // For whoever changes codePay to v3.
    codePayStore: 'S1',
    reverseUrl: `https://${CERTIFICATE_PROXY}/secapi/pay/reverse`,
  }
}
