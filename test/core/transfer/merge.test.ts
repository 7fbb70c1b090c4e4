import { describe, expect, it } from 'vitest'
import type { TransferId } from '../../../core/ids.ts'
import { minor, money } from '../../../core/money.ts'
import type { TransferFact } from '../../../core/plugin/api.ts'
import { mergeTransferFact, type TransferStanding } from '../../../core/transfer/merge.ts'

const fresh: TransferStanding = {
  state: 'created',
  amountMinor: minor(1000),
  currency: 'CNY',
  channelTransferNo: null,
  errorCode: null,
  errorMessage: null,
  needsOperator: false,
  transferredAtMs: null,
}
const about = { about: 'transfer', transferId: 'T1' as TransferId, payee: 'shop' } as const
const error = {
  class: 'risk',
  retry: 'never',
  fault: 'merchant',
  code: 'RISK',
  message: '风险',
} as const
const paid = {
  kind: 'succeeded',
  channelTransferNo: 'C1',
  transferred: money(1000, 'CNY'),
  transferredAtMs: 7,
} as const

const facts = {
  pending: { ...about, kind: 'pending' },
  closed: { ...about, kind: 'closed', reason: '已撤销' },
  failed: { ...about, kind: 'failed', error },
  paid: { ...about, ...paid },
  more: { ...about, ...paid, transferred: money(1001, 'CNY') },
  otherPayee: { ...about, ...paid, payee: 'somebody else' },
  otherCurrency: { ...about, ...paid, transferred: money(1000, 'USD') },
} as const satisfies Record<string, TransferFact>

const next = (standing: TransferStanding, fact: TransferFact): TransferStanding => ({
  ...standing,
  ...mergeTransferFact(standing, fact, 'shop')?.set,
})
const merged = (...told: readonly TransferFact[]) => told.reduce(next, fresh)

function orders<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((item, i) =>
    orders([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  )
}

describe('facts about a transfer', () => {
  it.each([
    [['pending'], 'pending', false],
    [['pending', 'closed'], 'closed', false],
    [['pending', 'closed', 'failed'], 'failed', false],
    [['pending', 'closed', 'failed', 'paid'], 'succeeded', false],
    [['closed', 'paid'], 'succeeded', false],
    [['more', 'pending'], 'pending', true],
    [['more', 'closed'], 'closed', true],
    [['more', 'failed'], 'failed', true],
    [['more', 'paid'], 'succeeded', false],
    [['otherPayee', 'pending'], 'pending', true],
    [['otherCurrency', 'pending', 'failed'], 'failed', true],
  ] as const)('%j come to %s in any order, and twice', (names, state, needsOperator) => {
    for (const order of orders(names.map((name) => facts[name]))) {
      expect(merged(...order)).toMatchObject({ state, needsOperator })
      expect(merged(...order, ...order)).toEqual(merged(...order))
    }
  })

  it('leave errors with what failed alone', () => {
    expect(merged(facts.failed)).toMatchObject({ errorCode: 'RISK', errorMessage: '风险' })
    expect(merged(facts.failed, facts.paid)).toMatchObject({ errorCode: null, errorMessage: null })
    expect(merged(facts.paid, facts.failed)).toMatchObject({
      errorCode: null,
      channelTransferNo: 'C1',
    })
  })

  it('tell the merchant of each end', () => {
    expect(mergeTransferFact(fresh, facts.pending, 'shop')?.tells).toBeUndefined()
    expect(mergeTransferFact(fresh, facts.closed, 'shop')?.tells).toBe('transfer.closed')
    expect(mergeTransferFact(fresh, facts.failed, 'shop')?.tells).toBe('transfer.failed')
    expect(mergeTransferFact(fresh, facts.paid, 'shop')?.tells).toBe('transfer.succeeded')
    expect(mergeTransferFact(fresh, facts.more, 'shop')?.tells).toBeUndefined()
  })
})

describe('what is written of one fact about a transfer', () => {
  const numbered = { ...facts.pending, channelTransferNo: 'C1' } as const
  const succeeded = {
    set: {
      state: 'succeeded',
      channelTransferNo: 'C1',
      transferredAtMs: 7,
      errorCode: null,
      errorMessage: null,
      needsOperator: false,
    },
    event: 'transfer.succeeded',
    tells: 'transfer.succeeded',
  }
  const late = { ...succeeded, alarm: 'transferred_after_failure' }

  it.each([
    [
      'that it waits',
      {},
      facts.pending,
      { set: { state: 'pending', channelTransferNo: null }, event: 'transfer.pending' },
    ],
    [
      'that it waits, under a number',
      { state: 'pending' },
      numbered,
      { set: { state: 'pending', channelTransferNo: 'C1' }, event: 'transfer.pending' },
    ],
    ['the same again', { state: 'pending', channelTransferNo: 'C1' }, numbered, undefined],
    [
      'the number left out',
      { state: 'pending', channelTransferNo: 'C1' },
      facts.pending,
      undefined,
    ],
    [
      'that it waits, though it has begun with a number',
      { channelTransferNo: 'C1' },
      facts.pending,
      { set: { state: 'pending', channelTransferNo: 'C1' }, event: 'transfer.pending' },
    ],
    ['a number after its end', { state: 'failed' }, numbered, undefined],
    [
      'that it failed',
      {},
      facts.failed,
      {
        set: { state: 'failed', errorCode: 'RISK', errorMessage: '风险' },
        event: 'transfer.failed',
        tells: 'transfer.failed',
      },
    ],
    [
      'that it is closed',
      {},
      facts.closed,
      {
        set: { state: 'closed', errorMessage: '已撤销' },
        event: 'transfer.closed',
        tells: 'transfer.closed',
      },
    ],
    ['that it is paid', { state: 'pending', needsOperator: true }, facts.paid, succeeded],
    ['that it is paid after all: it had failed', { state: 'failed' }, facts.paid, late],
    ['that it is paid after all: it was closed', { state: 'closed' }, facts.paid, late],
    [
      'that something else is paid',
      {},
      facts.more,
      { set: { needsOperator: true }, event: 'transfer.needs_operator', alarm: 'transfer_differs' },
    ],
    ['that again', { needsOperator: true }, facts.more, undefined],
    ['that after it was paid', { state: 'succeeded' }, facts.more, undefined],
  ] as const)('%s', (_, change, fact, written) => {
    expect(mergeTransferFact({ ...fresh, ...change }, fact, 'shop')).toEqual(written)
  })
})
