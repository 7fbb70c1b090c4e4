import { describe, expect, it } from 'vitest'
import { createGroup } from '../../../core/split/receivers.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../core/time.ts'
import { callsOf, openSharing, sharesIn, sharingOf } from '../../kit/sharing.ts'
import { NOTIFY_URL } from '../../kit/shop.ts'

type Sharing = Awaited<ReturnType<typeof openSharing>>
const queries = ({ shop }: Sharing, payOrderId: string) =>
  shop.calls('/api/division/query', { payOrderId })
const theSplit = ({ shop }: Sharing) => {
  const [split] = shop.bank.splits.values()
  if (split === undefined) throw new Error('the bank has the split')
  return split
}

async function ready(divisionMode = 2) {
  const sharing = await openSharing()
  const receiverId = await sharing.bound()
  const payOrderId = await sharing.paid({ divisionMode })
  return { ...sharing, sharing, receiverId, payOrderId }
}

describe('a division with receivers', () => {
  it('sends each its part of amount less fee, and is answered', async () => {
    const { sharing, shop, payOrderId, receiverId, bound, shares } = await ready()
    const second = await bound({ accNo: 'ann', accType: 0, divisionProfit: '0.2' })
    const answer = await shares(payOrderId, [{ receiverId }, { receiverId: `${second}` }])
    const { number } = theSplit(sharing)
    expect(number).toMatch(/^S\d{21}$/)
    // 994 × 30 % = 298.2; 994 × 20 % = 198.8
    expect(answer.data).toMatchObject({
      divisionId: number,
      payOrderId,
      mchNo: 'M1',
      appId: shop.app.appId,
      ifCode: 'bank',
      state: 1,
      amount: 497,
      channelBatchOrderId: `B${number}`,
    })
    expect(sharesIn(answer)).toEqual([
      { receiverId, accNo: 'store-1', amount: 298, state: 1, returnedAmount: 0 },
      { receiverId: second, accNo: 'ann', amount: 199, state: 1, returnedAmount: 0 },
    ])
    expect((await queries(sharing, payOrderId)).data).toEqual(answer.data)
    expect(await sharingOf(shop)).toEqual(['finished', 497, null])
    await shop.settles()
    // JeePay tells nobody of a division, unless it is asked to.
    expect(shop.told).toEqual([])
  })

  it('takes a part that is given for this time, and empty texts and nulls as none', async () => {
    const { payOrderId, receiverId, shares } = await ready()
    const answer = await shares(payOrderId, [
      { receiverId: String(receiverId), receiverGroupId: '', divisionProfit: '0.1' },
    ])
    expect(sharesIn(answer)).toMatchObject([{ amount: 99 }])
    const other = await ready()
    const nulls = { receiverId: other.receiverId, receiverGroupId: null, divisionProfit: null }
    expect(sharesIn(await other.shares(other.payOrderId, [nulls]))).toMatchObject([{ amount: 298 }])
  })

  it('takes a whole group', async () => {
    const { payOrderId, groupId, bound, shares } = await ready()
    await bound({ accNo: 'store-2' })
    const answer = await shares(payOrderId, [{ receiverGroupId: groupId }])
    expect(sharesIn(answer).map(({ accNo, amount }) => [accNo, amount])).toEqual([
      ['store-1', 298],
      ['store-2', 298],
    ])
  })

  it('takes the automatic groups by flag 1, and no other', async () => {
    const { shop, payOrderId, bound, exec } = await ready()
    const { merchantNo } = shop.app
    const flag = { useSysAutoDivisionReceivers: 1 }
    expect(await exec(payOrderId, flag)).toEqual({
      code: 9999,
      msg: '分账[账号组]中包含不存在或不可用组，请更改',
    })
    const group = { merchantNo, name: '自动', isAutomatic: true }
    const receiverGroupId = await createGroup(shop.gateway.core, group)
    await bound({ accNo: 'auto-1', receiverGroupId })
    expect(sharesIn(await exec(payOrderId, flag)).map(({ accNo }) => accNo)).toEqual(['auto-1'])
  })

  it('leaves out whom less than half a fen is due', async () => {
    const { sharing, payOrderId, receiverId, bound, shares } = await ready()
    const small = await bound({ accNo: 'small', divisionProfit: '0.0004' })
    const answer = await shares(payOrderId, [{ receiverId: small }, { receiverId }])
    expect(sharesIn(answer).map(({ accNo, amount }) => [accNo, amount])).toEqual([['store-1', 298]])
    expect(theSplit(sharing).shares).toHaveLength(1)
  })

  it('starts from what refunds have left', async () => {
    const { shop, payOrderId, receiverId, shares } = await ready()
    await shop.refunds(payOrderId, { refundAmount: 400 })
    expect(sharesIn(await shares(payOrderId, [{ receiverId }]))).toMatchObject([{ amount: 178 }])
  })

  it('without receivers only releases what was frozen', async () => {
    const { sharing, shop, payOrderId, exec } = await ready()
    const answer = await exec(payOrderId)
    expect(answer.data).toMatchObject({ state: 1, amount: 0, receivers: '[]' })
    expect(theSplit(sharing).shares).toEqual([])
    expect(await sharingOf(shop)).toEqual(['finished', 0, null])
  })

  it('is told to an address that is given for it, once', async () => {
    const { sharing, shop, payOrderId, receiverId, shares } = await ready()
    shop.bank.splitsWait = true
    await shares(payOrderId, [{ receiverId }], { notifyUrl: NOTIFY_URL })
    await shop.passes(MINUTE_MS)
    expect(shop.told).toEqual([])
    const split = theSplit(sharing)
    for (const share of split.shares) share.state = 'paid'
    split.state = 'finished'
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect(shop.told).toHaveLength(1)
    expect(shop.told[0]?.fields).toMatchObject({
      divisionId: split.number,
      payOrderId,
      state: '1',
      amount: '298',
    })
    expect(JSON.parse(String(shop.told[0]?.fields.receivers))).toMatchObject([{ state: 1 }])
  })
})

