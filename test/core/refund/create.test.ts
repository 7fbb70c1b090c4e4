import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { minor } from '../../../core/money.ts'
import { type Database, DatabaseError } from '../../../core/ports.ts'
import { createRefund, type RefundRequest } from '../../../core/refund/create.ts'
import { findApp } from '../../../core/routing/directory.ts'
import { events, idempotency, refunds } from '../../../core/store/schema.ts'
import { bankWithout } from '../../kit/bank-channel.ts'
import { openShop, type Shop, type ShopOptions } from '../../kit/shop.ts'

async function paid(options: ShopOptions = {}) {
  const shop = await openShop(options)
  const payOrderId = await shop.orders({ mchOrderNo: 'A1' })
  await shop.payerPays(payOrderId)
  shop.told.length = 0
  return { shop, payOrderId }
}

const refundCalls = (shop: Shop) => shop.bank.calls.filter((call) => call.startsWith('refund '))
const sums = async (shop: Shop) => {
  const sql = 'select refund_reserved_minor, refunded_minor, refund_count from payments'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  return rows?.[0]
}

describe('a refund', () => {
  it('of a part leaves the payment a success, and is told', async () => {
    const { shop, payOrderId } = await paid()
    const answer = await shop.refunds(payOrderId, { mchRefundNo: 'F1', refundAmount: 300 })
    expect(answer.data).toMatchObject({
      mchRefundNo: 'F1',
      payAmount: 1000,
      refundAmount: 300,
      state: 2,
    })
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
    await shop.settles()
    expect(shop.told.map(({ fields }) => [fields.mchRefundNo, fields.state])).toEqual([['F1', '2']])
    expect(await sums(shop)).toEqual([300, 300, 1])
  })

  it('of the last fen makes it state 5, for the query and for whoever comes back', async () => {
    const { shop, payOrderId } = await paid()
    await shop.refunds(payOrderId, { refundAmount: 999 })
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 2 })
    await shop.refunds(payOrderId, { refundAmount: 1 })
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 5 })
    expect(await shop.refunds(payOrderId, { refundAmount: 1 })).toEqual({
      code: 9999,
      msg: '订单已全额退款，本次申请失败',
    })
  })

  it('is found by the merchant’s numbers too', async () => {
    const { shop } = await paid()
    const answer = await shop.calls('/api/refund/refundOrder', {
      mchOrderNo: 'A1',
      mchRefundNo: 'F1',
      refundAmount: 1,
      currency: 'cny',
      refundReason: '退货',
    })
    expect(answer).toMatchObject({ code: 0, data: { state: 2 } })
    const seen = await shop.calls('/api/refund/query', { mchRefundNo: 'F1' })
    expect(seen.data).toMatchObject({ refundAmount: 1, currency: 'cny', state: 2 })
  })

  it('of one fen more than is left is refused and has no effect', async () => {
    const { shop, payOrderId } = await paid()
    await shop.refunds(payOrderId, { refundAmount: 600 })
    expect(await shop.refunds(payOrderId, { refundAmount: 401 })).toEqual({
      code: 9999,
      msg: '申请金额超出订单可退款余额，请检查退款金额',
    })
    expect(await sums(shop)).toEqual([600, 600, 1])
    expect(refundCalls(shop)).toHaveLength(1)
  })

  it('may be made fifty times, as the channel allows, and not once more', async () => {
    const { shop, payOrderId } = await paid()
    for (let i = 0; i < 50; i++) {
      expect(await shop.refunds(payOrderId, { refundAmount: 1 })).toMatchObject({ code: 0 })
    }
    expect(await shop.refunds(payOrderId, { refundAmount: 1 })).toEqual({
      code: 9999,
      msg: '当前通道每笔订单最多退款50次',
    })
  })

  it('is refused for a payment that is not paid', async () => {
    const shop = await openShop()
    const payOrderId = await shop.orders()
    const refused = { code: 9999, msg: '订单状态不正确， 无法完成退款' }
    expect(await shop.refunds(payOrderId)).toEqual(refused)
    await shop.closes(payOrderId)
    expect(await shop.refunds(payOrderId)).toEqual(refused)
  })

  it('is refused after the window of the channel', async () => {
    const { shop, payOrderId } = await paid()
    await shop.clock.advance(365 * 86_400_000 + 1)
    expect(await shop.refunds(payOrderId)).toEqual({ code: 9999, msg: '已超过退款期限[365天]' })
  })

  it('is refused at a channel that cannot refund', async () => {
    const { shop, payOrderId } = await paid({ channel: bankWithout('refund') })
    expect(await shop.refunds(payOrderId)).toEqual({ code: 9999, msg: '当前通道不支持退款！' })
  })

  it.each([
    ['another app of the merchant', 'same_merchant'],
    ['another merchant', 'other_merchant'],
  ] as const)('is not possible, and not to be seen, for %s', async (_, of) => {
    const { shop, payOrderId } = await paid()
    await shop.refunds(payOrderId, { mchRefundNo: 'F1' })
    const other = await shop.opensApp(of)
    const fields = { refundAmount: 1, currency: 'CNY', refundReason: '退货', mchRefundNo: 'F2' }
    for (const name of [{ payOrderId }, { mchOrderNo: 'A1' }]) {
      expect(await shop.calls('/api/refund/refundOrder', { ...fields, ...name }, other)).toEqual({
        code: 9999,
        msg: '退款订单不存在',
      })
    }
    const [refundOrderId] = shop.bank.refunds.keys()
    for (const name of [{ mchRefundNo: 'F1' }, { refundOrderId }]) {
      expect(await shop.calls('/api/refund/query', name, other)).toEqual({
        code: 9999,
        msg: '订单不存在',
      })
    }
    expect(refundCalls(shop)).toHaveLength(1)
  })
})

