import { type ChannelPorts, ok, type Result } from '../../core/plugin/api.ts'
import type { WechatConfig } from './config.ts'
import { newNonce, signLines, unixSeconds } from './sign.ts'

/** What `WeixinJSBridge` and `wx.requestPayment` want: these names, these letters, all of it text. */
export interface JsapiParameters {
  readonly appId: string
  readonly timeStamp: string
  readonly nonceStr: string
  readonly package: string
  readonly signType: 'RSA'
  readonly paySign: string
}

/**
 * What the page hands to WeChat's own client, signed by the merchant.
 *
 * @see WeChat Pay APIv3 "JSAPI: call up the payment" (reference §6.1)
 */
export async function jsapiParameters(
  { clock, random }: Pick<ChannelPorts, 'clock' | 'random'>,
  config: WechatConfig,
  appId: string,
  prepayId: string,
): Promise<Result<JsapiParameters, string>> {
  const timeStamp = unixSeconds(clock.now())
  const nonceStr = newNonce(random)
  const prepay = `prepay_id=${prepayId}`
  const paySign = await signLines(config, [appId, timeStamp, nonceStr, prepay])
  if (!paySign.ok) return paySign
  return ok({
    appId,
    timeStamp,
    nonceStr,
    package: prepay,
    signType: 'RSA',
    paySign: paySign.value,
  })
}
