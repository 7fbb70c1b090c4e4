import * as z from 'zod'
import type { Fault, PayerAction } from '../../core/plugin/simulator.ts'

/** What `/sandbox/api` takes. Whatever is left out has a value with which it works. */

const ACTIONS = [
  'pay',
  'cancel',
  'insufficient_balance',
  'password',
  'fail',
] as const satisfies readonly PayerAction[]

const fen = z.int().min(1)

export const payBody = z.object({ outcome: z.enum(ACTIONS).default('pay') })
export const refundBody = z.object({ amount: fen.optional() })
export const splitBody = z.object({ finish: z.boolean().default(false) })
export const splitReturnBody = z.object({ receiverId: z.int().min(1), amount: fen })
export const openBody = z.object({ handed: z.string().min(1) })
export const clockBody = z.object({
  advanceMs: z
    .int()
    .min(0)
    .max(400 * 86_400_000),
})

export const orderBody = z.object({
  wayCode: z.string(),
  amount: fen.default(100),
  subject: z.string().default('演示商品'),
  /** Who pays is filled in where the way needs it. */
  channelExtra: z.record(z.string(), z.string()).default({}),
  /** JeePay's literal. */
  payDataType: z.string().optional(),
  /** For ways that scan the payer: the outcome of the code that is shown. */
  payerCode: z.string().default('paid'),
  divisionMode: z.int().min(0).max(2).default(0),
  expiredTime: z.int().min(1).optional(),
  /** Another app of the demo merchant than its first. */
  appId: z.string().optional(),
})
export type OrderBody = z.output<typeof orderBody>

export const transferBody = z.object({
  ifCode: z.string(),
  entryType: z.string(),
  amount: fen.default(100),
  /** Who is paid is filled in. */
  accountNo: z.string().optional(),
  accountName: z.string().optional(),
})
export type TransferBody = z.output<typeof transferBody>

export const ANSWER_FAULTS = [
  'silence_before',
  'silence_after',
  'reset_before',
  'reset_after',
  'error_before',
  'error_after',
  'html_before',
  'rate_limited',
  'bad_signature',
  'truncated',
  'not_found',
] as const
export const CALLBACK_FAULTS = [
  'drop',
  'duplicate',
  'early',
  'reorder',
  'delay',
  'bad_signature',
  'wrong_amount',
  'wrong_merchant',
] as const
export const OPERATIONS = [
  'pay',
  'query',
  'close',
  'refund',
  'query_refund',
  'transfer',
  'query_transfer',
  'split',
  'query_split',
  'bill',
] as const

const times = z.int().min(1).max(1_000_000).default(1)
const fault = z.union([
  z.object({ on: z.enum(OPERATIONS), fault: z.enum(ANSWER_FAULTS), times }),
  z
    .object({
      on: z.literal('callback'),
      fault: z.enum(CALLBACK_FAULTS),
      delayMs: z.int().min(0).optional(),
      times,
    })
    .transform(
      ({ delayMs, ...rest }): Fault => ({
        ...rest,
        ...(delayMs !== undefined && { delayMs }),
      }),
    ),
])
export const faultsBody = z.object({ channel: z.string(), faults: z.array(fault) })
