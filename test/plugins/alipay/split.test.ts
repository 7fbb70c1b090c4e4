import { describe, expect, it } from 'vitest'
import { money, type SplitInput } from '../../../core/plugin/api.ts'
import {
  content,
  gatewayError,
  lost,
  ok,
  openWorld,
  page,
  RECEIVER,
  refused,
  SPLIT,
  SPLIT_INPUT,
  sent,
  TRADE_NO,
} from './fake-alipay.ts'

type Answers = Parameters<ReturnType<typeof openWorld>['answers']>[0]

function openSplit(...answers: Answers[]) {
  const world = openWorld()
  for (const answer of answers) world.answers(answer)
  const { split } = world.channel
  if (split === undefined) throw new Error('the channel shares nothing')
  return { ...world, split, methods: () => world.requests.map((request) => sent(request).method) }
}

const SETTLED = { trade_no: TRADE_NO, settle_no: '20260101000000000001' }
const ROW = {
  operation_type: 'transfer',
  execute_dt: '2026-01-01 08:01:00',
  trans_out: '2088000000000001',
  trans_in: '2088000000000200',
  amount: '8.88',
  state: 'SUCCESS',
  detail_id: '20260101000000000077',
}
const LISTED = { out_request_no: SPLIT, operation_dt: '2026-01-01', royalty_detail_list: [ROW] }
const SHARE = {
  receiver: { account: '2088000000000200' },
  amount: money(888, 'CNY'),
  state: 'succeeded',
}

describe('a receiver', () => {
  it.each([
    ['2088000000000200', undefined, { type: 'userId', account: '2088000000000200' }],
    ['0712openId-_', undefined, { type: 'openId', account: '0712openId-_' }],
    ['who@example.com', '张三', { type: 'loginName', account: 'who@example.com', name: '张三' }],
    ['13800000000', '张三', { type: 'loginName', account: '13800000000', name: '张三' }],
  ])('%s is bound and unbound by the kind of its account', async (account, name, entity) => {
    const world = openSplit(ok({ result_code: 'SUCCESS' }), ok({ result_code: 'SUCCESS' }))
    const receiver = { ...RECEIVER, account, ...(name !== undefined && { name }) }
    const input = { receiver, requestNumber: 'Q1' }
    expect(await world.split.bindReceiver(world.ports, input)).toEqual({ kind: 'done' })
    expect(await world.split.unbindReceiver(world.ports, input)).toEqual({ kind: 'done' })
    expect(world.methods()).toEqual([
      'alipay.trade.royalty.relation.bind',
      'alipay.trade.royalty.relation.unbind',
    ])
    for (const request of world.requests) {
      expect(content(request)).toEqual({
        out_request_no: 'Q1',
        receiver_list: [{ ...entity, memo: 'PARTNER' }],
      })
    }
  })

  it('is remembered by the name of a relation of its own', async () => {
    const world = openSplit(ok({ result_code: 'SUCCESS' }))
    const receiver = { ...RECEIVER, relation: 'CUSTOM', relationName: '门店合伙人' }
    await world.split.bindReceiver(world.ports, { receiver, requestNumber: 'Q1' })
    expect(content(world.requests[0])).toMatchObject({ receiver_list: [{ memo: '门店合伙人' }] })
  })

  it('with a login name and no name is not sent', async () => {
    const world = openSplit()
    const receiver = { ...RECEIVER, account: 'who@example.com' }
    const input = { receiver, requestNumber: 'Q1' }
    expect(await world.split.bindReceiver(world.ports, input)).toMatchObject({ kind: 'not_sent' })
  })

  it.each([
    ['says FAIL', ok({ result_code: 'FAIL' }), 'unknown'],
    ['says nothing', ok({}), 'unknown'],
    ['is not signed', ok({ result_code: 'SUCCESS' }, { sign: '' }), 'unknown'],
    ['is none', lost, 'unknown'],
    ['is a system error', refused('SYSTEM_ERROR'), 'unknown'],
    ['is a code that nobody knows', refused('SOMETHING_NEW'), 'unknown'],
    ['is that there is no such user', refused('USER_NOT_EXIST'), 'failed'],
    ['is that the name is another', refused('USERNAME_NOT_MATCH'), 'failed'],
    ['is that there are too many', refused('RELATION_QUANTITY_LIMIT'), 'failed'],
    ['is that we may not', gatewayError('40006', ''), 'failed'],
    ['is that there are too many calls', gatewayError('40005', ''), 'not_sent'],
  ])('is not done when the answer %s', async (_what, answers, kind) => {
    const world = openSplit(answers)
    const input = { receiver: RECEIVER, requestNumber: 'Q1' }
    expect(await world.split.bindReceiver(world.ports, input)).toMatchObject({ kind })
  })
})

