import { describe, expect, it } from 'vitest'
import { money, type PayInput } from '../../../core/plugin/api.ts'
import type { AnswerFault } from '../../../core/plugin/simulator.ts'
import {
  ASKED,
  ASKED_CODE,
  ATTEMPT,
  codePay,
  pagePay,
  payInput,
  qrPay,
  REFUND_INPUT,
} from './fake-alipay.ts'
import { handed, type Meeting, meet } from './simulated-alipay.ts'

const LITE = payInput('ALI_LITE', { extra: { buyerUserId: '2088100000000077' } })
const JSAPI = pagePay({ extra: { buyerUserId: '2088100000000077' } })

const MODES = [
  ['with keys', { mode: 'key' }],
  ['with certificates', { mode: 'certificate' }],
  ['with keys and encrypted content', { mode: 'key', encryption: 'on' }],
  ['with certificates and encrypted content', { mode: 'certificate', encryption: 'on' }],
  ['when Alipay has renewed its certificate', { mode: 'certificate', certificate: 'renewed' }],
  ['when Alipay has replaced its key', { mode: 'certificate', certificate: 'replaced' }],
] as const

/** The ways in which the payer opens something, with each presentation that they have. */
const OPENED: readonly (readonly [string, PayInput])[] = [
  ['ALI_QR', qrPay()],
  ['ALI_OC', payInput('ALI_OC')],
  ['ALI_JSAPI', JSAPI],
  ['ALI_LITE', LITE],
  ['ALI_APP', payInput('ALI_APP')],
  ['ALI_WAP as a link', payInput('ALI_WAP')],
  ['ALI_WAP as a form', payInput('ALI_WAP', { wants: 'html_form' })],
  ['ALI_PC as a link', payInput('ALI_PC')],
  ['ALI_PC as a form', payInput('ALI_PC', { wants: 'html_form' })],
]

describe.each(MODES)('a payment at the simulator %s', (mode, options) => {
  // All ways with keys; in the other modes one of each kind: called, and signed without a call.
  const few = OPENED.filter(([name]) => /^ALI_(QR|PC as a form)$/.test(name))
  it.each(mode === 'with keys' ? OPENED : few)(
    '%s is opened, paid, told, refunded in part and told again',
    async (_, input) => {
      const { channel, ports, simulator, facts, later } = await meet(options)
      const shown = handed(await channel.pay(ports, input))
      expect(await simulator.open(shown)).toEqual({ number: ATTEMPT })
      expect(await channel.query(ports, ASKED)).toEqual({ kind: 'pending' })

      expect(await simulator.act(ATTEMPT, 'pay')).toEqual({})
      await later(1_000)
      const paid = {
        kind: 'succeeded',
        paid: money(8888, 'CNY'),
        payee: '2088000000000001',
        payer:
          'extra' in input && 'buyerUserId' in Object(input.extra)
            ? '2088100000000077'
            : '2088100000000001',
      }
      const outcome = await channel.query(ports, ASKED)
      expect(outcome).toMatchObject(paid)
      // Whoever has not met Alipay's newest key has met it with the query.
      await later(4 * 60_000)
      expect(facts()).toMatchObject([{ about: 'payment', attemptId: ATTEMPT, ...paid }])
      expect(await channel.close?.(ports, ASKED)).toEqual({ kind: 'already_paid' })

      const channelPaymentNo = outcome.kind === 'succeeded' ? outcome.channelPaymentNo : ''
      const refund = { ...REFUND_INPUT, channelPaymentNo }
      const refunded = {
        kind: 'succeeded',
        refunded: money(200, 'CNY'),
        channelRefundNo: channelPaymentNo,
      }
      expect(await channel.refund?.(ports, refund)).toMatchObject(refunded)
      await later(1_000)
      expect(facts().slice(1)).toMatchObject([
        { about: 'payment', attemptId: ATTEMPT, ...paid },
        { about: 'refund', refundId: refund.refundId, payee: '2088000000000001', ...refunded },
      ])
      expect(await channel.queryRefund?.(ports, refund)).toMatchObject(refunded)
      // A refunded payment is a paid one.
      expect(await channel.query(ports, ASKED)).toMatchObject(paid)
    },
  )

  it('by code is paid at once, told, and refunded', async () => {
    const { channel, ports, facts, later } = await meet(options)
    const paid = { kind: 'succeeded', paid: money(8888, 'CNY'), payee: '2088000000000001' }
    const outcome = await channel.pay(ports, codePay({ extra: { authCode: '281234567890123401' } }))
    expect(outcome).toMatchObject(paid)
    await later(1_000)
    await later(4 * 60_000)
    expect(facts()).toMatchObject([{ about: 'payment', ...paid }])
    expect(await channel.close?.(ports, ASKED_CODE)).toEqual({ kind: 'already_paid' })
    const channelPaymentNo = outcome.kind === 'succeeded' ? outcome.channelPaymentNo : ''
    const refund = { ...REFUND_INPUT, channelPaymentNo, amount: money(8888, 'CNY') }
    expect(await channel.refund?.(ports, refund)).toMatchObject({ kind: 'succeeded' })
  })
})

