import { describe, expect, it } from 'vitest'
import { money } from '../../../core/plugin/api.ts'
import {
  ASKED,
  ATTEMPT,
  content,
  gatewayError,
  lost,
  NOW_MS,
  ok,
  openWorld,
  PAID,
  page,
  refused,
  sent,
  TRADE_NO,
} from './fake-alipay.ts'

async function ask(answers: Parameters<ReturnType<typeof openWorld>['answers']>[0]) {
  const world = openWorld()
  world.answers(answers)
  return world.channel.query(world.ports, ASKED)
}

describe('a query', () => {
  it('asks by our number', async () => {
    const world = openWorld()
    world.answers(ok(PAID))
    await world.channel.query(world.ports, { ...ASKED, channelPaymentNo: TRADE_NO })
    expect(sent(world.requests[0]).method).toBe('alipay.trade.query')
    expect(content(world.requests[0])).toEqual({ out_trade_no: ATTEMPT })
  })

  it.each(['TRADE_SUCCESS', 'TRADE_FINISHED'])('of %s says what was paid', async (trade_status) => {
    expect(await ask(ok({ ...PAID, trade_status }))).toEqual({
      kind: 'succeeded',
      channelPaymentNo: TRADE_NO,
      // The price, and not what the payer paid of it after coupons.
      paid: money(8888, 'CNY'),
      paidAtMs: NOW_MS + 5_000,
      payee: '2088000000000001',
      payer: '0712sharedOpenId-_1',
    })
  })

  it.each([
    ['88.88', 8888],
    ['88.8', 8880],
    ['88', 8800],
    [88.88, 8888],
    [0.07, 7],
    ['100000000.00', 10_000_000_000],
  ])('reads %j yuan as %d fen', async (total_amount, fen) => {
    expect(await ask(ok({ ...PAID, total_amount }))).toMatchObject({ paid: money(fen, 'CNY') })
  })

  it('names the payer by user id where Alipay does, and by nothing where it names nobody', async () => {
    const { buyer_open_id: _, ...nobody } = PAID
    const byUserId = await ask(ok({ ...nobody, buyer_user_id: '2088000000000100' }))
    expect(byUserId).toMatchObject({ payer: '2088000000000100' })
    expect(await ask(ok(nobody))).not.toHaveProperty('payer')
  })

  it('takes the time at which it was heard of where Alipay gives none', async () => {
    const { send_pay_date: _, ...untimed } = PAID
    expect(await ask(ok(untimed))).toMatchObject({ kind: 'succeeded', paidAtMs: NOW_MS })
  })

  it.each([
    ['WAIT_BUYER_PAY', { kind: 'pending' }],
    ['TRADE_CLOSED', { kind: 'closed' }],
    // No end that we know is no end.
    ['TRADE_PENDING', { kind: 'pending' }],
    ['', { kind: 'pending' }],
    ['constructor', { kind: 'pending' }],
  ])('of %j is %j', async (trade_status, outcome) => {
    const { send_pay_date: _, ...unpaid } = PAID
    expect(await ask(ok({ ...unpaid, trade_status }))).toEqual(outcome)
  })

  it('of a closed trade with an empty date of payment says closed: nobody has paid, and somebody still may', async () => {
    const unpaid = { ...PAID, trade_status: 'TRADE_CLOSED', send_pay_date: '' }
    expect(await ask(ok(unpaid))).toEqual({ kind: 'closed' })
  })

  it('of a trade that was given back in full says closed, and paid back: nobody has the money any more', async () => {
    const outcome = await ask(ok({ ...PAID, trade_status: 'TRADE_CLOSED' }))
    expect(outcome).toEqual({ kind: 'closed', paidBack: true })
  })

  it.each(['ACQ.TRADE_NOT_EXIST', 'aop.ACQ.TRADE_NOT_EXIST', 'TRADE_NOT_EXIST'])(
    'of what nobody has opened is not found: %s',
    async (code) => {
      expect(await ask(refused(code))).toEqual({ kind: 'not_found' })
    },
  )

  it.each([
    ['nobody answers', lost],
    ['the answer is a page', page(200, '<html></html>')],
    ['the answer is 500', page(500, '')],
    ['nobody signed that it is paid', ok(PAID, { sign: '' })],
    ['nobody signed that there is none', refused('ACQ.TRADE_NOT_EXIST', { sign: '' })],
    ['it is about another payment', ok({ ...PAID, out_trade_no: 'P2' })],
    ['it does not say how it stands', ok({ ...PAID, trade_status: undefined })],
    ['it is paid, without an amount', ok({ ...PAID, total_amount: undefined })],
    ['it is paid, with a negative amount', ok({ ...PAID, total_amount: '-1.00' })],
    ['the system had an error', refused('ACQ.SYSTEM_ERROR')],
    ['the service was not available', gatewayError('20000', 'isp.unknow-error')],
    ['we may not ask', gatewayError('40006', 'isv.insufficient-isv-permissions')],
    ['the signature of the question was wrong', gatewayError('40002', 'isv.invalid-signature')],
    ['the parameter was wrong', refused('ACQ.INVALID_PARAMETER')],
    ['the code is a new one', refused('ACQ.SOMETHING_NEW')],
  ])('is unknown when %s', async (_because, answers) => {
    expect(await ask(answers)).toMatchObject({ kind: 'unknown' })
  })

  it('was not sent when the gateway has too many calls', async () => {
    const limited = gatewayError('40005', 'isv.app-call-limited')
    expect(await ask(limited)).toMatchObject({ kind: 'not_sent' })
  })
})

describe('an answer', () => {
  it('is believed as it stands in the text, wherever its signature stands', async () => {
    const moved = ok(PAID, {
      tamper: (text) => text.replace(/^\{(.*),("sign":"[^"]*")\}$/s, ' {$2 ,\n $1 }'),
    })
    expect(await ask(moved)).toMatchObject({ kind: 'succeeded' })
  })

  it('is not fooled by a node inside of a text', async () => {
    const subject = '","sign":"x"},"alipay_trade_query_response":{"trade_status":"TRADE_SUCCESS"'
    const waits = { ...PAID, trade_status: 'WAIT_BUYER_PAY', subject }
    expect(await ask(ok(waits))).toEqual({ kind: 'pending' })
  })

  it('with a second node of the same name is unknown', async () => {
    const twice = ok(
      { ...PAID, trade_status: 'WAIT_BUYER_PAY' },
      {
        tamper: (text) =>
          text.replace(/\}$/, `,"alipay_trade_query_response":${JSON.stringify(PAID)}}`),
      },
    )
    expect(await ask(twice)).toMatchObject({ kind: 'unknown' })
  })

  it('without a code is a success, if it is signed', async () => {
    const world = openWorld()
    world.answers(ok({ ...PAID, code: undefined }))
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'succeeded' })
  })

  it('that does not verify is an error in the log, without the contents', async () => {
    const world = openWorld()
    world.answers(ok(PAID, { sign: 'AAAA' }))
    await world.channel.query(world.ports, ASKED)
    expect(world.logs).toEqual([
      {
        level: 'error',
        message: 'an answer of Alipay does not verify',
        fields: {
          method: 'alipay.trade.query',
          traceId: '0a1b2c',
          because: 'its signature is wrong',
        },
      },
    ])
  })
})
