import { z } from 'zod'
import {
  type AnyChannel,
  type AttemptId,
  type BoundChannel,
  type Capabilities,
  type ChannelError,
  type ChannelPorts,
  type ConfigFields,
  defineChannel,
  money,
  ok,
  type RefundId,
  refuse,
  SECOND_MS,
  type Unknown,
} from '../../core/plugin/api.ts'

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

const answerSchema = z.object({
  result: z.enum(['ok', 'not_found', 'refused', 'already_paid', 'declined', 'busy', 'error']),
  state: z.enum(['unpaid', 'paid', 'closed', 'failed', 'pending']).optional(),
  number: z.string().optional(),
  amount: z.number().optional(),
  payee: z.string().optional(),
  channelNo: z.string().optional(),
  atMs: z.number().optional(),
  qr: z.string().optional(),
})
type BankAnswer = z.output<typeof answerSchema>

const declined: ChannelError = {
  class: 'payer_declined',
  retry: 'new_attempt',
  fault: 'payer',
  code: 'DECLINED',
  message: '付款人余额不足',
}

async function call(
  { http }: ChannelPorts,
  operation: string,
  body: Readonly<Record<string, unknown>>,
): Promise<BankAnswer | Unknown | { readonly kind: 'not_sent'; readonly reason: string }> {
  const answer = await http.send({
    method: 'POST',
    url: `https://bank.example/${operation}`,
    headers: {},
    body: JSON.stringify(body),
    timeoutMs: 5_000,
  })
  if (answer.kind !== 'answered') return answer
  if (answer.status !== 200) return { kind: 'unknown', evidence: `status ${answer.status}` }
  return answerSchema.parse(JSON.parse(new TextDecoder().decode(answer.body)))
}

function paidOf(answer: BankAnswer) {
  return {
    channelPaymentNo: answer.channelNo ?? '',
    paid: money(answer.amount ?? 0, 'CNY'),
    paidAtMs: answer.atMs ?? 0,
    payee: answer.payee ?? '',
    payer: 'payer-canary',
  }
}

const names = { zh: '', en: '' }

