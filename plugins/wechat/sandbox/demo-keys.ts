import { DEMO_MERCHANT, PLATFORM_PUBLIC_KEY, type PlatformKey } from './keys.ts'
import { DEMO_PROVIDER } from './provider-keys.ts'
import { SMALL_KEYS } from './small-keys.ts'

/** A merchant that everybody may be. */
export interface DemoMerchant {
  readonly mchid: string
  readonly appids: readonly [string, ...string[]]
  readonly apiV3Key: string
  readonly apiV2Key: string
  readonly serial: string
  readonly privateKey: string
  readonly publicKey: string
  readonly subMerchants: readonly {
    readonly mchid: string
    readonly appids: readonly string[]
    readonly maxSplitRatio: number
  }[]
}

export interface DemoKeys {
  readonly merchant: DemoMerchant
  readonly provider: DemoMerchant
  readonly platform: PlatformKey & { readonly publicKey: string }
}

export type RsaBits = 2_048 | 1_024

/** @param bits 2,048 is what WeChat has; with 1,024 only the public-key mode is there */
export function demoKeys(bits: RsaBits): DemoKeys {
  return DEMO_KEYS[bits]
}

const DEMO_KEYS: Record<RsaBits, DemoKeys> = {
  2048: { merchant: DEMO_MERCHANT, provider: DEMO_PROVIDER, platform: PLATFORM_PUBLIC_KEY },
  1024: {
    merchant: { ...DEMO_MERCHANT, ...SMALL_KEYS.merchant },
    provider: { ...DEMO_PROVIDER, ...SMALL_KEYS.provider },
    platform: { ...PLATFORM_PUBLIC_KEY, ...SMALL_KEYS.platform },
  },
}