describe('a code that nobody has scanned', () => {
  it('is no trade: not found by a query, and not to be closed', async () => {
    const { channel, ports } = await meet()
    await channel.pay(ports, qrPay())
    expect(await channel.query(ports, ASKED)).toEqual({ kind: 'not_found' })
    expect(await channel.close?.(ports, ASKED)).toEqual({ kind: 'not_found' })
  })

  it('is given again for the same order, and leads to the same trade', async () => {
    const { channel, ports, simulator } = await meet()
    const first = handed(await channel.pay(ports, qrPay()))
    const second = handed(await channel.pay(ports, qrPay()))
    expect(await simulator.open(first)).toEqual(await simulator.open(second))
    expect(await simulator.payments()).toHaveLength(1)
  })

  it('can no longer be used when its time is over', async () => {
    const { channel, ports, simulator, later } = await meet()
    const shown = handed(await channel.pay(ports, qrPay()))
    await later(7_200_000)
    expect(await simulator.open(shown)).toHaveProperty('refused')
    expect(await channel.query(ports, ASKED)).toEqual({ kind: 'not_found' })
  })
})

describe('a payment that was opened', () => {
  it('is closed, and asking for it again then fails', async () => {
    const { channel, ports, simulator } = await meet()
    await simulator.open(handed(await channel.pay(ports, qrPay())))
    expect(await channel.close?.(ports, ASKED)).toEqual({ kind: 'closed' })
    expect(await channel.query(ports, ASKED)).toEqual({ kind: 'closed' })
    expect(await simulator.act(ATTEMPT, 'pay')).toHaveProperty('refused')
    expect(await channel.pay(ports, qrPay())).toMatchObject({
      kind: 'failed',
      error: { code: 'ACQ.TRADE_HAS_CLOSE', class: 'already_closed' },
    })
  })

  it('says "already paid" to a second close, and a query tells that it is closed', async () => {
    const { channel, ports } = await meet()
    await channel.pay(ports, JSAPI)
    expect(await channel.close?.(ports, ASKED)).toEqual({ kind: 'closed' })
    expect(await channel.close?.(ports, ASKED)).toEqual({ kind: 'already_paid' })
    expect(await channel.query(ports, ASKED)).toEqual({ kind: 'closed' })
  })

  it('is unknown when it is asked for with another amount', async () => {
    const { channel, ports, simulator } = await meet()
    await channel.pay(ports, JSAPI)
    const dearer = { ...JSAPI, amount: money(8889, 'CNY') }
    expect(await channel.pay(ports, dearer)).toMatchObject({
      kind: 'unknown',
      error: { code: 'ACQ.CONTEXT_INCONSISTENT', class: 'duplicate' },
    })
    expect(await simulator.payments()).toHaveLength(1)
  })

  it('closes itself when its time is over', async () => {
    const { channel, ports, simulator, later } = await meet()
    await simulator.open(handed(await channel.pay(ports, qrPay())))
    await later(7_200_000)
    expect(await channel.query(ports, ASKED)).toEqual({ kind: 'closed' })
  })

  it('is told as closed where that is switched on', async () => {
    const { channel, ports, simulator, later, facts } = await meet({ tellsTimeoutClose: true })
    await simulator.open(handed(await channel.pay(ports, qrPay())))
    await later(7_200_000)
    expect(facts()).toEqual([{ about: 'payment', attemptId: ATTEMPT, kind: 'closed' }])
  })

  it('succeeds still when its time for refunds is over', async () => {
    const { channel, ports, simulator, later, facts } = await meet({ refundWindowMs: 60_000 })
    await simulator.open(handed(await channel.pay(ports, qrPay())))
    await simulator.act(ATTEMPT, 'pay')
    await later(60_000)
    expect(await channel.query(ports, ASKED)).toMatchObject({ kind: 'succeeded' })
    expect(facts()).toMatchObject([{ kind: 'succeeded' }, { kind: 'succeeded' }])
  })
})

