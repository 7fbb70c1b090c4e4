import { type ChannelPorts, ok, type Result } from '../../core/plugin/api.ts'
import type { WechatConfig } from './config.ts'
import { callingMobileApp } from './mode.ts'
import { newNonce, signLines, unixSeconds } from './sign.ts'

/**
 * What a mobile app gets to call WeChat with. These are the names that JeePay answers and its clients
 * read; WeChat's own SDK spells `partnerid` and `prepayid` in lower case, or as its platform likes.
 */
export interface AppParameters {
  readonly appid: string
  readonly partnerId: string
  readonly prepayId: string
  readonly package: 'Sign=WXPay'
  readonly noncestr: string
  readonly timestamp: string
  readonly sign: string
}

/**
 * What the app hands to WeChat's, signed by the merchant.
 *
 * @see WeChat Pay APIv3 "APP: call up the payment" (reference §6.1); JeePay's `wxapp` (its §7)
 */
export async function appParameters(
  { clock, random }: Pick<ChannelPorts, 'clock' | 'random'>,
  config: WechatConfig,
  prepayId: string,
): Promise<Result<AppParameters, string>> {
  const { appid, partnerId } = callingMobileApp(config)
  const timestamp = unixSeconds(clock.now())
  const noncestr = newNonce(random)
  // The bare id, where a page inside WeChat signs `prepay_id=` before it.
  const sign = await signLines(config, [appid, timestamp, noncestr, prepayId])
  if (!sign.ok) return sign
  return ok({
    appid,
    partnerId,
    prepayId,
    package: 'Sign=WXPay',
    noncestr,
    timestamp,
    sign: sign.value,
  })
}