describe('a division is refused, and nothing is sent,', () => {
  it.each([
    [{ useSysAutoDivisionReceivers: '' }, '是否使用系统配置的自动分账组不能为空'],
    [{ payOrderId: '' }, 'mchOrderNo 和 payOrderId不能同时为空'],
    [{ payOrderId: 'P1' }, '订单不存在'],
    [{ receivers: '[{}]' }, '分账用户组： receiverId 和 与receiverGroupId 必填一项'],
    [{ receivers: '[{"receiverId":"1"}]' }, '分账[用户]中包含不存在或渠道不可用账号，请更改'],
    [{ receivers: '[{"receiverId":"abc"}]' }, '分账[用户]中包含不存在或渠道不可用账号，请更改'],
    [{ receivers: '[{"receiverGroupId":1}]' }, '分账[账号组]中包含不存在或不可用组，请更改'],
    [
      { receivers: '[{"receiverId":800001,"divisionProfit":"0"}]' },
      '分账用户：分账比例不得小于0% / 不得高于100%',
    ],
    [
      { receivers: '[{"receiverId":800001},{"receiverGroupId":100001}]' },
      '分账用户：同一账号在一次分账中只能出现一次',
    ],
    [{ receivers: '[{"receiverId":800001,"divisionProfit":"0.0001"}]' }, '可分账金额不足'],
  ])('%j: %s', async (fields, msg) => {
    const { shop, payOrderId, exec } = await ready()
    expect(await exec(payOrderId, fields)).toEqual({ code: 9999, msg })
    expect(shop.bank.splits.size).toBe(0)
    expect(await sharingOf(shop)).toEqual(['none', 0, null])
  })

  it.each(['{}', 'x', '[1]', '"a"'])(
    'receivers that are no list of objects: %s',
    async (receivers) => {
      const { payOrderId, exec } = await ready()
      expect(await exec(payOrderId, { receivers })).toEqual({
        code: 11,
        msg: '参数有误[receivers必须是JSON数组]',
      })
    },
  )

  it('parts of more than all', async () => {
    const { payOrderId, receiverId, bound, shares } = await ready()
    const second = await bound({ accNo: 'store-2', divisionProfit: '0.7001' })
    expect(await shares(payOrderId, [{ receiverId }, { receiverId: second }])).toEqual({
      code: 9999,
      msg: '分账用户：分账比例不得高于100%',
    })
  })

  it('more receivers than the channel takes at once', async () => {
    const { payOrderId, groupId, bound, shares } = await ready()
    for (let i = 2; i <= 6; i++) await bound({ accNo: `store-${i}`, divisionProfit: '0.01' })
    expect(await shares(payOrderId, [{ receiverGroupId: groupId }])).toEqual({
      code: 9999,
      msg: '当前通道每次最多分给5个接收者',
    })
  })

  it('a payment that may not be shared, was not paid, or is too fresh', async () => {
    const { shop, receiverId, paid, shares } = await ready()
    const msg = '当前订单状态不支持分账'
    expect(await shares(await paid({ divisionMode: 0 }), [{ receiverId }])).toEqual({
      code: 9999,
      msg,
    })
    const unpaid = await shop.orders({ divisionMode: 2 })
    expect(await shares(unpaid, [{ receiverId }])).toEqual({ code: 9999, msg })
    await shop.payerPays(unpaid)
    expect(await shares(unpaid, [{ receiverId }])).toEqual({
      code: 9999,
      msg: '支付成功30秒后才能分账，请稍后再试',
    })
  })

  it('by another app, with its receivers or its payments', async () => {
    const { shop, payOrderId, receiverId, exec } = await ready()
    const receivers = JSON.stringify([{ receiverId }])
    for (const of of ['same_merchant', 'other_merchant'] as const) {
      const other = await shop.opensApp(of)
      expect(await exec(payOrderId, { receivers }, other)).toEqual({
        code: 9999,
        msg: '订单不存在',
      })
      expect(await shop.calls('/api/division/query', { payOrderId }, other)).toEqual({
        code: 9999,
        msg: '订单不存在',
      })
      const own = String((await shop.asksFor({ divisionMode: 2 }, other)).data?.payOrderId)
      await shop.payerPays(own)
      await shop.clock.advance(MINUTE_MS)
      expect(await exec(own, { receivers }, other)).toEqual({
        code: 9999,
        msg: '分账[用户]中包含不存在或渠道不可用账号，请更改',
      })
    }
    expect(shop.bank.splits.size).toBe(0)
  })

  it('and a payment that was not divided has no division to ask about', async () => {
    const { sharing, payOrderId } = await ready()
    expect(await queries(sharing, payOrderId)).toEqual({ code: 9999, msg: '当前订单没有分账记录' })
  })
})

