import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../core/time.ts'
import { callsOf, openSharing, sharesIn, sharingOf } from '../../kit/sharing.ts'
import { NOTIFY_URL } from '../../kit/shop.ts'

/** A payment of which 298 fen were shared. */
async function shared() {
  const sharing = await openSharing()
  const receiverId = await sharing.bound()
  const payOrderId = await sharing.paid()
  const { data } = await sharing.shares(payOrderId, [{ receiverId }])
  const { shop } = sharing
  return {
    ...sharing,
    receiverId,
    payOrderId,
    divisionId: data?.divisionId,
    takes: (returnAmount: number, mchReturnNo = 'B1', more = {}) =>
      sharing.returns(payOrderId, { mchReturnNo, receiverId, returnAmount, ...more }),
    sees: (mchReturnNo = 'B1') => shop.calls('/api/division/return/query', { mchReturnNo }),
    division: () => shop.calls('/api/division/query', { payOrderId }),
  }
}
const theReturn = (shop: Awaited<ReturnType<typeof shared>>['shop']) => {
  const [back] = shop.bank.returns.values()
  if (back === undefined) throw new Error('the bank has the return')
  return back
}

describe('taking a share back', () => {
  it('is answered, seen, told once, and gives the money back to be refunded', async () => {
    const { shop, payOrderId, divisionId, takes, sees, division } = await shared()
    const answer = await takes(100, 'B1', { notifyUrl: NOTIFY_URL })
    const { number } = theReturn(shop)
    expect(number).toMatch(/^B\d{21}$/)
    expect(answer.data).toEqual({
      divisionReturnId: number,
      mchReturnNo: 'B1',
      returnAmount: 100,
      state: 2,
      channelOrderNo: `B${number}`,
    })
    expect((await sees()).data).toEqual({
      divisionReturnId: number,
      divisionId,
      payOrderId,
      mchNo: 'M1',
      appId: shop.app.appId,
      mchReturnNo: 'B1',
      ifCode: 'bank',
      accNo: 'store-1',
      returnAmount: 100,
      state: 2,
      channelOrderNo: `B${number}`,
      successTime: 1767225631000,
      createdAt: 1767225631000,
    })
    await shop.settles()
    await shop.passes(HOUR_MS, 10 * MINUTE_MS)
    expect(shop.told.map(({ fields }) => [fields.divisionReturnId, fields.state])).toEqual([
      [number, '2'],
    ])
    expect(sharesIn(await division())).toMatchObject([{ amount: 298, returnedAmount: 100 }])
    expect(await sharingOf(shop)).toEqual(['finished', 198, null])
  })

  it('goes up to the share and not one fen further, in parts', async () => {
    const { takes } = await shared()
    expect(await takes(299)).toEqual({ code: 9999, msg: '回退金额超出可回退金额[298分]' })
    expect((await takes(200)).code).toBe(0)
    expect(await takes(99, 'B2')).toEqual({ code: 9999, msg: '回退金额超出可回退金额[98分]' })
    expect((await takes(98, 'B3')).code).toBe(0)
  })

  it('twenty times at once goes as far as the share goes, and says how far that was', async () => {
    const { shop, takes } = await shared()
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => takes(100, `B${i}`)))
    expect(answers.filter(({ code }) => code === 0)).toHaveLength(2)
    expect(new Set(answers.filter(({ code }) => code !== 0).map(({ msg }) => msg))).toEqual(
      new Set(['回退金额超出可回退金额[98分]']),
    )
    expect(shop.bank.returns.size).toBe(2)
    expect(await sharingOf(shop)).toEqual(['finished', 98, null])
  })

  it('again gets the same answer and one channel call, also at once', async () => {
    const { shop, takes } = await shared()
    const answers = await Promise.all(Array.from({ length: 10 }, () => takes(100)))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await takes(100)).toEqual(answers[0])
    expect(callsOf(shop, 'return')).toHaveLength(1)
    expect(await takes(101)).toEqual({ code: 9999, msg: '商户分账回退单号[B1]已存在' })
  })

  it.each([
    [{ mchReturnNo: '' }, '商户分账回退单号不能为空'],
    [{ receiverId: 'x' }, 'receiverId不能为空'],
    [{ receiverId: 1 }, '分账接收者不在该笔分账中'],
    [{ returnAmount: '' }, '回退金额不能为空'],
    [{ returnAmount: 0 }, '回退金额请大于1分'],
    [{ payOrderId: '' }, 'mchOrderNo 和 payOrderId不能同时为空'],
    [{ payOrderId: 'P1' }, '订单不存在'],
    [{ notifyUrl: 'http://10.0.0.1' }, '异步通知地址不允许指向内部网络！'],
  ])('with %j is refused: %s', async (change, msg) => {
    const { shop, takes } = await shared()
    expect(await takes(100, 'B1', change)).toEqual({ code: 9999, msg })
    expect(shop.bank.returns.size).toBe(0)
  })

  it('of what was not shared, or has not arrived yet, is refused', async () => {
    const { paid, returns } = await openSharing()
    const fields = { mchReturnNo: 'B1', receiverId: 1, returnAmount: 1 }
    expect(await returns(await paid(), fields)).toEqual({ code: 9999, msg: '当前订单没有分账记录' })

    const sharing = await openSharing()
    const receiverId = await sharing.bound()
    const payOrderId = await sharing.paid()
    sharing.shop.bank.splitsWait = true
    await sharing.shares(payOrderId, [{ receiverId }])
    expect(await sharing.returns(payOrderId, { ...fields, receiverId })).toEqual({
      code: 9999,
      msg: '该接收者的分账尚未成功，无法回退',
    })
  })

  it('by another app is not found, nor is the return', async () => {
    const { shop, payOrderId, receiverId, takes } = await shared()
    await takes(1)
    const fields = { payOrderId, mchReturnNo: 'B2', receiverId, returnAmount: 1 }
    for (const of of ['same_merchant', 'other_merchant'] as const) {
      const other = await shop.opensApp(of)
      expect(await shop.calls('/api/division/return', fields, other)).toEqual({
        code: 9999,
        msg: '订单不存在',
      })
      expect(await shop.calls('/api/division/return/query', { mchReturnNo: 'B1' }, other)).toEqual({
        code: 9999,
        msg: '分账回退单不存在',
      })
    }
  })

  it('waits while the payment is frozen, and so does sending it again', async () => {
    const { shop, takes } = await shared()
    shop.bank.will('return', 'silent_before')
    await takes(100)
    await shop.database.batch(
      [{ sql: "update payments set frozen_because = 'paid_twice'", args: [] }],
      'write',
    )
    expect(await takes(1, 'B2')).toEqual({ code: 9999, msg: '订单已冻结，等待人工核对' })
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect(callsOf(shop, 'return')).toHaveLength(1)
    await shop.database.batch(
      [{ sql: 'update payments set frozen_because = null', args: [] }],
      'write',
    )
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect(callsOf(shop, 'return')).toHaveLength(2)
  })
})