describe('a split', () => {
  it('is over with its answer', async () => {
    const world = openSplit(ok(SETTLED))
    expect(await world.split.send(world.ports, SPLIT_INPUT)).toEqual({
      kind: 'finished',
      channelSplitNo: '20260101000000000001',
      // Alipay does not say of an account what it is; whoever asked for the split knows.
      shares: [{ ...SHARE, receiver: { kind: 'merchant', account: '2088000000000200' } }],
    })
    expect(world.requests[0]?.timeoutMs).toBe(15_000)
    expect(sent(world.requests[0]).method).toBe('alipay.trade.order.settle')
    expect(content(world.requests[0])).toEqual({
      out_request_no: SPLIT,
      trade_no: TRADE_NO,
      royalty_mode: 'sync',
      royalty_parameters: [
        {
          royalty_type: 'transfer',
          trans_in_type: 'userId',
          trans_in: '2088000000000200',
          amount: '8.88',
          desc: '分账',
        },
      ],
    })
  })

  it('releases the rest where it is the last', async () => {
    const world = openSplit(ok(SETTLED))
    await world.split.send(world.ports, { ...SPLIT_INPUT, finishes: true })
    expect(content(world.requests[0])).toMatchObject({ extend_params: { royalty_finish: 'true' } })
  })

  it('names each receiver by the kind of its account', async () => {
    const world = openSplit(ok(SETTLED))
    const shares: SplitInput['shares'] = ['0712openId-_', 'who@example.com'].map((account) => ({
      receiver: { kind: 'person', account, relation: 'STAFF', name: '张三' },
      amount: money(1, 'CNY'),
      description: '',
    }))
    await world.split.send(world.ports, { ...SPLIT_INPUT, shares })
    expect(content(world.requests[0])).toMatchObject({
      royalty_parameters: [
        {
          royalty_type: 'transfer',
          trans_in_type: 'openId',
          trans_in: '0712openId-_',
          amount: '0.01',
        },
        { trans_in_type: 'loginName', trans_in: 'who@example.com' },
      ],
    })
  })

  it.each([
    ['nobody answers', lost],
    ['a proxy answers', page(502, '')],
    ['nobody signed it', ok(SETTLED, { sign: '' })],
    ['it is about another payment', ok({ ...SETTLED, trade_no: '1' })],
    ['it has no number', ok({ trade_no: TRADE_NO })],
    ['the service was not available', gatewayError('20000', '')],
    ['there are too many calls', gatewayError('40005', '')],
    ['there are too many splits', refused('ACQ.FREQUENCY_LIMITED')],
    ['the system had an error', refused('ACQ.SYSTEM_ERROR')],
    ['the settlement had one', refused('ACQ.TRADE_SETTLE_ERROR')],
    ['the number was used before', refused('ACQ.DUP_OUT_REQUEST_NO')],
    ['the number was used for something else', refused('ACQ.DISCORDANT_REPEAT_REQUEST')],
    ['the code is a new one', refused('ACQ.SOMETHING_NEW')],
  ])('is unknown when %s', async (_because, answers) => {
    const world = openSplit(answers)
    expect(await world.split.send(world.ports, SPLIT_INPUT)).toMatchObject({ kind: 'unknown' })
  })

  it.each([
    ['ACQ.TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH', 'not_enough_merchant_balance'],
    ['ACQ.ROYALTY_RECEIVER_INVALID', 'invalid_request'],
    ['ACQ.NOT_SUPPORT_ROYALTY', 'not_supported'],
    ['ACQ.USER_ACCOUNT_HAD_FREEZEN', 'risk'],
    ['ACQ.TRADE_NOT_EXIST', 'not_found'],
  ])('has failed with %s', async (code, errorClass) => {
    const world = openSplit(refused(code))
    expect(await world.split.send(world.ports, SPLIT_INPUT)).toMatchObject({
      kind: 'failed',
      error: { code, class: errorClass },
    })
  })

  it('was not sent when the gateway turned it away', async () => {
    const world = openSplit(gatewayError('40006', 'isv.insufficient-isv-permissions'))
    expect(await world.split.send(world.ports, SPLIT_INPUT)).toMatchObject({ kind: 'not_sent' })
  })

  describe.each(['ACQ.ALLOC_AMOUNT_VALIDATE_ERROR', 'ACQ.ALREADY_FINISH_ALLOC'])(
    'that is refused with %s, which an earlier send of it could have caused',
    (code) => {
      it('is what Alipay lists when it knows it', async () => {
        const world = openSplit(refused(code), ok(LISTED))
        expect(await world.split.send(world.ports, SPLIT_INPUT)).toMatchObject({
          kind: 'finished',
          shares: [SHARE],
        })
      })

      it.each([
        ['knows nothing of it', ok({ out_request_no: SPLIT }), 'failed'],
        ['does not answer', lost, 'unknown'],
        ['turns the question away', gatewayError('40005', ''), 'unknown'],
      ])('ends as it should when Alipay %s', async (_what, answers, kind) => {
        const world = openSplit(refused(code), answers)
        expect(await world.split.send(world.ports, SPLIT_INPUT)).toMatchObject({
          kind,
          error: { code },
        })
      })
    },
  )
})

