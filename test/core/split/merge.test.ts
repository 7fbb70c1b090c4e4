import { describe, expect, it } from 'vitest'
import type { SplitId } from '../../../core/ids.ts'
import { minor, money } from '../../../core/money.ts'
import type { ShareStanding, SplitFact } from '../../../core/plugin/api.ts'
import { mergeSplitFact, type SplitStanding } from '../../../core/split/merge.ts'

const A = { kind: 'merchant', account: 'a' } as const
const B = { kind: 'person', account: 'b' } as const
const fresh: SplitStanding = {
  state: 'created',
  currency: 'CNY',
  channelSplitNo: null,
  errorCode: null,
  errorMessage: null,
  shares: [
    { number: 1, account: 'a', amountMinor: minor(300), state: 'pending' },
    { number: 2, account: 'b', amountMinor: minor(200), state: 'pending' },
  ],
}
const about = { about: 'split', splitId: 'S1' as SplitId, payee: 'shop' } as const
const a = (state: ShareStanding['state'], fen = 300): ShareStanding => ({
  receiver: A,
  amount: money(fen, 'CNY'),
  state,
})
const b = (state: ShareStanding['state'], fen = 200): ShareStanding => ({
  receiver: B,
  amount: money(fen, 'CNY'),
  state,
})
const error = {
  class: 'risk',
  retry: 'never',
  fault: 'merchant',
  code: 'RISK',
  message: '风险',
} as const

const facts = {
  accepted: { ...about, kind: 'pending', channelSplitNo: 'C1', shares: [] },
  aPaid: { ...about, kind: 'pending', shares: [a('succeeded')] },
  aClosed: { ...about, kind: 'pending', shares: [a('failed')] },
  over: { ...about, kind: 'finished', shares: [a('succeeded'), b('succeeded')] },
  // In another order, and with a row of the channel's own: what is left goes to the merchant.
  overMixed: {
    ...about,
    kind: 'finished',
    shares: [
      b('failed'),
      {
        receiver: { kind: 'merchant', account: 'shop' },
        amount: money(494, 'CNY'),
        state: 'succeeded',
      },
      a('succeeded'),
    ],
  },
  overButB: { ...about, kind: 'finished', shares: [a('succeeded')] },
  failed: { ...about, kind: 'failed', error },
  more: { ...about, kind: 'finished', shares: [a('succeeded', 301), b('succeeded')] },
  otherPayee: { ...about, payee: 'x', kind: 'finished', shares: [a('succeeded'), b('succeeded')] },
  otherPayeeWaits: { ...about, payee: 'x', kind: 'pending', shares: [a('pending')] },
} as const satisfies Record<string, SplitFact>

function next(standing: SplitStanding, fact: SplitFact): SplitStanding {
  const change = mergeSplitFact(standing, fact, 'shop')
  if (change === undefined) return standing
  const { state, channelSplitNo, errorCode, errorMessage } = change
  const shares = standing.shares.map((share) => ({
    ...share,
    state: change.shares.find(({ number }) => number === share.number)?.state ?? share.state,
  }))
  return { ...standing, state, channelSplitNo, errorCode, errorMessage, shares }
}

const merged = (...told: readonly SplitFact[]) => told.reduce(next, fresh)

