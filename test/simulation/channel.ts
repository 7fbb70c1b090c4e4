import * as z from 'zod'
import {
  type AnyChannel,
  type AttemptId,
  type ChannelError,
  type ChannelPorts,
  type ConfigFields,
  defineChannel,
  type Fact,
  MINUTE_MS,
  money,
  type NotSent,
  ok,
  type PayInput,
  type RefundId,
  refuse,
  SECOND_MS,
  type SplitInput,
  type SplitOutcome,
  type TransferId,
  type Unknown,
} from '../../core/plugin/api.ts'
import { hashOf } from './chance.ts'

/** What the bank of a history says, of an answer or a callback. */
export interface Said {
  readonly result:
    | 'ok'
    | 'not_found'
    | 'refused'
    | 'already_paid'
    | 'declined'
    | 'busy'
    | 'accepted'
    | 'error'
  readonly state?: 'unpaid' | 'paid' | 'closed' | 'declined' | 'pending' | 'abnormal' | 'waiting'
  readonly number?: string
  readonly fen?: number
  readonly payee?: string
  readonly no?: string
  readonly atMs?: number
  readonly qr?: string
  readonly shares?: readonly {
    readonly account: string
    readonly fen: number
    readonly state: 'pending' | 'succeeded' | 'failed'
  }[]
}

/** The longest that a call may still be on its way, with the time that the bank takes to know of it. */
export const FINAL_AFTER_MS = 4 * MINUTE_MS
export const CHANNEL_TIMEOUT_MS = 5_000
export const FIRST_KEY = 'key-canary-1a9c'
export const PAYER_CANARY = 'payer-canary-6f1d'

/** Not for keeping secrets: for telling whether text and key are what they were. */
export function signBank(text: string, key: string): string {
  return (hashOf(text, hashOf(key)) >>> 0).toString(16)
}

const config = {
  merchant: {
    kind: 'text',
    scope: 'merchant',
    label: { zh: '商户', en: 'merchant' },
    hint: { zh: '', en: '' },
    required: true,
  },
  key: {
    kind: 'secret',
    scope: 'merchant',
    label: { zh: '密钥', en: 'key' },
    hint: { zh: '', en: '' },
    required: true,
  },
} as const satisfies ConfigFields

interface Settings {
  readonly merchant: string
  readonly key: string
}

const names = { zh: '', en: '' }
const encoder = new TextEncoder()
const decoder = new TextDecoder()

const DECLINED: ChannelError = {
  class: 'payer_declined',
  retry: 'new_attempt',
  fault: 'payer',
  code: 'DECLINED',
  message: '余额不足',
}

async function ask(
  { http }: ChannelPorts,
  { key }: Settings,
  operation: string,
  asked: Readonly<Record<string, unknown>>,
): Promise<Said | Unknown | NotSent> {
  const text = JSON.stringify(asked)
  const answer = await http.send({
    method: 'POST',
    url: `https://bank.example/${operation}`,
    headers: { sign: signBank(text, key) },
    body: text,
    timeoutMs: CHANNEL_TIMEOUT_MS,
  })
  if (answer.kind !== 'answered') return answer
  if (answer.status !== 200) return { kind: 'unknown', evidence: `status ${answer.status}` }
  const said = opened(decoder.decode(answer.body), key)
  if (said === undefined) return { kind: 'unknown', evidence: 'its sign differs' }
  if (said.result === 'busy' || said.result === 'error') {
    return { kind: 'unknown', evidence: said.result }
  }
  return said
}

/** `sign text`, where the sign is over the text. */
function opened(whole: string, key: string): Said | undefined {
  const at = whole.indexOf(' ')
  const text = whole.slice(at + 1)
  return whole.slice(0, at) === signBank(text, key) ? JSON.parse(text) : undefined
}

function paidOf(said: Said) {
  return {
    channelPaymentNo: said.no ?? '',
    paid: money(said.fen ?? 0, 'CNY'),
    paidAtMs: said.atMs ?? 0,
    payee: said.payee ?? '',
    payer: PAYER_CANARY,
  }
}