describe('the same refund again', () => {
  it('gives the same answer, also after it has moved on, and has one effect', async () => {
    const { shop, payOrderId } = await paid()
    shop.bank.refundsWait = true
    const fields = { mchRefundNo: 'F1', refundAmount: 300 }
    const first = await shop.refunds(payOrderId, fields)
    expect(first.data).toMatchObject({ state: 1 })
    const [refund] = shop.bank.refunds.values()
    if (refund !== undefined) await shop.bank.callback({ ...refund, state: 'paid' })
    expect(await shop.refunds(payOrderId, fields)).toEqual(first)
    const seen = await shop.calls('/api/refund/query', { mchRefundNo: 'F1' })
    expect(seen.data).toMatchObject({ state: 2 })
    expect(refundCalls(shop)).toHaveLength(1)
    expect(await sums(shop)).toEqual([300, 300, 1])
  })

  it.each([
    ['another amount', { refundAmount: 301 }],
    ['another reason', { refundReason: '别的' }],
    ['another address', { notifyUrl: 'https://shop.example/other' }],
  ])('is refused with %s, without effect', async (_, change) => {
    const { shop, payOrderId } = await paid()
    await shop.refunds(payOrderId, { mchRefundNo: 'F1', refundAmount: 300 })
    expect(
      await shop.refunds(payOrderId, { mchRefundNo: 'F1', refundAmount: 300, ...change }),
    ).toEqual({ code: 9999, msg: '商户退款订单号[F1]已存在' })
    expect(await sums(shop)).toEqual([300, 300, 1])
  })

  it('is refused for another payment of the merchant', async () => {
    const { shop, payOrderId } = await paid()
    await shop.refunds(payOrderId, { mchRefundNo: 'F1' })
    const other = await shop.orders()
    await shop.payerPays(other)
    expect(await shop.refunds(other, { mchRefundNo: 'F1' })).toMatchObject({ code: 9999 })
  })

  it('does not keep a number that was refused: it may be used for one that fits', async () => {
    const { shop, payOrderId } = await paid()
    await shop.refunds(payOrderId, { mchRefundNo: 'F1', refundAmount: 1001 })
    const answer = await shop.refunds(payOrderId, { mchRefundNo: 'F1', refundAmount: 1000 })
    expect(answer).toMatchObject({ code: 0 })
  })
})

const NOW_MS = 1_767_225_600_000

