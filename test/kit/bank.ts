import { z } from 'zod'
import type { HttpAnswer, HttpRequest } from '../../core/ports.ts'
import {
  type BankSplit,
  type BankTransfer,
  describeSplit,
  describeTransfer,
  type MoneyOut,
  moneyOutBody,
  moneyOutOperations,
  noMoneyOut,
} from './bank-money-out.ts'

/** What the bank can be told to do with its next calls. */
export type BankMood =
  | 'silent_before'
  | 'silent_after'
  | 'error_after'
  | 'refused'
  | 'declines'
  | 'pays_at_once'
  | 'knows_nothing'
  | 'calls_back_first'
  | 'not_reachable'
  | 'one_fen_more'
  | 'other_payee'
  | 'busy'

export interface BankOrder {
  readonly number: string
  readonly amount: number
  readonly callbackUrl: string
  readonly payee: string
  state: 'unpaid' | 'paid' | 'closed' | 'failed'
  paidAtMs: number
}

export interface BankRefund {
  readonly number: string
  readonly order: string
  readonly amount: number
  readonly callbackUrl: string
  readonly payee: string
  state: 'pending' | 'paid' | 'failed'
}

export type BankSubject = BankOrder | BankRefund | BankTransfer | BankSplit

const body = moneyOutBody.extend({
  number: z.string(),
  order: z.string().optional(),
  amount: z.number().optional(),
  callbackUrl: z.string().optional(),
  code: z.string().optional(),
})

export interface Bank extends MoneyOut {
  readonly orders: Map<string, BankOrder>
  readonly refunds: Map<string, BankRefund>
  /** Each call that reached it: `pay P1…`. */
  readonly calls: string[]
  /** Moods for the next calls of an operation, one a call. */
  will(operation: string, ...moods: BankMood[]): void
  /** Forgets what was left of the moods for the next calls of an operation. */
  forget(operation: string): void
  /** The mood of all calls of an operation from now on; none takes it back. */
  always(operation: string, mood?: BankMood): void
  /** What happens before the next call of an operation is tried: its runner is held up. */
  before(operation: string, happens: () => Promise<unknown>): void
  /** What happens while the next call of an operation is under way: it has arrived, and waits. */
  during(operation: string, happens: () => Promise<unknown>): void
  /** Refunds end at once unless told to wait. */
  refundsWait: boolean
  /** Told of each request before it is answered. */
  hears: (request: HttpRequest) => void
  answer(request: HttpRequest): Promise<HttpAnswer>
  callback(subject: BankSubject, change?: Readonly<Record<string, unknown>>): Promise<Response>
}

/**
 * A bank that a test can give moods: the channel of the kit's own plugin.
 *
 * @param deliver sends a callback to the gateway
 */
