import * as z from 'zod'
import {
  type ChannelManifest,
  CONTRACT_VERSION,
  HOUR_MS,
  MINUTE_MS,
} from '../../core/plugin/api.ts'

/** WeChat Pay APIv3, direct merchants. */
export const manifest = {
  id: 'wxpay',
  names: { zh: '微信支付', en: 'WeChat Pay' },
  version: '0.1.0',
  contract: { from: CONTRACT_VERSION, to: CONTRACT_VERSION },
  // The second is for disaster recovery: the same API under the same keys.
  hosts: ['api.mch.weixin.qq.com', 'api2.mch.weixin.qq.com'],
  currencies: ['CNY'],
  numbers: {
    payment: /^[0-9A-Za-z_\-|*]{6,32}$/,
    refund: /^[0-9A-Za-z_\-|*@]{1,64}$/,
  },
  ways: {
    WX_NATIVE: {
      names: { zh: '微信扫码支付', en: 'QR code for the payer to scan' },
      input: z.object({}),
      presents: ['qr_text'],
      // The same number with the same content gives a code for the same order (reference §6).
      repeatable: true,
    },
    WX_JSAPI: {
      names: { zh: '微信公众号支付', en: 'Web page inside WeChat' },
      input: z.object({
        /** The payer, as the appid of the settings knows them. */
        openid: z.string().min(1).max(128),
      }),
      presents: ['wechat_client'],
      repeatable: true,
    },
  },
  capabilities: {
    // Reference §7: about a minute, plus the time that the call itself was given.
    query: { notFoundIsFinalAfterMs: 2 * MINUTE_MS },
    // APIv2 wanted five minutes between order and close; APIv3 closes at once (reference §7).
    close: { fences: true, notBeforeMs: 0 },
    refund: {
      partial: true,
      maxCount: 50,
      windowDays: 365,
      async: true,
      notFoundIsFinalAfterMs: 2 * MINUTE_MS,
    },
    callback: {
      signedBy: 'header',
      addressPerPayment: true,
      // 15 retries; the sum of the gaps in reference §10.
      retriesForMs: 24 * HOUR_MS + 4 * MINUTE_MS,
    },
  },
} as const satisfies ChannelManifest
