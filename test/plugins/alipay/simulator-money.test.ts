/** Money shared out, sent out and accounted for, between the plugin and the simulator. */
import { describe, expect, it } from 'vitest'
import { type BillRow, money, type SplitReceiver } from '../../../core/plugin/api.ts'
import type { AnswerFault } from '../../../core/plugin/simulator.ts'
import {
  ASKED,
  ATTEMPT,
  pagePay,
  qrPay,
  REFUND_INPUT,
  SPLIT_INPUT,
  TRANSFER_INPUT,
} from './fake-alipay.ts'
import { handed, type Meeting, meet } from './simulated-alipay.ts'

const HOUR_MS = 3_600_000

/** A payment whose money waits to be shared out. */
async function shareable(meeting: Meeting): Promise<string> {
  const { channel, ports, simulator, later } = meeting
  const extra = { buyerUserId: '2088100000000077' }
  await channel.pay(ports, pagePay({ extra, splitting: true, amount: money(10_000, 'CNY') }))
  await simulator.act(ATTEMPT, 'pay')
  const paid = await channel.query(ports, ASKED)
  await later(30_000)
  return paid.kind === 'succeeded' ? paid.channelPaymentNo : ''
}

async function openSplit(options: Parameters<typeof meet>[0] = {}) {
  const meeting = await meet(options)
  const { split } = meeting.channel
  if (split === undefined) throw new Error('the channel shares nothing')
  const channelPaymentNo = await shareable(meeting)
  const bind = (receiver: SplitReceiver) =>
    split.bindReceiver(meeting.ports, { receiver, requestNumber: 'Q1' })
  return { ...meeting, split, channelPaymentNo, bind }
}

const STAFF: SplitReceiver = { kind: 'person', account: '0712openId-staff', relation: 'STAFF' }
const PARTNER: SplitReceiver = {
  kind: 'merchant',
  account: '2088000000000200',
  relation: 'PARTNER',
}
const NAMED: SplitReceiver = {
  kind: 'person',
  account: 'zhang@example.com',
  name: '张三',
  relation: 'STAFF',
}

