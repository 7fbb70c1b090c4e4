import type { AttemptId } from '../ids.ts'
import type { Minor } from '../money.ts'
import type { PaymentFact } from '../plugin/api.ts'
import type { NotificationKind } from '../store/schema.ts'
import type { Milliseconds } from '../time.ts'
import { type LateDecision, type LatePolicy, mayMove, type PaymentState } from './state.ts'

/** What a merge reads of a payment, and may change. */
export interface Standing {
  readonly state: PaymentState
  readonly amountMinor: Minor
  readonly currency: string
  readonly attemptId: AttemptId
  readonly channelPaymentNo: string | null
  readonly payer: string | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
  readonly paidAtMs: Milliseconds | null
  readonly closedAtMs: Milliseconds | null
  readonly lateDecision: LateDecision | null
  readonly frozenBecause: string | null
  readonly judgedMisfits: string | null
}

export interface MergeContext {
  /** The account that the attempt was sent to, as pinned by it. */
  readonly payee: string
  readonly latePolicy: LatePolicy
  /** Whether refunds of ours take all that was paid: then that it was paid back is no news. */
  readonly isRefunded?: boolean
  /** When the fact reached us: the only time that "closed" has. */
  readonly observedAtMs: Milliseconds
}

export type FreezeReason = 'amount_differs' | 'payee_differs' | 'paid_twice' | 'paid_back'

type Success = PaymentFact & { readonly kind: 'succeeded' }
type FactOfClose = PaymentFact & { readonly kind: 'closed' }

export interface Change {
  readonly set: Partial<Standing>
  readonly event: PaymentEvent
  readonly tells?: Extract<NotificationKind, `payment.${string}`>
  /** A refund of everything has to be made by us. */
  readonly refundsAll?: true
  /** Somebody should look at it, whatever the policy. */
  readonly alarm?: FreezeReason | 'succeeded_after_failure' | 'late_money_held'
}

export type PaymentEvent =
  | 'payment.created'
  | 'payment.pending'
  | 'payment.succeeded'
  | 'payment.failed'
  | 'payment.closed'
  | 'payment.frozen'
  | 'payment.paid_late'
  | 'payment.released'
  | 'payment.late_decided'

/**
 * Whether a fact says the opposite of what the channel has said before. Success stands, and somebody
 * should look at the channel. (That a success follows a failure is a change, with its own alarm.)
 */
export function contradicts({ state }: Pick<Standing, 'state'>, fact: PaymentFact): boolean {
  return state === 'succeeded' && fact.kind === 'failed'
}

/**
 * What a fact does to a payment. Pure, and one rule for answers, callbacks, queries and bills.
 *
 * Facts go up a ladder: success beats all, failure beats closed, both beat pending, and a fact that
 * is already known does nothing. So facts may come in any order and any number of times and leave
 * the same payment. Money is late when both clocks say so: by ours we heard of the close first, and
 * by the channel's it was paid after that.
 *
 * A close that paid the money back is the exception: it stands against what is told after it, and one
 * of a payment that was told as paid freezes that, for what a merchant was told cannot be taken back.
 *
 * @returns what to write, or nothing when the fact changes nothing
 */
export function mergeFact(
  payment: Standing,
  fact: PaymentFact,
  context: MergeContext,
): Change | undefined {
  switch (fact.kind) {
    case 'pending':
      return payment.state === 'created'
        ? { set: { state: 'pending' }, event: 'payment.pending' }
        : undefined
    case 'failed':
      if (!mayMove(payment.state, 'failed') || isPaidBack(payment)) return undefined
      return {
        set: { state: 'failed', errorCode: fact.error.code, errorMessage: fact.error.message },
        event: 'payment.failed',
        tells: 'payment.failed',
      }
    case 'closed':
      return mergeClosed(payment, fact, context)
    case 'succeeded':
      return mergeSucceeded(payment, fact, context)
  }
}

/** Kept with the close, so that a success which is told late, and was true once, is known to be stale. */
const PAID_BACK = {
  errorCode: 'PAID_BACK',
  errorMessage: '订单已撤销，款项已退回付款人',
} as const

