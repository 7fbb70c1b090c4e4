import { describe, expect, it } from 'vitest'
import type { AnswerFault, Fault } from '../../../../core/plugin/simulator.ts'
import {
  closePath,
  NATIVE,
  nativeOrder,
  openWechatKit,
  queryPath,
  REFUNDS,
  readAnswer,
  refundOf,
} from './wechat-kit.ts'

const NUMBER = 'T20260101000001'
const SECOND_NUMBER = 'T20260101000002'

describe('an answer that goes wrong', () => {
  const having = (text: string) => expect.stringContaining(text)

  it.each<[AnswerFault, string | object, number]>([
    ['silence_before', 'silence', 404],
    ['silence_after', 'silence', 200],
    ['reset_before', 'reset', 404],
    ['reset_after', 'reset', 200],
    ['error_before', { status: 500, verified: true, text: having('SYSTEM_ERROR') }, 404],
    ['error_after', { status: 500, verified: true, text: having('SYSTEM_ERROR') }, 200],
    ['html_before', { status: 502, verified: false, text: having('<html>') }, 404],
    ['rate_limited', { status: 429, verified: true, text: having('FREQUENCY_LIMITED') }, 404],
    ['bad_signature', { status: 200, verified: false, text: having('code_url') }, 200],
    ['truncated', { status: 200, verified: false, text: '{"code_url":"weixin://wxpa' }, 200],
  ])('%s: once, and then no more', async (fault, expected, orderAfterwards) => {
    const { callRaw, call, simulator } = openWechatKit()
    await simulator.misbehave([{ on: 'pay', fault, times: 1 }])

    const answer = await callRaw('POST', NATIVE, JSON.stringify(nativeOrder()))
    const seen = typeof answer === 'string' ? answer : await readAnswer(answer)
    expect({ seen }).toMatchObject({ seen: expected })
    expect((await call('GET', queryPath(NUMBER))).status).toBe(orderAfterwards)
    expect(await call('POST', NATIVE, nativeOrder())).toMatchObject({ status: 200, verified: true })
  })

  it.each<[Fault & { on: 'query' | 'query_refund' }, string, string]>([
    [{ on: 'query', fault: 'not_found', times: 1 }, queryPath(NUMBER), 'ORDER_NOT_EXIST'],
    [
      { on: 'query_refund', fault: 'not_found', times: 1 },
      `${REFUNDS}/R20260101000001`,
      'RESOURCE_NOT_EXISTS',
    ],
  ])('not_found: denies once what it knows ($on)', async (fault, path, code) => {
    const { call, simulator } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    await simulator.act(NUMBER, 'pay')
    await call('POST', REFUNDS, refundOf(1))
    await simulator.misbehave([fault])
    expect(await call('GET', path)).toMatchObject({ status: 404, verified: true, body: { code } })
    expect((await call('GET', path)).status).toBe(200)
  })

  it('breaks an answer that has no body to truncate', async () => {
    const { call, callRaw, simulator } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    await simulator.misbehave([{ on: 'close', fault: 'truncated', times: 1 }])
    expect(await callRaw('POST', closePath(NUMBER), '{"mchid":"1900000109"}')).toBe('reset')
    expect((await call('GET', queryPath(NUMBER))).body).toMatchObject({ trade_state: 'CLOSED' })
  })

  it('spoils the signature of a 204 as well', async () => {
    const { call, simulator } = openWechatKit()
    await call('POST', NATIVE, nativeOrder())
    await simulator.misbehave([{ on: 'close', fault: 'bad_signature', times: 1 }])
    const answer = await call('POST', closePath(NUMBER), { mchid: '1900000109' })
    expect(answer).toMatchObject({ status: 204, verified: false })
  })

  it.each([
    ['forged', { serial: /^PUB_KEY_ID_01/, signature: /^(?!WECHATPAY)/, timestamp: '1767225600' }],
    [
      'probe',
      { serial: /^PUB_KEY_ID_01/, signature: /^WECHATPAY\/SIGNTEST\//, timestamp: '1767225600' },
    ],
    ['unknown_serial', { serial: /^PUB_KEY_ID_00000000/, signature: /./, timestamp: '1767225600' }],
    ['stale', { serial: /^PUB_KEY_ID_01/, signature: /./, timestamp: '1767225000' }],
  ] as const)('spoils a signature the way it was set up: %s', async (badSignature, expected) => {
    const { call, simulator } = openWechatKit({ badSignature })
    await simulator.misbehave([{ on: 'pay', fault: 'bad_signature', times: 1 }])
    const { headers, verified } = await call('POST', NATIVE, nativeOrder())
    expect(headers.get('wechatpay-serial')).toMatch(expected.serial)
    expect(headers.get('wechatpay-signature')).toMatch(expected.signature)
    expect(headers.get('wechatpay-timestamp')).toBe(expected.timestamp)
    // A stale one is signed validly: it is its age that has to be seen.
    expect(verified).toBe(badSignature === 'stale')
  })

  it('strikes in the order given, each as often as it says, and only its own operation', async () => {
    const { call, simulator } = openWechatKit()
    await simulator.misbehave([
      { on: 'query', fault: 'error_before', times: 2 },
      { on: 'pay', fault: 'rate_limited', times: 1 },
      { on: 'query', fault: 'html_before', times: 1 },
    ])
    const statuses = []
    for (let count = 0; count < 4; count += 1) {
      statuses.push((await call('GET', queryPath(NUMBER))).status)
    }
    expect(statuses).toEqual([500, 500, 502, 404])
    expect((await call('POST', NATIVE, nativeOrder())).status).toBe(429)
    expect((await call('POST', NATIVE, nativeOrder())).status).toBe(200)
  })

  it('ends at once when told to behave', async () => {
    const { call, simulator } = openWechatKit()
    await simulator.misbehave([{ on: 'query', fault: 'error_before', times: 99 }])
    await simulator.misbehave([])
    expect((await call('GET', queryPath(NUMBER))).status).toBe(404)
  })

  it('spares a call that WeChat would not let in', async () => {
    const { call, simulator } = openWechatKit()
    await simulator.misbehave([{ on: 'pay', fault: 'error_before', times: 1 }])
    expect((await call('POST', NATIVE, nativeOrder(), { signedBody: '{}' })).status).toBe(401)
    expect((await call('POST', NATIVE, nativeOrder())).status).toBe(500)
  })
})

describe('a callback that goes wrong', () => {
  async function openTwoOrders(...faults: Fault[]) {
    const kit = openWechatKit()
    await kit.call('POST', NATIVE, nativeOrder())
    await kit.call('POST', NATIVE, nativeOrder({ out_trade_no: SECOND_NUMBER }))
    await kit.simulator.misbehave(faults)
    return { ...kit, numbers: () => kit.told.map(({ content }) => content.out_trade_no) }
  }

  it('drop: one try is lost, the next comes as planned', async () => {
    const { simulator, told, passes } = await openTwoOrders({
      on: 'callback',
      fault: 'drop',
      times: 1,
    })
    await simulator.act(NUMBER, 'pay')
    expect(told).toEqual([])
    await passes(15_000)
    expect(told).toHaveLength(1)
  })

  it('duplicate: the same event twice, each signed on its own', async () => {
    const { simulator, told, passes } = await openTwoOrders({
      on: 'callback',
      fault: 'duplicate',
      times: 1,
    })
    await simulator.act(NUMBER, 'pay')
    expect(told).toMatchObject([{ verified: true }, { verified: true }])
    expect(told[0]?.envelope.id).toBe(told[1]?.envelope.id)
    expect(told[0]?.headers['wechatpay-nonce']).not.toBe(told[1]?.headers['wechatpay-nonce'])
    await passes(86_400_000)
    expect(told).toHaveLength(2)
  })

  it('delay: told later, as if nothing had been tried before', async () => {
    const fault = { on: 'callback', fault: 'delay', delayMs: 7_000, times: 1 } as const
    const { simulator, told, passes, merchantAnswers } = await openTwoOrders(fault)
    merchantAnswers(500)
    await simulator.act(NUMBER, 'pay')
    await passes(6_999)
    expect(told).toHaveLength(0)
    await passes(1)
    expect(told).toHaveLength(1)
    await passes(15_000)
    expect(told).toHaveLength(2)
  })

  it('reorder: told after the next', async () => {
    const { simulator, numbers, passes } = await openTwoOrders({
      on: 'callback',
      fault: 'reorder',
      times: 1,
    })
    await simulator.act(NUMBER, 'pay')
    expect(numbers()).toEqual([])
    await simulator.act(SECOND_NUMBER, 'pay')
    expect(numbers()).toEqual([SECOND_NUMBER, NUMBER])
    await passes(86_400_000)
    expect(numbers()).toHaveLength(2)
  })

  it('reorder: told in time for its next try when no other comes', async () => {
    const { simulator, numbers, passes } = await openTwoOrders({
      on: 'callback',
      fault: 'reorder',
      times: 1,
    })
    await simulator.act(NUMBER, 'pay')
    await passes(15_000)
    expect(numbers()).toEqual([NUMBER])
  })

  it('bad_signature: does not verify; the next try does', async () => {
    const { simulator, told, passes, merchantAnswers } = await openTwoOrders({
      on: 'callback',
      fault: 'bad_signature',
      times: 1,
    })
    merchantAnswers(401, 200)
    await simulator.act(NUMBER, 'pay')
    await passes(15_000)
    expect(told.map(({ verified }) => verified)).toEqual([false, true])
  })

  it('wrong_amount: one fen more, validly signed; the next try is true', async () => {
    const { simulator, told, passes, merchantAnswers } = await openTwoOrders({
      on: 'callback',
      fault: 'wrong_amount',
      times: 1,
    })
    merchantAnswers(500, 200)
    await simulator.act(NUMBER, 'pay')
    await passes(15_000)
    expect(told).toMatchObject([
      { verified: true, content: { amount: { total: 101, payer_total: 101 } } },
      { verified: true, content: { amount: { total: 100, payer_total: 100 } } },
    ])
  })

  it('wrong_amount: of a refund it is the refund that is one fen more', async () => {
    const { call, simulator, told, passes } = await openTwoOrders()
    await simulator.act(NUMBER, 'pay')
    await call('POST', REFUNDS, refundOf(40))
    await simulator.misbehave([{ on: 'callback', fault: 'wrong_amount', times: 1 }])
    await passes(5_000)
    expect(told[1]?.content).toMatchObject({ amount: { total: 100, refund: 41, payer_refund: 41 } })
  })

  it('wrong_merchant: another merchant’s payment, validly signed', async () => {
    const { simulator, told } = await openTwoOrders({
      on: 'callback',
      fault: 'wrong_merchant',
      times: 1,
    })
    await simulator.act(NUMBER, 'pay')
    expect(told).toMatchObject([{ verified: true, content: { mchid: '1900000999' } }])
  })

  it('early: the payment is told before the prepay is answered', async () => {
    const { call, simulator, told } = openWechatKit()
    await simulator.misbehave([{ on: 'callback', fault: 'early', times: 1 }])
    const answering = call('POST', NATIVE, nativeOrder()).then((answer) => ({
      answer,
      toldBefore: told.length,
    }))
    const { answer, toldBefore } = await answering
    expect(toldBefore).toBe(1)
    expect(answer.body).toHaveProperty('code_url')
    expect((await call('GET', queryPath(NUMBER))).body).toMatchObject({ trade_state: 'SUCCESS' })
  })

  it('early: the refund is told before its acceptance is answered', async () => {
    const { call, simulator, told } = await openTwoOrders()
    await simulator.act(NUMBER, 'pay')
    await simulator.misbehave([{ on: 'callback', fault: 'early', times: 1 }])
    const answer = await call('POST', REFUNDS, refundOf(40))
    expect(told[1]?.envelope).toMatchObject({ event_type: 'REFUND.SUCCESS' })
    expect(answer.body).toMatchObject({ status: 'PROCESSING' })
    const seen = await call('GET', `${REFUNDS}/R20260101000001`)
    expect(seen.body).toMatchObject({ status: 'SUCCESS' })
  })

  it('early: goes together with an answer that never comes', async () => {
    const { callRaw, simulator, told } = openWechatKit()
    await simulator.misbehave([
      { on: 'pay', fault: 'silence_after', times: 1 },
      { on: 'callback', fault: 'early', times: 1 },
      { on: 'callback', fault: 'duplicate', times: 1 },
    ])
    expect(await callRaw('POST', NATIVE, JSON.stringify(nativeOrder()))).toBe('silence')
    expect(told).toHaveLength(2)
  })
})
