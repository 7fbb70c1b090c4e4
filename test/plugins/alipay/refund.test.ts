import { describe, expect, it } from 'vitest'
import { money } from '../../../core/plugin/api.ts'
import {
  ATTEMPT,
  content,
  gatewayError,
  lost,
  NOW_MS,
  ok,
  openWorld,
  page,
  REFUND,
  REFUND_INPUT,
  refused,
  sent,
  TRADE_NO,
} from './fake-alipay.ts'

type Answers = Parameters<ReturnType<typeof openWorld>['answers']>[0]

async function refund(...answers: Answers[]) {
  const world = openWorld()
  for (const answer of answers) world.answers(answer)
  const outcome = await world.channel.refund?.(world.ports, REFUND_INPUT)
  return { outcome, methods: world.requests.map((request) => sent(request).method), world }
}

async function ask(answers: Answers) {
  const world = openWorld()
  world.answers(answers)
  const outcome = await world.channel.queryRefund?.(world.ports, REFUND_INPUT)
  return { outcome, world }
}

const ACCEPTED = {
  out_trade_no: ATTEMPT,
  trade_no: TRADE_NO,
  fund_change: 'Y',
  refund_fee: '2.00',
  gmt_refund_pay: '2026-01-01 08:05:00',
}

const DONE = {
  out_trade_no: ATTEMPT,
  trade_no: TRADE_NO,
  out_request_no: REFUND,
  total_amount: '88.88',
  refund_amount: '2.00',
  refund_status: 'REFUND_SUCCESS',
  gmt_refund_pay: '2026-01-01 08:05:00',
}

const REFUNDED = {
  kind: 'succeeded',
  channelRefundNo: TRADE_NO,
  refunded: money(200, 'CNY'),
  refundedAtMs: NOW_MS + 300_000,
}

describe('a refund', () => {
  it('is over with its answer', async () => {
    const { outcome } = await refund(ok(ACCEPTED))
    expect(outcome).toEqual(REFUNDED)
  })

  it('always has a number of its own', async () => {
    const { world } = await refund(ok(ACCEPTED))
    expect(sent(world.requests[0]).method).toBe('alipay.trade.refund')
    // No address: Alipay tells of refunds at that of the payment.
    expect(sent(world.requests[0])).not.toHaveProperty('notify_url')
    expect(content(world.requests[0])).toEqual({
      trade_no: TRADE_NO,
      out_request_no: REFUND,
      refund_amount: '2.00',
      refund_reason: '多收了',
    })
  })

  it('leaves out a reason that is empty', async () => {
    const world = openWorld()
    world.answers(ok(ACCEPTED))
    await world.channel.refund?.(world.ports, { ...REFUND_INPUT, reason: '' })
    expect(content(world.requests[0])).not.toHaveProperty('refund_reason')
  })

  it('counts with its own amount, whatever was given back before it', async () => {
    const { outcome } = await refund(ok({ ...ACCEPTED, refund_fee: '88.88' }))
    expect(outcome).toMatchObject({ kind: 'succeeded', refunded: money(200, 'CNY') })
  })

  it('takes the time at which it was heard of where Alipay gives none', async () => {
    const { outcome } = await refund(ok({ ...ACCEPTED, gmt_refund_pay: undefined }))
    expect(outcome).toMatchObject({ kind: 'succeeded', refundedAtMs: NOW_MS })
  })

  it.each(['N', '', 'y'])('is pending when this call moved no money (%j)', async (fund_change) => {
    const { outcome } = await refund(ok({ ...ACCEPTED, fund_change }))
    expect(outcome).toEqual({ kind: 'pending', channelRefundNo: TRADE_NO, pollAfterMs: 10_000 })
  })

  it.each([
    ['nobody answers', lost],
    ['a proxy answers', page(502, '')],
    ['the answer is cut off', ok(ACCEPTED, { tamper: (text) => text.slice(0, 100) })],
    ['nobody signed it', ok(ACCEPTED, { sign: '' })],
    [
      'somebody said that money moved',
      ok({ ...ACCEPTED, fund_change: 'N' }, { tamper: (text) => text.replace('"N"', '"Y"') }),
    ],
    ['it is about another payment', ok({ ...ACCEPTED, out_trade_no: 'P2' })],
    ['its sum is less than what was given back', ok({ ...ACCEPTED, refund_fee: '1.99' })],
    ['its sum is missing', ok({ ...ACCEPTED, refund_fee: undefined })],
    ['the service was not available', gatewayError('20000', 'isp.unknow-error')],
    ['the system had an error', refused('ACQ.SYSTEM_ERROR')],
    ['the number was used with another amount', refused('ACQ.DISCORDANT_REPEAT_REQUEST')],
    ['sharing was in the way', refused('ACQ.TRADE_SETTLE_ERROR')],
    ['the code is a new one', refused('ACQ.SOMETHING_NEW')],
    ['there are too many calls', gatewayError('40005', 'isv.app-call-limited')],
    ['a refusal is not signed', refused('ACQ.INVALID_PARAMETER', { sign: '' })],
  ])('is unknown when %s', async (_because, answers) => {
    const { outcome } = await refund(answers)
    expect(outcome).toMatchObject({ kind: 'unknown' })
  })

  it.each(['40001', '40002', '40003', '40006', '20001'])(
    'was not sent when the gateway turned it away with %s',
    async (code) => {
      expect((await refund(gatewayError(code, ''))).outcome).toMatchObject({ kind: 'not_sent' })
    },
  )

  it.each([
    ['ACQ.SELLER_BALANCE_NOT_ENOUGH', 'not_enough_merchant_balance', 'same_key'],
    ['ACQ.TRADE_NOT_EXIST', 'not_found', 'never'],
    ['ACQ.REASON_TRADE_BEEN_FREEZEN', 'risk', 'new_attempt'],
    ['ACQ.BUYER_NOT_EXIST', 'payer_declined', 'new_attempt'],
    ['ACQ.NOT_ALLOW_PARTIAL_REFUND', 'not_supported', 'never'],
  ])('has failed with %s', async (code, errorClass, retry) => {
    const { outcome, methods } = await refund(refused(code))
    expect(outcome).toMatchObject({ kind: 'failed', error: { code, class: errorClass, retry } })
    expect(methods).toHaveLength(1)
  })

  describe.each([
    'ACQ.TRADE_HAS_CLOSE',
    'ACQ.REASON_TRADE_REFUND_FEE_ERR',
    'ACQ.TRADE_STATUS_ERROR',
  ])('that is refused with %s, which an earlier send of it could have caused', (code) => {
    it('has succeeded when Alipay knows it', async () => {
      const { outcome, methods } = await refund(refused(code), ok(DONE))
      expect(outcome).toEqual(REFUNDED)
      expect(methods).toEqual(['alipay.trade.refund', 'alipay.trade.fastpay.refund.query'])
    })

    it('has failed when Alipay does not know it', async () => {
      const { outcome } = await refund(refused(code), ok({}))
      expect(outcome).toMatchObject({ kind: 'failed', error: { code } })
    })

    it.each([
      ['is not answered', lost],
      ['is turned away', gatewayError('40005', '')],
      ['does not verify', ok({}, { sign: 'AAAA' })],
    ])('is unknown when the question %s', async (_what, answers) => {
      const { outcome } = await refund(refused(code), answers)
      expect(outcome).toMatchObject({ kind: 'unknown', error: { code } })
    })
  })
})

