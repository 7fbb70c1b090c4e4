import {
  type ChannelManifest,
  CONTRACT_VERSION,
  HOUR_MS,
  MINUTE_MS,
} from '../../core/plugin/api.ts'
import { nothing, payerInput, scannedCode, transferInput } from './inputs.ts'

/** Reference §7: about a minute, plus the time that the call itself was given. */
const NOT_FOUND_IS_FINAL_AFTER_MS = 2 * MINUTE_MS

/** WeChat Pay APIv3, and APIv2 for payment codes; direct merchants and service providers. */
export const manifest = {
  id: 'wxpay',
  names: { zh: '微信支付', en: 'WeChat Pay' },
  version: '0.1.0',
  contract: { from: CONTRACT_VERSION, to: CONTRACT_VERSION },
  // The second is for disaster recovery: the same API under the same keys. The third tells openids.
  hosts: ['api.mch.weixin.qq.com', 'api2.mch.weixin.qq.com', 'api.weixin.qq.com'],
  currencies: ['CNY'],
  numbers: {
    payment: /^[0-9A-Za-z_\-|*]{6,32}$/,
    refund: /^[0-9A-Za-z_\-|*@]{1,64}$/,
  },
  // Repeatable: the same number with the same content gives what to show for the same order
  // (reference §6).
  ways: {
    WX_NATIVE: {
      names: { zh: '微信扫码支付', en: 'QR code for the payer to scan' },
      input: nothing,
      presents: ['qr_text'],
      repeatable: true,
    },
    WX_JSAPI: {
      names: { zh: '微信公众号支付', en: 'Web page inside WeChat' },
      input: payerInput,
      presents: ['wechat_client'],
      repeatable: true,
    },
    WX_LITE: {
      names: { zh: '微信小程序支付', en: 'Mini program' },
      input: payerInput,
      presents: ['wechat_client'],
      repeatable: true,
    },
    WX_APP: {
      names: { zh: '微信APP支付', en: 'Mobile app' },
      input: nothing,
      presents: ['wechat_client'],
      repeatable: true,
    },
    WX_H5: {
      names: { zh: '微信H5支付', en: "Web page in the payer's own browser" },
      input: nothing,
      presents: ['redirect_url'],
      repeatable: true,
    },
    WX_BAR: {
      names: { zh: '微信付款码支付', en: "The payer's code, scanned at the till" },
      input: scannedCode,
      presents: ['nothing'],
      repeatable: false,
      // Reference §8.3: 30 to 45 seconds for the password, and at least 15 before it is reversed.
      givesUpAfterMs: MINUTE_MS,
    },
  },
  transfers: {
    WX_CASH: {
      names: { zh: '微信零钱', en: 'WeChat balance' },
      input: transferInput,
    },
  },
  capabilities: {
    query: { notFoundIsFinalAfterMs: NOT_FOUND_IS_FINAL_AFTER_MS },
    // APIv2 wanted five minutes between order and close; APIv3 closes at once (reference §7).
    close: { fences: true, notBeforeMs: 0 },
    refund: {
      partial: true,
      maxCount: 50,
      windowDays: 365,
      async: true,
      notFoundIsFinalAfterMs: NOT_FOUND_IS_FINAL_AFTER_MS,
    },
    transfer: {
      needsPayee: true,
      cancellable: true,
      notFoundIsFinalAfterMs: NOT_FOUND_IS_FINAL_AFTER_MS,
    },
    split: {
      notBeforeMs: MINUTE_MS,
      maxReceivers: 50,
      returns: true,
      notFoundIsFinalAfterMs: NOT_FOUND_IS_FINAL_AFTER_MS,
    },
    identity: { userAgentHas: 'MicroMessenger' },
    bills: { kinds: ['trade', 'fund_flow'], readyAtHour: 10 },
    callback: {
      signedBy: 'header',
      addressPerPayment: true,
      // 15 retries; the sum of the gaps in reference §10.
      retriesForMs: 24 * HOUR_MS + 4 * MINUTE_MS,
    },
  },
} as const satisfies ChannelManifest
