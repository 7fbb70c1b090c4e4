import * as z from 'zod'
import {
  type ChannelManifest,
  CONTRACT_VERSION,
  HOUR_MS,
  MINUTE_MS,
  SECOND_MS,
} from '../../core/plugin/api.ts'

const buyer = z.object({
  /** User id (2088…) or open id of the payer, as the application of the settings knows them. */
  buyerUserId: z.string().min(1).max(128),
})

const transferScene = z.object({
  /** 转账场景, where Alipay wants one for the product that was signed. */
  transferSceneName: z.string().min(1).max(64).optional(),
})

/** Alipay's open platform, v2 protocol. Comments name the reference where a number comes from. */
export const manifest = {
  id: 'alipay',
  names: { zh: '支付宝', en: 'Alipay' },
  version: '0.1.0',
  contract: { from: CONTRACT_VERSION, to: CONTRACT_VERSION },
  hosts: ['openapi.alipay.com', 'openapi-sandbox.dl.alipaydev.com', 'dwbillcenter.alipay.com'],
  currencies: ['CNY'],
  numbers: {
    payment: /^[0-9A-Za-z_]{1,64}$/,
    refund: /^[0-9A-Za-z_]{1,64}$/,
  },
  ways: {
    ALI_QR: {
      names: { zh: '支付宝扫码支付', en: 'QR code for the payer to scan' },
      input: z.object({}),
      presents: ['qr_text'],
      // Nothing exists before the payer scans, and the same number gives a code again (§8).
      repeatable: true,
    },
    ALI_OC: {
      names: { zh: '支付宝订单码', en: 'Order code for the payer to scan' },
      input: z.object({}),
      presents: ['qr_text'],
      repeatable: true,
    },
    ALI_BAR: {
      names: { zh: '支付宝付款码支付', en: "The payer's code, scanned at the till" },
      input: z.object({
        /** 16 to 24 digits from 25 to 30, or what a face was recognised as (§8). */
        authCode: z.string().regex(/^(?:(?:2[5-9]|30)\d{14,22}|fp[0-9A-Za-z]{33})$/),
      }),
      presents: ['nothing'],
      repeatable: false,
      // §8: asked for thirty to sixty seconds, then cancelled.
      givesUpAfterMs: 60 * SECOND_MS,
    },
    ALI_JSAPI: {
      names: { zh: '支付宝生活号支付', en: 'Web page inside Alipay' },
      input: buyer,
      presents: ['alipay_client'],
      repeatable: true,
    },
    ALI_LITE: {
      names: { zh: '支付宝小程序支付', en: 'Mini program' },
      input: buyer,
      presents: ['alipay_client'],
      repeatable: true,
    },
    ALI_APP: {
      names: { zh: '支付宝APP支付', en: 'App' },
      input: z.object({}),
      presents: ['alipay_client'],
      local: true,
      repeatable: true,
    },
    ALI_WAP: {
      names: { zh: '支付宝手机网站支付', en: "Web page on the payer's phone" },
      input: z.object({}),
      presents: ['redirect_url', 'html_form'],
      local: true,
      repeatable: true,
    },
    ALI_PC: {
      names: { zh: '支付宝电脑网站支付', en: "Web page on the payer's computer" },
      input: z.object({}),
      presents: ['redirect_url', 'html_form'],
      local: true,
      repeatable: true,
    },
  },
  transfers: {
    ALIPAY_CASH: { names: { zh: '支付宝账户', en: 'Alipay account' }, input: transferScene },
    BANK_CARD: {
      names: { zh: '银行卡', en: 'Bank card' },
      input: transferScene.extend({
        /** `1` of a company, `2` of a person. */
        accountType: z.enum(['1', '2']).default('2'),
        bankCode: z.string().min(1).max(32).optional(),
        bankBranchName: z.string().min(1).max(128).optional(),
        bankProvince: z.string().min(1).max(32).optional(),
        bankCity: z.string().min(1).max(32).optional(),
      }),
    },
  },
  capabilities: {
    query: { notFoundIsFinalAfterMs: 2 * MINUTE_MS },
    // A trade that was closed cannot be paid. But a code or link that nobody has used yet is no
    // trade, cannot be closed, and is good until it expires (§9).
    close: { fences: false, notBeforeMs: 0 },
    refund: {
      partial: true,
      // Alipay names no limit, and refunds within three to twelve months, by product (§10).
      maxCount: 100,
      windowDays: 365,
      async: false,
      notFoundIsFinalAfterMs: MINUTE_MS,
    },
    transfer: {
      needsPayee: false,
      cancellable: false,
      // §12: "not found" counts after some minutes, and then the same number is sent again.
      notFoundIsFinalAfterMs: 5 * MINUTE_MS,
    },
    split: {
      notBeforeMs: 30 * SECOND_MS,
      // More than five would have to be shared in the background, which Alipay lets nobody mix with
      // sharing at once on one payment (§11). A payment can be split several times.
      maxReceivers: 5,
      returns: false,
      notFoundIsFinalAfterMs: MINUTE_MS,
    },
    identity: { userAgentHas: 'Alipay' },
    bills: { kinds: ['trade', 'signcustomer'], readyAtHour: 9 },
    callback: {
      signedBy: 'body',
      addressPerPayment: true,
      // Seven retries; the sum of the gaps in §14.1.
      retriesForMs: 24 * HOUR_MS + 24 * MINUTE_MS,
    },
  },
} as const satisfies ChannelManifest