/** A request past the door, and the app it comes from. */
async function asked(shop: Shop, payOrderId: string, change: Partial<RefundRequest> = {}) {
  const { core } = shop.gateway
  const app = await findApp(core, shop.app.appId)
  if (app === undefined) throw new Error('the app is there')
  const request: RefundRequest = {
    paymentId: payOrderId as never,
    merchantPaymentNo: undefined,
    merchantRefundNo: 'F1',
    amountMinor: minor(300),
    currency: 'CNY',
    currencyAsGiven: 'cny',
    reason: '退货',
    clientIp: '192.0.2.1',
    notifyUrl: undefined,
    extParam: undefined,
    fingerprint: 'of this request',
    ...change,
  }
  return { core, app, request }
}

describe('what is written of a refund', () => {
  it('is there, stamped, before the channel hears of it', async () => {
    const { shop, payOrderId } = await paid()
    const told = { notifyUrl: 'https://shop.example/refund', extParam: 'x' }
    const { core, app, request } = await asked(shop, payOrderId, told)
    const { read } = core.store
    let written: readonly unknown[][] = []
    shop.bank.before('refund', async () => {
      written = await read.batch([
        read.select().from(refunds),
        read.select().from(events).orderBy(events.eventId),
        read.select().from(idempotency),
      ])
      expect(await sums(shop)).toEqual([300, 0, 1])
    })
    expect(await createRefund(core, app, request)).toMatchObject({ ok: true })
    const then = await read.select().from(events).where(eq(events.kind, 'refund.succeeded'))
    expect(then).toMatchObject([{ version: 2, source: 'answer' }])
    const refundId = expect.stringMatching(/^R1767225600000\d{8}$/)
    const [refundRows = [], eventRows = [], known = []] = written
    expect(refundRows).toEqual([
      {
        refundId,
        paymentId: payOrderId,
        attemptId: payOrderId,
        merchantNo: 'M1',
        appId: shop.app.appId,
        merchantRefundNo: 'F1',
        state: 'created',
        version: 1,
        amountMinor: 300,
        paymentAmountMinor: 1000,
        currency: 'CNY',
        currencyAsGiven: 'cny',
        reason: '退货',
        clientIp: '192.0.2.1',
        ...told,
        way: 'WX_NATIVE',
        channel: 'bank',
        accountId: shop.accountId,
        configVersion: 1,
        payee: 'shop',
        channelPaymentNo: `B${payOrderId}`,
        dispatchedAtMs: NOW_MS,
        sends: 1,
        dispatchLeaseUntilMs: NOW_MS + 30_000,
        channelRefundNo: null,
        errorCode: null,
        errorMessage: null,
        needsOperator: false,
        refundedAtMs: null,
        createdAtMs: NOW_MS,
        nextCheckAtMs: NOW_MS + 30_000,
        lastCheckAtMs: null,
        checkLeaseUntilMs: null,
      },
    ])
    expect(eventRows.filter((event) => JSON.stringify(event).includes('refund'))).toEqual([
      {
        eventId: expect.stringMatching(/^E\d{21}$/),
        subjectKind: 'refund',
        subjectId: refundId,
        version: 1,
        kind: 'refund.created',
        source: 'request',
        evidence: '{}',
        atMs: NOW_MS,
      },
    ])
    expect(known).toContainEqual({
      merchantNo: 'M1',
      scope: 'refund',
      key: 'F1',
      fingerprint: 'of this request',
      subjectId: refundId,
      answer: null,
      createdAtMs: NOW_MS,
    })
  })

  it('is nothing when what we know of the app is out of date, or its channel is gone', async () => {
    const { shop, payOrderId } = await paid()
    const { core, app, request } = await asked(shop, payOrderId)
    const stale = { ...app, revision: 'another' }
    expect(await createRefund(core, stale, request)).toEqual({
      ok: false,
      refusal: { code: 'stale_app' },
    })
    const withoutChannels = { ...core, channels: new Map() }
    expect(await createRefund(withoutChannels, app, request)).toEqual({
      ok: false,
      refusal: { code: 'channel_cannot_refund' },
    })
    expect(await sums(shop)).toEqual([0, 0, 0])
  })
})

