/** Transfers, splits, bills and identity of the plugin at the simulator, in both merchant modes. */
import { describe, expect, it } from 'vitest'
import {
  type AttemptId,
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  money,
  type RefundId,
  SECOND_MS,
  type SplitId,
  type SplitReturnId,
  type TransferId,
} from '../../../core/plugin/api.ts'
import { ATTEMPT, nativePay } from './fake-wechat.ts'
import { barPay, CLERK, SHOP, SPLIT_INPUT, TRANSFER, TRANSFER_INPUT } from './fixtures.ts'
import { type Mode, openSimulated, type SimulatedWorld } from './simulated.ts'

const MODES: readonly Mode[] = ['direct', 'partner']
const PAYEES = { direct: '1900000109', partner: '1900000201' } as const

describe.each(MODES)('a transfer of a %s merchant', (mode) => {
  const payer = PAYEES[mode]
  const asked = { transferId: TRANSFER, entry: 'WX_CASH' } as const

  async function sent(world: SimulatedWorld, input = TRANSFER_INPUT) {
    const outcome = await world.channel.transfer?.send(world.ports, input)
    if (outcome?.kind !== 'requires_action') throw new Error(`it is ${JSON.stringify(outcome)}`)
    return outcome
  }

  it('waits for the payee, who opens it and takes the money', async () => {
    const world = await openSimulated({ mode })
    const { channel, ports, simulator } = world
    const opening = await simulator.balance(payer, 'operation')
    const { clientData, of } = await sent(world)
    expect(of).toBe('payee')
    expect(await simulator.open?.(clientData)).toEqual({ number: TRANSFER })
    expect(await channel.transfer?.query(ports, asked)).toMatchObject({ kind: 'pending' })

    expect(await simulator.act(TRANSFER, 'pay')).toEqual({})
    expect(await simulator.open?.(clientData)).toEqual({ refused: 'it is TRANSFERING' })
    await world.later(5 * SECOND_MS)
    const done = { kind: 'succeeded', transferred: money(5000, 'CNY') }
    expect(await channel.transfer?.query(ports, asked)).toMatchObject(done)
    expect(world.facts()).toMatchObject([
      { about: 'transfer', transferId: TRANSFER, payee: channel.payee, ...done },
    ])
    expect(opening - (await simulator.balance(payer, 'operation'))).toBe(5000)
  })

  it('is the same when it is sent again, and stands as the first one with other content', async () => {
    const world = await openSimulated({ mode })
    const { channel, ports } = world
    const first = await sent(world)
    expect(await sent(world)).toEqual(first)
    const dearer = { ...TRANSFER_INPUT, amount: money(5001, 'CNY') }
    expect(await channel.transfer?.send(ports, dearer)).toMatchObject({ kind: 'pending' })
  })

  it('is cancelled: first accepted, then closed, and the money is back', async () => {
    const world = await openSimulated({ mode })
    const { channel, ports, simulator } = world
    const opening = await simulator.balance(payer, 'operation')
    await sent(world)
    expect(await channel.transfer?.cancel?.(ports, asked)).toEqual({ kind: 'accepted' })
    expect(await channel.transfer?.query(ports, asked)).toMatchObject({ kind: 'pending' })
    await world.later(5 * SECOND_MS)
    expect(await channel.transfer?.query(ports, asked)).toMatchObject({ kind: 'closed' })
    expect(world.facts()).toMatchObject([{ about: 'transfer', kind: 'closed' }])
    expect(await simulator.balance(payer, 'operation')).toBe(opening)
  })

  it('can no longer be cancelled once the payee has taken it', async () => {
    const world = await openSimulated({ mode })
    const { channel, ports, simulator } = world
    await sent(world)
    await simulator.act(TRANSFER, 'pay')
    expect(await channel.transfer?.cancel?.(ports, asked)).toMatchObject({ kind: 'refused' })
  })

  it('fails when nobody takes it in a day, and when the payee is called something else', async () => {
    const late = await openSimulated({ mode })
    await sent(late)
    await late.later(DAY_MS)
    const expected = { kind: 'failed', error: { code: 'OVERDUE_CLOSE' } }
    expect(await late.channel.transfer?.query(late.ports, asked)).toMatchObject(expected)
    expect(late.facts()).toMatchObject([{ about: 'transfer', ...expected }])

    const stranger = await openSimulated({ mode })
    await sent(stranger, { ...TRANSFER_INPUT, accountName: '姓名不符' })
    await stranger.simulator.act(TRANSFER, 'pay')
    await stranger.later(5 * SECOND_MS)
    expect(await stranger.channel.transfer?.query(stranger.ports, asked)).toMatchObject({
      kind: 'failed',
      error: { code: 'NAME_NOT_CORRECT' },
    })
  })

  it('needs a name from 2,000 yuan on, and the money to be there', async () => {
    const world = await openSimulated({ mode })
    const { channel, ports, simulator } = world
    const large = { ...TRANSFER_INPUT, amount: money(200_000, 'CNY') }
    expect(await channel.transfer?.send(ports, large)).toMatchObject({ kind: 'not_sent' })
    await simulator.setBalance(payer, 'operation', 199_999)
    const named = { ...large, accountName: '张三' }
    expect(await channel.transfer?.send(ports, named)).toMatchObject({
      kind: 'failed',
      error: { class: 'not_enough_merchant_balance' },
    })
    await simulator.setBalance(payer, 'operation', 200_000)
    expect((await sent(world, named)).kind).toBe('requires_action')
  })

  it('is unknown to nobody but who sent it', async () => {
    const world = await openSimulated({ mode })
    const { channel, ports } = world
    const other = { ...asked, transferId: 'T9' as TransferId }
    expect(await channel.transfer?.query(ports, other)).toEqual({ kind: 'not_found' })
    expect(await channel.transfer?.cancel?.(ports, other)).toMatchObject({ kind: 'refused' })
  })
})