describe('how a split stands', () => {
  const ASKED = {
    splitId: SPLIT,
    attemptId: SPLIT_INPUT.attemptId,
    channelPaymentNo: TRADE_NO,
  } as const

  it('is asked by our number and that of the trade', async () => {
    const world = openSplit(ok(LISTED))
    expect(await world.split.query(world.ports, ASKED)).toEqual({
      kind: 'finished',
      channelSplitNo: '20260101000000000077',
      shares: [{ ...SHARE, channelShareNo: '20260101000000000077' }],
    })
    expect(sent(world.requests[0]).method).toBe('alipay.trade.order.settle.query')
    expect(content(world.requests[0])).toEqual({ out_request_no: SPLIT, trade_no: TRADE_NO })
  })

  it('is over when each share has an end, and each says which', async () => {
    const failed = {
      ...ROW,
      trans_in: '2088000000000201',
      state: 'FAIL',
      error_code: 'TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH',
      error_desc: '余额不足',
    }
    const world = openSplit(ok({ ...LISTED, royalty_detail_list: [ROW, failed] }))
    expect(await world.split.query(world.ports, ASKED)).toMatchObject({
      kind: 'finished',
      shares: [
        SHARE,
        {
          receiver: { account: '2088000000000201' },
          state: 'failed',
          error: { code: 'TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH', message: '余额不足' },
        },
      ],
    })
  })

  it.each(['PROCESSING', 'SOMETHING_NEW'])('is pending while a share is %s', async (state) => {
    const rows = [ROW, { ...ROW, trans_in: '2088000000000201', state }]
    const world = openSplit(ok({ ...LISTED, royalty_detail_list: rows }))
    expect(await world.split.query(world.ports, ASKED)).toMatchObject({
      kind: 'pending',
      shares: [{ state: 'succeeded' }, { state: 'pending' }],
    })
  })

  it('prefers the open id of a receiver', async () => {
    const row = { ...ROW, trans_in_open_id: '0712openId-_' }
    const world = openSplit(ok({ ...LISTED, royalty_detail_list: [row] }))
    expect(await world.split.query(world.ports, ASKED)).toMatchObject({
      shares: [{ receiver: { account: '0712openId-_' } }],
    })
  })

  it('leaves out rows that are no shares', async () => {
    const rows = [ROW, { ...ROW, operation_type: 'transfer_refund' }]
    const world = openSplit(ok({ ...LISTED, royalty_detail_list: rows }))
    const outcome = await world.split.query(world.ports, ASKED)
    expect(outcome).toMatchObject({ kind: 'finished', shares: [SHARE] })
    expect('shares' in outcome && outcome.shares).toHaveLength(1)
  })

  it.each([
    ['there are no rows', ok({ out_request_no: SPLIT })],
    ['the list of them is empty', ok({ royalty_detail_list: [] })],
    ['there is no such trade', refused('ACQ.TRADE_NOT_EXIST')],
  ])(
    'is not found when %s, so that it is sent again under its number',
    async (_because, answers) => {
      const world = openSplit(answers)
      expect(await world.split.query(world.ports, ASKED)).toEqual({ kind: 'not_found' })
    },
  )

  it.each([
    ['nobody answers', lost],
    ['nobody signed it', ok(LISTED, { sign: '' })],
    ['it is about another split', ok({ ...LISTED, out_request_no: 'S2' })],
    ['a row has no amount', ok({ ...LISTED, royalty_detail_list: [{ state: 'SUCCESS' }] })],
    ['the system had an error', refused('SYSTEM_ERROR')],
    ['the trade is of another merchant', refused('MERCHANT_TRADE_NOT_MATCH')],
  ])('is unknown when %s', async (_because, answers) => {
    const world = openSplit(answers)
    expect(await world.split.query(world.ports, ASKED)).toMatchObject({ kind: 'unknown' })
  })

  it('ends the sharing of a payment with a settlement that shares nothing', async () => {
    const world = openSplit(ok(SETTLED))
    expect(await world.split.finish(world.ports, ASKED)).toEqual({
      kind: 'finished',
      channelSplitNo: '20260101000000000001',
      shares: [],
    })
    expect(content(world.requests[0])).toEqual({
      out_request_no: SPLIT,
      trade_no: TRADE_NO,
      royalty_mode: 'sync',
      extend_params: { royalty_finish: 'true' },
    })
  })

  it('has nothing to end where the rest was released already', async () => {
    const world = openSplit(refused('ACQ.ALREADY_FINISH_ALLOC'), ok({}))
    expect(await world.split.finish(world.ports, ASKED)).toMatchObject({
      kind: 'finished',
      shares: [],
    })
  })

  it('says how much is left', async () => {
    const world = openSplit(ok({ unsettled_amount: '80.00' }))
    expect(await world.split.unsplit?.(world.ports, ASKED)).toEqual({
      kind: 'known',
      unsplit: money(8000, 'CNY'),
    })
    expect(sent(world.requests[0]).method).toBe('alipay.trade.order.onsettle.query')
    expect(content(world.requests[0])).toEqual({ trade_no: TRADE_NO })
  })

  it.each([
    ['nobody answers', lost, 'unknown'],
    ['it is not said', ok({}), 'unknown'],
    ['the trade is not known', refused('ACQ.TRADE_NOT_EXIST'), 'failed'],
    ['there are too many calls', gatewayError('40005', ''), 'not_sent'],
  ])('does not say how much is left when %s', async (_because, answers, kind) => {
    const world = openSplit(answers)
    expect(await world.split.unsplit?.(world.ports, ASKED)).toMatchObject({ kind })
  })
})

it('takes no share back: Alipay does that with a refund alone', () => {
  const { split } = openWorld().channel
  expect(split?.takeBack).toBeUndefined()
  expect(openWorld().channel.manifest.capabilities.split).toMatchObject({ returns: false })
})
