import * as z from 'zod'
import {
  callbackUrl,
  currency,
  fen,
  ip,
  outTradeNo,
  requiredTextUpTo,
  textUpTo,
  time,
} from './fields.ts'
import type { Product } from './order.ts'

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

const common = z.strictObject({
  appid: requiredTextUpTo(32),
  mchid: requiredTextUpTo(32),
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
})

// Any openid of a plausible form belongs to any app here; WeChat gives each app its own.
const payer = z.strictObject({ openid: z.string().regex(/^o[\w-]{5,127}$/) })

const withScene = common.extend({ scene_info: scene.optional() })

/** One schema a product: what they share is the most, and what one has is unknown to the others. */
export const PREPAY_BODIES = {
  jsapi: withScene.extend({ payer }),
  native: withScene,
  app: withScene,
  h5: common.extend({ scene_info: h5Scene }),
} as const satisfies Record<Product, z.ZodType>

/** What each of them parses to; the payer is named for JSAPI alone. */
export type PrepayBody = z.output<(typeof PREPAY_BODIES)[Product]>
