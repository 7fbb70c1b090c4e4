import * as z from 'zod'
import {
  type Failed,
  money,
  ok,
  type Result,
  refuse,
  type TransferId,
  type Transferred,
} from '../../core/plugin/api.ts'
import { timeSchema } from './beijing-time.ts'
import { misfitOf } from './misfit.ts'

/** Where a transfer stands by WeChat's signed word. */
export type TransferStanding =
  | ({ readonly kind: 'succeeded' } & Transferred)
  | { readonly kind: 'pending'; readonly channelTransferNo: string }
  | { readonly kind: 'closed'; readonly reason: string }
  | Failed

export interface Transfer {
  readonly transferId: TransferId
  readonly standing: TransferStanding
}

/**
 * Reads a transfer as an answer or a callback brings it.
 *
 * @returns a refusal that names the member that is missing or odd
 * @see WeChat Pay APIv3 "merchant transfer" (reference §13)
 */
export function readTransfer(value: unknown): Result<Transfer, string> {
  const transfer = transferSchema.safeParse(value)
  if (!transfer.success) return refuse(misfitOf(transfer.error))
  const { out_bill_no: transferId, transfer_bill_no: channelTransferNo } = transfer.data
  const { state, fail_reason } = transfer.data
  const pending = { kind: 'pending', channelTransferNo } as const
  switch (state) {
    case 'SUCCESS': {
      // The answer to the call that sends has no amount. A query has it, so that comes next.
      if (transfer.data.transfer_amount === undefined) return ok({ transferId, standing: pending })
      const sent = sentSchema.safeParse(value)
      if (!sent.success) return refuse(misfitOf(sent.error))
      const { transfer_amount, update_time: transferredAtMs } = sent.data
      const transferred = money(transfer_amount, 'CNY')
      const standing = {
        kind: 'succeeded',
        channelTransferNo,
        transferred,
        transferredAtMs,
      } as const
      return ok({ transferId, standing })
    }
    case 'FAIL':
      return ok({ transferId, standing: { kind: 'failed', error: failure(fail_reason) } })
    case 'CANCELLED':
      return ok({ transferId, standing: { kind: 'closed', reason: fail_reason || state } })
    // ACCEPTED, PROCESSING, WAIT_USER_CONFIRM, TRANSFERING, CANCELING, and whatever else WeChat may
    // come to say: not an end.
    default:
      return ok({ transferId, standing: pending })
  }
}

/** The reasons are an open set: shown to the merchant, and nothing is decided by them. */
function failure(reason: string) {
  const code = /^[0-9A-Z_]{1,64}$/.test(reason) ? reason : 'FAIL'
  const message = reason.slice(0, 256) || 'the transfer failed; the money went back'
  // The person who should have got the money has no class of their own.
  return { class: 'payer_declined', retry: 'new_attempt', fault: 'payer', code, message } as const
}

const transferSchema = z.object({
  out_bill_no: z
    .string()
    .regex(/^[0-9A-Za-z]{1,32}$/)
    // The shape is checked; whether we have such a transfer is for the core to find out.
    .transform((number) => number as TransferId),
  transfer_bill_no: z.string().min(1).max(64),
  state: z.string(),
  transfer_amount: z.unknown().optional(),
  fail_reason: z
    .string()
    .nullish()
    .transform((reason) => reason ?? ''),
})

const sentSchema = z.object({
  transfer_amount: z.int().nonnegative(),
  update_time: timeSchema,
})