describe('sharing at the simulator', () => {
  it('binds receivers by each kind of account, shares, shows it, and releases the rest', async () => {
    const { split, ports, channelPaymentNo, bind, channel } = await openSplit()
    for (const receiver of [STAFF, PARTNER, NAMED]) {
      expect(await bind(receiver)).toEqual({ kind: 'done' })
      expect(await bind(receiver)).toEqual({ kind: 'done' })
    }
    const input = { ...SPLIT_INPUT, channelPaymentNo }
    expect(await split.unsplit?.(ports, input)).toEqual({
      kind: 'known',
      unsplit: money(10_000, 'CNY'),
    })
    const shares = [STAFF, PARTNER, NAMED].map((receiver, index) => ({
      receiver,
      amount: money(500 + index, 'CNY'),
      description: '分账',
    }))
    const sent = await split.send(ports, { ...input, shares })
    expect(sent).toMatchObject({
      kind: 'finished',
      shares: [
        { receiver: { account: STAFF.account }, amount: money(500, 'CNY'), state: 'succeeded' },
        { receiver: { account: PARTNER.account }, amount: money(501, 'CNY'), state: 'succeeded' },
        { receiver: { account: NAMED.account }, amount: money(502, 'CNY'), state: 'succeeded' },
      ],
    })
    expect(await split.query(ports, input)).toMatchObject({
      kind: 'finished',
      shares: [
        { receiver: { account: STAFF.account }, amount: money(500, 'CNY'), state: 'succeeded' },
        { receiver: { account: PARTNER.account }, amount: money(501, 'CNY'), state: 'succeeded' },
        { receiver: { account: NAMED.account }, amount: money(502, 'CNY'), state: 'succeeded' },
      ],
    })
    expect(await split.unsplit?.(ports, input)).toMatchObject({ unsplit: money(8497, 'CNY') })

    const last = { ...input, splitId: 'S2' as typeof input.splitId }
    expect(await split.finish(ports, last)).toMatchObject({ kind: 'finished', shares: [] })
    expect(await split.finish(ports, last)).toMatchObject({ kind: 'finished', shares: [] })
    const third = { ...input, splitId: 'S3' as typeof input.splitId }
    expect(await split.finish(ports, third)).toMatchObject({ kind: 'finished', shares: [] })
    expect(await split.send(ports, { ...third, shares })).toMatchObject({
      kind: 'failed',
      error: { code: 'ACQ.ALREADY_FINISH_ALLOC' },
    })
    // The rest can be given back still.
    const refund = { ...REFUND_INPUT, channelPaymentNo, amount: money(8000, 'CNY') }
    expect(await channel.refund?.(ports, refund)).toMatchObject({ kind: 'succeeded' })
  })

  it('shares with nobody who was not bound, or is no longer', async () => {
    const { split, ports, channelPaymentNo, bind } = await openSplit()
    const shares = [{ receiver: PARTNER, amount: money(1, 'CNY'), description: '' }]
    const input = { ...SPLIT_INPUT, channelPaymentNo, shares }
    const refused = { kind: 'failed', error: { code: 'ACQ.ROYALTY_RECEIVER_INVALID' } }
    expect(await split.send(ports, input)).toMatchObject(refused)
    await bind(PARTNER)
    const unbinding = { receiver: PARTNER, requestNumber: 'Q2' }
    expect(await split.unbindReceiver(ports, unbinding)).toEqual({ kind: 'done' })
    expect(await split.send(ports, input)).toMatchObject(refused)
    expect(await split.query(ports, input)).toMatchObject({ kind: 'not_found' })
  })

  it('refuses more than may be shared, and the number is still free', async () => {
    const { split, ports, channelPaymentNo, bind } = await openSplit()
    await bind(PARTNER)
    const share = (fen: number) => ({
      ...SPLIT_INPUT,
      channelPaymentNo,
      shares: [{ receiver: PARTNER, amount: money(fen, 'CNY'), description: '' }],
    })
    expect(await split.send(ports, share(3001))).toMatchObject({
      kind: 'failed',
      error: { code: 'ACQ.ALLOC_AMOUNT_VALIDATE_ERROR' },
    })
    expect(await split.send(ports, share(3000))).toMatchObject({ kind: 'finished' })
    // The same again is the same, and with another amount it stands as it was.
    expect(await split.send(ports, share(3000))).toMatchObject({ kind: 'finished' })
    expect(await split.send(ports, share(2999))).toMatchObject({ kind: 'unknown' })
    expect(await split.unsplit?.(ports, share(1))).toMatchObject({ unsplit: money(7000, 'CNY') })
  })

  it.each([
    'silence_before',
    'silence_after',
    'error_before',
    'error_after',
    'html_before',
    'rate_limited',
    'bad_signature',
    'truncated',
  ] satisfies AnswerFault[])('with %s is unknown, and the same when sent again', async (fault) => {
    const { split, ports, channelPaymentNo, bind, simulator } = await openSplit()
    await bind(PARTNER)
    const input = { ...SPLIT_INPUT, channelPaymentNo }
    await simulator.misbehave([{ on: 'split', fault, times: 1 }])
    expect(await split.send(ports, input)).toMatchObject({ kind: 'unknown' })
    expect(await split.send(ports, input)).toMatchObject({ kind: 'finished' })
    expect(await split.unsplit?.(ports, input)).toMatchObject({ unsplit: money(9112, 'CNY') })
  })
})

async function openTransfer() {
  const meeting = await meet({ mode: 'certificate' })
  const { transfer } = meeting.channel
  if (transfer === undefined) throw new Error('the channel sends nothing')
  return { ...meeting, transfer }
}

const CARD = {
  ...TRANSFER_INPUT,
  entry: 'BANK_CARD',
  account: '6222020000000000001',
  accountName: '张三',
  bankName: '招商银行',
}