function payInput(input: PayInput) {
  const { attemptId, amount, callbackUrl, subject, expiresAtMs } = input
  return { number: attemptId, fen: amount.minor, callbackUrl, name: subject, expiresAtMs }
}

/** A channel that can do everything, over a wire that costs next to nothing. */
export const simulatedChannel: AnyChannel = defineChannel({
  manifest: {
    id: 'bank',
    names,
    version: '1.0.0',
    contract: { from: 1, to: 1 },
    hosts: ['bank.example'],
    currencies: ['CNY'],
    numbers: { payment: /^.{1,64}$/, refund: /^.{1,64}$/ },
    ways: {
      WX_NATIVE: { names, input: z.object({}), presents: ['qr_text'], repeatable: true },
      WX_BAR: {
        names,
        input: z.object({ authCode: z.string().min(1) }),
        presents: ['nothing'],
        repeatable: false,
        givesUpAfterMs: 60 * SECOND_MS,
      },
      ALI_APP: {
        names,
        input: z.object({}),
        presents: ['alipay_client'],
        repeatable: true,
        local: true,
      },
    },
    transfers: { WX_CASH: { names, input: z.object({}) } },
    capabilities: {
      query: { notFoundIsFinalAfterMs: FINAL_AFTER_MS },
      close: { fences: true, notBeforeMs: 0 },
      refund: {
        partial: true,
        maxCount: 50,
        windowDays: 365,
        async: true,
        notFoundIsFinalAfterMs: FINAL_AFTER_MS,
      },
      transfer: { needsPayee: true, cancellable: true, notFoundIsFinalAfterMs: FINAL_AFTER_MS },
      split: {
        notBeforeMs: 0,
        maxReceivers: 10,
        returns: true,
        notFoundIsFinalAfterMs: FINAL_AFTER_MS,
      },
      callback: { signedBy: 'body', addressPerPayment: true, retriesForMs: 0 },
    },
  },
  config,
  payeeOf: ({ merchant }) => merchant,
  pay: {
    async WX_NATIVE(ports, settings, input) {
      const said = await ask(ports, settings, 'pay', payInput(input))
      if ('kind' in said) return said
      if (said.result === 'declined') return { kind: 'failed', error: DECLINED }
      if (said.qr === undefined) return { kind: 'unknown', evidence: said.result }
      return {
        kind: 'requires_action',
        of: 'payer',
        presentation: { kind: 'qr_text', data: said.qr },
      }
    },
    async WX_BAR(ports, settings, input) {
      const code = input.extra.authCode
      const said = await ask(ports, settings, 'pay', { ...payInput(input), code })
      if ('kind' in said) return said
      if (said.result === 'declined') return { kind: 'failed', error: DECLINED }
      if (said.state === 'paid') return { kind: 'succeeded', ...paidOf(said) }
      return { kind: 'pending', pollAfterMs: 5_000 }
    },
    async ALI_APP(_, { key }, input) {
      const text = JSON.stringify(payInput(input))
      const data = `${signBank(text, key)} ${text}`
      return {
        kind: 'requires_action',
        of: 'payer',
        presentation: { kind: 'alipay_client', data },
      }
    },
  },
  async query(ports, settings, { attemptId }) {
    const said = await ask(ports, settings, 'query', { number: attemptId })
    if ('kind' in said) return said
    switch (said.state) {
      case 'paid':
        return { kind: 'succeeded', ...paidOf(said) }
      case 'closed':
        return { kind: 'closed' }
      case 'declined':
        return { kind: 'failed', error: DECLINED }
      case 'unpaid':
        return { kind: 'pending' }
      default:
        if (said.result === 'not_found') return { kind: 'not_found' }
        return { kind: 'unknown', evidence: said.result }
    }
  },
  async close(ports, settings, { attemptId }) {
    const said = await ask(ports, settings, 'close', { number: attemptId })
    if ('kind' in said) return said
    switch (said.result) {
      case 'ok':
        return { kind: 'closed' }
      case 'already_paid':
      case 'not_found':
        return { kind: said.result }
      case 'refused':
        return { kind: 'refused', error: { ...DECLINED, message: '不可关闭' } }
      default:
        return { kind: 'unknown', evidence: said.result }
    }
  },
  async refund(ports, settings, { refundId, attemptId, amount, reason, callbackUrl }) {
    const said = await ask(ports, settings, 'refund', {
      number: refundId,
      order: attemptId,
      fen: amount.minor,
      callbackUrl,
      name: reason,
    })
    return 'kind' in said ? said : refundOutcome(said)
  },
  async queryRefund(ports, settings, { refundId }) {
    const said = await ask(ports, settings, 'query_refund', { number: refundId })
    if ('kind' in said) return said
    return said.result === 'not_found' ? { kind: 'not_found' } : refundOutcome(said)
  },
  transfer: {
    async send(ports, settings, { transferId, amount, description, callbackUrl }) {
      const said = await ask(ports, settings, 'transfer', {
        number: transferId,
        fen: amount.minor,
        callbackUrl,
        name: description,
      })
      if ('kind' in said) return said
      if (said.state !== 'waiting') return transferOutcome(said)
      const { number = '' } = said
      return { kind: 'requires_action', of: 'payee', clientData: JSON.stringify({ take: number }) }
    },
    async query(ports, settings, { transferId }) {
      const said = await ask(ports, settings, 'query_transfer', { number: transferId })
      if ('kind' in said) return said
      return said.result === 'not_found' ? { kind: 'not_found' } : transferOutcome(said)
    },
    async cancel(ports, settings, { transferId }) {
      const said = await ask(ports, settings, 'cancel_transfer', { number: transferId })
      if ('kind' in said) return said
      if (said.result === 'accepted') return { kind: 'accepted' }
      return { kind: 'refused', error: { ...DECLINED, message: '不可撤销' } }
    },
  },
  split: {
    bindReceiver: async () => ({ kind: 'done' }),
    unbindReceiver: async () => ({ kind: 'done' }),
    async send(ports, settings, input: SplitInput) {
      const said = await ask(ports, settings, 'split', {
        number: input.splitId,
        order: input.attemptId,
        shares: input.shares.map(({ receiver, amount }) => ({
          account: receiver.account,
          fen: amount.minor,
        })),
      })
      return 'kind' in said ? said : splitOutcome(said)
    },
    async query(ports, settings, { splitId }) {
      const said = await ask(ports, settings, 'query_split', { number: splitId })
      if ('kind' in said) return said
      return said.result === 'not_found' ? { kind: 'not_found' } : splitOutcome(said)
    },
    async finish(ports, settings, { splitId, attemptId }) {
      const asked = { number: splitId, order: attemptId, shares: [] }
      const said = await ask(ports, settings, 'split', asked)
      return 'kind' in said ? said : splitOutcome(said)
    },
    async takeBack(ports, settings, { splitReturnId, splitId, receiver, amount }) {
      const said = await ask(ports, settings, 'split_return', {
        number: splitReturnId,
        order: splitId,
        account: receiver.account,
        fen: amount.minor,
      })
      return 'kind' in said ? said : returnOutcome(said)
    },
    async queryReturn(ports, settings, { splitReturnId }) {
      const said = await ask(ports, settings, 'query_split_return', { number: splitReturnId })
      if ('kind' in said) return said
      return said.result === 'not_found' ? { kind: 'not_found' } : returnOutcome(said)
    },
  },
  callback: {
    async verify(_, { key }, { body }) {
      const said = opened(decoder.decode(body), key)
      return said === undefined
        ? refuse({ code: 'unverifiable', reason: 'its sign differs' })
        : ok(said)
    },
    parse: (_, said: Said) =>
      ok({ dedupeKey: `${said.number}:${said.state}`, facts: factsOf(said) }),
    acknowledge: (accepted) => ({ status: accepted ? 200 : 400, headers: {}, body: '' }),
  },
})

