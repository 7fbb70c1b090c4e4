import type {
  ChannelPorts,
  Operation,
  QuerySplitInput,
  QuerySplitOutcome,
  SplitInput,
  SplitOperations,
  SplitOutcome,
} from '../../core/plugin/api.ts'
import { type Answer, CALL_TIMEOUT_MS, callWechat } from './call.ts'
import type { WechatConfig } from './config.ts'
import { cutTo } from './cut-text.ts'
import { outcomeOf, settled } from './endings.ts'
import { sharer, sharingMerchant, subMerchant } from './mode.ts'
import { MONEY_OUT_ENDINGS, QUERY_MONEY_OUT_ENDINGS } from './money-out-endings.ts'
import { bindReceiver, idsOf, sealNames, unbindReceiver } from './receivers.ts'
import { queryReturn, takeBack } from './split-return.ts'
import { readSplit } from './split-standing.ts'
import { unsplit } from './unsplit.ts'

/**
 * Shares money of a payment out. The answer says that it was accepted; the end is asked for, since
 * WeChat tells it to the receivers alone. Repeatable: the same number is the same split.
 *
 * @see WeChat Pay APIv3 "profit sharing: share" (reference §12)
 */
const send: Operation<WechatConfig, SplitInput, SplitOutcome> = async (ports, config, input) => {
  const { splitId, shares } = input
  // Nobody to share with: WeChat has a call of its own for that.
  if (shares.length === 0) return finish(ports, config, input)
  const named = await sealNames(
    ports,
    config,
    shares.map(({ receiver }) => receiver),
  )
  if (!named.ok) return { kind: 'not_sent', reason: named.refusal }
  const { names, keyId } = named.value
  const answer = await callWechat(ports, config, {
    method: 'POST',
    path: ORDERS_PATH,
    body: {
      ...sharer(config),
      transaction_id: input.channelPaymentNo,
      out_order_no: splitId,
      receivers: shares.map(({ receiver, amount, description }, index) => ({
        ...idsOf(config, receiver),
        ...names[index],
        amount: amount.minor,
        description: cutTo(description, DESCRIPTION_CHARACTERS),
      })),
      unfreeze_unsplit: input.finishes,
    },
    ...keyId,
    timeoutMs: CALL_TIMEOUT_MS,
  })
  return ended(config, answer, splitId, () => ask(ports, config, input, splitId))
}

/**
 * Releases what was not shared to the merchant. For WeChat that is one more sharing, under a number
 * that no sharing had: ours is made of the split's, so that it may be repeated.
 *
 * @see WeChat Pay APIv3 "profit sharing: unfreeze the rest" (reference §12)
 */
const finish: Operation<WechatConfig, QuerySplitInput, SplitOutcome> = async (
  ports,
  config,
  input,
) => {
  const number = finishNumberOf(input)
  const answer = await callWechat(ports, config, {
    method: 'POST',
    path: `${ORDERS_PATH}/unfreeze`,
    body: {
      ...subMerchant(config),
      transaction_id: input.channelPaymentNo,
      out_order_no: number,
      description: '解冻剩余资金',
    },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  return ended(config, answer, number, () => ask(ports, config, input, number))
}

/** Asks how a split stands; for one that only released the rest, under the number of that. */
const query: Operation<WechatConfig, QuerySplitInput, QuerySplitOutcome> = async (
  ports,
  config,
  input,
) => {
  const asked = await ask(ports, config, input, input.splitId)
  return asked.kind === 'not_found' ? ask(ports, config, input, finishNumberOf(input)) : asked
}

export const split: SplitOperations<WechatConfig> = {
  bindReceiver,
  unbindReceiver,
  send,
  query,
  finish,
  takeBack,
  queryReturn,
  unsplit,
}

const ORDERS_PATH = '/v3/profitsharing/orders'
const DESCRIPTION_CHARACTERS = 80

function finishNumberOf({ splitId }: Pick<QuerySplitInput, 'splitId'>): string {
  return `${splitId}F`
}

/** @see WeChat Pay APIv3 "profit sharing: query" (reference §12) */
async function ask(
  ports: ChannelPorts,
  config: WechatConfig,
  { channelPaymentNo: transaction_id }: Pick<QuerySplitInput, 'channelPaymentNo'>,
  number: string,
): Promise<QuerySplitOutcome> {
  const of = new URLSearchParams({ transaction_id, ...subMerchant(config) })
  const answer = await callWechat(ports, config, {
    method: 'GET',
    path: `${ORDERS_PATH}/${encodeURIComponent(number)}?${of}`,
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(QUERY_MONEY_OUT_ENDINGS, answer)
  return standingOf(config, answer, number)
}

function ended(
  config: WechatConfig,
  answer: Answer,
  number: string,
  asking: () => Promise<QuerySplitOutcome>,
): Promise<SplitOutcome> | SplitOutcome {
  if (answer.kind !== 'error') return standingOf(config, answer, number)
  return settled<SplitOutcome>(outcomeOf(MONEY_OUT_ENDINGS, answer), asking)
}

function standingOf(
  config: WechatConfig,
  answer: Exclude<Answer, { kind: 'error' }>,
  number: string,
): SplitOutcome {
  if (answer.kind !== 'verified') return answer
  const read = readSplit(answer.body, sharingMerchant(config))
  if (!read.ok) return { kind: 'unknown', evidence: `answered, but ${read.refusal}` }
  if (read.value.number === number) return read.value.standing
  return { kind: 'unknown', evidence: 'answered about another split' }
}