describe.each(MODES)('a split of a %s merchant', (mode) => {
  const payee = PAYEES[mode]
  const MALL = { ...SHOP, name: '某某商城' }
  const requestNumber = 'Q1'

  async function paidToShare(options = {}) {
    const world = await openSimulated({ mode, ...options })
    const { channel, ports, simulator } = world
    await channel.pay(ports, nativePay({ splitting: true }))
    await simulator.act(ATTEMPT, 'pay')
    const paid = await channel.query(ports, { attemptId: ATTEMPT, way: 'WX_NATIVE' })
    if (paid.kind !== 'succeeded') throw new Error(`it is ${paid.kind}`)
    const { channelPaymentNo } = paid
    for (const receiver of [MALL, CLERK]) {
      expect(await channel.split?.bindReceiver(ports, { receiver, requestNumber })).toEqual({
        kind: 'done',
      })
    }
    const shares = [
      { receiver: MALL, amount: money(100, 'CNY'), description: '门店分成' },
      { receiver: CLERK, amount: money(23, 'CNY'), description: '店员提成' },
    ]
    return { ...world, input: { ...SPLIT_INPUT, channelPaymentNo, shares }, channelPaymentNo }
  }

  it('shares, asks, releases the rest, and takes a share back', async () => {
    const world = await paidToShare()
    const { channel, ports, simulator, input } = world
    const { split } = channel
    // The fee of 0.6 % comes first: 7 fen of 12.34 yuan.
    expect(await split?.unsplit?.(ports, input)).toEqual({
      kind: 'known',
      unsplit: money(1227, 'CNY'),
    })
    expect(await split?.send(ports, input)).toMatchObject({
      kind: 'failed',
      error: { code: 'INVALID_REQUEST' },
    })
    await world.later(MINUTE_MS)
    const first = await split?.send(ports, input)
    expect(first).toMatchObject({
      kind: 'pending',
      shares: [{ state: 'pending' }, { state: 'pending' }],
    })
    expect(await split?.send(ports, input)).toEqual(first)
    await world.later(5 * SECOND_MS)
    const done = await split?.query(ports, input)
    expect(done).toMatchObject({
      kind: 'finished',
      shares: [
        { receiver: { kind: 'merchant', account: SHOP.account }, state: 'succeeded' },
        { receiver: { kind: 'person', account: CLERK.account }, state: 'succeeded' },
      ],
    })
    expect(await split?.unsplit?.(ports, input)).toMatchObject({ unsplit: money(1104, 'CNY') })

    const before = await simulator.balance(payee, 'basic')
    expect(await split?.finish(ports, input)).toMatchObject({ kind: 'pending', shares: [] })
    await world.later(5 * SECOND_MS)
    expect(await split?.finish(ports, input)).toMatchObject({ kind: 'finished', shares: [] })
    expect((await simulator.balance(payee, 'basic')) - before).toBe(1104)
    expect(await split?.unsplit?.(ports, input)).toMatchObject({ unsplit: money(0, 'CNY') })

    const back = {
      splitReturnId: 'B1' as SplitReturnId,
      splitId: input.splitId,
      channelSplitNo: done?.kind === 'finished' ? done.channelSplitNo : '',
      channelPaymentNo: input.channelPaymentNo,
      receiver: SHOP,
      amount: money(40, 'CNY'),
      description: '退货',
    }
    expect(await split?.takeBack?.(ports, back)).toMatchObject({ kind: 'pending' })
    await world.later(5 * SECOND_MS)
    expect(await split?.queryReturn?.(ports, back)).toMatchObject({
      kind: 'succeeded',
      returned: money(40, 'CNY'),
    })
    expect((await simulator.balance(payee, 'basic')) - before).toBe(1144)
    const tooMuch = { ...back, splitReturnId: 'B2' as SplitReturnId, amount: money(61, 'CNY') }
    expect(await split?.takeBack?.(ports, tooMuch)).toMatchObject({ kind: 'failed' })
    expect(await split?.queryReturn?.(ports, tooMuch)).toEqual({ kind: 'not_found' })
    expect(await split?.takeBack?.(ports, { ...back, receiver: CLERK })).toMatchObject({
      kind: 'not_sent',
    })
  })

  it('releases the rest with the shares when it is the last', async () => {
    const world = await paidToShare()
    const { channel, ports, simulator, input } = world
    await world.later(MINUTE_MS)
    const before = await simulator.balance(payee, 'basic')
    await channel.split?.send(ports, { ...input, finishes: true })
    await world.later(5 * SECOND_MS)
    // The merchant's own rest is listed by WeChat, and is no share.
    expect(await channel.split?.query(ports, input)).toMatchObject({
      kind: 'finished',
      shares: [{ state: 'succeeded' }, { state: 'succeeded' }],
    })
    expect((await simulator.balance(payee, 'basic')) - before).toBe(1104)
    const again = { ...input, splitId: 'S2' as SplitId }
    expect(await channel.split?.send(ports, again)).toMatchObject({ kind: 'failed' })
  })

  it('releases everything when there is nobody to share with', async () => {
    const world = await paidToShare()
    const { channel, ports, input } = world
    await world.later(MINUTE_MS)
    const nobody = { ...input, shares: [], finishes: true }
    expect(await channel.split?.send(ports, nobody)).toMatchObject({ kind: 'pending' })
    await world.later(5 * SECOND_MS)
    expect(await channel.split?.query(ports, nobody)).toMatchObject({
      kind: 'finished',
      shares: [],
    })
  })

  it('says of each share how it ended', async () => {
    const world = await paidToShare()
    const { channel, ports, simulator, input } = world
    await simulator.closeShares(CLERK.account, 'RECEIVER_HIGH_RISK')
    await world.later(MINUTE_MS)
    await channel.split?.send(ports, input)
    await world.later(5 * SECOND_MS)
    expect(await channel.split?.query(ports, input)).toMatchObject({
      kind: 'finished',
      shares: [{ state: 'succeeded' }, { state: 'failed', error: { code: 'RECEIVER_HIGH_RISK' } }],
    })
  })

  it('fails for a receiver that was never bound, or is so no longer', async () => {
    const world = await paidToShare()
    const { channel, ports, input } = world
    await world.later(MINUTE_MS)
    const binding = { receiver: MALL, requestNumber }
    expect(await channel.split?.unbindReceiver(ports, binding)).toEqual({ kind: 'done' })
    expect(await channel.split?.unbindReceiver(ports, binding)).toEqual({ kind: 'done' })
    expect(await channel.split?.send(ports, input)).toMatchObject({
      kind: 'failed',
      error: { code: 'PARAM_ERROR' },
    })
  })

  it('shares no more than thirty in a hundred', async () => {
    const world = await paidToShare()
    const { channel, ports, input } = world
    await world.later(MINUTE_MS)
    const share = (fen: number, splitId: string) => {
      const shares = [{ receiver: MALL, amount: money(fen, 'CNY'), description: '分成' }]
      return channel.split?.send(ports, { ...input, splitId: splitId as SplitId, shares })
    }
    expect(await share(371, 'S1')).toMatchObject({ kind: 'failed' })
    expect(await share(370, 'S2')).toMatchObject({ kind: 'pending' })
  })

  it('tells the merchant that receives, which is not the one that shares', async () => {
    const world = await paidToShare({ shareEvents: 'own' })
    const { channel, ports, input } = world
    await world.later(MINUTE_MS)
    const paid = world.facts().length
    await channel.split?.send(ports, input)
    await world.later(5 * SECOND_MS)
    expect(world.facts()).toHaveLength(paid)
  })
})

