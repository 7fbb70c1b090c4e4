import * as z from 'zod'
import { HOUR_MS, money, type Result } from '../../core/plugin/api.ts'
import { v2PayeeSchema } from './payee.ts'
import { readWith, type Transaction } from './transaction.ts'

/**
 * Reads a transaction of APIv2, where everything is text.
 *
 * @see WeChat Pay APIv2 "submit a payment code", "query an order" (reference §8.2)
 */
export function readV2Transaction(
  members: Readonly<Record<string, string>>,
): Result<Transaction, string> {
  return readWith(paidSchema, members)
}

/** `yyyyMMddHHmmss`, always Beijing time. */
const beijingDigits = z
  .string()
  .regex(/^\d{14}$/)
  .transform((digits) => {
    const [year, month, day, hour, minute, second] = [
      digits.slice(0, 4),
      ...(digits.slice(4).match(/\d\d/g) ?? []),
    ].map(Number)
    return Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second) - 8 * HOUR_MS
  })

const openid = z.string().default('')

const paidSchema = z
  .object({
    transaction_id: z.string().min(1).max(64),
    time_end: beijingDigits,
    // What we asked for; `settlement_total_fee` and `cash_fee` are less by coupons.
    total_fee: z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
    fee_type: z.string().default('CNY'),
    openid,
    sub_openid: openid,
  })
  .transform(({ transaction_id, time_end, total_fee, fee_type, openid, sub_openid }) => {
    const payer = sub_openid === '' ? openid : sub_openid
    return {
      channelPaymentNo: transaction_id,
      paid: money(total_fee, fee_type),
      paidAtMs: time_end,
      ...(payer !== '' && { payer }),
    }
  })
  .and(v2PayeeSchema.transform((payee) => ({ payee })))