function refundOutcome(said: Said) {
  const { no = '', fen = 0, atMs = 0 } = said
  switch (said.state) {
    case 'paid': {
      const refunded = money(fen, 'CNY')
      return { kind: 'succeeded', channelRefundNo: no, refunded, refundedAtMs: atMs } as const
    }
    case 'declined':
      return { kind: 'failed', error: { ...DECLINED, fault: 'merchant' } } as const
    case 'abnormal':
      return { kind: 'pending', channelRefundNo: no, needs: 'operator' } as const
    case 'pending':
      return { kind: 'pending', channelRefundNo: no } as const
    default:
      return { kind: 'unknown', evidence: said.result } as const
  }
}

function transferOutcome(said: Said) {
  const { no = '', fen = 0, atMs = 0 } = said
  switch (said.state) {
    case 'paid': {
      const transferred = money(fen, 'CNY')
      return {
        kind: 'succeeded',
        channelTransferNo: no,
        transferred,
        transferredAtMs: atMs,
      } as const
    }
    case 'declined':
      return { kind: 'failed', error: { ...DECLINED, fault: 'merchant' } } as const
    case 'closed':
      return { kind: 'closed', reason: '收款方未收款' } as const
    case 'waiting':
    case 'pending':
      return { kind: 'pending', channelTransferNo: no } as const
    default:
      return { kind: 'unknown', evidence: said.result } as const
  }
}