describe('a question about a refund', () => {
  it('is asked by the number of the trade and ours', async () => {
    const { world } = await ask(ok(DONE))
    expect(sent(world.requests[0]).method).toBe('alipay.trade.fastpay.refund.query')
    expect(content(world.requests[0])).toEqual({
      trade_no: TRADE_NO,
      out_request_no: REFUND,
      query_options: ['gmt_refund_pay'],
    })
  })

  it('is answered with what this refund gave back', async () => {
    expect((await ask(ok(DONE))).outcome).toEqual(REFUNDED)
  })

  it.each([
    {},
    { out_trade_no: ATTEMPT, trade_no: TRADE_NO, out_request_no: REFUND },
    { refund_status: '' },
  ])('is "not found" when the answer has no status (%j)', async (body) => {
    expect((await ask(ok(body))).outcome).toEqual({ kind: 'not_found' })
  })

  it('leaves it pending at any status but the one of success', async () => {
    const processing = ok({ ...DONE, refund_status: 'REFUND_PROCESSING' })
    expect((await ask(processing)).outcome).toEqual({ kind: 'pending' })
  })

  it.each([
    ['nobody answers', lost],
    ['nobody signed that there is none', ok({}, { sign: '' })],
    ['it is about another refund', ok({ ...DONE, out_request_no: 'R2' })],
    ['it is about another payment', ok({ ...DONE, out_trade_no: 'P2' })],
    ['it does not say how much', ok({ ...DONE, refund_amount: undefined })],
    // Speaks of the payment; of a refund that is not there Alipay says so without an error.
    ['the payment is not known', refused('ACQ.TRADE_NOT_EXIST')],
    ['the system had an error', refused('ACQ.SYSTEM_ERROR')],
    ['we may not ask', gatewayError('40006', '')],
  ])('is unknown when %s', async (_because, answers) => {
    expect((await ask(answers)).outcome).toMatchObject({ kind: 'unknown' })
  })

  it('was not sent when there are too many calls', async () => {
    expect((await ask(gatewayError('40005', ''))).outcome).toMatchObject({ kind: 'not_sent' })
  })
})