describe('how a division ends', () => {
  it('the channel refuses: all is released, and the same request may try again', async () => {
    const { sharing, shop, payOrderId, receiverId, shares } = await ready()
    shop.bank.will('split', 'refused')
    const answer = await shares(payOrderId, [{ receiverId }], { notifyUrl: NOTIFY_URL })
    expect(answer).toMatchObject({
      code: 0,
      data: { state: 2, errCode: 'NO_RELATION', errMsg: '分账关系不存在' },
    })
    expect(sharesIn(answer)).toMatchObject([{ state: 2, errCode: 'NO_RELATION' }])
    expect(await sharingOf(shop)).toEqual(['none', 0, null])
    await shop.settles()
    expect(shop.told.map(({ fields }) => fields.state)).toEqual(['2'])
    const again = await shares(payOrderId, [{ receiverId }], { notifyUrl: NOTIFY_URL })
    expect(again.data).toMatchObject({ state: 1 })
    expect(again.data?.divisionId).not.toBe(answer.data?.divisionId)
    expect((await queries(sharing, payOrderId)).data).toEqual(again.data)
  })

  it('nothing left for the channel: the same', async () => {
    const { shop, payOrderId, receiverId, shares } = await ready()
    shop.bank.will('split', 'not_reachable')
    const answer = await shares(payOrderId, [{ receiverId }])
    expect(answer.data).toMatchObject({ state: 2, errCode: 'NOT_SENT' })
    expect(await sharingOf(shop)).toEqual(['none', 0, null])
  })

  it.each(['silent_before', 'silent_after', 'error_after', 'busy'] as const)(
    'it is not known: accepted (3), set aside, found out, sent once: %s',
    async (mood) => {
      const { sharing, shop, payOrderId, receiverId, shares } = await ready()
      shop.bank.will('split', mood)
      expect((await shares(payOrderId, [{ receiverId }])).data).toMatchObject({ state: 3 })
      expect(await sharingOf(shop)).toEqual(['running', 298, null])
      await shop.passes(3 * MINUTE_MS)
      expect((await queries(sharing, payOrderId)).data).toMatchObject({ state: 1 })
      expect(shop.bank.splits.size).toBe(1)
    },
  )

  it('"not found" counts once it is final, and never after the channel has numbered it', async () => {
    const { shop, payOrderId, receiverId, shares } = await ready()
    shop.bank.will('split', 'silent_before')
    await shares(payOrderId, [{ receiverId }])
    await shop.passes(59 * SECOND_MS, SECOND_MS)
    expect(callsOf(shop, 'split')).toHaveLength(1)
    await shop.passes(60 * SECOND_MS, SECOND_MS)
    expect(callsOf(shop, 'split')).toHaveLength(2)

    const other = await ready()
    other.shop.bank.splitsWait = true
    await other.shares(other.payOrderId, [{ receiverId: other.receiverId }])
    other.shop.bank.always('query_split', 'knows_nothing')
    await other.shop.passes(10 * DAY_MS, 6 * HOUR_MS)
    expect(callsOf(other.shop, 'split')).toHaveLength(1)
  })

  it('one share arrives and one does not: its money is released to the merchant', async () => {
    const { sharing, shop, payOrderId, receiverId, bound, shares } = await ready()
    const second = await bound({ accNo: 'ann', accType: 0, divisionProfit: '0.2' })
    shop.bank.splitsWait = true
    await shares(payOrderId, [{ receiverId }, { receiverId: second }])
    const split = theSplit(sharing)
    for (const share of split.shares) share.state = share.account === 'ann' ? 'failed' : 'paid'
    await shop.passes(MINUTE_MS)
    // Each share has an end, but the channel has not said that the split is over.
    expect((await queries(sharing, payOrderId)).data).toMatchObject({ state: 3 })
    split.state = 'finished'
    await shop.passes(MINUTE_MS)
    const seen = await queries(sharing, payOrderId)
    expect(seen.data).toMatchObject({ state: 1, errCode: 'CLOSED', errMsg: '接收方账户异常' })
    expect(sharesIn(seen).map(({ state }) => state)).toEqual([1, 2])
    expect(await sharingOf(shop)).toEqual(['finished', 298, null])
  })

  it('the channel shared another sum: it freezes the payment and calls an operator once', async () => {
    const { sharing, shop, payOrderId, receiverId, shares } = await ready()
    shop.bank.splitsWait = true
    await shares(payOrderId, [{ receiverId }])
    const split = theSplit(sharing)
    const lie = { shares: [{ kind: 'merchant', account: 'store-1', amount: 299, state: 'paid' }] }
    const callbackUrl = `https://pay.example/api/account/notify/bank/${shop.accountId}`
    for (let i = 0; i < 3; i++) {
      await shop.bank.callback({ ...split, callbackUrl }, { ...lie, state: 'finished' })
    }
    expect(await sharingOf(shop)).toEqual(['running', 298, 'split_differs'])
    expect(shop.logged.filter(({ fields }) => fields?.alarm === 'split_differs')).toHaveLength(1)
    expect((await queries(sharing, payOrderId)).data).toMatchObject({
      state: 3,
      errCode: 'SPLIT_DIFFERS',
    })
    expect((await shop.refunds(payOrderId)).code).toBe(9999)
  })

  it('it failed, another one was made, and the first is paid all the same: the payment is frozen', async () => {
    const { sharing, shop, payOrderId, bound, shares } = await ready()
    const receiverId = await bound({ accNo: 'most', divisionProfit: '0.6' })
    shop.bank.splitsWait = true
    await shares(payOrderId, [{ receiverId }])
    const first = theSplit(sharing)
    const callbackUrl = `https://pay.example/api/account/notify/bank/${shop.accountId}`
    first.state = 'finished'
    shop.bank.will('query_split', 'refused')
    // The kit's bank knows no split that fails later; the channel's word is put into its mouth.
    const { applySplitFact } = await import('../../../core/split/apply.ts')
    const { loadSplits } = await import('../../../core/split/case.ts')
    const [kase] = await loadSplits(shop.gateway.core, undefined)
    if (kase === undefined) throw new Error('the split is there')
    const error = { class: 'risk', retry: 'never', fault: 'merchant' } as const
    const failed = { kind: 'failed', error: { ...error, code: 'X', message: '' } } as const
    const { splitId, payee } = kase.split
    const fact = { about: 'split', splitId, payee, ...failed } as const
    await applySplitFact(shop.gateway.core, kase, { fact, source: 'query' })
    expect(await sharingOf(shop)).toEqual(['none', 0, null])

    expect((await shares(payOrderId, [{ receiverId }])).data).toMatchObject({ state: 3 })
    const paid = first.shares.map((share) => ({ ...share, state: 'paid' }))
    await shop.bank.callback({ ...first, callbackUrl }, { shares: paid })
    // 596 twice is more than 994; the second one still runs.
    expect(await sharingOf(shop)).toEqual(['running', 1192, 'split_too_much'])
    expect(shop.logged.map(({ fields }) => fields?.alarm)).toContain('shared_after_failure')
  })
})

describe('a callback about a division', () => {
  it('comes to the address of the account, ends it, and is told once however often it comes', async () => {
    const { sharing, shop, payOrderId, receiverId, shares } = await ready()
    shop.bank.splitsWait = true
    await shares(payOrderId, [{ receiverId }], { notifyUrl: NOTIFY_URL })
    const split = theSplit(sharing)
    const callbackUrl = `https://pay.example/api/account/notify/bank/${shop.accountId}`
    const paid = split.shares.map((share) => ({ ...share, state: 'paid' }))
    const tells = () =>
      shop.bank.callback({ ...split, callbackUrl }, { shares: paid, state: 'finished' })
    const answers = await Promise.all(Array.from({ length: 10 }, tells))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    await shop.settles()
    expect(shop.told.map(({ fields }) => fields.state)).toEqual(['1'])
    expect((await queries(sharing, payOrderId)).data).toMatchObject({ state: 1 })
  })
})
