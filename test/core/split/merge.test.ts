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
