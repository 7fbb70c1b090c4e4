import * as z from 'zod'
import type {
  AttemptId,
  ChannelPorts,
  Operation,
  QueryInput,
  QueryOutcome,
} from '../../core/plugin/api.ts'
import { callAlipay } from './call.ts'
import { type AlipayConfig, payeeOf } from './config.ts'
import { outcomeOf } from './endings.ts'
import { CALL_TIMEOUT_MS } from './gateway.ts'
import { misfitOf } from './json.ts'
import { QUERY_ENDINGS } from './pay-endings.ts'
import { readPaid, stateOfTrade } from './trade.ts'

/**
 * Asks where a payment stands, by our own number. Before the payer has scanned a code or opened a
 * link there is no trade, which is "not found".
 *
 * @see alipay.trade.query (reference §9)
 */
export const query: Operation<AlipayConfig, QueryInput, QueryOutcome> = (
  ports,
  config,
  { attemptId },
) => queryTrade(ports, config, attemptId)

export async function queryTrade(
  ports: ChannelPorts,
  config: AlipayConfig,
  attemptId: AttemptId,
): Promise<QueryOutcome> {
  const answer = await callAlipay(ports, config, {
    method: 'alipay.trade.query',
    content: { out_trade_no: attemptId },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(QUERY_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer

  const trade = tradeSchema.safeParse(answer.body)
  if (!trade.success) return { kind: 'unknown', evidence: `answered, but ${misfitOf(trade.error)}` }
  if (trade.data.out_trade_no !== attemptId) {
    return { kind: 'unknown', evidence: 'answered about another payment' }
  }
  const state = stateOfTrade(trade.data.trade_status)
  if (state === 'pending') return { kind: 'pending' }
  // What was paid has a date of payment, and keeps it when all of it was given back. An empty one is
  // none: to take what nobody has paid for paid back would hide money that still comes.
  if (state === 'closed') {
    return { kind: 'closed', ...(trade.data.send_pay_date && { paidBack: true as const }) }
  }
  const paid = readPaid(answer.body, payeeOf(config), ports.clock.now())
  if (!paid.ok) return { kind: 'unknown', evidence: `answered, but ${paid.refusal}` }
  return { kind: 'succeeded', ...paid.value }
}

const tradeSchema = z.object({
  out_trade_no: z.string(),
  trade_status: z.string(),
  send_pay_date: z.string().optional(),
})
