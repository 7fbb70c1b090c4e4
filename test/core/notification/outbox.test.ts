import { type SQL, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import {
  type OutboxInsert,
  tellOfPayment,
  tellOfRefund,
  tellOfSplit,
  tellOfSplitReturn,
  tellOfTransfer,
} from '../../../core/notification/outbox.ts'
import type {
  PaymentSnapshot,
  RefundSnapshot,
  SplitReturnSnapshot,
  SplitSnapshot,
  TransferSnapshot,
} from '../../../core/notification/snapshot.ts'
import { outbox } from '../../../core/store/schema.ts'
import { openStore } from '../../../core/store/store.ts'
import { virtualClock } from '../../kit/clock.ts'
import { seededRandom } from '../../kit/random.ts'
import { memoryDatabase } from '../../kit/tables.ts'

const NOW_MS = 1_767_225_600_000
const source = { clock: virtualClock(NOW_MS), random: seededRandom(1) }
const ALWAYS = sql`1 = 1`

const app = { merchantNo: 'M1', appId: 'A1' }
const ended = { errorCode: null, errorMessage: null, createdAtMs: 1 }
const PAYMENT: PaymentSnapshot = {
  ...app,
  ...ended,
  paymentId: 'P1',
  merchantPaymentNo: 'O1',
  channel: 'bank',
  way: 'WX_NATIVE',
  amountMinor: 100,
  refundedMinor: 0,
  currencyAsGiven: 'cny',
  state: 'succeeded',
  lateDecision: null,
  clientIp: '127.0.0.1',
  subject: '商品',
  body: '描述',
  channelPaymentNo: 'B1',
  extParam: null,
  paidAtMs: 2,
}
const REFUND: RefundSnapshot = {
  ...app,
  ...ended,
  refundId: 'R1',
  paymentId: 'P1',
  merchantRefundNo: 'F1',
  paymentAmountMinor: 100,
  amountMinor: 30,
  currencyAsGiven: 'cny',
  state: 'succeeded',
  channelRefundNo: 'B2',
  extParam: null,
  refundedAtMs: 3,
}
const TRANSFER: TransferSnapshot = {
  ...app,
  ...ended,
  transferId: 'T1',
  merchantTransferNo: 'X1',
  channel: 'bank',
  entry: 'WX_CASH',
  amountMinor: 50,
  currencyAsGiven: 'cny',
  account: 'openid',
  accountName: null,
  bankName: null,
  description: '报销',
  state: 'succeeded',
  extraAsGiven: null,
  channelTransferNo: 'B3',
  clientData: null,
  extParam: null,
  transferredAtMs: 4,
}
const SPLIT: SplitSnapshot = {
  ...app,
  ...ended,
  splitId: 'S1',
  paymentId: 'P1',
  channel: 'bank',
  amountMinor: 20,
  state: 'finished',
  channelSplitNo: 'B4',
  shares: [
    {
      receiverId: 1,
      account: 'openid',
      amountMinor: 20,
      state: 'succeeded',
      channelShareNo: 'B5',
      errorCode: null,
      errorMessage: null,
      returnReservedMinor: 0,
    },
  ],
}
const SPLIT_RETURN: SplitReturnSnapshot = {
  ...app,
  ...ended,
  splitReturnId: 'B1',
  splitId: 'S1',
  paymentId: 'P1',
  merchantReturnNo: 'Y1',
  channel: 'bank',
  account: 'openid',
  amountMinor: 10,
  state: 'succeeded',
  channelReturnNo: 'B6',
  returnedAtMs: 5,
}

/** A row has columns that no merchant is told. */
const row = (snapshot: object, notifyUrl: string | null) =>
  ({ ...snapshot, notifyUrl, version: 7, accountId: 'secret' }) as never

const ADDRESS = 'https://shop.example/notify'
const tells: Record<string, (url: string | null, condition: SQL) => OutboxInsert | undefined> = {
  payment: (url, condition) =>
    tellOfPayment(source, row(PAYMENT, url), 'payment.succeeded', condition),
  refund: (url, condition) => tellOfRefund(source, row(REFUND, url), 'refund.succeeded', condition),
  transfer: (url, condition) =>
    tellOfTransfer(source, row(TRANSFER, url), 'transfer.succeeded', condition),
  split(url, condition) {
    const { shares, ...split } = SPLIT
    const kase = { shares, split: row(split, url), settingsSealed: 'secret' }
    return tellOfSplit(source, kase as never, 'split.finished', condition)
  },
  split_return: (url, condition) =>
    tellOfSplitReturn(source, row(SPLIT_RETURN, url), 'split_return.succeeded', condition),
}

/** What is in the outbox once these are written, one after the other. */
async function written(inserts: readonly (OutboxInsert | undefined)[]) {
  const database = await memoryDatabase()
  const store = openStore(database)
  for (const insert of inserts) {
    if (insert !== undefined) await store.write.batch([store.write.run(insert.statement)])
  }
  return store.read.select().from(outbox)
}

describe('the outbox row', () => {
  it('says of each thing what is told of it and nothing else, and waits to be told at once', async () => {
    const inserts = Object.values(tells).map((tell) => tell(ADDRESS, ALWAYS))
    const rows = await written(inserts)
    expect(rows.map(({ notificationId }) => notificationId).sort()).toEqual(
      inserts.map((insert) => insert?.notificationId).sort(),
    )
    const told = rows.map(({ notificationId, snapshot, ...columns }) => {
      expect(notificationId).toMatch(/^N1767225600000\d{8}$/)
      return { ...columns, snapshot: JSON.parse(snapshot) }
    })
    const fresh = {
      ...app,
      url: ADDRESS,
      state: 'waiting',
      tries: 0,
      nextTryAtMs: NOW_MS,
      tryLeaseUntilMs: null,
      createdAtMs: NOW_MS,
      deliveredAtMs: null,
    }
    const expected = [
      ['payment', 'P1', 'payment.succeeded', PAYMENT],
      ['refund', 'R1', 'refund.succeeded', REFUND],
      ['transfer', 'T1', 'transfer.succeeded', TRANSFER],
      ['split', 'S1', 'split.finished', SPLIT],
      ['split_return', 'B1', 'split_return.succeeded', SPLIT_RETURN],
    ].map(([subjectKind, subjectId, kind, snapshot]) => ({
      ...fresh,
      subjectKind,
      subjectId,
      kind,
      snapshot,
    }))
    expect(told).toHaveLength(5)
    expect(told).toEqual(expect.arrayContaining(expected))
  })

  it('comes to be only if the condition holds', async () => {
    const never = sql`1 = 0`
    expect(await written(Object.values(tells).map((tell) => tell(ADDRESS, never)))).toEqual([])
  })

  it.each(Object.entries(tells))('is none for a %s without an address', (_, tell) => {
    expect(tell(null, ALWAYS)).toBeUndefined()
  })

  it.each([
    ['https://Shop.Example', 'https://shop.example/'],
    ['https://shop.example:443/a b?c=中', 'https://shop.example/a%20b?c=%E4%B8%AD'],
    // Was taken before addresses were checked: it fails when it is tried, where somebody sees it.
    ['nowhere', 'nowhere'],
  ])('spells the address as it goes over the wire: %s is %s', async (given, url) => {
    const insert = tellOfPayment(source, row(PAYMENT, given), 'payment.succeeded', ALWAYS)
    expect(await written([insert])).toMatchObject([{ url }])
  })
})
