import type { Minor } from '../money.ts'
import type { ShareStanding, SplitFact } from '../plugin/api.ts'
import type { NotificationKind } from '../store/schema.ts'
import { mayMoveSplit, type ShareState, type SplitState } from './state.ts'

/** What a merge reads of one share. */
export interface ShareView {
  readonly number: number
  readonly account: string
  readonly amountMinor: Minor
  readonly state: ShareState
}

/** What a merge reads of a split. */
export interface SplitStanding {
  readonly state: SplitState
  readonly currency: string
  readonly channelSplitNo: string | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
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
  readonly errorCode: string | null
  readonly errorMessage: string | null
  readonly shares: readonly ShareChange[]
  /** What the receivers will not get: it can be shared again, or stays with the merchant. */
  readonly releasedMinor: number
  /** Shares that had been given up and were paid all the same. */
  readonly reservedAgainMinor: number
  readonly event: SplitEvent
  readonly tells?: Extract<NotificationKind, `split.${string}`>
  /** `split_differs` also freezes the payment. */
  readonly alarm?: 'split_differs' | 'shared_after_failure'
}

export type SplitEvent =
  | 'split.created'
  | 'split.pending'
  | 'split.finished'
  | 'split.failed'
  | 'split.differs'

/** Kept with a split for good: money was shared, but not as we asked for it. */
const DIFFERS = {
  errorCode: 'SPLIT_DIFFERS',
  errorMessage: '通道分账结果与请求不一致，等待人工核对',
} as const

/**
 * What a fact does to a split. Pure. A share that succeeded stays so; a split is over only when the
 * channel says so and each share has its own end. Facts may come in any order and any number of times
 * and leave the same split.
 *
 * @param payee the account that the split was asked of, as pinned by it
 * @returns what to write, or nothing when the fact changes nothing
 */
export function mergeSplitFact(
  split: SplitStanding,
  fact: SplitFact,
  payee: string,
): SplitChange | undefined {
  if (fact.kind === 'failed') return mergeFailed(split, fact.error)
  const ours: Heard = fact.payee === payee ? fact : NOTHING_HEARD
  const shares = split.shares.flatMap((share) => changeOf(share, ours.shares, split.currency))
  // Only a fact that tells of each share ends the split: so it does not matter what came before it.
  const tellsAll = split.shares.every((share) => {
    const standing = standingOf(share, ours.shares, split.currency)
    return standing !== undefined && standing.state !== 'pending'
  })
  const isOver = ours.kind === 'finished' && tellsAll
  const state = nextState(split.state, isOver)
  const channelSplitNo = split.channelSplitNo ?? ours.channelSplitNo ?? null
  const differs = split.errorCode !== DIFFERS.errorCode && isOtherThanAsked(split, fact, payee)
  const learns = channelSplitNo !== split.channelSplitNo || shares.length > 0
  if (state === split.state && !learns && !differs) return undefined

  const finishes = state === 'finished' && split.state !== 'finished'
  const reservedAgainMinor = sumOf(split, shares, isRevived)
  return {
    state,
    channelSplitNo,
    ...(differs ? DIFFERS : errorLeft(split, finishes)),
    shares,
    releasedMinor: sumOf(split, shares, isGivenUp),
    reservedAgainMinor,
    event: eventOf(differs, finishes),
    ...(finishes && { tells: 'split.finished' }),
    ...(reservedAgainMinor > 0 && { alarm: 'shared_after_failure' }),
    ...(differs && { alarm: 'split_differs' }),
  }
}

/** What a fact says once it is known to be about this account. */
type Heard = Pick<Exclude<SplitFact, { kind: 'failed' }>, 'kind' | 'channelSplitNo' | 'shares'>
const NOTHING_HEARD: Heard = { kind: 'pending', shares: [] }

function nextState(state: SplitState, isOver: boolean): SplitState {
  if (isOver && mayMoveSplit(state, 'finished')) return 'finished'
  return state === 'created' ? 'pending' : state
}

function eventOf(differs: boolean, finishes: boolean): SplitEvent {
  if (differs) return 'split.differs'
  return finishes ? 'split.finished' : 'split.pending'
}

/** A failure is no more once the split has finished; that it differed is never forgotten. */
function errorLeft({ errorCode, errorMessage }: SplitStanding, finishes: boolean) {
  const isOver = finishes && errorCode !== DIFFERS.errorCode
  return isOver ? { errorCode: null, errorMessage: null } : { errorCode, errorMessage }
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
  const differed = split.errorCode === DIFFERS.errorCode
  return {
    state: 'failed',
    channelSplitNo: split.channelSplitNo,
    ...(differed ? DIFFERS : { errorCode: error.code, errorMessage: error.message }),
    shares,
    releasedMinor: sumOf(split, shares, isGivenUp),
    reservedAgainMinor: 0,
    event: 'split.failed',
    tells: 'split.failed',
  }
}

function changeOf(
  share: ShareView,
  told: readonly ShareStanding[],
  currency: string,
): readonly ShareChange[] {
  const standing = standingOf(share, told, currency)
  if (standing === undefined || standing.state === share.state) return []
  const climbs = share.state === 'pending' || standing.state === 'succeeded'
  if (!climbs) return []
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

/**
 * Found by account and amount: channels list shares in an order of their own, and add rows; and not
 * all of them say whether an account is a person's or a merchant's.
 */
function standingOf(
  share: ShareView,
  told: readonly ShareStanding[],
  currency: string,
): ShareStanding | undefined {
  return told.find((one) => isOf(share, one) && isItsAmount(share, one, currency))
}

function isOf(share: ShareView, { receiver }: ShareStanding): boolean {
  return receiver.account === share.account
}

function isItsAmount(share: ShareView, { amount }: ShareStanding, currency: string): boolean {
  return amount.minor === share.amountMinor && amount.currency === currency
}

/** Money went to one of the receivers, but another sum of it, or out of another merchant's account. */
function isOtherThanAsked(
  { shares, currency }: SplitStanding,
  fact: Exclude<SplitFact, { kind: 'failed' }>,
  payee: string,
): boolean {
  const moved = fact.shares.filter(({ state }) => state === 'succeeded')
  if (fact.payee !== payee) return moved.length > 0
  return shares.some((share) => {
    const its = moved.filter((standing) => isOf(share, standing))
    return its.length > 0 && !its.some((standing) => isItsAmount(share, standing, currency))
  })
}

/** What those of the shares come to that change in such a way. */
function sumOf(
  { shares }: SplitStanding,
  changes: readonly ShareChange[],
  isSuch: (from: ShareState, to: ShareState) => boolean,
): number {
  return shares.reduce((sum, { number, state, amountMinor }) => {
    const change = changes.find((one) => one.number === number)
    return change !== undefined && isSuch(state, change.state) ? sum + amountMinor : sum
  }, 0)
}

const isGivenUp = (_: ShareState, to: ShareState) => to === 'failed'
const isRevived = (from: ShareState) => from === 'failed'
