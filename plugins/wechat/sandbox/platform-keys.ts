import { demoKeys } from './demo-keys.ts'
import {
  FIRST_CERTIFICATE,
  type PlatformCertificate,
  type PlatformKey,
  SECOND_CERTIFICATE,
} from './keys.ts'
import type { Merchant } from './merchants.ts'
import type { Settings, Wechat } from './settings.ts'

/** Platform certificates that are valid now, the one that signs first. */
const CERTIFICATES = {
  before: [FIRST_CERTIFICATE],
  during: [SECOND_CERTIFICATE, FIRST_CERTIFICATE],
  after: [SECOND_CERTIFICATE],
} as const satisfies Record<Settings['rotation'], readonly PlatformCertificate[]>

/** Certificates that the merchant may download; none in public-key mode. */
export function certificatesFor(
  { settings }: Wechat,
  { verification }: Merchant,
): readonly PlatformCertificate[] {
  return verification === 'public_key' ? [] : CERTIFICATES[settings.rotation]
}

/** The key that answers when the merchant asks for none. */
export function usualKey({ settings }: Wechat, { verification }: Merchant): PlatformKey {
  return verification === 'certificates'
    ? CERTIFICATES[settings.rotation][0]
    : demoKeys(settings.rsaBits).platform
}

/**
 * The key that a request asks to be answered with.
 *
 * @param asked the request's `Wechatpay-Serial`
 * @returns undefined when WeChat has no such key for this merchant
 */
export function askedKey(
  wechat: Wechat,
  merchant: Merchant,
  asked: string | null,
): PlatformKey | undefined {
  if (asked === null) return usualKey(wechat, merchant)
  const certificates = certificatesFor(wechat, merchant)
  const keys =
    merchant.verification === 'certificates'
      ? certificates
      : [demoKeys(wechat.settings.rsaBits).platform, ...certificates]
  return keys.find(({ serial }) => serial.toUpperCase() === asked.toUpperCase())
}

/** The key of a callback: while a merchant moves, callbacks come signed now by one, now by the other. */
export function callbackKey(wechat: Wechat, merchant: Merchant): PlatformKey {
  if (merchant.verification !== 'both') return usualKey(wechat, merchant)
  const heads = (wechat.random.bytes(1)[0] ?? 0) % 2 === 0
  const { rsaBits, rotation } = wechat.settings
  return heads ? demoKeys(rsaBits).platform : CERTIFICATES[rotation][0]
}
