import { describe, expect, it } from 'vitest'
import type { AnswerFault } from '../../../../core/plugin/simulator.ts'
import {
  CERTIFIED,
  createOrder,
  NUMBER,
  openAlipayKit,
  order,
  readAnswer,
  refundOf,
} from './alipay-kit.ts'

const CREATE = 'alipay.trade.create'
const QUERY = 'alipay.trade.query'
const KEY = { out_trade_no: NUMBER }
const done = 'WAIT_BUYER_PAY'

describe('an answer that goes wrong', () => {
  const having = (text: string) => expect.stringContaining(text)

  it.each<[AnswerFault, string | object, string | undefined]>([
    ['silence_before', 'silence', undefined],
    ['silence_after', 'silence', done],
    ['reset_before', 'reset', undefined],
    ['reset_after', 'reset', done],
    ['error_before', { status: 200, verified: true, text: having('isp.unknow-error') }, undefined],
    ['error_after', { status: 200, verified: true, text: having('isp.unknow-error') }, done],
    ['html_before', { status: 502, signed: false, text: having('<html>') }, undefined],
    ['rate_limited', { status: 200, verified: true, text: having('40005') }, undefined],
    ['bad_signature', { status: 200, signed: true, verified: false }, done],
    ['truncated', { status: 200, verified: false, text: having('{"alipay_trade_cre') }, done],
  ])('%s: once, and then no more', async (fault, expected, statusAfterwards) => {
    const { callRaw, call, simulator } = openAlipayKit()
    await simulator.misbehave([{ on: 'pay', fault, times: 1 }])
    const answer = await callRaw(CREATE, createOrder())
    const seen = typeof answer === 'string' ? answer : await readAnswer(CREATE, answer)
    expect({ seen }).toMatchObject({ seen: expected })
    expect((await call(QUERY, KEY)).node.trade_status).toBe(statusAfterwards)
    expect(await call(CREATE, createOrder())).toMatchObject({
      verified: true,
      node: { code: '10000' },
    })
  })

  it('can leave the signature out altogether', async () => {
    const { call, simulator } = openAlipayKit({ badSignature: 'missing' })
    await simulator.misbehave([{ on: 'pay', fault: 'bad_signature', times: 1 }])
    expect(await call(CREATE, createOrder())).toMatchObject({
      signed: false,
      node: { code: '10000' },
    })
  })

  it.each([
    [QUERY, 'query', KEY, 'ACQ.SYSTEM_ERROR'],
    ['alipay.trade.cancel', 'close', KEY, 'ACQ.SYSTEM_ERROR'],
    ['alipay.fund.trans.common.query', 'query_transfer', {}, 'SYSTEM_ERROR'],
  ] as const)('can call a system error by the code of %s', async (method, on, content, code) => {
    const { call, simulator } = openAlipayKit({ systemError: 'business' })
    await simulator.misbehave([{ on, fault: 'error_before', times: 1 }])
    const { node } = await call(method, content, { as: CERTIFIED })
    expect(node).toMatchObject({ code: '40004', sub_code: code })
  })

  it.each([
    ['query', QUERY, KEY, { sub_code: 'ACQ.TRADE_NOT_EXIST' }],
    [
      'query_refund',
      'alipay.trade.fastpay.refund.query',
      { ...KEY, out_request_no: 'R1' },
      { code: '10000', msg: 'Success' },
    ],
  ] as const)('not_found: denies once what it knows (%s)', async (on, method, content, denial) => {
    const { call, simulator } = openAlipayKit()
    await call(CREATE, createOrder())
    await simulator.act(NUMBER, 'pay')
    await call('alipay.trade.refund', refundOf('0.10'))
    await simulator.misbehave([{ on, fault: 'not_found', times: 1 }])
    const first = await call(method, content)
    expect(first).toMatchObject({ verified: true, node: denial })
    expect(first.node).not.toHaveProperty('refund_status')
    expect((await call(method, content)).node).toMatchObject({ out_trade_no: NUMBER })
  })

  it('strikes in the order given, each as often as it says, and only its own operation', async () => {
    const { call, simulator } = openAlipayKit()
    await simulator.misbehave([
      { on: 'query', fault: 'error_before', times: 2 },
      { on: 'pay', fault: 'rate_limited', times: 1 },
      { on: 'query', fault: 'html_before', times: 1 },
    ])
    const seen = []
    for (let count = 0; count < 4; count += 1) {
      const { status, node } = await call(QUERY, KEY)
      seen.push([status, node.code])
    }
    expect(seen).toEqual([
      [200, '20000'],
      [200, '20000'],
      [502, undefined],
      [200, '40004'],
    ])
    expect((await call(CREATE, createOrder())).node.code).toBe('40005')
    expect((await call(CREATE, createOrder())).node.code).toBe('10000')
  })

  it('ends at once when told to behave', async () => {
    const { call, simulator } = openAlipayKit()
    await simulator.misbehave([{ on: 'query', fault: 'error_before', times: 99 }])
    await simulator.misbehave([])
    expect((await call(QUERY, KEY)).node.code).toBe('40004')
  })

  it('spares a call that Alipay would not let in', async () => {
    const { call, simulator } = openAlipayKit()
    await simulator.misbehave([{ on: 'pay', fault: 'error_before', times: 1 }])
    const tampered = await call('alipay.trade.precreate', order(), {
      tamper: { biz_content: '{}' },
    })
    expect(tampered.node.sub_code).toBe('isv.invalid-signature')
    expect((await call('alipay.trade.precreate', order())).node.code).toBe('20000')
  })
})
