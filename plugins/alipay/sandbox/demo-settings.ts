import type { Json } from '../../../core/plugin/simulator.ts'
import {
  DEMO_APP_CERTIFICATE,
  DEMO_PROVIDER_CERTIFICATE,
  FIRST_CERTIFICATE,
  ROOT_CERTIFICATES,
} from './crypto/certificates.ts'
import { ALIPAY_KEY, DEMO_APP_KEY, DEMO_PROVIDER_KEY } from './crypto/keys.ts'
import { DEMO_CONTENT_KEY, DEMO_PROVIDER, DEMO_SELLER } from './party/apps.ts'
import { DEMO_SUB_SELLERS } from './party/sellers.ts'
import { DEMO_TOKENS } from './party/tokens.ts'
import type { Alipay, Mode } from './settings.ts'

export type DemoSettings = Readonly<Record<string, Json>>

/** What the plugin's config fields are to be filled with, to be the demo merchant. */
export function demoSettings({ settings }: Alipay): DemoSettings {
  return {
    ...COMMON,
    sellerId: DEMO_SELLER,
    appId: settings.mode === 'key' ? '2021000000000001' : '2021000000000002',
    appPrivateKey: DEMO_APP_KEY.privateKey,
    ...keysOf(settings.mode, DEMO_APP_CERTIFICATE),
    ...(settings.encryption === 'on' && { contentKey: DEMO_CONTENT_KEY }),
  }
}

/** The same of the demo service provider, acting for one of its two sub-merchants. */
export function providerSettings({ settings }: Alipay, subMerchant: 0 | 1): DemoSettings {
  return {
    ...COMMON,
    sellerId: DEMO_SUB_SELLERS[subMerchant],
    appId: settings.mode === 'key' ? '2021000000000008' : '2021000000000009',
    appPrivateKey: DEMO_PROVIDER_KEY.privateKey,
    appAuthToken: DEMO_TOKENS[subMerchant],
    serviceProviderId: DEMO_PROVIDER,
    ...keysOf(settings.mode, DEMO_PROVIDER_CERTIFICATE),
  }
}

// Should a call ever leave the house, it had better reach Alipay's own sandbox.
const COMMON: DemoSettings = { environment: 'sandbox' }

function keysOf(mode: Mode, appCert: string): DemoSettings {
  if (mode === 'key') return { mode, alipayPublicKey: ALIPAY_KEY.publicKey }
  const alipayCert = FIRST_CERTIFICATE.certificate
  return { mode, appCert, alipayCert, alipayRootCert: ROOT_CERTIFICATES }
}
