import * as z from 'zod'
import {
  type CallbackFacts,
  type CallbackRejection,
  ok,
  type PaymentFact,
  type RefundFact,
  type Result,
  refuse,
} from '../../core/plugin/api.ts'
import { timeSchema } from './beijing-time.ts'
import { misfitOf } from './json.ts'
import type { ToldRefund } from './told-refund.ts'
import { attemptIdSchema, paidOf, stateOfTrade } from './trade.ts'
import { moneySchema } from './yuan.ts'

/**
 * Reads what Alipay tells about a trade.
 *
 * Refunds are told at the address of the payment, by a status that is the payment's: one that was
 * given back in part is TRADE_SUCCESS, and proves that the payment was made.
 *
 * @param refund what the notice says of a refund, which takes a question: see told-refund.ts
 * @see reference §14.1
 */
export function readTradeNotice(
  parameters: ReadonlyMap<string, string>,
  refund: ToldRefund | undefined,
): Result<CallbackFacts, CallbackRejection> {
  const notice = noticeSchema.safeParse(Object.fromEntries(parameters))
  if (!notice.success) return malformed(misfitOf(notice.error))
  const { notify_id: dedupeKey, notify_type, ...trade } = notice.data
  // Of a product that this plugin does not do.
  if (notify_type !== 'trade_status_sync') return ok({ dedupeKey, facts: [] })

  const refunds = refund === undefined ? [] : [refundFact(refund, trade.seller_id ?? '')]
  const about = { about: 'payment', attemptId: trade.out_trade_no } as const
  const state = stateOfTrade(trade.trade_status)
  if (state === 'pending') return ok({ dedupeKey, facts: [{ ...about, kind: 'pending' }] })
  if (state === 'closed') {
    // Given back in full: that closes nothing. Who does not know yet that it was paid, asks.
    const isRefund = trade.gmt_refund !== undefined || trade.refund_fee !== undefined
    return ok({ dedupeKey, facts: isRefund ? refunds : [{ ...about, kind: 'closed' }] })
  }
  const paid = paidSchema.safeParse(Object.fromEntries(parameters))
  if (!paid.success) return malformed(misfitOf(paid.error))
  const fact: PaymentFact = {
    ...about,
    kind: 'succeeded',
    ...paidOf({
      channelPaymentNo: paid.data.trade_no,
      paid: paid.data.total_amount,
      paidAtMs: paid.data.gmt_payment,
      payee: paid.data.seller_id,
      payer: paid.data.buyer_open_id ?? paid.data.buyer_id,
    }),
  }
  return ok({ dedupeKey, facts: [fact, ...refunds] })
}

function refundFact({ refundId, ...refunded }: ToldRefund, payee: string): RefundFact {
  return { about: 'refund', refundId, payee, kind: 'succeeded', ...refunded }
}

const noticeSchema = z.object({
  notify_id: z.string().min(1).max(128),
  notify_type: z.string(),
  out_trade_no: attemptIdSchema,
  trade_status: z.string(),
  gmt_refund: z.string().optional(),
  refund_fee: z.string().optional(),
  seller_id: z.string().optional(),
})

const paidSchema = z.object({
  trade_no: z.string().min(1).max(64),
  total_amount: moneySchema,
  gmt_payment: timeSchema,
  seller_id: z.string().min(1).max(64),
  buyer_id: z.string().min(1).max(128).optional(),
  buyer_open_id: z.string().min(1).max(128).optional(),
})

function malformed(reason: string): Result<never, CallbackRejection> {
  return refuse({ code: 'malformed', reason })
}