/** The kit's own channel, over the kit's bank: simple, and as moody as a test wants it. */
export const bankChannel: AnyChannel = defineChannel({
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
    capabilities: {
      query: { notFoundIsFinalAfterMs: 60 * SECOND_MS },
      close: { fences: true, notBeforeMs: 0 },
      refund: {
        partial: true,
        maxCount: 50,
        windowDays: 365,
        async: true,
        notFoundIsFinalAfterMs: 60 * SECOND_MS,
      },
      callback: { signedBy: 'body', addressPerPayment: true, retriesForMs: 0 },
    },
  },
  config,
  payeeOf: ({ merchant }) => merchant,
  pay: {
    async WX_NATIVE(ports, _, { attemptId, amount, callbackUrl }) {
      const answer = await call(ports, 'pay', {
        number: attemptId,
        amount: amount.minor,
        callbackUrl,
      })
      if ('kind' in answer) return answer
      if (answer.result === 'declined') return { kind: 'failed', error: declined }
      if (answer.qr === undefined) return { kind: 'unknown', evidence: answer.result }
      const presentation = { kind: 'qr_text', data: answer.qr } as const
      return { kind: 'requires_action', of: 'payer', presentation }
    },
    async WX_BAR(ports, _, { attemptId, amount, callbackUrl, extra }) {
      const answer = await call(ports, 'pay', {
        number: attemptId,
        amount: amount.minor,
        callbackUrl,
        code: extra.authCode,
      })
      if ('kind' in answer) return answer
      if (answer.result === 'declined') return { kind: 'failed', error: declined }
      if (answer.state === 'paid') return { kind: 'succeeded', ...paidOf(answer) }
      return { kind: 'pending', pollAfterMs: 5_000 }
    },
    async ALI_APP(_, __, { attemptId }) {
      const presentation = { kind: 'alipay_client', data: `order=${attemptId}` } as const
      return { kind: 'requires_action', of: 'payer', presentation }
    },
  },
  async query(ports, _, { attemptId }) {
    const answer = await call(ports, 'query', { number: attemptId })
    if ('kind' in answer) return answer
    if (answer.result === 'not_found') return { kind: 'not_found' }
    switch (answer.state) {
      case 'paid':
        return { kind: 'succeeded', ...paidOf(answer) }
      case 'closed':
        return { kind: 'closed' }
      case 'failed':
        return { kind: 'failed', error: declined }
      case 'unpaid':
        return { kind: 'pending' }
      default:
        return { kind: 'unknown', evidence: answer.result }
    }
  },
  async close(ports, _, { attemptId }) {
    const answer = await call(ports, 'close', { number: attemptId })
    if ('kind' in answer) return answer
    switch (answer.result) {
      case 'ok':
        return { kind: 'closed' }
      case 'already_paid':
      case 'not_found':
        return { kind: answer.result }
      case 'refused':
        return { kind: 'refused', error: { ...declined, message: '不可关闭' } }
      default:
        return { kind: 'unknown', evidence: answer.result }
    }
  },
  async refund(ports, _, { refundId, attemptId, amount, callbackUrl }) {
    const answer = await call(ports, 'refund', {
      number: refundId,
      order: attemptId,
      amount: amount.minor,
      callbackUrl,
    })
    return 'kind' in answer ? answer : refundOutcome(answer)
  },
  async queryRefund(ports, _, { refundId }) {
    const answer = await call(ports, 'query_refund', { number: refundId })
    if ('kind' in answer) return answer
    return answer.result === 'not_found' ? { kind: 'not_found' } : refundOutcome(answer)
  },
  callback: {
    async verify(_, __, { body }) {
      let opened: unknown
      try {
        opened = JSON.parse(new TextDecoder().decode(body))
      } catch {
        return refuse({ code: 'malformed', reason: 'not JSON' })
      }
      const signed = z.looseObject({ sign: z.literal('bank') }).safeParse(opened)
      return signed.success
        ? ok(signed.data)
        : refuse({ code: 'unverifiable', reason: 'sign differs' })
    },
    parse(_, opened) {
      const event = answerSchema.parse({ result: 'ok', ...opened })
      const number = event.number ?? ''
      const dedupeKey = `${number}:${event.state}`
      if (number.startsWith('R')) {
        const outcome = refundOutcome(event)
        if (outcome.kind === 'unknown') return ok({ dedupeKey, facts: [] })
        const about = {
          about: 'refund',
          refundId: number as RefundId,
          payee: event.payee ?? '',
        } as const
        return ok({ dedupeKey, facts: [{ ...about, ...outcome }] })
      }
      if (event.state !== 'paid') return ok({ dedupeKey, facts: [] })
      const about = { about: 'payment', attemptId: number as AttemptId } as const
      return ok({ dedupeKey, facts: [{ ...about, kind: 'succeeded', ...paidOf(event) }] })
    },
    acknowledge: (accepted) => ({ status: accepted ? 200 : 400, headers: {}, body: '' }),
  },
})

function refundOutcome(answer: BankAnswer) {
  if (answer.result === 'declined' || answer.state === 'failed') {
    return { kind: 'failed', error: { ...declined, fault: 'merchant' } } as const
  }
  if (answer.state === 'paid') {
    const { channelNo = '', amount = 0, atMs = 0 } = answer
    const refunded = money(amount, 'CNY')
    return { kind: 'succeeded', channelRefundNo: channelNo, refunded, refundedAtMs: atMs } as const
  }
  if (answer.state === 'pending') return { kind: 'pending' } as const
  return { kind: 'unknown', evidence: answer.result } as const
}

/** The same channel without operations that other channels may lack too. */
export function bankWithout(
  ...operations: readonly ('close' | 'refund' | 'queryRefund')[]
): AnyChannel {
  const lacking = (whole: object) =>
    Object.fromEntries(
      Object.entries(whole).filter(([name]) => !operations.some((o) => o === name)),
    )
  return {
    ...bankChannel,
    manifest: {
      ...bankChannel.manifest,
      capabilities: lacking(bankChannel.manifest.capabilities) as Capabilities,
    },
    bind(settings) {
      const bound = bankChannel.bind(settings)
      return bound.ok ? ok(lacking(bound.value) as unknown as BoundChannel) : bound
    },
  }
}