function mergeClosed(
  payment: Standing,
  { paidBack }: FactOfClose,
  context: MergeContext,
): Change | undefined {
  // The merchant was told that it is paid, and the channel has given the money back.
  if (paidBack && payment.state === 'succeeded') {
    return context.isRefunded ? undefined : freeze(payment, 'paid_back')
  }
  const closedAtMs = Math.min(payment.closedAtMs ?? context.observedAtMs, context.observedAtMs)
  const moves = mayMove(payment.state, 'closed')
  const learns = paidBack && payment.state === 'closed' && !isPaidBack(payment)
  if (!moves && !learns && closedAtMs === payment.closedAtMs) return undefined
  if (moves) {
    return {
      set: { state: 'closed', closedAtMs, ...(paidBack && PAID_BACK) },
      event: 'payment.closed',
      tells: 'payment.closed',
    }
  }
  // Failed or succeeded stays what it is. The time is kept: money that comes after it is late. Money
  // that came before it never is: the merchant was told of it, and two clocks that disagree by a
  // second must not send it back.
  return { set: { closedAtMs, ...(learns && PAID_BACK) }, event: 'payment.closed' }
}

function isPaidBack({ state, errorCode }: Standing): boolean {
  return state === 'closed' && errorCode === PAID_BACK.errorCode
}

function mergeSucceeded(
  payment: Standing,
  fact: Success,
  context: MergeContext,
): Change | undefined {
  const misfit = misfitOf(payment, fact, context)
  if (misfit !== undefined) {
    return isJudged(payment, fact) ? undefined : freeze(payment, misfit)
  }
  if (!mayMove(payment.state, 'succeeded') || isPaidBack(payment)) return undefined

  return succeed(payment, fact, context)
}

/** A success that is believed: because it fits, or because an operator has judged it. */
export function succeed(
  payment: Standing,
  fact: Pick<Success, 'channelPaymentNo' | 'paidAtMs' | 'payer'>,
  context: Pick<MergeContext, 'latePolicy'>,
): Change {
  const { channelPaymentNo, paidAtMs } = fact
  const paid = {
    state: 'succeeded',
    channelPaymentNo,
    paidAtMs,
    payer: fact.payer ?? null,
    errorCode: null,
    errorMessage: null,
  } as const
  const isLate = payment.closedAtMs !== null && paidAtMs > payment.closedAtMs
  const late = isLate ? LATE[context.latePolicy] : undefined
  const told = late === undefined || late.set.lateDecision === 'accepted'
  return {
    set: { ...paid, ...late?.set },
    event: late === undefined ? 'payment.succeeded' : 'payment.paid_late',
    ...(told && { tells: 'payment.succeeded' }),
    ...(late?.refundsAll && { refundsAll: true }),
    ...(late?.set.lateDecision === 'held' && { alarm: 'late_money_held' }),
    ...(payment.state === 'failed' && { alarm: 'succeeded_after_failure' }),
  }
}

/** What about a success cannot be true of this payment. */
function misfitOf(
  payment: Standing,
  fact: Success,
  context: MergeContext,
): FreezeReason | undefined {
  if (fact.payee !== context.payee) return 'payee_differs'
  if (fact.paid.minor !== payment.amountMinor || fact.paid.currency !== payment.currency) {
    return 'amount_differs'
  }
  const paidBefore = payment.state === 'succeeded'
  if (paidBefore && fact.channelPaymentNo !== payment.channelPaymentNo) return 'paid_twice'
  return undefined
}

/** Reasons are kept as a sorted set, so that the order in which they came leaves no trace. */
function freeze(payment: Standing, reason: FreezeReason): Change | undefined {
  const reasons = new Set(payment.frozenBecause?.split(',') ?? [])
  if (reasons.has(reason)) return undefined
  const frozenBecause = [...reasons.add(reason)].sort().join(',')
  // Whatever else is wrong: the channel has heard of it.
  const state = payment.state === 'created' ? 'pending' : payment.state
  return { set: { state, frozenBecause }, event: 'payment.frozen', alarm: reason }
}

/** What makes a misfit this one: the same said again is no news to who has judged it. */
export function misfitKey({ channelPaymentNo, paid, payee }: Omit<Success, 'payer'>): string {
  return `${channelPaymentNo} ${paid.minor} ${paid.currency} ${payee}`
}

function isJudged({ judgedMisfits }: Standing, fact: Success): boolean {
  const judged: unknown = JSON.parse(judgedMisfits ?? '[]')
  return Array.isArray(judged) && judged.includes(misfitKey(fact))
}

interface LateChange {
  readonly set: { readonly lateDecision: LateDecision }
  readonly refundsAll?: true
}

const LATE: Readonly<Record<LatePolicy, LateChange>> = {
  accept: { set: { lateDecision: 'accepted' } },
  hold: { set: { lateDecision: 'held' } },
  refund: { set: { lateDecision: 'refunding' }, refundsAll: true },
}
