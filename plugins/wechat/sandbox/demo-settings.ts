import type { Json } from '../../../core/plugin/simulator.ts'
import { type DemoMerchant, demoKeys } from './demo-keys.ts'
import { DEMO_APP_SECRET } from './merchants.ts'
import type { Wechat } from './settings.ts'

export type DemoSettings = Readonly<Record<string, Json>>

/** What the plugin's config fields are to be filled with, to be the demo merchant. */
export function demoSettings(wechat: Wechat): DemoSettings {
  return settingsOf(wechat, demoKeys(wechat.settings.rsaBits).merchant)
}

/** The same of the demo service provider, acting for each of its sub-merchants. */
export function providerSettings(wechat: Wechat): readonly DemoSettings[] {
  const { provider } = demoKeys(wechat.settings.rsaBits)
  return provider.subMerchants.map(({ mchid, appids }) => ({
    ...settingsOf(wechat, provider),
    mode: 'partner',
    subMchid: mchid,
    ...(appids[0] !== undefined && { subAppid: appids[0] }),
  }))
}

function settingsOf({ settings }: Wechat, signer: DemoMerchant): DemoSettings {
  const { verification } = settings
  const { platform } = demoKeys(settings.rsaBits)
  return {
    mchid: signer.mchid,
    appid: signer.appids[0],
    appSecret: DEMO_APP_SECRET,
    merchantPrivateKey: signer.privateKey,
    merchantSerial: signer.serial,
    apiV3Key: signer.apiV3Key,
    codePay: 'v3',
    codePayStore: 'S1',
    verification,
    ...(verification !== 'certificates' && {
      wechatpayPublicKey: { id: platform.serial, key: platform.publicKey },
    }),
  }
}
