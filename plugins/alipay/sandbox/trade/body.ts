import * as z from 'zod'
import {
  amount,
  anything,
  duration,
  flag,
  openId,
  outTradeNo,
  requiredTextUpTo,
  textUpTo,
  time,
  userId,
} from '../door/fields.ts'

const goods = z.looseObject({
  goods_id: requiredTextUpTo(64),
  goods_name: requiredTextUpTo(256),
  quantity: z.union([z.string(), z.number()]),
  price: amount,
})

const extendParams = z.looseObject({
  sys_service_provider_id: userId.optional(),
  royalty_freeze: flag.optional(),
  hb_fq_num: z.enum(['3', '6', '12']).optional(),
  hb_fq_seller_percent: z.enum(['0', '100']).optional(),
})

/** What all products have. */
const common = z.strictObject({
  out_trade_no: outTradeNo,
  total_amount: amount,
  subject: requiredTextUpTo(256),
  body: textUpTo(128).optional(),
  time_expire: time.optional(),
  timeout_express: duration.optional(),
  goods_detail: z.array(goods).max(150).optional(),
  extend_params: extendParams.optional(),
  passback_params: textUpTo(512).optional(),
  store_id: textUpTo(32).optional(),
  alipay_store_id: textUpTo(32).optional(),
  operator_id: textUpTo(28).optional(),
  terminal_id: textUpTo(32).optional(),
  seller_id: userId.optional(),
  disable_pay_channels: textUpTo(128).optional(),
  enable_pay_channels: textUpTo(128).optional(),
  merchant_order_no: textUpTo(32).optional(),
  query_options: z.array(z.string()).optional(),
  business_params: z.union([anything, z.string()]).optional(),
  sub_merchant: anything.optional(),
  settle_info: anything.optional(),
  royalty_info: anything.optional(),
  undiscountable_amount: amount.optional(),
  discountable_amount: amount.optional(),
  promo_params: z.union([anything, z.string()]).optional(),
  ext_user_info: anything.optional(),
})

export const precreateBody = common.extend({
  product_code: z.enum(['FACE_TO_FACE_PAYMENT', 'QR_CODE_OFFLINE']).optional(),
  qr_code_timeout_express: duration.optional(),
})

export const createBody = common.extend({
  product_code: z.enum(['JSAPI_PAY', 'FACE_TO_FACE_PAYMENT']).optional(),
  buyer_id: userId.optional(),
  buyer_open_id: openId.optional(),
  op_app_id: textUpTo(32).optional(),
  op_buyer_open_id: openId.optional(),
})

export const payBody = common.extend({
  product_code: z.literal('FACE_TO_FACE_PAYMENT').optional(),
  scene: z.enum(['bar_code', 'security_code']),
  auth_code: z.string(),
  auth_confirm_mode: z.string().optional(),
  terminal_params: textUpTo(2048).optional(),
})

const page = common.extend({
  integration_type: z.enum(['PCWEB', 'ALIAPP']).optional(),
  request_from_url: textUpTo(256).optional(),
  invoice_info: anything.optional(),
  goods_type: z.enum(['0', '1']).optional(),
  specified_channel: textUpTo(128).optional(),
  auth_token: textUpTo(40).optional(),
})

export const pageBody = page.extend({
  product_code: z.literal('FAST_INSTANT_TRADE_PAY'),
  qr_pay_mode: z.enum(['0', '1', '2', '3', '4']).optional(),
  qrcode_width: z.union([z.string(), z.number()]).optional(),
})

export const wapBody = page.extend({
  product_code: z.literal('QUICK_WAP_WAY'),
  quit_url: requiredTextUpTo(400),
})

export const appBody = page.extend({
  product_code: z.literal('QUICK_MSECURITY_PAY').optional(),
})

export type TradeBody = z.output<typeof common>
