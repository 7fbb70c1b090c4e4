import { describe, expect, it } from 'vitest'
import {
  ASKED,
  ASKED_CODE,
  ATTEMPT,
  content,
  gatewayError,
  lost,
  ok,
  openWorld,
  PAID,
  page,
  refused,
  sent,
  TRADE_NO,
} from './fake-alipay.ts'

type Answers = Parameters<ReturnType<typeof openWorld>['answers']>[0]

async function close(asked: typeof ASKED | typeof ASKED_CODE, ...answers: Answers[]) {
  const world = openWorld()
  for (const answer of answers) world.answers(answer)
  const outcome = await world.channel.close?.(world.ports, asked)
  return { outcome, methods: world.requests.map((request) => sent(request).method), world }
}

const CLOSED = { out_trade_no: ATTEMPT, trade_no: TRADE_NO }
const WAITS = { ...PAID, trade_status: 'WAIT_BUYER_PAY', send_pay_date: undefined }

describe('closing', () => {
  it('is done by our number, with one call', async () => {
    const { outcome, methods, world } = await close(ASKED, ok(CLOSED))
    expect(outcome).toEqual({ kind: 'closed' })
    expect(methods).toEqual(['alipay.trade.close'])
    expect(content(world.requests[0])).toEqual({ out_trade_no: ATTEMPT })
  })

  it.each([
    ['ACQ.TRADE_NOT_EXIST', { kind: 'not_found' }],
    // Whatever else it is than waiting: the query that follows tells.
    ['ACQ.TRADE_STATUS_ERROR', { kind: 'already_paid' }],
    ['ACQ.REASON_TRADE_STATUS_INVALID', { kind: 'already_paid' }],
    ['ACQ.REASON_ILLEGAL_STATUS', { kind: 'already_paid' }],
    ['ACQ.INVALID_PARAMETER', { kind: 'refused', error: { class: 'invalid_request' } }],
    ['ACQ.SYSTEM_ERROR', { kind: 'unknown' }],
    ['ACQ.SOMETHING_NEW', { kind: 'unknown' }],
  ])('that is refused with %s is %j', async (code, outcome) => {
    expect((await close(ASKED, refused(code))).outcome).toMatchObject(outcome)
  })

  it.each([
    ['nobody answers', lost, 'unknown'],
    ['a proxy answers', page(504, ''), 'unknown'],
    ['nobody signed it', ok(CLOSED, { sign: '' }), 'unknown'],
    ['it is about another payment', ok({ ...CLOSED, out_trade_no: 'P2' }), 'unknown'],
    ['it is about no payment', ok({}), 'unknown'],
    ['the service was not available', gatewayError('20000', 'isp.unknow-error'), 'unknown'],
    ['the gateway turns it away', gatewayError('40006', ''), 'refused'],
    ['there are too many calls', gatewayError('40005', ''), 'not_sent'],
  ])('is no end when %s', async (_because, answers, kind) => {
    expect((await close(ASKED, answers)).outcome).toMatchObject({ kind })
  })
})

describe("closing a payment by a payer's code", () => {
  it.each([
    ['waits', ok(WAITS)],
    ['is not known', refused('ACQ.TRADE_NOT_EXIST')],
  ])('cancels it when it %s', async (_state, standing) => {
    const cancelled = ok({ ...CLOSED, retry_flag: 'N', action: 'close' })
    const { outcome, methods, world } = await close(ASKED_CODE, standing, cancelled)
    expect(outcome).toEqual({ kind: 'closed' })
    expect(methods).toEqual(['alipay.trade.query', 'alipay.trade.cancel'])
    expect(content(world.requests[1])).toEqual({ out_trade_no: ATTEMPT })
  })

  it('never cancels what was paid, since that gives the money back', async () => {
    const { outcome, methods } = await close(ASKED_CODE, ok(PAID))
    expect(outcome).toEqual({ kind: 'already_paid' })
    expect(methods).toEqual(['alipay.trade.query'])
  })

  it('has nothing to cancel when it is closed', async () => {
    const { outcome, methods } = await close(
      ASKED_CODE,
      ok({ ...WAITS, trade_status: 'TRADE_CLOSED' }),
    )
    expect(outcome).toEqual({ kind: 'closed' })
    expect(methods).toEqual(['alipay.trade.query'])
  })

  it.each([
    ['nobody answers', lost, 'unknown'],
    ['the system has an error', refused('ACQ.SYSTEM_ERROR'), 'unknown'],
    ['the answer does not verify', ok(PAID, { sign: 'AAAA' }), 'unknown'],
    ['there are too many calls', gatewayError('40005', ''), 'not_sent'],
  ])('does not cancel what it could not look at: %s', async (_because, answers, kind) => {
    const { outcome, methods } = await close(ASKED_CODE, answers)
    expect(outcome).toMatchObject({ kind })
    expect(methods).toEqual(['alipay.trade.query'])
  })

  it.each([
    [
      'given back by it',
      { ...CLOSED, retry_flag: 'N', action: 'refund' },
      { kind: 'closed', paidBack: true },
    ],
    ['to be repeated', { ...CLOSED, retry_flag: 'Y' }, { kind: 'unknown' }],
    [
      'to be repeated, whatever it says it did',
      { ...CLOSED, retry_flag: 'Y', action: 'close' },
      { kind: 'unknown' },
    ],
    // There was nothing, and what is on its way may still come.
    ['without an action', { out_trade_no: ATTEMPT, retry_flag: 'N' }, { kind: 'not_found' }],
    ['about another payment', { ...CLOSED, out_trade_no: 'P2' }, { kind: 'unknown' }],
    ['odd', { ...CLOSED, retry_flag: 1 }, { kind: 'unknown' }],
  ])('that is answered as %s', async (_what, body, outcome) => {
    expect((await close(ASKED_CODE, ok(WAITS), ok(body))).outcome).toMatchObject(outcome)
  })

  it.each([
    ['ACQ.TRADE_NOT_EXIST', 'not_found'],
    ['ACQ.TRADE_HAS_FINISHED', 'already_paid'],
    ['ACQ.TRADE_CANCEL_TIME_OUT', 'refused'],
    ['ACQ.CANCEL_NOT_ALLOWED', 'refused'],
    ['ACQ.SELLER_BALANCE_NOT_ENOUGH', 'refused'],
    ['ACQ.REASON_TRADE_BEEN_FREEZEN', 'refused'],
    ['ACQ.SYSTEM_ERROR', 'unknown'],
    // As Alipay's documents once spelt it.
    ['AQC.SYSTEM_ERROR', 'unknown'],
    ['ACQ.SOMETHING_NEW', 'unknown'],
  ])('that is refused with %s is %s', async (code, kind) => {
    expect((await close(ASKED_CODE, ok(WAITS), refused(code))).outcome).toMatchObject({ kind })
  })

  it.each([
    ['nobody answers', lost, 'unknown'],
    ['nobody signed it', ok({ ...CLOSED, action: 'close' }, { sign: '' }), 'unknown'],
    ['the service was not available', gatewayError('20000', ''), 'unknown'],
    ['there are too many calls', gatewayError('40005', ''), 'not_sent'],
  ])('is no end when, after the question, %s', async (_because, answers, kind) => {
    expect((await close(ASKED_CODE, ok(WAITS), answers)).outcome).toMatchObject({ kind })
  })
})
