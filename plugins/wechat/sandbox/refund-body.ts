import * as z from 'zod'
import {
  callbackUrl,
  currency,
  fen,
  outRefundNo,
  outTradeNo,
  requiredTextUpTo,
  textUpTo,
} from './fields.ts'

const goods = z.strictObject({
  merchant_goods_id: requiredTextUpTo(32),
  wechatpay_goods_id: textUpTo(32).optional(),
  goods_name: textUpTo(256).optional(),
  unit_price: z.int().min(0),
  refund_amount: z.int().min(0),
  refund_quantity: z.int().min(1),
})

const amount = z
  .strictObject({
    refund: fen,
    total: fen,
    currency,
    from: z
      .array(z.strictObject({ account: z.enum(['AVAILABLE', 'UNAVAILABLE']), amount: fen }))
      .optional(),
  })
  .refine(
    ({ refund, from }) =>
      from === undefined || from.reduce((sum, part) => sum + part.amount, 0) === refund,
    { path: ['from'], message: 'does not add up to the refund' },
  )

export const refundBody = z
  .strictObject({
    sub_mchid: requiredTextUpTo(32).optional(),
    transaction_id: requiredTextUpTo(32).optional(),
    out_trade_no: outTradeNo.optional(),
    out_refund_no: outRefundNo,
    reason: textUpTo(80).optional(),
    notify_url: callbackUrl.optional(),
    funds_account: z.enum(['AVAILABLE', 'UNSETTLED']).optional(),
    amount,
    goods_detail: z.array(goods).optional(),
  })
  .refine((body) => body.transaction_id !== undefined || body.out_trade_no !== undefined, {
    path: ['transaction_id'],
    message: 'or out_trade_no is required',
  })

export type RefundBody = z.output<typeof refundBody>
