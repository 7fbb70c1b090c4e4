import * as z from 'zod'
import {
  amount,
  anything,
  namesTrade,
  outRequestNo,
  requiredTextUpTo,
  TRADE_KEY_MISSING,
  textUpTo,
  tradeKey,
} from '../door/fields.ts'

/** A share that goes back from its receiver, so that it can go back to the payer. */
const takenBack = z.strictObject({
  royalty_type: z.literal('transfer').optional(),
  trans_out: requiredTextUpTo(64),
  trans_out_type: z.enum(['userId', 'loginName', 'openId', 'cardAliasNo']).optional(),
  trans_in: textUpTo(64).optional(),
  trans_in_type: z.enum(['userId', 'loginName', 'openId', 'cardAliasNo']).optional(),
  amount,
  amount_percentage: z.union([z.string(), z.number()]).optional(),
  desc: textUpTo(1000).optional(),
  royalty_scene: textUpTo(256).optional(),
})

export const refundBody = z
  .strictObject({
    ...tradeKey,
    refund_amount: amount,
    out_request_no: outRequestNo.optional(),
    refund_reason: textUpTo(256).optional(),
    refund_currency: z.literal('CNY').optional(),
    refund_goods_detail: z.array(anything).optional(),
    goods_detail: z.array(anything).optional(),
    refund_royalty_parameters: z.array(takenBack).max(20).optional(),
    query_options: z.array(z.string()).optional(),
    operator_id: textUpTo(30).optional(),
    store_id: textUpTo(32).optional(),
    terminal_id: textUpTo(32).optional(),
    related_settle_confirm_no: textUpTo(64).optional(),
  })
  .refine(namesTrade, TRADE_KEY_MISSING)

export type RefundBody = z.output<typeof refundBody>