describe('transfers at the simulator', () => {
  it.each([
    ['2088000000000300', undefined],
    ['0712openId-payee', undefined],
    ['zhang@example.com', '张三'],
    ['13800000012', '李四'],
  ])('to %s (%s) are there at once, and are the same when repeated', async (account, name) => {
    const { transfer, ports } = await openTransfer()
    const input = { ...TRANSFER_INPUT, account, ...(name !== undefined && { accountName: name }) }
    const done = { kind: 'succeeded', transferred: money(1234, 'CNY') }
    expect(await transfer.send(ports, input)).toMatchObject(done)
    expect(await transfer.send(ports, input)).toMatchObject(done)
    expect(await transfer.query(ports, input)).toMatchObject(done)
  })

  it.each([
    ['2088100000000404', {}, 'PAYEE_NOT_EXIST'],
    ['zhang@example.com', { accountName: '李四' }, 'PAYEE_USERINFO_ERROR'],
    ['2088000000000001', {}, 'PAYER_PAYEE_CANNOT_SAME'],
    ['2088000000000300', { amount: money(9, 'CNY') }, 'EXCEED_LIMIT_SM_MIN_AMOUNT'],
  ])('to %s with %j fail with %s, and are not found', async (account, changes, code) => {
    const { transfer, ports } = await openTransfer()
    const input = { ...TRANSFER_INPUT, account, ...changes }
    expect(await transfer.send(ports, input)).toMatchObject({ kind: 'failed', error: { code } })
    expect(await transfer.query(ports, input)).toEqual({ kind: 'not_found' })
  })

  it('under a number that was used for another stand as the first', async () => {
    const { transfer, ports } = await openTransfer()
    await transfer.send(ports, TRANSFER_INPUT)
    const more = { ...TRANSFER_INPUT, amount: money(1235, 'CNY') }
    expect(await transfer.send(ports, more)).toMatchObject({
      kind: 'unknown',
      error: { code: 'REP_INCONSISTENT', class: 'duplicate' },
    })
    expect(await transfer.query(ports, more)).toMatchObject({ transferred: money(1234, 'CNY') })
  })

  it.each([
    ['6222020000000000001', { kind: 'succeeded', transferred: money(1234, 'CNY') }],
    ['6222020000000000404', { kind: 'failed' }],
  ])('to the bank card %s take their time', async (account, end) => {
    const { transfer, ports, simulator, later, facts, channel } = await openTransfer()
    const { appId } = (await simulator.demoSettings()) as { appId: string }
    await simulator.setGateway(appId, 'https://pay.example.com/api/pay/notify/alipay/account')
    const input = { ...CARD, account }
    expect(await transfer.send(ports, input)).toMatchObject({ kind: 'pending' })
    expect(await transfer.query(ports, input)).toMatchObject({ kind: 'pending' })
    await later(2 * 60_000)
    expect(await transfer.query(ports, input)).toMatchObject(end)
    await later(1_000)
    const { transferId } = TRANSFER_INPUT
    expect(facts()).toMatchObject([{ about: 'transfer', transferId, payee: channel.payee, ...end }])
  })

  it('that a bank sends back are closed, though they had succeeded', async () => {
    const { transfer, ports, later } = await openTransfer()
    const input = { ...CARD, account: '6222020000000000500' }
    await transfer.send(ports, input)
    await later(2 * 60_000)
    expect(await transfer.query(ports, input)).toMatchObject({ kind: 'succeeded' })
    await later(2 * 60_000)
    expect(await transfer.query(ports, input)).toMatchObject({ kind: 'closed' })
  })

  it.each([
    'silence_before',
    'silence_after',
    'reset_after',
    'error_before',
    'error_after',
    'html_before',
    'rate_limited',
    'bad_signature',
    'truncated',
  ] satisfies AnswerFault[])('with %s are unknown, and sent again are one', async (fault) => {
    const { transfer, ports, simulator } = await openTransfer()
    await simulator.misbehave([{ on: 'transfer', fault, times: 1 }])
    expect(await transfer.send(ports, TRANSFER_INPUT)).toMatchObject({ kind: 'unknown' })
    expect(await transfer.send(ports, TRANSFER_INPUT)).toMatchObject({ kind: 'succeeded' })
  })

  it('that Alipay denies to know once are found when asked for again', async () => {
    const { transfer, ports, simulator } = await openTransfer()
    await transfer.send(ports, TRANSFER_INPUT)
    await simulator.misbehave([{ on: 'query_transfer', fault: 'not_found', times: 1 }])
    expect(await transfer.query(ports, TRANSFER_INPUT)).toEqual({ kind: 'not_found' })
    expect(await transfer.query(ports, TRANSFER_INPUT)).toMatchObject({ kind: 'succeeded' })
  })
})