describe('a share that arrives', () => {
  it('is told to a receiver that is a merchant of ours, who takes no notice of it', async () => {
    const world = await openSimulated()
    const { channel, ports, simulator, settings } = world
    await simulator.enrol({
      mchid: '1900000300',
      appids: ['wx0000000000000030'],
      // The same keys as the demo merchant's: this account is played by the same plugin.
      apiV3Key: String(settings.apiV3Key),
      certificates: [],
      verification: 'public_key',
      splitCallbackUrl: 'https://pay.example.com/api/pay/notify/wxpay/2',
    })
    await channel.pay(ports, nativePay({ splitting: true }))
    await simulator.act(ATTEMPT, 'pay')
    const receiver = { ...SHOP, name: '某某商城' }
    await channel.split?.bindReceiver(ports, { receiver, requestNumber: 'Q1' })
    await world.later(MINUTE_MS)
    const paid = await channel.query(ports, { attemptId: ATTEMPT, way: 'WX_NATIVE' })
    const channelPaymentNo = paid.kind === 'succeeded' ? paid.channelPaymentNo : ''
    const shares = [{ receiver, amount: money(100, 'CNY'), description: '门店分成' }]
    await channel.split?.send(ports, { ...SPLIT_INPUT, channelPaymentNo, shares })
    await world.later(5 * SECOND_MS)
    // Here the same account shares and receives the callback: it is a fact about its split.
    expect(world.facts().slice(1)).toMatchObject([
      {
        about: 'split',
        splitId: SPLIT_INPUT.splitId,
        kind: 'pending',
        shares: [{ state: 'succeeded', amount: money(100, 'CNY') }],
      },
    ])
  })
})

