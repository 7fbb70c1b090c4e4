import * as z from 'zod'
import type {
  ChannelError,
  ChannelPorts,
  Operation,
  QuerySplitInput,
  ShareStanding,
  SplitInput,
  SplitOperations,
  SplitOutcome,
  UnsplitOutcome,
} from '../../core/plugin/api.ts'
import { callAlipay } from './call.ts'
import type { AlipayConfig } from './config.ts'
import { cutTo } from './cut-text.ts'
import { outcomeOf } from './endings.ts'
import { canonical } from './errors.ts'
import { CALL_TIMEOUT_MS, SLOW_CALL_TIMEOUT_MS } from './gateway.ts'
import { misfitOf } from './json.ts'
import { querySplit } from './query-split.ts'
import { bindReceiver, receiverType, unbindReceiver } from './receivers.ts'
import { SPLIT_ENDINGS, UNSPLIT_ENDINGS } from './split-endings.ts'
import { moneySchema, yuanOf } from './yuan.ts'

/**
 * Shares a payment's money out, all of it before the answer comes. Alipay lets nobody mix that with
 * sharing in the background on one payment, so it is never done in the background.
 *
 * Repeatable: the same number with the same shares is the same split.
 *
 * @see alipay.trade.order.settle (reference §11)
 */
const send: Operation<AlipayConfig, SplitInput, SplitOutcome> = (ports, config, input) => {
  const shares = input.shares.map(({ receiver, amount }) => ({
    receiver: { kind: receiver.kind, account: receiver.account },
    amount,
    state: 'succeeded' as const,
  }))
  return settle(ports, config, input, shares)
}

/**
 * Releases the rest: a settlement without shares, which Alipay takes for that purpose alone. What is
 * released already, by whichever number, needs nothing more.
 */
const finish: Operation<AlipayConfig, QuerySplitInput, SplitOutcome> = async (
  ports,
  config,
  input,
) => {
  const outcome = await settle(ports, config, { ...input, shares: [], finishes: true }, [])
  if (outcome.kind !== 'failed' || canonical(outcome.error.code) !== 'ALREADY_FINISH_ALLOC') {
    return outcome
  }
  return { kind: 'finished', channelSplitNo: input.channelPaymentNo, shares: [] }
}

async function settle(
  ports: ChannelPorts,
  config: AlipayConfig,
  input: SplitInput,
  shares: readonly ShareStanding[],
): Promise<SplitOutcome> {
  const answer = await callAlipay(ports, config, {
    method: 'alipay.trade.order.settle',
    content: {
      out_request_no: input.splitId,
      trade_no: input.channelPaymentNo,
      ...(input.shares.length > 0 && { royalty_parameters: input.shares.map(royaltyOf) }),
      royalty_mode: 'sync',
      ...(input.finishes && { extend_params: { royalty_finish: 'true' } }),
    },
    timeoutMs: SLOW_CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') {
    const outcome = outcomeOf(SPLIT_ENDINGS, answer)
    return outcome.kind === 'doubtful' ? settleDoubt(ports, config, input, outcome.error) : outcome
  }
  if (answer.kind !== 'verified') return answer

  const settled = settledSchema.safeParse(answer.body)
  if (!settled.success) {
    return { kind: 'unknown', evidence: `settled, but ${misfitOf(settled.error)}` }
  }
  const { trade_no, settle_no: channelSplitNo } = settled.data
  if (trade_no !== undefined && trade_no !== input.channelPaymentNo) {
    return { kind: 'unknown', evidence: 'answered about another payment' }
  }
  return { kind: 'finished', channelSplitNo, shares }
}

/** A state that an earlier send of this number may have brought about; see refund.ts. */
async function settleDoubt(
  ports: ChannelPorts,
  config: AlipayConfig,
  input: SplitInput,
  error: ChannelError,
): Promise<SplitOutcome> {
  const standing = await querySplit(ports, config, input)
  switch (standing.kind) {
    case 'not_found':
      return { kind: 'failed', error }
    case 'not_sent':
      return { kind: 'unknown', evidence: standing.reason, error }
    case 'unknown':
      return { ...standing, error }
    case 'pending':
    case 'finished':
    case 'failed':
      return standing
  }
}

const DESCRIPTION_CHARACTERS = 256

function royaltyOf({ receiver, amount, description }: SplitInput['shares'][number]): object {
  const desc = cutTo(description, DESCRIPTION_CHARACTERS)
  return {
    royalty_type: 'transfer',
    trans_in_type: receiverType(receiver.account),
    trans_in: receiver.account,
    amount: yuanOf(amount),
    ...(desc !== '' && { desc }),
  }
}

/**
 * How much of a payment can still be shared out.
 *
 * @see alipay.trade.order.onsettle.query (reference §11)
 */
const unsplit: Operation<AlipayConfig, QuerySplitInput, UnsplitOutcome> = async (
  ports,
  config,
  { channelPaymentNo },
) => {
  const answer = await callAlipay(ports, config, {
    method: 'alipay.trade.order.onsettle.query',
    content: { trade_no: channelPaymentNo },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(UNSPLIT_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  const left = leftSchema.safeParse(answer.body)
  if (!left.success) return { kind: 'unknown', evidence: `answered, but ${misfitOf(left.error)}` }
  return { kind: 'known', unsplit: left.data.unsettled_amount }
}

const settledSchema = z.object({
  trade_no: z.string().optional(),
  settle_no: z.string().min(1).max(64),
})
const leftSchema = z.object({ unsettled_amount: moneySchema })

export const split: SplitOperations<AlipayConfig> = {
  bindReceiver,
  unbindReceiver,
  send,
  query: querySplit,
  finish,
  unsplit,
}
