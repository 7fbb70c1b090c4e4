import { z } from 'zod'
import {
  type AnyChannel,
  type AttemptId,
  type BoundChannel,
  type Capabilities,
  defineChannel,
  money,
  ok,
  type RefundId,
  refuse,
  SECOND_MS,
} from '../../core/plugin/api.ts'
import { answerSchema, type BankAnswer, call, config, payeeOf } from './bank-call.ts'
import { declined, split, toldOfMoneyOut, transfer } from './bank-channel-money-out.ts'

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
    transfers: {
      WX_CASH: { names, input: z.object({}) },
      BANK_CARD: { names, input: z.object({ bankCode: z.string().min(1) }) },
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
      transfer: { needsPayee: true, cancellable: true, notFoundIsFinalAfterMs: 60 * SECOND_MS },
      split: {
        notBeforeMs: 30 * SECOND_MS,
        maxReceivers: 5,
        returns: true,
        notFoundIsFinalAfterMs: 60 * SECOND_MS,
      },
      identity: { userAgentHas: 'BankApp' },
      callback: { signedBy: 'body', addressPerPayment: true, retriesForMs: 0 },
    },
  },
  config,
  payeeOf,
  pay: {
    async WX_NATIVE(ports, config, { attemptId, amount, callbackUrl }) {
      const answer = await call(ports, config, 'pay', {
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
    async WX_BAR(ports, config, { attemptId, amount, callbackUrl, extra }) {
      const answer = await call(ports, config, 'pay', {
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
  async query(ports, config, { attemptId }) {
    const answer = await call(ports, config, 'query', { number: attemptId })
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
  async close(ports, config, { attemptId }) {
    const answer = await call(ports, config, 'close', { number: attemptId })
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
  async refund(ports, config, { refundId, attemptId, amount, callbackUrl }) {
    const answer = await call(ports, config, 'refund', {
      number: refundId,
      order: attemptId,
      amount: amount.minor,
      callbackUrl,
    })
    return 'kind' in answer ? answer : refundOutcome(answer)
  },
  async queryRefund(ports, config, { refundId }) {
    const answer = await call(ports, config, 'query_refund', { number: refundId })
    if ('kind' in answer) return answer
    return answer.result === 'not_found' ? { kind: 'not_found' } : refundOutcome(answer)
  },
  transfer,
  split,
  identity: {
    redirect: ({ merchant }, { returnUrl, state }) =>
      `https://bank.example/consent?${new URLSearchParams({ merchant, returnUrl, state })}`,
    codeParameter: 'code',
    async exchange(ports, config, { code }) {
      const answer = await call(ports, config, 'identify', { number: code })
      if ('kind' in answer) return answer
      if (answer.user === undefined) return { kind: 'failed', error: declined }
      return { kind: 'identified', userId: answer.user }
    },
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
      if (number.startsWith('T') || number.startsWith('S')) {
        const fact = toldOfMoneyOut(event)
        return ok({ dedupeKey, facts: fact === undefined ? [] : [fact] })
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
  ...operations: readonly ('close' | 'refund' | 'queryRefund' | 'transfer' | 'split' | 'identity')[]
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