export function openBank(
  nowMs: () => number,
  deliver: (request: Request) => Promise<Response>,
): Bank {
  const moods = new Map<string, BankMood[]>()
  const lasting = new Map<string, BankMood>()
  const beforehand = new Map<string, () => Promise<unknown>>()
  const meanwhile = new Map<string, () => Promise<unknown>>()
  const bank: Bank = {
    ...noMoneyOut(),
    orders: new Map(),
    refunds: new Map(),
    calls: [],
    refundsWait: false,
    will(operation, ...next) {
      moods.set(operation, [...(moods.get(operation) ?? []), ...next])
    },
    forget: (operation) => void moods.delete(operation),
    always(operation, mood) {
      if (mood === undefined) lasting.delete(operation)
      else lasting.set(operation, mood)
    },
    before: (operation, happens) => void beforehand.set(operation, happens),
    during: (operation, happens) => void meanwhile.set(operation, happens),
    hears: () => undefined,
    async answer(request) {
      bank.hears(request)
      const operation = new URL(request.url).pathname.slice(1)
      const mood = moods.get(operation)?.shift() ?? lasting.get(operation)
      await once(beforehand, operation)
      if (mood === 'not_reachable') return { kind: 'not_sent', reason: 'connection refused' }
      const asked = body.parse(JSON.parse(String(request.body)))
      bank.calls.push(`${operation} ${asked.number}`)
      await once(meanwhile, operation)
      if (mood === 'silent_before') return { kind: 'unknown', evidence: 'timeout' }
      if (mood === 'busy') return answered({ result: 'busy' })
      const result = await carryOut(operation, asked, mood)
      if (mood === 'silent_after') return { kind: 'unknown', evidence: 'timeout' }
      if (mood === 'error_after') return answered({ result: 'error' }, 500)
      return answered(result)
    },
    callback(subject, change = {}) {
      const text = JSON.stringify({ ...describe(subject), sign: 'bank', ...change })
      return deliver(new Request(subject.callbackUrl, { method: 'POST', body: text }))
    },
  }

  async function carryOut(
    operation: string,
    asked: z.output<typeof body>,
    mood: BankMood | undefined,
  ): Promise<Readonly<Record<string, unknown>>> {
    const moneyOut = moneyOutOperations[operation]
    if (moneyOut !== undefined) return moveOut(operation, asked, mood)
    switch (operation) {
      case 'pay':
        return pay(asked, mood)
      case 'query': {
        const order = bank.orders.get(asked.number)
        if (order?.payee !== asked.payee || mood === 'knows_nothing') return { result: 'not_found' }
        return { result: 'ok', ...describe(order), ...lies(mood, order.amount) }
      }
      case 'close': {
        const order = bank.orders.get(asked.number)
        if (order?.payee !== asked.payee || mood === 'knows_nothing') return { result: 'not_found' }
        if (mood === 'refused') return { result: 'refused' }
        if (order.state === 'paid') return { result: 'already_paid' }
        order.state = 'closed'
        return { result: 'ok' }
      }
      case 'refund':
        return refund(asked, mood)
      case 'query_refund': {
        const known = bank.refunds.get(asked.number)
        if (known?.payee !== asked.payee || mood === 'knows_nothing') return { result: 'not_found' }
        return { result: 'ok', ...describe(known) }
      }
      default:
        throw new Error(`the bank has no operation ${operation}`)
    }
  }

  async function moveOut(
    operation: string,
    asked: z.output<typeof body>,
    mood: BankMood | undefined,
  ) {
    if (mood === 'knows_nothing') return { result: 'not_found' }
    const carryOut = moneyOutOperations[operation]
    const answer = carryOut?.(bank, asked, mood === 'refused') ?? {}
    if (mood === 'calls_back_first') {
      const transfer = bank.transfers.get(asked.number)
      if (transfer !== undefined) await bank.callback({ ...transfer, state: 'paid' })
    }
    return { atMs: nowMs(), ...answer, ...lies(mood, asked.amount ?? 0) }
  }

  async function pay(asked: z.output<typeof body>, mood: BankMood | undefined) {
    const known = bank.orders.get(asked.number)
    const order: BankOrder = known ?? {
      number: asked.number,
      amount: asked.amount ?? 0,
      callbackUrl: asked.callbackUrl ?? '',
      payee: asked.payee,
      state: 'unpaid',
      paidAtMs: 0,
    }
    if (mood === 'declines') order.state = 'failed'
    bank.orders.set(order.number, order)
    if (mood === 'pays_at_once' || mood === 'calls_back_first') {
      order.state = 'paid'
      order.paidAtMs = nowMs()
    }
    if (mood === 'calls_back_first') await bank.callback(order)
    if (order.state === 'failed') return { result: 'declined' }
    const { state } = order
    const codePay = asked.code !== undefined && state === 'paid'
    return {
      result: 'ok',
      ...(codePay
        ? { ...describe(order), ...lies(mood, order.amount) }
        : { qr: `bank://${order.number}` }),
    }
  }

  async function refund(asked: z.output<typeof body>, mood: BankMood | undefined) {
    const order = bank.orders.get(asked.order ?? '')
    const isOfAnother = order !== undefined && order.payee !== asked.payee
    if (mood === 'refused' || isOfAnother) return { result: 'declined' }
    const known = bank.refunds.get(asked.number)
    const refund: BankRefund = known ?? {
      number: asked.number,
      order: asked.order ?? '',
      amount: asked.amount ?? 0,
      callbackUrl: asked.callbackUrl ?? '',
      payee: asked.payee,
      state: bank.refundsWait ? 'pending' : 'paid',
    }
    bank.refunds.set(refund.number, refund)
    if (mood === 'calls_back_first') await bank.callback({ ...refund, state: 'paid' })
    return { result: 'ok', ...describe(refund) }
  }

  function lies(mood: BankMood | undefined, amount: number) {
    if (mood === 'one_fen_more') return { amount: amount + 1 }
    return mood === 'other_payee' ? { payee: 'somebody else' } : {}
  }

  function describe(subject: BankSubject) {
    if ('shares' in subject) return { ...describeSplit(subject), atMs: nowMs() }
    if ('account' in subject) return { ...describeTransfer(subject), atMs: nowMs() }
    const { number, amount, state, payee } = subject
    const atMs = 'paidAtMs' in subject ? subject.paidAtMs : nowMs()
    return { number, amount, state, payee, channelNo: `B${number}`, atMs }
  }

  return bank
}

async function once(
  happenings: Map<string, () => Promise<unknown>>,
  operation: string,
): Promise<void> {
  const happens = happenings.get(operation)
  happenings.delete(operation)
  await happens?.()
}

function answered(value: unknown, status = 200): HttpAnswer {
  const bytes = new TextEncoder().encode(JSON.stringify(value))
  return { kind: 'answered', status, headers: new Headers(), body: bytes }
}