describe("a payer's code", () => {
  const charge = (ending: string) => codePay({ extra: { authCode: `2812345678901234${ending}` } })

  it.each([
    ['01', { kind: 'succeeded' }, { kind: 'succeeded' }],
    ['03', { kind: 'pending', pollAfterMs: 5_000 }, { kind: 'pending' }],
    ['20', { kind: 'unknown' }, { kind: 'succeeded' }],
    ['21', { kind: 'unknown' }, { kind: 'pending' }],
    ['22', { kind: 'unknown' }, { kind: 'succeeded' }],
    ['40', { kind: 'failed', error: { class: 'payer_declined' } }, { kind: 'not_found' }],
    ['41', { kind: 'failed', error: { class: 'payer_declined' } }, { kind: 'not_found' }],
    // Alipay wants this one cancelled to be sure, so it is not taken for an end.
    ['42', { kind: 'unknown', error: { class: 'payer_declined' } }, { kind: 'not_found' }],
    ['43', { kind: 'failed', error: { class: 'payer_declined' } }, { kind: 'not_found' }],
    ['44', { kind: 'failed', error: { class: 'risk' } }, { kind: 'not_found' }],
    ['45', { kind: 'unknown', error: { class: 'payer_declined' } }, { kind: 'pending' }],
  ])('that ends in %s', async (ending, charged, asked) => {
    const { channel, ports } = await meet()
    expect(await channel.pay(ports, charge(ending))).toMatchObject(charged)
    expect(await channel.query(ports, ASKED_CODE)).toMatchObject(asked)
  })

  it('is paid when the payer has typed the password', async () => {
    const { channel, ports, later } = await meet()
    await channel.pay(ports, charge('03'))
    await later(10_000)
    expect(await channel.query(ports, ASKED_CODE)).toMatchObject({ kind: 'succeeded' })
  })

  it.each(['at_once', 'retry_first'] as const)(
    'is cancelled while it waits for a password, which Alipay does %s',
    async (cancel) => {
      const { channel, ports, simulator, later } = await meet({ cancel })
      await channel.pay(ports, charge('04'))
      if (cancel === 'retry_first') {
        expect(await channel.close?.(ports, ASKED_CODE)).toMatchObject({ kind: 'unknown' })
      }
      expect(await channel.close?.(ports, ASKED_CODE)).toEqual({ kind: 'closed' })
      expect(await channel.close?.(ports, ASKED_CODE)).toEqual({ kind: 'closed' })
      expect(await simulator.act(ATTEMPT, 'pay')).toHaveProperty('refused')
      await later(10_000)
      expect(await channel.query(ports, ASKED_CODE)).toEqual({ kind: 'closed' })
    },
  )

  it('that Alipay never heard of cannot be said to be closed', async () => {
    const { channel, ports } = await meet()
    expect(await channel.close?.(ports, ASKED_CODE)).toEqual({ kind: 'not_found' })
  })

  it('that was paid is never cancelled', async () => {
    const { channel, ports, later, facts } = await meet()
    await channel.pay(ports, charge('20'))
    expect(await channel.close?.(ports, ASKED_CODE)).toEqual({ kind: 'already_paid' })
    await later(1_000)
    expect(facts()).toMatchObject([{ kind: 'succeeded' }])
    expect(await channel.query(ports, ASKED_CODE)).toMatchObject({ kind: 'succeeded' })
  })

  it('gives back the money of a payer who is faster than the cancel, and it stays closed', async () => {
    const { channel, ports, simulator, later, facts } = await meet()
    await channel.pay(ports, charge('20'))
    // The question before the cancel says that there is nothing.
    await simulator.misbehave([{ on: 'query', fault: 'not_found', times: 1 }])
    expect(await channel.close?.(ports, ASKED_CODE)).toEqual({ kind: 'closed', paidBack: true })
    expect(await channel.query(ports, ASKED_CODE)).toEqual({ kind: 'closed', paidBack: true })
    await later(1_000)
    // Paid, and then given back: the second says nothing of a payment, and has no refund of ours.
    expect(facts()).toMatchObject([{ about: 'payment', kind: 'succeeded' }])
  })

  it('shows codes for each ending, which do what they say', async () => {
    const { simulator, ports, merchant } = await meet()
    const codes = (await simulator.payerCodes?.()) ?? []
    expect(codes.map(({ outcome }) => outcome)).toContain('paid')
    const channel = merchant(await simulator.demoSettings())
    const ends: Record<string, string> = {}
    for (const [index, { code, outcome }] of codes.entries()) {
      const attemptId = `${ATTEMPT}A${index + 2}` as typeof ATTEMPT
      ends[outcome] = (
        await channel.pay(ports, codePay({ attemptId, extra: { authCode: code } }))
      ).kind
    }
    expect(ends).toEqual({
      paid: 'succeeded',
      password: 'pending',
      insufficient_balance: 'failed',
      password_paid: 'pending',
      unknown_paid: 'unknown',
      unknown: 'unknown',
      system_error_paid: 'unknown',
      invalid: 'failed',
      failed: 'unknown',
      limit: 'failed',
      risk: 'failed',
      cashier_failed: 'unknown',
    })
  })
})