describe('who a payer is', () => {
  it.each([
    ['user_id', '2088100000000001'],
    ['open_id', '0712sandboxPayer-_1'],
  ] as const)('is found out by redirect and code, by %s', async (payerIds, userId) => {
    const { channel, ports, simulator } = await meet({ payerIds })
    const { identity } = channel
    if (identity === undefined) throw new Error('the channel identifies nobody')
    const returnUrl = 'https://pay.example.com/back?x=1'
    const asked = identity.redirect({ returnUrl, state: 's1gned' })
    const consent = await simulator.serve(new Request(asked))
    if (typeof consent === 'string') throw new Error(consent)
    const back = new URL(consent.headers.get('location') ?? '')
    expect(back.href.startsWith(returnUrl)).toBe(true)
    expect(back.searchParams.get('state')).toBe('s1gned')
    const code = back.searchParams.get(identity.codeParameter) ?? ''
    expect(await identity.exchange(ports, { code })).toEqual({ kind: 'identified', userId })
    // A code is good once.
    expect(await identity.exchange(ports, { code })).toMatchObject({ kind: 'failed' })
    // Who was found can be asked to pay.
    const input = pagePay({ extra: { buyerUserId: userId } })
    expect(await channel.pay(ports, input)).toMatchObject({ kind: 'requires_action' })
  })
})

/** What a merchant's book says of a day: the rows of each kind, summed up in fen. */
function summed(rows: readonly BillRow[]) {
  const sum = { paid: 0, refunded: 0, feeMilli: 0, balance: 0, in: 0, out: 0 }
  for (const row of rows) {
    if (row.about === 'payment') sum.paid += row.paid.minor
    if (row.about === 'refund') sum.refunded += row.refunded.minor
    if (row.about === 'payment') sum.feeMilli += row.fee.milliMinor
    if (row.about === 'refund') sum.feeMilli -= row.fee.milliMinor
    if (row.about === 'funds') sum[row.direction] += row.amount.minor
    if (row.about === 'funds') sum.balance = row.balance.minor
  }
  return sum
}

