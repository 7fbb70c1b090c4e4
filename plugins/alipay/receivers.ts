import * as z from 'zod'
import type {
  ChannelPorts,
  Operation,
  ReceiverInput,
  ReceiverOutcome,
  SplitReceiver,
} from '../../core/plugin/api.ts'
import { kindOfAccount } from './account.ts'
import { callAlipay } from './call.ts'
import type { AlipayConfig } from './config.ts'
import { cutTo } from './cut-text.ts'
import { outcomeOf } from './endings.ts'
import { CALL_TIMEOUT_MS } from './gateway.ts'
import { misfitOf } from './json.ts'
import { RECEIVER_ENDINGS } from './split-endings.ts'

/** Alipay's names for the kinds of accounts in profit sharing. */
const TYPES = { user_id: 'userId', login_name: 'loginName', open_id: 'openId' } as const

/** How an account is called where it gets a share. */
export function receiverType(account: string): (typeof TYPES)[keyof typeof TYPES] {
  return TYPES[kindOfAccount(account)]
}

/**
 * Lets an account receive shares. Repeatable.
 *
 * @see alipay.trade.royalty.relation.bind (reference §11)
 */
export const bindReceiver: Operation<AlipayConfig, ReceiverInput, ReceiverOutcome> = async (
  ports,
  config,
  input,
) => {
  const { account, name } = input.receiver
  if (receiverType(account) === 'loginName' && name === undefined) {
    return { kind: 'not_sent', reason: 'Alipay wants a name with a login name' }
  }
  return change(ports, config, input, 'alipay.trade.royalty.relation.bind')
}

/** @see alipay.trade.royalty.relation.unbind (reference §11) */
export const unbindReceiver: Operation<AlipayConfig, ReceiverInput, ReceiverOutcome> = (
  ports,
  config,
  input,
) => change(ports, config, input, 'alipay.trade.royalty.relation.unbind')

async function change(
  ports: ChannelPorts,
  config: AlipayConfig,
  { receiver, requestNumber }: ReceiverInput,
  method: string,
): Promise<ReceiverOutcome> {
  const answer = await callAlipay(ports, config, {
    method,
    content: { out_request_no: requestNumber, receiver_list: [entityOf(receiver)] },
    timeoutMs: CALL_TIMEOUT_MS,
  })
  if (answer.kind === 'error') return outcomeOf(RECEIVER_ENDINGS, answer)
  if (answer.kind !== 'verified') return answer
  const changed = changedSchema.safeParse(answer.body)
  if (!changed.success) {
    return { kind: 'unknown', evidence: `answered, but ${misfitOf(changed.error)}` }
  }
  const { result_code: result } = changed.data
  if (result === 'SUCCESS') return { kind: 'done' }
  return { kind: 'unknown', evidence: `answered with result_code ${result}` }
}

function entityOf({ account, name, relation, relationName }: SplitReceiver): object {
  return {
    type: receiverType(account),
    account,
    ...(name !== undefined && { name }),
    memo: cutTo(relationName ?? relation, MEMO_CHARACTERS),
  }
}

const MEMO_CHARACTERS = 32

const changedSchema = z.object({ result_code: z.string().regex(/^\w{1,32}$/) })