async function paidTrade({ channel, ports, simulator }: Meeting): Promise<string> {
  await channel.pay(ports, JSAPI)
  await simulator.act(ATTEMPT, 'pay')
  const paid = await channel.query(ports, ASKED)
  if (paid.kind !== 'succeeded') throw new Error(`the payment is ${paid.kind}`)
  return paid.channelPaymentNo
}

describe('refunds', () => {
  it('are many, until everything is given back, and each is told with its own amount', async () => {
    const meeting = await meet()
    const { channel, ports, later, facts } = meeting
    const channelPaymentNo = await paidTrade(meeting)
    const give = (refundId: string, fen: number) =>
      channel.refund?.(ports, {
        ...REFUND_INPUT,
        channelPaymentNo,
        refundId: refundId as typeof REFUND_INPUT.refundId,
        amount: money(fen, 'CNY'),
      })
    expect(await give('R1', 1000)).toMatchObject({
      kind: 'succeeded',
      refunded: money(1000, 'CNY'),
    })
    expect(await give('R2', 888)).toMatchObject({ kind: 'succeeded', refunded: money(888, 'CNY') })
    expect(await give('R3', 7001)).toMatchObject({
      kind: 'failed',
      error: { code: 'ACQ.REASON_TRADE_REFUND_FEE_ERR', class: 'invalid_request' },
    })
    expect(await give('R4', 7000)).toMatchObject({
      kind: 'succeeded',
      refunded: money(7000, 'CNY'),
    })
    expect(await give('R5', 1)).toMatchObject({ kind: 'failed' })
    await later(1_000)
    const refunds = facts().filter(({ about }) => about === 'refund')
    expect(refunds).toMatchObject([
      { refundId: 'R1', refunded: money(1000, 'CNY') },
      { refundId: 'R2', refunded: money(888, 'CNY') },
      { refundId: 'R4', refunded: money(7000, 'CNY') },
    ])
    // Given back in full, which closes the trade.
    expect(await channel.query(ports, ASKED)).toEqual({ kind: 'closed', paidBack: true })
  })

  it('are the same refund when they are repeated, and stand as the first when the amount differs', async () => {
    const meeting = await meet()
    const { channel, ports } = meeting
    const input = { ...REFUND_INPUT, channelPaymentNo: await paidTrade(meeting) }
    expect(await channel.refund?.(ports, input)).toMatchObject({ kind: 'succeeded' })
    expect(await channel.refund?.(ports, input)).toMatchObject({ kind: 'pending' })
    const more = { ...input, amount: money(201, 'CNY') }
    expect(await channel.refund?.(ports, more)).toMatchObject({ kind: 'unknown' })
    expect(await channel.queryRefund?.(ports, more)).toMatchObject({
      kind: 'succeeded',
      refunded: money(200, 'CNY'),
    })
  })

  it('of everything, repeated after the answer was lost, do not fail', async () => {
    const meeting = await meet()
    const { channel, ports, simulator } = meeting
    const channelPaymentNo = await paidTrade(meeting)
    const input = { ...REFUND_INPUT, channelPaymentNo, amount: money(8888, 'CNY') }
    await simulator.misbehave([{ on: 'refund', fault: 'silence_after', times: 1 }])
    expect(await channel.refund?.(ports, input)).toMatchObject({ kind: 'unknown' })
    expect((await channel.refund?.(ports, input))?.kind).toMatch(/^(succeeded|pending)$/)
    expect(await channel.queryRefund?.(ports, input)).toMatchObject({ kind: 'succeeded' })
  })

  it('that take their time are pending, then not found, then done', async () => {
    const meeting = await meet({ refundTakesMs: 60_000 })
    const { channel, ports, later, facts } = meeting
    const input = { ...REFUND_INPUT, channelPaymentNo: await paidTrade(meeting) }
    expect(await channel.refund?.(ports, input)).toMatchObject({ kind: 'pending' })
    // Alipay does not say that one is on its way.
    expect(await channel.queryRefund?.(ports, input)).toEqual({ kind: 'not_found' })
    await later(60_000)
    expect(await channel.queryRefund?.(ports, input)).toMatchObject({ kind: 'succeeded' })
    expect(facts().at(-1)).toMatchObject({ about: 'refund', refunded: money(200, 'CNY') })
  })

  it('of what was never paid fail, and are not found', async () => {
    const { channel, ports } = await meet()
    expect(await channel.refund?.(ports, REFUND_INPUT)).toMatchObject({
      kind: 'failed',
      error: { code: 'ACQ.TRADE_NOT_EXIST', class: 'not_found' },
    })
    // Of a trade that does not exist it says that, and not that the refund does not.
    expect(await channel.queryRefund?.(ports, REFUND_INPUT)).toMatchObject({ kind: 'unknown' })
  })

  it('after their time fail', async () => {
    const meeting = await meet({ refundWindowMs: 60_000 })
    const { channel, ports, later } = meeting
    const input = { ...REFUND_INPUT, channelPaymentNo: await paidTrade(meeting) }
    await later(60_000)
    expect(await channel.refund?.(ports, input)).toMatchObject({
      kind: 'failed',
      error: { code: 'ACQ.TRADE_HAS_FINISHED' },
    })
  })
})

