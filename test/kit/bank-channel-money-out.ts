import {
  type ChannelError,
  type ChannelPorts,
  money,
  type QuerySplitOutcome,
  type QueryTransferOutcome,
  type ShareStanding,
  type SplitId,
  type SplitOperations,
  type SplitOutcome,
  type SplitReturnOutcome,
  type TransferId,
  type TransferOperations,
} from '../../core/plugin/api.ts'
import { type BankAnswer, type BankConfig, call } from './bank-call.ts'

/** The other half of the kit's channel: what it does with money that leaves a merchant. */

export const declined: ChannelError = {
  class: 'payer_declined',
  retry: 'new_attempt',
  fault: 'payer',
  code: 'DECLINED',
  message: '付款人余额不足',
}

type Answered = Awaited<ReturnType<typeof call>>
const CNY = (amount = 0) => money(amount, 'CNY')

export const transfer: TransferOperations<BankConfig> = {
  async send(ports, config, { transferId, amount, account, callbackUrl }) {
    const body = { number: transferId, amount: amount.minor, account, callbackUrl }
    return transferOutcome(await call(ports, config, 'transfer', body), true)
  },
  async query(ports, config, { transferId }) {
    const answer = await call(ports, config, 'query_transfer', { number: transferId })
    return notFound(answer) ?? transferOutcome(answer, false)
  },
  async cancel(ports, config, { transferId }) {
    const answer = await call(ports, config, 'cancel_transfer', { number: transferId })
    if ('kind' in answer) return answer
    if (answer.result === 'ok') return { kind: 'accepted' }
    if (answer.result !== 'refused') return { kind: 'unknown', evidence: answer.result }
    return { kind: 'refused', error: { ...declined, message: '收款人已收款' } }
  },
}

export const split: SplitOperations<BankConfig> = {
  bindReceiver: (ports, config, { receiver, requestNumber }) =>
    changeReceiver(ports, config, 'bind_receiver', { number: requestNumber, receiver }),
  unbindReceiver: (ports, config, { receiver, requestNumber }) =>
    changeReceiver(ports, config, 'unbind_receiver', { number: requestNumber, receiver }),
  async send(ports, config, { splitId, attemptId, shares }) {
    const asked = shares.map(({ receiver, amount }) => ({
      kind: receiver.kind,
      account: receiver.account,
      amount: amount.minor,
    }))
    const body = { number: splitId, order: attemptId, shares: asked }
    return splitOutcome(await call(ports, config, 'split', body))
  },
  async query(ports, config, { splitId }) {
    const answer = await call(ports, config, 'query_split', { number: splitId })
    return notFound(answer) ?? splitOutcome(answer)
  },
  async finish(ports, config, { splitId, attemptId }) {
    const body = { number: splitId, order: attemptId, shares: [] }
    return splitOutcome(await call(ports, config, 'split', body))
  },
  async takeBack(ports, config, { splitReturnId, splitId, receiver, amount }) {
    const { account } = receiver
    const body = { number: splitReturnId, split: splitId, account, amount: amount.minor }
    return returnOutcome(await call(ports, config, 'return', body))
  },
  async queryReturn(ports, config, { splitReturnId }) {
    const answer = await call(ports, config, 'query_return', { number: splitReturnId })
    return notFound(answer) ?? returnOutcome(answer)
  },
}

async function changeReceiver(
  ports: ChannelPorts,
  config: BankConfig,
  operation: string,
  body: Readonly<Record<string, unknown>>,
) {
  const answer = await call(ports, config, operation, body)
  if ('kind' in answer) return answer
  if (answer.result === 'ok') return { kind: 'done' } as const
  if (answer.result !== 'declined') return { kind: 'unknown', evidence: answer.result } as const
  return {
    kind: 'failed',
    error: { ...declined, code: 'NO_SUCH_ACCOUNT', message: '账号不存在' },
  } as const
}

function notFound(answer: Answered) {
  return 'result' in answer && answer.result === 'not_found'
    ? ({ kind: 'not_found' } as const)
    : undefined
}

function transferOutcome(
  answer: Answered,
  isFirst: boolean,
): Exclude<QueryTransferOutcome, { kind: 'not_found' }> {
  if ('kind' in answer) return answer
  const { channelNo: channelTransferNo = '', amount, atMs: transferredAtMs = 0 } = answer
  if (answer.result === 'declined' || answer.state === 'failed') {
    return { kind: 'failed', error: { ...declined, fault: 'merchant' } }
  }
  switch (answer.state) {
    case 'paid':
      return { kind: 'succeeded', channelTransferNo, transferred: CNY(amount), transferredAtMs }
    case 'closed':
      return { kind: 'closed', reason: '已撤销' }
    case 'waiting': {
      const clientData = JSON.stringify({ package: `take-${answer.number}` })
      return isFirst
        ? { kind: 'requires_action', of: 'payee', channelTransferNo, clientData }
        : { kind: 'pending', channelTransferNo }
    }
    default:
      return { kind: 'unknown', evidence: answer.result }
  }
}

function splitOutcome(answer: Answered): Exclude<QuerySplitOutcome, { kind: 'not_found' }> {
  if ('kind' in answer) return answer
  if (answer.result === 'declined') {
    const error = { ...declined, code: 'NO_RELATION', message: '分账关系不存在' }
    return { kind: 'failed', error: { ...error, fault: 'merchant' } }
  }
  return splitStanding(answer)
}

const SHARE_STATES = { pending: 'pending', paid: 'succeeded', failed: 'failed' } as const

function splitStanding(answer: BankAnswer): SplitOutcome {
  const { channelNo: channelSplitNo = '', shares = [], state } = answer
  const standings: ShareStanding[] = shares.map(({ kind, account, amount, state }) => ({
    receiver: { kind, account },
    amount: CNY(amount),
    state: SHARE_STATES[state],
    ...(state === 'failed' && { error: { code: 'CLOSED', message: '接收方账户异常' } }),
  }))
  if (state === 'finished') return { kind: 'finished', channelSplitNo, shares: standings }
  if (state === 'pending') return { kind: 'pending', channelSplitNo, shares: standings }
  return { kind: 'unknown', evidence: answer.result }
}

function returnOutcome(answer: Answered): SplitReturnOutcome {
  if ('kind' in answer) return answer
  if (answer.result === 'declined' || answer.state === 'failed') {
    const error = { ...declined, code: 'NOT_ALLOWED', message: '接收方未开启回退' }
    return { kind: 'failed', error: { ...error, fault: 'merchant' } }
  }
  const { channelNo: channelReturnNo = '', amount, atMs: returnedAtMs = 0 } = answer
  switch (answer.state) {
    case 'paid':
      return { kind: 'succeeded', channelReturnNo, returned: CNY(amount), returnedAtMs }
    case 'pending':
      return { kind: 'pending', channelReturnNo }
    default:
      return { kind: 'unknown', evidence: answer.result }
  }
}

/** What a callback of the bank says of a transfer or a split; nothing when it is of no interest. */
export function toldOfMoneyOut(event: BankAnswer) {
  const { number = '', payee = '' } = event
  if (number.startsWith('T')) {
    const outcome = transferOutcome(event, false)
    const { kind } = outcome
    if (kind === 'unknown' || kind === 'not_sent' || kind === 'requires_action') return undefined
    return { about: 'transfer', transferId: number as TransferId, payee, ...outcome } as const
  }
  const standing = splitStanding(event)
  if (standing.kind !== 'pending' && standing.kind !== 'finished') return undefined
  return { about: 'split', splitId: number as SplitId, payee, ...standing } as const
}