describe('bills at the simulator', () => {
  const DAY = { date: '2026-01-01' }

  async function dayOfTrade(options: Parameters<typeof meet>[0] = {}) {
    const meeting = await meet(options)
    const { channel, ports, simulator, later } = meeting
    const numbers: string[] = []
    for (const [index, fen] of [10_000, 333, 1].entries()) {
      const attemptId = `${ATTEMPT}A${index + 1}` as typeof ATTEMPT
      const extra = { buyerUserId: '2088100000000077' }
      await channel.pay(ports, pagePay({ attemptId, amount: money(fen, 'CNY'), extra }))
      await simulator.act(attemptId, 'pay')
      const paid = await channel.query(ports, { attemptId, way: 'ALI_JSAPI' })
      numbers.push(paid.kind === 'succeeded' ? paid.channelPaymentNo : '')
      await later(60_000)
    }
    const refund = (refundId: string, fen: number) =>
      channel.refund?.(ports, {
        ...REFUND_INPUT,
        attemptId: `${ATTEMPT}A1` as typeof ATTEMPT,
        channelPaymentNo: numbers[0] ?? '',
        refundId: refundId as typeof REFUND_INPUT.refundId,
        amount: money(fen, 'CNY'),
      })
    await refund('R1', 1000)
    await later(60_000)
    await refund('R2', 500)
    // A code that nobody pays is in no bill.
    await channel.pay(ports, qrPay())
    return meeting
  }

  it('are not ready before the morning', async () => {
    const { channel, ports } = await dayOfTrade()
    expect(await channel.bills?.(ports, { kind: 'trade', ...DAY })).toMatchObject({
      kind: 'not_ready',
    })
  })

  it('have what was paid and given back, with fees, and the sums that Alipay makes of it', async () => {
    const { channel, ports, later } = await dayOfTrade()
    await later(26 * HOUR_MS)
    const bill = await channel.bills?.(ports, { kind: 'trade', ...DAY })
    if (bill?.kind !== 'ready') throw new Error(`the bill is ${bill?.kind}`)
    expect(bill.rows.map((row) => [row.about, row.number])).toEqual([
      ['payment', `${ATTEMPT}A1`],
      ['payment', `${ATTEMPT}A2`],
      ['payment', `${ATTEMPT}A3`],
      ['refund', `${ATTEMPT}A1`],
      ['refund', `${ATTEMPT}A1`],
    ])
    expect(bill.rows.flatMap((row) => (row.about === 'refund' ? [row.refundNumber] : []))).toEqual([
      'R1',
      'R2',
    ])
    // 0.6 % of each, rounded to the fen: 60, 2 and 0; of the refunds 6 and 3 come back.
    expect(summed(bill.rows)).toMatchObject({
      paid: 10_334,
      refunded: 1500,
      feeMilli: (60 + 2 + 0 - 6 - 3) * 1000,
    })
    expect(bill.totals).toEqual({
      payments: 3,
      receivedMinor: 10_334,
      refunds: 2,
      returnedMinor: 1500,
    })
  })

  it('of the account agree with those of trades, to the fen', async () => {
    const meeting = await dayOfTrade()
    const { channel, ports, later } = meeting
    await channel.transfer?.send(ports, TRANSFER_INPUT)
    await later(26 * HOUR_MS)
    const bill = await channel.bills?.(ports, { kind: 'signcustomer', ...DAY })
    if (bill?.kind !== 'ready') throw new Error(`the bill is ${bill?.kind}`)
    const sum = summed(bill.rows)
    expect(sum).toMatchObject({ in: 10_334 + 9, out: 1500 + 62 + 1234 })
    expect(bill.totals).toMatchObject({ incomeMinor: sum.in, expenseMinor: sum.out })
    // Each balance follows from the one before it.
    const funds = bill.rows.flatMap((row) => (row.about === 'funds' ? [row] : []))
    for (const [index, row] of funds.entries()) {
      const before = funds[index - 1]?.balance.minor
      const moved = row.direction === 'in' ? row.amount.minor : -row.amount.minor
      if (before !== undefined) expect(row.balance.minor).toBe(before + moved)
    }
  })

  it('are each merchant’s own below a service provider', async () => {
    const { simulator, ports, merchant, later } = await meet()
    const first = merchant(simulator.providerSettings(0))
    const second = merchant(simulator.providerSettings(1))
    await simulator.open(handed(await first.pay(ports, qrPay())))
    await simulator.act(ATTEMPT, 'pay')
    await later(26 * HOUR_MS)
    const asked = { kind: 'trade', ...DAY }
    expect(await first.bills?.(ports, asked)).toMatchObject({
      kind: 'ready',
      rows: [{ number: ATTEMPT }],
    })
    expect(await second.bills?.(ports, asked)).toEqual({ kind: 'empty' })
  })

  it.each(['file', 'not_exist'] as const)(
    'of a day without trade are empty (%s)',
    async (emptyBill) => {
      const { channel, ports, later } = await meet({ emptyBill })
      await later(40 * HOUR_MS)
      for (const kind of ['trade', 'signcustomer']) {
        expect(await channel.bills?.(ports, { kind, ...DAY })).toEqual({ kind: 'empty' })
      }
    },
  )

  it.each(['silence_after', 'error_before', 'html_before', 'bad_signature', 'truncated'] as const)(
    'with %s are unknown, and there when asked for again',
    async (fault) => {
      const { channel, ports, later, simulator } = await dayOfTrade()
      await later(26 * HOUR_MS)
      await simulator.misbehave([{ on: 'bill', fault, times: 1 }])
      const asked = { kind: 'trade', ...DAY }
      expect(await channel.bills?.(ports, asked)).toMatchObject({ kind: 'unknown' })
      expect(await channel.bills?.(ports, asked)).toMatchObject({ kind: 'ready' })
    },
  )
})