describe('what happens between the look at a payment and the write of its refund', () => {
  /** A paid payment, and something that happens before the next write. */
  async function paidThen() {
    let happens: ((database: Database) => Promise<unknown>) | undefined
    const { shop, payOrderId } = await paid({
      wrapDatabase: (database) => ({
        async batch(statements, mode) {
          const now = mode === 'write' ? happens : undefined
          if (now !== undefined) {
            happens = undefined
            await now(database)
          }
          return database.batch(statements, mode)
        },
      }),
    })
    return {
      shop,
      payOrderId,
      beforeWrite: (next: typeof happens) => {
        happens = next
      },
    }
  }

  it.each([
    [
      "frozen_because = 'amount_differs'",
      '订单状态不正确， 无法完成退款：订单已冻结，等待人工核对',
    ],
    ["late_decision = 'held'", '订单状态不正确， 无法完成退款'],
    ["late_decision = 'refunding'", '订单状态不正确， 无法完成退款'],
    ['refund_count = 50', '当前通道每笔订单最多退款50次'],
    ['refund_reserved_minor = 701', '申请金额超出订单可退款余额，请检查退款金额'],
  ])('counts: %s', async (change, msg) => {
    const { shop, payOrderId, beforeWrite } = await paidThen()
    beforeWrite((database) =>
      database.batch([{ sql: `update payments set ${change}`, args: [] }], 'write'),
    )
    expect(await shop.refunds(payOrderId, { refundAmount: 300 })).toEqual({ code: 9999, msg })
    expect(refundCalls(shop)).toEqual([])
  })

  it.each([
    ["late_decision = 'accepted'", 1],
    ['refund_count = 49', 50],
    ['refund_reserved_minor = 700', 1],
  ])('lets it through as far as it may go: %s', async (change, count) => {
    const { shop, payOrderId, beforeWrite } = await paidThen()
    beforeWrite((database) =>
      database.batch([{ sql: `update payments set ${change}`, args: [] }], 'write'),
    )
    expect(await shop.refunds(payOrderId, { refundAmount: 300 })).toMatchObject({ code: 0 })
    expect((await sums(shop))?.[2]).toBe(count)
  })

  it('may be the same request, which has one effect, or another under its number', async () => {
    const { shop, payOrderId, beforeWrite } = await paidThen()
    const fields = { mchRefundNo: 'F1', refundAmount: 300 }
    let first: unknown
    beforeWrite(async () => {
      first = await shop.refunds(payOrderId, fields)
    })
    expect(await shop.refunds(payOrderId, fields)).toEqual(first)
    beforeWrite(() => shop.refunds(payOrderId, { ...fields, mchRefundNo: 'F2' }))
    expect(await shop.refunds(payOrderId, { mchRefundNo: 'F2', refundAmount: 1 })).toEqual({
      code: 9999,
      msg: '商户退款订单号[F2]已存在',
    })
    expect(refundCalls(shop)).toHaveLength(2)
    expect(await sums(shop)).toEqual([600, 600, 2])
  })

  it.each([
    ['another refund has drawn our number', new DatabaseError('conflict', 'unique'), 19, 20, true],
    ['that, twenty times', new DatabaseError('conflict', 'unique'), 20, 20, false],
    ['the database goes away', new DatabaseError('unavailable', 'gone'), 1, 1, false],
    ['something else breaks', new Error('broken'), 1, 1, false],
  ])('is tried again only when nothing was written: %s', async (_, error, fails, tries, works) => {
    const { shop, payOrderId, beforeWrite } = await paidThen()
    const { core, app, request } = await asked(shop, payOrderId)
    let tried = 0
    const fail = async () => {
      tried++
      if (tried < 20) beforeWrite(fail)
      if (tried <= fails) throw error
    }
    beforeWrite(fail)
    const created = createRefund(core, app, request)
    if (works) expect(await created).toMatchObject({ ok: true })
    else
      await expect(created).rejects.toThrow(tries === 20 ? 'refund F1 lost too many races' : error)
    expect(tried).toBe(tries)
  })
})
