import type { Minor } from '../money.ts'
import type { ShareStanding, SplitFact } from '../plugin/api.ts'
import type { NotificationKind } from '../store/schema.ts'
import { mayMoveSplit, type ShareState, type SplitState } from './state.ts'

/** What a merge reads of one share. */
export interface ShareView {
  readonly number: number
  readonly kind: 'merchant' | 'person'
  readonly account: string
  readonly amountMinor: Minor
  readonly state: ShareState
}

/** What a merge reads of a split. */
export interface SplitStanding {
  readonly state: SplitState
  readonly channelSplitNo: string | null
  readonly shares: readonly ShareView[]
}

export interface ShareChange {
  readonly number: number
  readonly state: ShareState
  readonly channelShareNo: string | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
}

export interface SplitChange {
  readonly state: SplitState
  readonly channelSplitNo: string | null
  readonly error: { readonly code: string; readonly message: string } | null
  readonly shares: readonly ShareChange[]
  /** What the receivers will not get: it can be shared again, or stays with the merchant. */
  readonly releasedMinor: number
  /** Shares that had been given up and were paid all the same. */
  readonly reservedAgainMinor: number
  readonly event: SplitEvent
  readonly tells?: Extract<NotificationKind, `split.${string}`>
}

export type SplitEvent = 'split.created' | 'split.pending' | 'split.finished' | 'split.failed'

/**
 * What a fact does to a split. Pure. A share that succeeded stays so; a split is over only when the
 * channel says so and each share has its own end.
 *
 * @returns what to write, or nothing when the fact changes nothing
 */
export function mergeSplitFact(split: SplitStanding, fact: SplitFact): SplitChange | undefined {
  if (fact.kind === 'failed') return mergeFailed(split, fact.error)
  const shares = split.shares.flatMap((share) => changeOf(share, fact.shares))
  const channelSplitNo = fact.channelSplitNo ?? split.channelSplitNo
  const after = split.shares.map(
    (share) => shares.find(({ number }) => number === share.number)?.state ?? share.state,
  )
  const isOver = fact.kind === 'finished' && after.every((state) => state !== 'pending')
  const state = nextState(split.state, isOver)
  const learns = channelSplitNo !== split.channelSplitNo || shares.length > 0
  if (state === split.state && !learns) return undefined
  const finishes = state === 'finished' && split.state !== 'finished'
  return {
    state,
    channelSplitNo,
    error: null,
    shares,
    releasedMinor: sumOf(split, shares, 'failed'),
    reservedAgainMinor: sumOfRevived(split, shares),
    event: finishes ? 'split.finished' : 'split.pending',
    ...(finishes && { tells: 'split.finished' }),
  }
}

function nextState(state: SplitState, isOver: boolean): SplitState {
  if (isOver && mayMoveSplit(state, 'finished')) return 'finished'
  return state === 'created' ? 'pending' : state
}

function mergeFailed(
  split: SplitStanding,
  error: { readonly code: string; readonly message: string },
): SplitChange | undefined {
  if (!mayMoveSplit(split.state, 'failed')) return undefined
  const shares = split.shares
    .filter(({ state }) => state === 'pending')
    .map(({ number }) => ({
      number,
      state: 'failed' as const,
      channelShareNo: null,
      errorCode: error.code,
      errorMessage: error.message,
    }))
  return {
    state: 'failed',
    channelSplitNo: split.channelSplitNo,
    error,
    shares,
    releasedMinor: sumOf(split, shares, 'failed'),
    reservedAgainMinor: 0,
    event: 'split.failed',
    tells: 'split.failed',
  }
}

/** Found by receiver: channels list shares in an order of their own, and add rows of their own. */
function changeOf(share: ShareView, told: readonly ShareStanding[]): readonly ShareChange[] {
  const standing = told.find(
    ({ receiver }) => receiver.kind === share.kind && receiver.account === share.account,
  )
  if (standing === undefined || standing.state === share.state) return []
  const climbs = share.state === 'pending' || standing.state === 'succeeded'
  if (!climbs || share.state === 'succeeded') return []
  return [
    {
      number: share.number,
      state: standing.state,
      channelShareNo: standing.channelShareNo ?? null,
      errorCode: standing.error?.code ?? null,
      errorMessage: standing.error?.message ?? null,
    },
  ]
}

function sumOf(split: SplitStanding, changes: readonly ShareChange[], state: ShareState): number {
  return changes
    .filter((change) => change.state === state)
    .reduce((sum, change) => sum + (shareOf(split, change)?.amountMinor ?? 0), 0)
}

function sumOfRevived(split: SplitStanding, changes: readonly ShareChange[]): number {
  return changes
    .filter((change) => shareOf(split, change)?.state === 'failed')
    .reduce((sum, change) => sum + (shareOf(split, change)?.amountMinor ?? 0), 0)
}

function shareOf({ shares }: SplitStanding, { number }: ShareChange): ShareView | undefined {
  return shares.find((share) => share.number === number)
}