describe('how a return ends', () => {
  it('the channel refuses: it stays with the receiver and may be asked for again', async () => {
    const { shop, takes } = await shared()
    shop.bank.will('return', 'refused')
    const answer = await takes(298, 'B1', { notifyUrl: NOTIFY_URL })
    expect(answer.data).toMatchObject({
      state: 3,
      errCode: 'NOT_ALLOWED',
      errMsg: '接收方未开启回退',
    })
    await shop.settles()
    expect(shop.told.map(({ fields }) => fields.state)).toEqual(['3'])
    expect(await sharingOf(shop)).toEqual(['finished', 298, null])
    expect((await takes(298, 'B2')).data).toMatchObject({ state: 2 })
  })

  it.each(['silent_before', 'silent_after', 'error_after', 'busy'] as const)(
    'it is not known: pending, set aside, found out, sent once: %s',
    async (mood) => {
      const { shop, takes, sees } = await shared()
      shop.bank.will('return', mood)
      expect((await takes(298)).data).toMatchObject({ state: 1 })
      expect(await takes(1, 'B2')).toMatchObject({ code: 9999 })
      await shop.passes(3 * MINUTE_MS)
      expect((await sees()).data).toMatchObject({ state: 2 })
      expect(shop.bank.returns.size).toBe(1)
    },
  )

  it('never by the clock', async () => {
    const { shop, takes, sees } = await shared()
    shop.bank.returnsWait = true
    await takes(298)
    await shop.passes(30 * DAY_MS, 6 * HOUR_MS)
    expect((await sees()).data).toMatchObject({ state: 1 })
    theReturn(shop).state = 'failed'
    await shop.passes(DAY_MS, 6 * HOUR_MS)
    expect((await sees()).data).toMatchObject({ state: 3 })
    expect(callsOf(shop, 'return')).toHaveLength(1)
  })

  it('another amount came back: it stays open, freezes the payment, calls an operator once', async () => {
    const { shop, takes, sees } = await shared()
    shop.bank.will('return', 'one_fen_more')
    shop.bank.always('query_return', 'one_fen_more')
    expect((await takes(100)).data).toMatchObject({ state: 0 })
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect((await sees()).data).toMatchObject({ state: 0, errCode: 'RETURN_DIFFERS' })
    expect(await sharingOf(shop)).toEqual(['finished', 298, 'split_return_differs'])
    const alarms = shop.logged.map(({ fields }) => fields?.alarm)
    expect(alarms.filter((alarm) => alarm === 'split_return_differs')).toHaveLength(1)
  })
})