function orders<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((item, i) =>
    orders([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  )
}

/** What is set aside after each fact, from 500 on: it has to fit what the shares say. */
function reservedBy(...told: readonly SplitFact[]): number {
  let standing = fresh
  let reserved = 500
  for (const fact of told) {
    const change = mergeSplitFact(standing, fact, 'shop')
    reserved += (change?.reservedAgainMinor ?? 0) - (change?.releasedMinor ?? 0)
    standing = merged(...told.slice(0, told.indexOf(fact) + 1))
  }
  return reserved
}

describe('facts about a split', () => {
  it.each([
    [['accepted'], 'pending', ['pending', 'pending'], 500, null],
    [['accepted', 'aPaid'], 'pending', ['succeeded', 'pending'], 500, null],
    [['accepted', 'over'], 'finished', ['succeeded', 'succeeded'], 500, null],
    [['aPaid', 'overMixed'], 'finished', ['succeeded', 'failed'], 300, null],
    [['aClosed', 'over'], 'finished', ['succeeded', 'succeeded'], 500, null],
    [['aClosed', 'overMixed', 'over'], 'finished', ['succeeded', 'succeeded'], 500, null],
    [['overButB', 'failed'], 'failed', ['succeeded', 'failed'], 300, 'RISK'],
    [['overButB', 'accepted'], 'pending', ['succeeded', 'pending'], 500, null],
    [['accepted', 'failed'], 'failed', ['failed', 'failed'], 0, 'RISK'],
    [['aPaid', 'failed'], 'failed', ['succeeded', 'failed'], 300, 'RISK'],
    [['failed', 'over'], 'finished', ['succeeded', 'succeeded'], 500, null],
    [['more', 'accepted'], 'pending', ['pending', 'succeeded'], 500, 'SPLIT_DIFFERS'],
    [['more', 'failed'], 'failed', ['failed', 'succeeded'], 200, 'SPLIT_DIFFERS'],
    [['more', 'over'], 'finished', ['succeeded', 'succeeded'], 500, 'SPLIT_DIFFERS'],
    [['otherPayee', 'accepted'], 'pending', ['pending', 'pending'], 500, 'SPLIT_DIFFERS'],
    [['otherPayee', 'over'], 'finished', ['succeeded', 'succeeded'], 500, 'SPLIT_DIFFERS'],
    [['otherPayeeWaits', 'accepted'], 'pending', ['pending', 'pending'], 500, null],
  ] as const)(
    '%j come to %s, %j, with %d set aside and error %s, in any order, and twice',
    (names, state, shares, reserved, errorCode) => {
      for (const order of orders(names.map((name) => facts[name]))) {
        const end = merged(...order)
        expect([end.state, end.shares.map((share) => share.state), end.errorCode]).toEqual([
          state,
          shares,
          errorCode,
        ])
        expect(merged(...order, ...order)).toEqual(end)
        expect(reservedBy(...order)).toBe(reserved)
      }
    },
  )

  it('tell the merchant of its end alone', () => {
    const tells = (fact: SplitFact) => mergeSplitFact(fresh, fact, 'shop')?.tells
    expect(tells(facts.accepted)).toBeUndefined()
    expect(tells(facts.aPaid)).toBeUndefined()
    expect(tells(facts.over)).toBe('split.finished')
    expect(tells(facts.failed)).toBe('split.failed')
    expect(tells(facts.more)).toBeUndefined()
  })

  it('end a split without shares by the word of the channel', () => {
    const release = { ...fresh, shares: [] }
    const over = { ...about, kind: 'finished', shares: [] } as const
    expect(mergeSplitFact(release, facts.accepted, 'shop')?.state).toBe('pending')
    expect(mergeSplitFact(release, over, 'shop')?.state).toBe('finished')
  })
})

describe('what is written of one fact about a split', () => {
  const unchanged = {
    channelSplitNo: null,
    errorCode: null,
    errorMessage: null,
    shares: [],
    releasedMinor: 0,
    reservedAgainMinor: 0,
    event: 'split.pending',
  }
  const differs = {
    errorCode: 'SPLIT_DIFFERS',
    errorMessage: '通道分账结果与请求不一致，等待人工核对',
  }
  const finished = { event: 'split.finished', tells: 'split.finished' }
  const share = (number: number, state: string, said = {}) => ({
    number,
    state,
    channelShareNo: null,
    errorCode: null,
    errorMessage: null,
    ...said,
  })
  const both = [share(1, 'succeeded'), share(2, 'succeeded')]
  const standing = (one: 'pending' | 'succeeded' | 'failed', other = one) => ({
    shares: [
      { ...fresh.shares[0], state: one },
      { ...fresh.shares[1], state: other },
    ] as SplitStanding['shares'],
  })
  const waits = (...shares: ShareStanding[]) => ({ ...about, kind: 'pending', shares }) as const
  const ends = (...shares: ShareStanding[]) => ({ ...about, kind: 'finished', shares }) as const
  const aOf = (fen: number, currency: string): ShareStanding => ({
    ...a('succeeded'),
    amount: money(fen, currency),
  })

  it.each<[string, Partial<SplitStanding>, SplitFact, object | undefined]>([
    ['that it waits', {}, waits(), { ...unchanged, state: 'pending' }],
    [
      'the number that the channel has for it',
      { state: 'pending' },
      facts.accepted,
      { ...unchanged, state: 'pending', channelSplitNo: 'C1' },
    ],
    ['the same again', { state: 'pending', channelSplitNo: 'C1' }, facts.accepted, undefined],
    ['another number', { state: 'pending', channelSplitNo: 'C0' }, facts.accepted, undefined],
    ['that after its end', { state: 'finished', channelSplitNo: 'C1' }, facts.accepted, undefined],
    [
      'what became of one share, by its number and for its reason',
      { state: 'pending' },
      waits({ ...a('failed'), channelShareNo: 'X1', error }, b('pending')),
      {
        ...unchanged,
        state: 'pending',
        shares: [
          share(1, 'failed', { channelShareNo: 'X1', errorCode: 'RISK', errorMessage: '风险' }),
        ],
        releasedMinor: 300,
      },
    ],
    [
      'a share that waits again',
      { state: 'pending', ...standing('failed') },
      waits(a('pending')),
      undefined,
    ],
    [
      'a share that was paid and is said to have failed',
      { state: 'pending', ...standing('succeeded', 'pending') },
      waits(a('failed')),
      undefined,
    ],
    [
      'that it is over',
      {},
      facts.over,
      { ...unchanged, ...finished, state: 'finished', shares: both },
    ],
    [
      'that it is over, of which one share still waits',
      { state: 'pending' },
      ends(a('succeeded'), b('pending')),
      { ...unchanged, state: 'pending', shares: [share(1, 'succeeded')] },
    ],
    [
      'that it is over, again',
      { state: 'finished', ...standing('succeeded') },
      facts.over,
      undefined,
    ],
    [
      'that a share that had failed was paid after all, once it is over: not told again',
      { state: 'finished', ...standing('failed', 'succeeded') },
      facts.over,
      {
        ...unchanged,
        state: 'finished',
        shares: [share(1, 'succeeded')],
        reservedAgainMinor: 300,
        alarm: 'shared_after_failure',
      },
    ],
    [
      'that it failed: what waited is released',
      { state: 'pending', channelSplitNo: 'C1', ...standing('succeeded', 'pending') },
      facts.failed,
      {
        ...unchanged,
        state: 'failed',
        channelSplitNo: 'C1',
        errorCode: 'RISK',
        errorMessage: '风险',
        shares: [share(2, 'failed', { errorCode: 'RISK', errorMessage: '风险' })],
        releasedMinor: 200,
        event: 'split.failed',
        tells: 'split.failed',
      },
    ],
    ['that it failed, after its end', { state: 'finished' }, facts.failed, undefined],
    [
      'that it was shared after all',
      { state: 'failed', errorCode: 'RISK', errorMessage: '风险', ...standing('failed') },
      facts.over,
      {
        ...unchanged,
        ...finished,
        state: 'finished',
        shares: both,
        reservedAgainMinor: 500,
        alarm: 'shared_after_failure',
      },
    ],
    [
      'that one share of what failed was paid after all: the failure stays until it is over',
      { state: 'failed', errorCode: 'RISK', errorMessage: '风险', ...standing('failed') },
      waits(a('succeeded')),
      {
        ...unchanged,
        state: 'failed',
        errorCode: 'RISK',
        errorMessage: '风险',
        shares: [share(1, 'succeeded')],
        reservedAgainMinor: 300,
        alarm: 'shared_after_failure',
      },
    ],
    [
      'that a receiver got another sum',
      { state: 'pending' },
      facts.more,
      {
        ...unchanged,
        ...differs,
        state: 'pending',
        shares: [share(2, 'succeeded')],
        event: 'split.differs',
        alarm: 'split_differs',
      },
    ],
    [
      'that a receiver got another sum, and another what had been given up',
      { state: 'pending', ...standing('failed') },
      facts.more,
      {
        ...unchanged,
        ...differs,
        state: 'pending',
        shares: [share(2, 'succeeded')],
        reservedAgainMinor: 200,
        event: 'split.differs',
        alarm: 'split_differs',
      },
    ],
    [
      'that a receiver got another currency',
      { state: 'pending' },
      waits(aOf(300, 'USD')),
      {
        ...unchanged,
        ...differs,
        state: 'pending',
        event: 'split.differs',
        alarm: 'split_differs',
      },
    ],
    ['another sum that waits', { state: 'pending' }, waits(a('pending', 301)), undefined],
    [
      'another sum beside the right one: the receiver is in another split, too',
      { state: 'pending' },
      waits(a('succeeded', 301), a('succeeded')),
      { ...unchanged, state: 'pending', shares: [share(1, 'succeeded')] },
    ],
    [
      'that it differs, again',
      { state: 'pending', ...differs },
      waits(a('succeeded', 301)),
      undefined,
    ],
    [
      'that it is over, after it has differed',
      { state: 'pending', ...differs },
      facts.over,
      { ...unchanged, ...differs, ...finished, state: 'finished', shares: both },
    ],
    [
      'that it failed, after it has differed',
      { state: 'pending', ...differs, ...standing('succeeded') },
      facts.failed,
      {
        ...unchanged,
        ...differs,
        state: 'failed',
        event: 'split.failed',
        tells: 'split.failed',
      },
    ],
    [
      'that money went out of another account',
      { state: 'pending' },
      facts.otherPayee,
      {
        ...unchanged,
        ...differs,
        state: 'pending',
        event: 'split.differs',
        alarm: 'split_differs',
      },
    ],
    ['that it waits at another account', { state: 'pending' }, facts.otherPayeeWaits, undefined],
  ])('%s', (_, change, fact, written) => {
    expect(mergeSplitFact({ ...fresh, ...change }, fact, 'shop')).toEqual(written)
  })
})
