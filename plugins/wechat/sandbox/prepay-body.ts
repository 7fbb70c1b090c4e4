import * as z from 'zod'
import {
  callbackUrl,
  currency,
  fen,
  ip,
  openid,
  outTradeNo,
  requiredTextUpTo,
  textUpTo,
  time,
} from './fields.ts'
import type { PrepayProduct } from './order.ts'
import { directIds, partnerIds } from './parties.ts'

const goods = z.strictObject({
  merchant_goods_id: requiredTextUpTo(32),
  wechatpay_goods_id: textUpTo(32).optional(),
  goods_name: textUpTo(256).optional(),
  quantity: z.int().min(1),
  unit_price: z.int().min(0),
})

const store = z.strictObject({
  id: requiredTextUpTo(32),
  name: textUpTo(256).optional(),
  area_code: textUpTo(32).optional(),
  address: textUpTo(512).optional(),
})

const scene = z.strictObject({
  payer_client_ip: ip,
  device_id: textUpTo(32).optional(),
  store_info: store.optional(),
})

const h5Scene = scene.extend({
  h5_info: z.strictObject({
    type: z.enum(['iOS', 'Android', 'Wap']),
    app_name: textUpTo(64).optional(),
    app_url: textUpTo(128).optional(),
    bundle_id: textUpTo(128).optional(),
    package_name: textUpTo(128).optional(),
  }),
})

const order = {
  description: requiredTextUpTo(127),
  out_trade_no: outTradeNo,
  time_expire: time.optional(),
  attach: textUpTo(128).optional(),
  notify_url: callbackUrl,
  goods_tag: textUpTo(32).optional(),
  support_fapiao: z.boolean().optional(),
  amount: z.strictObject({ total: fen, currency: currency.optional() }),
  detail: z
    .strictObject({
      cost_price: z.int().min(0).optional(),
      invoice_id: textUpTo(32).optional(),
      goods_detail: z.array(goods).min(1).optional(),
    })
    .optional(),
  settle_info: z.strictObject({ profit_sharing: z.boolean().optional() }).optional(),
  limit_pay: z.array(z.literal('no_credit')).optional(),
}

const direct = z.strictObject({ ...directIds, ...order })
const partner = z.strictObject({ ...partnerIds, ...order })

const directPayer = z.strictObject({ openid })

const partnerPayer = z
  .strictObject({ sp_openid: openid.optional(), sub_openid: openid.optional() })
  .refine(({ sp_openid, sub_openid }) => (sp_openid === undefined) !== (sub_openid === undefined), {
    message: 'names the payer by sp_openid or by sub_openid',
  })

const anywhere = { scene_info: scene.optional() }
const inBrowser = { scene_info: h5Scene }

/** One schema a product: what they share is the most, and what one has is unknown to the others. */
export const PREPAY_BODIES = {
  direct: {
    jsapi: direct.extend({ ...anywhere, payer: directPayer }),
    native: direct.extend(anywhere),
    app: direct.extend(anywhere),
    h5: direct.extend(inBrowser),
  },
  partner: {
    jsapi: partner
      .extend({ ...anywhere, payer: partnerPayer })
      .refine(({ payer, sub_appid }) => payer.sub_openid === undefined || sub_appid, {
        path: ['sub_appid'],
        message: 'is required with sub_openid',
      }),
    native: partner.extend(anywhere),
    app: partner.extend(anywhere),
    h5: partner.extend(inBrowser),
  },
} as const satisfies Record<'direct' | 'partner', Record<PrepayProduct, z.ZodType>>

export type Mode = keyof typeof PREPAY_BODIES

/** What each of them parses to; the payer is named for JSAPI alone. */
export type PrepayBody = z.output<(typeof PREPAY_BODIES)[Mode][PrepayProduct]>