describe.each(MODES)('bills of a %s merchant', (mode) => {
  const payee = PAYEES[mode]
  const NEXT_MORNING_MS = DAY_MS + 2 * HOUR_MS // 10:00 in Beijing; the world opens at 08:00

  async function busyDay() {
    // A sub-merchant's fund flow comes in three files then; all other bills are one file each.
    const world = await openSimulated({ mode, billFileLines: 3 })
    const { channel, ports, simulator } = world
    await channel.pay(ports, nativePay({ subject: '测试,`商品' }))
    await simulator.act(ATTEMPT, 'pay')
    const paid = await channel.query(ports, { attemptId: ATTEMPT, way: 'WX_NATIVE' })
    const channelPaymentNo = paid.kind === 'succeeded' ? paid.channelPaymentNo : ''
    await world.later(MINUTE_MS)
    await channel.refund?.(ports, {
      refundId: 'R1' as never,
      attemptId: ATTEMPT,
      way: 'WX_NATIVE',
      channelPaymentNo,
      amount: money(200, 'CNY'),
      total: money(1234, 'CNY'),
      reason: '缺货',
      callbackUrl: 'https://pay.example.com/api/refund/notify/wxpay/1',
    })
    await world.later(MINUTE_MS)
    return { ...world, channelPaymentNo }
  }

  it('are not ready before ten of the next morning', async () => {
    const { channel, ports, later } = await busyDay()
    const trade = { kind: 'trade', date: '2026-01-01' }
    // The day is not over: WeChat calls that a wrong date.
    expect(await channel.bills?.(ports, trade)).toMatchObject({ kind: 'failed' })
    await later(DAY_MS)
    expect(await channel.bills?.(ports, trade)).toMatchObject({ kind: 'not_ready' })
    await later(2 * HOUR_MS)
    expect(await channel.bills?.(ports, trade)).toMatchObject({ kind: 'ready' })
    expect(await channel.bills?.(ports, { ...trade, date: '2025-12-31' })).toEqual({
      kind: 'empty',
    })
  })

  it('show what was paid, what went back and what WeChat took, and sum up to their totals', async () => {
    const { channel, ports, later, channelPaymentNo } = await busyDay()
    await later(NEXT_MORNING_MS)
    const bill = await channel.bills?.(ports, { kind: 'trade', date: '2026-01-01' })
    if (bill?.kind !== 'ready') throw new Error(`it is ${JSON.stringify(bill)}`)
    expect(bill.rows).toMatchObject([
      {
        about: 'payment',
        number: ATTEMPT,
        channelPaymentNo,
        paid: money(1234, 'CNY'),
        fee: { milliMinor: 7_000, currency: 'CNY' },
        state: 'succeeded',
      },
      {
        about: 'refund',
        number: ATTEMPT,
        channelPaymentNo,
        refundNumber: 'R1',
        refunded: money(200, 'CNY'),
        fee: { milliMinor: 1_000, currency: 'CNY' },
        state: 'succeeded',
      },
    ])
    expect(bill.totals).toEqual({
      rows: 2,
      settledMinor: 1234,
      refundedMinor: 200,
      couponRefundedMinor: 0,
      feeMilliMinor: 6_000,
      paidMinor: 1234,
      refundAskedMinor: 200,
    })
  })

  it('fund flow: every fen in and out, and the balance that the account has', async () => {
    const { channel, ports, later, simulator } = await busyDay()
    await simulator.setBalance(payee, 'basic', 5_000)
    await later(NEXT_MORNING_MS)
    const bill = await channel.bills?.(ports, { kind: 'fund_flow', date: '2026-01-01' })
    if (bill?.kind !== 'ready') throw new Error(`it is ${JSON.stringify(bill)}`)
    const flows = bill.rows.map((row) =>
      row.about === 'funds' ? [row.direction, row.amount.minor, row.balance.minor, row.kind] : [],
    )
    expect(flows).toEqual([
      ['in', 1234, 100_001_234, '交易'],
      ['out', 7, 100_001_227, '扣除交易手续费'],
      ['out', 200, 100_001_027, '退款'],
      ['in', 1, 100_001_028, '退还交易手续费'],
      ['out', 99_996_028, 5_000, '提现'],
    ])
    expect(bill.totals).toEqual({
      rows: 5,
      inRows: 2,
      inMinor: 1235,
      outRows: 3,
      outMinor: 99_996_235,
    })
    expect(await simulator.balance(payee, 'basic')).toBe(5_000)
  })

  it('add up to what the account has, whatever happened on the day', async () => {
    const world = await openSimulated({ mode })
    const { channel, ports, simulator } = world
    const pay = async (attemptId: string, changes: object) => {
      const id = attemptId as AttemptId
      await channel.pay(ports, nativePay({ attemptId: id, ...changes }))
      await simulator.act(attemptId, 'pay')
      const paid = await channel.query(ports, { attemptId: id, way: 'WX_NATIVE' })
      return paid.kind === 'succeeded' ? paid.channelPaymentNo : ''
    }
    const refund = (refundId: string, attemptId: string, channelPaymentNo: string, fen: number) =>
      channel.refund?.(ports, {
        ...{ refundId: refundId as RefundId, attemptId: attemptId as AttemptId },
        ...{ way: 'WX_NATIVE', channelPaymentNo, reason: '缺货' },
        ...{ amount: money(fen, 'CNY'), total: money(1234, 'CNY') },
        callbackUrl: 'https://pay.example.com/api/refund/notify/wxpay/1',
      })
    const plain = await pay('PLAIN0001', {})
    await refund('R1', 'PLAIN0001', plain, 333)
    await refund('R2', 'PLAIN0001', plain, 1)
    await simulator.endRefund('R2', 'CLOSED')
    const shared = await pay('SHARED0001', { splitting: true })
    await refund('R3', 'SHARED0001', shared, 34)
    const receiver = { ...SHOP, name: '某某商城' }
    await channel.split?.bindReceiver(ports, { receiver, requestNumber: 'Q1' })
    await channel.pay(ports, barPay({ attemptId: 'TILL0001' as AttemptId }))
    await world.later(MINUTE_MS)
    await channel.close?.(ports, { attemptId: 'TILL0001' as AttemptId, way: 'WX_BAR' })
    const shares = [{ receiver, amount: money(100, 'CNY'), description: '分成' }]
    const split = { ...SPLIT_INPUT, channelPaymentNo: shared, shares, finishes: true }
    await channel.split?.send(ports, split)
    await world.later(5 * SECOND_MS)
    await channel.split?.takeBack?.(ports, {
      ...{ splitReturnId: 'B1' as SplitReturnId, splitId: split.splitId, channelSplitNo: '' },
      ...{ channelPaymentNo: shared, receiver, amount: money(40, 'CNY'), description: '退货' },
    })
    await world.later(5 * SECOND_MS)
    const has = await simulator.balance(payee, 'basic')
    await world.later(NEXT_MORNING_MS)

    const bill = await channel.bills?.(ports, { kind: 'fund_flow', date: '2026-01-01' })
    if (bill?.kind !== 'ready') throw new Error(`it is ${JSON.stringify(bill)}`)
    const last = bill.rows.at(-1)
    expect(last?.about === 'funds' && last.balance).toEqual(money(has, 'CNY'))
    const { inMinor = 0, outMinor = 0 } = bill.totals
    expect(100_000_000 + inMinor - outMinor).toBe(has)
    // Two payments and a reversed one, a fee on each; 367 went back, and 60 are with the receiver.
    const trade = await channel.bills?.(ports, { kind: 'trade', date: '2026-01-01' })
    if (trade?.kind !== 'ready') throw new Error(`it is ${JSON.stringify(trade)}`)
    expect(trade.totals).toMatchObject({
      rows: 7,
      paidMinor: 3 * 1234,
      refundAskedMinor: 368 + 1234,
    })
    expect(trade.rows.map((row) => row.about === 'payment' && row.state)).toContain('reversed')
    expect(100_000_000 + 2 * 1234 - 367 - 60 - has).toBe((trade.totals.feeMilliMinor ?? 0) / 1_000)
  })

  it('are asked for again when the download breaks or is not what was signed for', async () => {
    const { channel, ports, later, simulator } = await busyDay()
    await later(NEXT_MORNING_MS)
    const trade = { kind: 'trade', date: '2026-01-01' }
    for (const fault of ['silence_after', 'html_before', 'bad_signature', 'truncated'] as const) {
      await simulator.misbehave([{ on: 'bill', fault, times: 1 }])
      expect(await channel.bills?.(ports, trade)).toMatchObject({ kind: 'unknown' })
    }
    expect(await channel.bills?.(ports, trade)).toMatchObject({ kind: 'ready' })
  })
})

