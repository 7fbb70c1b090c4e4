import * as z from 'zod'
import type { Operation, QuerySplitInput, QuerySplitOutcome } from '../../core/plugin/api.ts'
import { callAlipay } from './call.ts'
import type { AlipayConfig } from './config.ts'
import { outcomeOf } from './endings.ts'
import { CALL_TIMEOUT_MS } from './gateway.ts'
import { misfitOf } from './json.ts'
import { royaltyListSchema, standingOfRoyalties } from './royalty.ts'
import { QUERY_SPLIT_ENDINGS } from './split-endings.ts'

/**
 * Asks how the shares of a split stand, by our number. Alipay has no word for a split that it does
 * not know: an answer without rows, or that there is no such trade, is taken for that, and it may be
 * sent again under its number.
 *
 * @see alipay.trade.order.settle.query (reference §11)
 */
export const querySplit: Operation<AlipayConfig, QuerySplitInput, QuerySplitOutcome> = async (
  ports,
  config,
  { splitId, channelPaymentNo, channelSplitNo },
) => {
  const answer = await callAlipay(ports, config, {
    method: 'alipay.trade.order.settle.query',
    content: { out_request_no: splitId, trade_no: channelPaymentNo },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(QUERY_SPLIT_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer

  const split = splitSchema.safeParse(answer.body)
  if (!split.success) return { kind: 'unknown', evidence: `answered, but ${misfitOf(split.error)}` }
  const { out_request_no, royalty_detail_list: rows } = split.data
  if (out_request_no !== undefined && out_request_no !== splitId) {
    return { kind: 'unknown', evidence: 'answered about another split' }
  }
  const { kind, shares } = standingOfRoyalties(rows)
  if (shares.length === 0) return { kind: 'not_found' }
  // The answer does not repeat Alipay's number for the split; its rows have numbers of their own.
  const number = channelSplitNo ?? shares[0]?.channelShareNo ?? channelPaymentNo
  return { kind, channelSplitNo: number, shares }
}

const splitSchema = z.object({
  out_request_no: z.string().optional(),
  royalty_detail_list: royaltyListSchema.default([]),
})
