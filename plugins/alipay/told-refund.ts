import * as z from 'zod'
import {
  type ChannelPorts,
  type Refunded,
  type RefundId,
  SECOND_MS,
} from '../../core/plugin/api.ts'
import type { AlipayConfig } from './config.ts'
import { manifest } from './manifest.ts'
import { askAboutRefund } from './query-refund.ts'
import { attemptIdSchema } from './trade.ts'

/** A refund that has arrived, by Alipay's answer to a question about it. */
export interface ToldRefund extends Refunded {
  readonly refundId: RefundId
}

/** A callback has to be acknowledged within some five seconds. */
const TIMEOUT_MS = 3 * SECOND_MS

/**
 * Finds out what a verified notice says of a refund. It names the refund and the sum of all refunds
 * of the trade so far, so how much this one gave back has to be asked for.
 *
 * @returns nothing when it speaks of no refund, or when there was no answer in time: then the answer
 *   to the refund itself or a later query tells
 */
export async function toldRefund(
  ports: ChannelPorts,
  config: AlipayConfig,
  parameters: ReadonlyMap<string, string>,
): Promise<ToldRefund | undefined> {
  const notice = refundNoticeSchema.safeParse(Object.fromEntries(parameters))
  if (!notice.success) return undefined
  const { out_biz_no: refundId, out_trade_no: attemptId, trade_no: channelPaymentNo } = notice.data
  // Given back without a number of its own, by a cancel or in Alipay's console: no refund of ours.
  if ((refundId as string) === attemptId) return undefined
  const asked = { refundId, attemptId, channelPaymentNo }
  const standing = await askAboutRefund(ports, config, asked, TIMEOUT_MS)
  if (standing.kind !== 'succeeded') return undefined
  const { channelRefundNo, refunded, refundedAtMs } = standing
  return { refundId, channelRefundNo, refunded, refundedAtMs }
}

const refundNoticeSchema = z.object({
  notify_type: z.literal('trade_status_sync'),
  trade_status: z.enum(['TRADE_SUCCESS', 'TRADE_CLOSED']),
  out_trade_no: attemptIdSchema,
  trade_no: z.string().min(1).max(64),
  gmt_refund: z.string(),
  out_biz_no: z
    .string()
    .regex(manifest.numbers.refund)
    // The shape is checked; whether we have such a refund is for the core to find out.
    .transform((number) => number as RefundId),
})