describe('identity at the simulator', () => {
  async function consented(world: SimulatedWorld, state: string) {
    const url = world.channel.identity?.redirect({
      returnUrl: 'https://pay.example.com/api/channelUserId/oauth2Callback/1?a=b',
      state,
    })
    const answer = await world.simulator.serve(new Request(String(url)))
    if (typeof answer === 'string') throw new Error(answer)
    expect(answer.status).toBe(302)
    return new URL(String(answer.headers.get('location')))
  }

  it('sends the browser back with the state and a code, which tells the openid once', async () => {
    const world = await openSimulated()
    const { channel, ports, simulator } = world
    const back = await consented(world, 's%1&')
    expect(Object.fromEntries(back.searchParams)).toMatchObject({ a: 'b', state: 's%1&' })
    const code = String(back.searchParams.get(channel.identity?.codeParameter ?? ''))
    const identified = await channel.identity?.exchange(ports, { code })
    if (identified?.kind !== 'identified') throw new Error(`it is ${JSON.stringify(identified)}`)
    expect(await channel.identity?.exchange(ports, { code })).toMatchObject({
      kind: 'failed',
      error: { code: '40163' },
    })
    // It is somebody who can pay.
    const input = nativePay({ way: 'WX_JSAPI', extra: { openid: identified.userId } })
    expect(await channel.pay(ports, input)).toMatchObject({ kind: 'requires_action' })
    await simulator.act(ATTEMPT, 'pay')
    expect(world.facts()).toMatchObject([{ kind: 'succeeded', payer: identified.userId }])
  })

  it.each([
    ['a code that nobody has', {}, 'nobody', '40029'],
    ['another app', { appid: 'wx9999999999999999' }, undefined, '40013'],
    ['a wrong secret', { appSecret: '0123456789abcdef' }, undefined, '40125'],
    ['a code of another app', { appid: 'wx0000000000000002' }, undefined, '40029'],
  ])('does not tell for %s', async (_, changes, code, errcode) => {
    const world = await openSimulated()
    const issued = code ?? String((await consented(world, 's')).searchParams.get('code'))
    const { channel, ports } = world.as({ ...world.settings, ...changes })
    expect(await channel.identity?.exchange(ports, { code: issued })).toMatchObject({
      kind: 'failed',
      error: { code: errcode },
    })
  })

  it('does not tell after five minutes', async () => {
    const world = await openSimulated()
    const code = String((await consented(world, 's')).searchParams.get('code'))
    await world.later(5 * MINUTE_MS)
    expect(await world.channel.identity?.exchange(world.ports, { code })).toMatchObject({
      kind: 'failed',
      error: { code: '42003' },
    })
  })
})
