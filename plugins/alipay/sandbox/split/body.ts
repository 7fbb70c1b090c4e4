import * as z from 'zod'
import {
  amount,
  flag,
  requiredTextUpTo,
  shortRequestNo,
  textUpTo,
  tradeNo,
} from '../door/fields.ts'

const accountType = z.enum(['userId', 'loginName', 'cardAliasNo', 'openId'])

const royalty = z.strictObject({
  royalty_type: z.literal('transfer').optional(),
  trans_out: textUpTo(64).optional(),
  trans_out_type: accountType.optional(),
  trans_in: requiredTextUpTo(64),
  trans_in_type: accountType,
  trans_in_name: textUpTo(64).optional(),
  amount,
  amount_percentage: z.union([z.string(), z.number()]).optional(),
  desc: textUpTo(1000).optional(),
  royalty_scene: z.enum(['达人佣金', '平台服务费', '技术服务费', '其他']).optional(),
})

export const settleBody = z.strictObject({
  out_request_no: shortRequestNo,
  trade_no: tradeNo,
  royalty_parameters: z.array(royalty).max(50).default([]),
  royalty_mode: z.enum(['sync', 'async']).default('sync'),
  operator_id: textUpTo(64).optional(),
  extend_params: z
    .looseObject({ royalty_finish: flag.optional(), royalty_finish_amount: amount.optional() })
    .optional(),
})

export type SettleBody = z.output<typeof settleBody>
