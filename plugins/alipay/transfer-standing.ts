import * as z from 'zod'
import {
  type Failed,
  type Money,
  ok,
  type Result,
  refuse,
  type TransferId,
  type Transferred,
} from '../../core/plugin/api.ts'
import { timeSchema } from './beijing-time.ts'
import { ruleOfCode } from './errors.ts'
import { misfitOf } from './json.ts'
import { moneySchema } from './yuan.ts'

/** Where a transfer stands by Alipay's signed word. */
export type TransferStanding =
  | ({ readonly kind: 'succeeded' } & Transferred)
  | { readonly kind: 'pending'; readonly channelTransferNo?: string }
  | { readonly kind: 'closed'; readonly reason: string }
  | Failed

export interface Transfer {
  readonly transferId: TransferId
  readonly standing: TransferStanding
}

/**
 * Reads a transfer as an answer, a query or a message brings it.
 *
 * @param observedAtMs counts as the time of the transfer where Alipay gives none
 * @param asked the amount, where Alipay may leave it out
 * @returns a refusal that names the member that is missing or odd
 * @see reference §12
 */
export function readTransfer(
  value: unknown,
  observedAtMs: number,
  asked?: Money,
): Result<Transfer, string> {
  const transfer = transferSchema.safeParse(value)
  if (!transfer.success) return refuse(misfitOf(transfer.error))
  const { out_biz_no: transferId, status, order_id, pay_fund_order_id } = transfer.data
  const channelTransferNo = order_id || pay_fund_order_id
  switch (status) {
    case 'SUCCESS': {
      const done = doneSchema.safeParse(value)
      if (!done.success) return refuse(misfitOf(done.error))
      const transferred = done.data.trans_amount ?? done.data.amount ?? asked
      if (transferred === undefined) return refuse('its trans_amount is missing')
      if (channelTransferNo === undefined) return refuse('its order_id is missing')
      const transferredAtMs = done.data.pay_date ?? done.data.trans_date ?? observedAtMs
      const standing = { channelTransferNo, transferred, transferredAtMs }
      return ok({ transferId, standing: { kind: 'succeeded', ...standing } })
    }
    case 'FAIL': {
      const code = transfer.data.error_code || transfer.data.sub_status || status
      const message = (transfer.data.fail_reason ?? '').slice(0, 256)
      const error = { ...ruleOfCode(code), code, message }
      return ok({ transferId, standing: { kind: 'failed', error } })
    }
    case 'CLOSED':
      return ok({ transferId, standing: { kind: 'closed', reason: 'Alipay closed it' } })
    // It went out and came back.
    case 'REFUND': {
      const reason = transfer.data.fail_reason?.slice(0, 256) || 'the bank sent the money back'
      return ok({ transferId, standing: { kind: 'closed', reason } })
    }
    // DEALING, WAIT_PAY, and whatever else Alipay may come to say: not an end.
    default: {
      const known = channelTransferNo !== undefined && { channelTransferNo }
      return ok({ transferId, standing: { kind: 'pending', ...known } })
    }
  }
}

const number = z.string().max(64).optional()

const transferSchema = z.object({
  out_biz_no: z
    .string()
    .regex(/^[0-9A-Za-z_]{1,64}$/)
    // The shape is checked; whether we have such a transfer is for the core to find out.
    .transform((number) => number as TransferId),
  status: z.string(),
  sub_status: z.string().optional(),
  order_id: number,
  pay_fund_order_id: number,
  error_code: z.string().optional(),
  fail_reason: z.string().optional(),
})

const doneSchema = z.object({
  trans_amount: moneySchema.optional(),
  amount: moneySchema.optional(),
  pay_date: timeSchema.optional(),
  trans_date: timeSchema.optional(),
})