function splitOutcome(said: Said): SplitOutcome {
  if (said.result === 'declined') return { kind: 'failed', error: { ...DECLINED, fault: 'us' } }
  const { no = '', shares = [] } = said
  const standings = shares.map(({ account, fen, state }) => ({
    receiver: { kind: 'merchant', account } as const,
    amount: money(fen, 'CNY'),
    state,
    ...(state === 'failed' && { error: { code: 'NO_ACCOUNT', message: '账户异常' } }),
  }))
  const kind = said.state === 'paid' ? 'finished' : 'pending'
  return { kind, channelSplitNo: no, shares: standings }
}

function returnOutcome(said: Said) {
  const { no = '', fen = 0, atMs = 0 } = said
  switch (said.state) {
    case 'paid': {
      const returned = money(fen, 'CNY')
      return { kind: 'succeeded', channelReturnNo: no, returned, returnedAtMs: atMs } as const
    }
    case 'declined':
      return { kind: 'failed', error: { ...DECLINED, fault: 'merchant' } } as const
    case 'pending':
      return { kind: 'pending', channelReturnNo: no } as const
    default:
      return { kind: 'unknown', evidence: said.result } as const
  }
}

/** Our numbers say by their first letter what they are of. */
function factsOf(said: Said): readonly Fact[] {
  const { number = '', payee = '' } = said
  switch (number[0]) {
    case 'R': {
      const outcome = refundOutcome(said)
      if (outcome.kind === 'unknown') return []
      return [{ about: 'refund', refundId: number as RefundId, payee, ...outcome }]
    }
    case 'T': {
      const outcome = transferOutcome(said)
      if (outcome.kind === 'unknown') return []
      return [{ about: 'transfer', transferId: number as TransferId, payee, ...outcome }]
    }
    default: {
      const about = { about: 'payment', attemptId: number as AttemptId } as const
      if (said.state === 'paid') return [{ ...about, kind: 'succeeded', ...paidOf(said) }]
      if (said.state === 'closed') return [{ ...about, kind: 'closed' }]
      return said.state === 'declined' ? [{ ...about, kind: 'failed', error: DECLINED }] : []
    }
  }
}

/** An answer as it stands on the wire. */
export function sealed(said: Said, key: string): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify(said)
  return encoder.encode(`${signBank(text, key)} ${text}`)
}
