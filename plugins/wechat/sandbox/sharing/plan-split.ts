import { MINUTE_MS, ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import type { Order } from '../order.ts'
import { payeeOf, refuseOwner, type Who } from '../parties.ts'
import type { Refusal } from '../refusals.ts'
import { hasEnded, unsplitMinor } from './money.ts'
import type { Share, Sharing, Split } from './standing.ts'

export interface SplitAsked {
  readonly who: Who
  /** As it is to be stored, without what is freed. */
  readonly split: Split
  /** Whether the merchant has bound all the receivers. */
  readonly related: boolean
  readonly maxSplitRatio: number
  /** What is freed stands among the shares as one more. */
  readonly freed: Pick<Share, 'detailId' | 'description'>
}

export interface SplitPlan {
  readonly order: Order
  /** The one that was asked for, or the earlier one of the same number. */
  readonly split: Split
  readonly isNew: boolean
}

/** Decides whether shares are given out, or what is left is freed. Pure. */
export function planSplit(
  order: Order | undefined,
  { who, split, related, maxSplitRatio, freed }: SplitAsked,
): Result<SplitPlan, Refusal> {
  if (order === undefined) return refuse('split_order_unknown')
  const why = refuseOwner(order.party, who)
  if (why !== undefined) return refuse(why === 'order_unknown' ? 'split_order_unknown' : why)
  const { payment, sharing } = order
  if (payment === null) return refuse('split_order_unknown')
  if (sharing === null) return refuse('not_for_sharing')
  const earlier = sharing.splits.find(({ outOrderNo }) => outOrderNo === split.outOrderNo)
  if (earlier !== undefined) {
    return earlier.fingerprint === split.fingerprint
      ? ok({ order, split: earlier, isNew: false })
      : refuse('split_differs')
  }

  if (split.createdAtMs < payment.paidAtMs + MINUTE_MS) return refuse('too_early_to_split')
  if (!related) return refuse('receiver_unrelated')
  if (sharing.splits.length >= 50) return refuse('too_many_splits')
  const leftMinor = unsplitMinor(order)
  const askedMinor = sum(split.shares)
  if (hasEnded(sharing) || leftMinor === 0 || askedMinor > leftMinor)
    return refuse('unsplit_too_low')
  const payee = payeeOf(who)
  const toOthersMinor = sum(othersShares(sharing, payee)) + sum(others(split.shares, payee))
  const mostMinor = Math.floor((order.amount.minor * maxSplitRatio) / 10_000)
  if (toOthersMinor > mostMinor) return refuse('split_ratio_exceeded')

  const rest = leftMinor - askedMinor
  const full =
    split.unfreezes && rest > 0
      ? { ...split, shares: [...split.shares, freedShare(payee, rest, freed)] }
      : split
  const splits = [...sharing.splits, full]
  return ok({ order: { ...order, sharing: { ...sharing, splits } }, split: full, isNew: true })
}

function freedShare(
  account: string,
  amountMinor: number,
  freed: Pick<Share, 'detailId' | 'description'>,
): Share {
  return {
    type: 'MERCHANT_ID',
    account,
    amountMinor,
    ...freed,
    result: 'PENDING',
    failReason: null,
    finishedAtMs: null,
  }
}

function sum(shares: readonly Share[]): number {
  return shares.reduce((total, { amountMinor }) => total + amountMinor, 0)
}

/** What others have been or may yet be given: a closed share was not. */
function othersShares({ splits }: Sharing, payee: string): readonly Share[] {
  return others(
    splits.flatMap(({ shares }) => shares),
    payee,
  ).filter(({ result }) => result !== 'CLOSED')
}

function others(shares: readonly Share[], payee: string): readonly Share[] {
  return shares.filter(({ type, account }) => type !== 'MERCHANT_ID' || account !== payee)
}
