import type { Minor } from '../money.ts'
import type { RefundFact } from '../plugin/api.ts'
import type { NotificationKind } from '../store/schema.ts'
import type { Milliseconds } from '../time.ts'
import { mayMoveRefund, type RefundState } from './state.ts'

/** What a merge reads of a refund, and may change. */
export interface RefundStanding {
  readonly state: RefundState
  readonly amountMinor: Minor
  readonly currency: string
  readonly channelRefundNo: string | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
  readonly needsOperator: boolean
  readonly refundedAtMs: Milliseconds | null
}

export interface RefundChange {
  readonly set: Partial<RefundStanding>
  readonly event: RefundEvent
  readonly tells?: Extract<NotificationKind, `refund.${string}`>
  /** What this does to the payment's sums, in minor units; none for a fact that moves no money. */
  readonly refunded?: Minor
  readonly released?: Minor
  /** It had been given up: the money has to be set aside again before it counts as refunded. */
  readonly reservesAgain?: true
  readonly alarm?: 'refund_differs' | 'refund_needs_operator' | 'refunded_after_failure'
}

export type RefundEvent =
  | 'refund.created'
  | 'refund.pending'
  | 'refund.succeeded'
  | 'refund.failed'
  | 'refund.needs_operator'

/** Kept until it comes right: money went back, but not as we asked for it. */
const DIFFERS = {
  errorCode: 'REFUND_DIFFERS',
  errorMessage: '通道退款结果与请求不一致，等待人工核对',
} as const

/**
 * What a fact does to a refund. Pure; the same ladder as for payments, success on top.
 *
 * @param payee the account that the refund was asked of, as pinned by it
 * @returns what to write, or nothing when the fact changes nothing
 */
export function mergeRefundFact(
  refund: RefundStanding,
  fact: RefundFact,
  payee: string,
): RefundChange | undefined {
  switch (fact.kind) {
    case 'pending':
      return mergePending(refund, fact)
    case 'failed':
      if (!mayMoveRefund(refund.state, 'failed')) return undefined
      return {
        set: { state: 'failed', ...errorLeft(refund, fact.error) },
        event: 'refund.failed',
        tells: 'refund.failed',
        released: refund.amountMinor,
      }
    case 'succeeded':
      return mergeSucceeded(refund, fact, payee)
  }
}

/** Nobody is needed for a refund that failed, unless something else went back: that is never forgotten. */
function errorLeft(
  { errorCode, needsOperator }: RefundStanding,
  { code, message }: { readonly code: string; readonly message: string },
): Pick<RefundStanding, 'errorCode' | 'errorMessage' | 'needsOperator'> {
  if (errorCode === DIFFERS.errorCode) return { ...DIFFERS, needsOperator }
  return { errorCode: code, errorMessage: message, needsOperator: false }
}

function mergePending(
  refund: RefundStanding,
  fact: RefundFact & { readonly kind: 'pending' },
): RefundChange | undefined {
  const starts = refund.state === 'created'
  if (!starts && refund.state !== 'pending') return undefined
  const channelRefundNo = fact.channelRefundNo ?? refund.channelRefundNo
  const needsOperator = refund.needsOperator || fact.needs === 'operator'
  const learns =
    channelRefundNo !== refund.channelRefundNo || needsOperator !== refund.needsOperator
  if (!starts && !learns) return undefined
  const asksForHelp = needsOperator && !refund.needsOperator
  return {
    set: { state: 'pending', channelRefundNo, needsOperator },
    event: asksForHelp ? 'refund.needs_operator' : 'refund.pending',
    ...(asksForHelp && { alarm: 'refund_needs_operator' }),
  }
}

function mergeSucceeded(
  refund: RefundStanding,
  fact: RefundFact & { readonly kind: 'succeeded' },
  payee: string,
): RefundChange | undefined {
  if (!mayMoveRefund(refund.state, 'succeeded')) return undefined
  const fits =
    fact.payee === payee &&
    fact.refunded.minor === refund.amountMinor &&
    fact.refunded.currency === refund.currency
  if (!fits) {
    // Money went back, but not what we asked for: it stays reserved until somebody has looked.
    if (refund.needsOperator && refund.errorCode === DIFFERS.errorCode) return undefined
    return {
      set: { ...DIFFERS, needsOperator: true },
      event: 'refund.needs_operator',
      alarm: 'refund_differs',
    }
  }
  const gaveUp = refund.state === 'failed'
  return {
    set: {
      state: 'succeeded',
      channelRefundNo: fact.channelRefundNo,
      refundedAtMs: fact.refundedAtMs,
      errorCode: null,
      errorMessage: null,
      needsOperator: false,
    },
    event: 'refund.succeeded',
    tells: 'refund.succeeded',
    refunded: refund.amountMinor,
    ...(gaveUp && { reservesAgain: true, alarm: 'refunded_after_failure' }),
  }
}