describe('a simulator that misbehaves', () => {
  it.each([
    ['silence_before', 'unknown', 'unknown'],
    ['silence_after', 'unknown', 'unknown'],
    ['reset_before', 'unknown', 'unknown'],
    ['reset_after', 'unknown', 'unknown'],
    ['error_before', 'unknown', 'unknown'],
    ['error_after', 'unknown', 'unknown'],
    ['html_before', 'unknown', 'unknown'],
    ['rate_limited', 'not_sent', 'unknown'],
    ['bad_signature', 'unknown', 'unknown'],
    ['truncated', 'unknown', 'unknown'],
  ] satisfies [AnswerFault, string, string][])(
    'with %s leaves payment, query and close %s, a refund %s, and all is found out afterwards',
    async (fault, kind, ofRefund) => {
      for (const systemError of ['gateway', 'business'] as const) {
        const { channel, ports, simulator } = await meet({ systemError })
        await simulator.misbehave([{ on: 'pay', fault, times: 1 }])
        expect(await channel.pay(ports, JSAPI)).toMatchObject({ kind })
        expect(await channel.pay(ports, JSAPI)).toMatchObject({ kind: 'requires_action' })
        await simulator.act(ATTEMPT, 'pay')
        const paid = await channel.query(ports, ASKED)
        const channelPaymentNo = paid.kind === 'succeeded' ? paid.channelPaymentNo : ''
        const input = { ...REFUND_INPUT, channelPaymentNo }

        await simulator.misbehave([
          { on: 'query', fault, times: 1 },
          { on: 'close', fault, times: 1 },
          { on: 'refund', fault, times: 1 },
          { on: 'query_refund', fault, times: 1 },
        ])
        expect(await channel.query(ports, ASKED)).toMatchObject({ kind })
        expect(await channel.close?.(ports, ASKED)).toMatchObject({ kind })
        expect(await channel.refund?.(ports, input)).toMatchObject({ kind: ofRefund })
        expect(await channel.queryRefund?.(ports, input)).toMatchObject({ kind })
        // Whatever happened to the first, the second is the same refund.
        expect((await channel.refund?.(ports, input))?.kind).toMatch(/^(succeeded|pending)$/)
        expect(await channel.queryRefund?.(ports, input)).toMatchObject({
          kind: 'succeeded',
          refunded: money(200, 'CNY'),
        })
      }
    },
  )

  it.each(['forged', 'missing'] as const)(
    'is not believed when the signature of an answer is %s',
    async (badSignature) => {
      const { channel, ports, simulator } = await meet({ badSignature })
      await channel.pay(ports, JSAPI)
      await simulator.act(ATTEMPT, 'pay')
      await simulator.misbehave([{ on: 'query', fault: 'bad_signature', times: 1 }])
      expect(await channel.query(ports, ASKED)).toMatchObject({ kind: 'unknown' })
      expect(await channel.query(ports, ASKED)).toMatchObject({ kind: 'succeeded' })
    },
  )

  it('tells again what was not believed, four minutes later', async () => {
    const { channel, ports, simulator, facts, refused, later } = await meet()
    await channel.pay(ports, JSAPI)
    await simulator.misbehave([{ on: 'callback', fault: 'bad_signature', times: 1 }])
    await simulator.act(ATTEMPT, 'pay')
    await simulator.tick()
    expect(facts()).toEqual([])
    expect(refused).toEqual(['unverifiable: its signature is wrong'])
    await later(4 * 60_000 - 1)
    expect(facts()).toEqual([])
    await later(1)
    expect(facts()).toMatchObject([{ kind: 'succeeded' }])
  })

  it('tells the truth twice under one id when it duplicates', async () => {
    const { channel, ports, simulator, told, later } = await meet()
    await channel.pay(ports, JSAPI)
    await simulator.misbehave([{ on: 'callback', fault: 'duplicate', times: 1 }])
    await simulator.act(ATTEMPT, 'pay')
    await later(1_000)
    expect(told).toHaveLength(2)
    expect(told[0]?.dedupeKey).toBe(told[1]?.dedupeKey)
  })

  it.each([
    ['wrong_amount', { paid: money(8889, 'CNY') }],
    ['wrong_merchant', { payee: '2088000000000404' }],
  ] as const)('with %s makes a fact that the core can refuse', async (fault, fact) => {
    const { channel, ports, simulator, facts, later } = await meet()
    await channel.pay(ports, JSAPI)
    await simulator.misbehave([{ on: 'callback', fault, times: 1 }])
    await simulator.act(ATTEMPT, 'pay')
    await later(1_000)
    expect(facts()).toMatchObject([{ kind: 'succeeded', ...fact }])
  })

  it('tells of a refund before of the payment, and both are understood', async () => {
    const meeting = await meet()
    const { channel, ports, simulator, facts, later } = meeting
    await channel.pay(ports, JSAPI)
    await simulator.misbehave([{ on: 'callback', fault: 'reorder', times: 1 }])
    const channelPaymentNo = await paidTrade(meeting)
    await channel.refund?.(ports, { ...REFUND_INPUT, channelPaymentNo })
    await later(1_000)
    expect(facts().map(({ about, kind }) => `${about} ${kind}`)).toEqual([
      'payment succeeded',
      'refund succeeded',
      'payment succeeded',
    ])
  })
})
