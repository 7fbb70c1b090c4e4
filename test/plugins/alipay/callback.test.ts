import { describe, expect, it } from 'vitest'
import { type InboundCall, money } from '../../../core/plugin/api.ts'
import {
  ATTEMPT,
  CERTIFICATE_SETTINGS,
  content,
  gatewayError,
  inbound,
  lost,
  NOW_MS,
  notice,
  ok,
  openWorld,
  PROVIDER_SETTINGS,
  REFUND,
  rsaSign,
  SETTINGS,
  SPLIT,
  sent,
  TOLD_PAID,
  TRADE_NO,
  TRANSFER,
  vectors,
} from './fake-alipay.ts'

const { ours, certificates } = vectors

async function read(call: InboundCall, settings: object = SETTINGS) {
  const world = openWorld(settings)
  return world.channel.readCallback(world.ports, call)
}

const PAID_FACT = {
  about: 'payment',
  attemptId: ATTEMPT,
  kind: 'succeeded',
  channelPaymentNo: TRADE_NO,
  paid: money(8888, 'CNY'),
  paidAtMs: NOW_MS + 5_000,
  payee: '2088000000000001',
  payer: '0712sharedOpenId-_1',
}

describe('a notice of a payment', () => {
  it('is a fact, under the id that Alipay gave the event', async () => {
    expect(await read(await notice(TOLD_PAID))).toEqual({
      ok: true,
      value: { dedupeKey: '2026010101222080006000000000000001', facts: [PAID_FACT] },
    })
  })

  it('verifies as the vector has it, in the order and with the characters that came', async () => {
    const call = inbound(ours.notify.form_body)
    expect(await read(call)).toMatchObject({
      ok: true,
      value: { facts: [{ kind: 'succeeded', paid: money(8888, 'CNY') }] },
    })
  })

  it('names the payer by user id where Alipay does', async () => {
    const { buyer_open_id: _, ...others } = TOLD_PAID
    const call = await notice({ ...others, buyer_id: '2088000000000100' })
    expect(await read(call)).toMatchObject({ value: { facts: [{ payer: '2088000000000100' }] } })
  })

  it.each([
    ['TRADE_FINISHED', [PAID_FACT]],
    ['WAIT_BUYER_PAY', [{ about: 'payment', attemptId: ATTEMPT, kind: 'pending' }]],
    ['TRADE_CLOSED', [{ about: 'payment', attemptId: ATTEMPT, kind: 'closed' }]],
    ['SOMETHING_NEW', [{ about: 'payment', attemptId: ATTEMPT, kind: 'pending' }]],
  ])('of %s', async (trade_status, facts) => {
    const read_ = await read(await notice({ ...TOLD_PAID, trade_status }))
    expect(read_).toMatchObject({ ok: true, value: { facts } })
  })

  it('of another product makes no facts', async () => {
    const call = await notice({ ...TOLD_PAID, notify_type: 'dut_user_sign' })
    expect(await read(call)).toMatchObject({ ok: true, value: { facts: [] } })
  })

  it('says whom it paid, so that money for somebody else is seen', async () => {
    const call = await notice({ ...TOLD_PAID, seller_id: '2088000000000404' })
    expect(await read(call)).toMatchObject({ value: { facts: [{ payee: '2088000000000404' }] } })
  })

  it.each([
    ['its id', { notify_id: '' }],
    ['our number', { out_trade_no: '' }],
    ['a number that could be ours', { out_trade_no: "P1' or 1=1" }],
    ['its status', { trade_status: '' }],
    ['the amount', { total_amount: '' }],
    ['an amount', { total_amount: '88.888' }],
    ['an amount above zero', { total_amount: '-88.88' }],
    ['whom it paid', { seller_id: '' }],
    ['when', { gmt_payment: 'yesterday' }],
    ['the number of the trade', { trade_no: '' }],
  ])('is malformed without %s', async (_what, changes) => {
    expect(await read(await notice({ ...TOLD_PAID, ...changes }))).toMatchObject({
      ok: false,
      refusal: { code: 'malformed' },
    })
  })
})

describe('a notice that nobody may believe', () => {
  const FORGED: readonly (readonly [string, () => Promise<InboundCall>])[] = [
    ['another key', () => notice(TOLD_PAID, { by: ours.app_private_key_pkcs8 })],
    [
      'another amount',
      () => notice(TOLD_PAID, { tamper: (form) => form.set('total_amount', '1') }),
    ],
    ['another seller', () => notice(TOLD_PAID, { tamper: (form) => form.set('seller_id', '2') })],
    ['a field more', () => notice(TOLD_PAID, { tamper: (form) => form.set('refund_fee', '1') })],
    ['a field less', () => notice(TOLD_PAID, { tamper: (form) => form.delete('receipt_amount') })],
    ['no signature', () => notice(TOLD_PAID, { tamper: (form) => form.delete('sign') })],
    ['an empty signature', () => notice(TOLD_PAID, { tamper: (form) => form.set('sign', '') })],
    ['SHA-1', () => notice(TOLD_PAID, { tamper: (form) => form.set('sign_type', 'RSA') })],
    ['no type', () => notice(TOLD_PAID, { tamper: (form) => form.delete('sign_type') })],
    ['another app', () => notice({ ...TOLD_PAID, app_id: '2021000000000404' })],
    ['no app', () => notice({ ...TOLD_PAID, app_id: '' })],
    ['nothing in it', async () => inbound('')],
  ]
  it.each(FORGED)('with %s is unverifiable', async (_what, call) => {
    expect(await read(await call())).toMatchObject({
      ok: false,
      refusal: { code: 'unverifiable' },
    })
  })

  it.each([
    ['a field twice', 'a=1&a=2'],
    ['a field without a name', '=1'],
    ['bytes that are no text', 'a=%ff%fe'],
    ['a charset that nobody has', 'charset=klingon&a=1'],
  ])('with %s is malformed', async (_what, body) => {
    expect(await read(inbound(body))).toMatchObject({ ok: false, refusal: { code: 'malformed' } })
  })

  it('is no more believed for being large', async () => {
    const body = `sign_type=RSA2&sign=AAAA&subject=${'x'.repeat(900_000)}`
    expect(await read(inbound(body))).toMatchObject({ refusal: { code: 'unverifiable' } })
  })

  it('says in its reason nothing of what is in it', async () => {
    const call = await notice(
      { ...TOLD_PAID, subject: 'SECRET' },
      { by: ours.app_private_key_pkcs8 },
    )
    expect(JSON.stringify(await read(call))).not.toContain('SECRET')
  })
})

describe('the text that a notice is signed over', () => {
  it('may have its sign_type, as messages do', async () => {
    expect(await read(await notice(TOLD_PAID, { typed: true }))).toMatchObject({ ok: true })
  })

  it.each(['with', 'without'])('may be signed %s its empty values', async (how) => {
    const fields: Record<string, string> = { ...TOLD_PAID, body: '' }
    const text = Object.keys(fields)
      .filter((name) => how === 'with' || fields[name] !== '')
      .sort()
      .map((name) => `${name}=${fields[name]}`)
      .join('&')
    const sign = await rsaSign(ours.alipay_private_key_pkcs8, text)
    const form = new URLSearchParams({ ...fields, sign_type: 'RSA2', sign })
    expect(await read(inbound(form.toString()))).toMatchObject({ ok: true })
  })

  it.each(['1+1=2', '100%', 'a%2Bb', 'a&b=c', '“引号”', '😀'])(
    'has the value %j as it is, decoded once',
    async (subject) => {
      expect(await read(await notice({ ...TOLD_PAID, subject }))).toMatchObject({ ok: true })
    },
  )

  it('does not have what we put in the address ourselves', async () => {
    const call = await notice(TOLD_PAID)
    const moved = { ...call, url: '/api/pay/notify/alipay/A1?total_amount=1.00&mine=1' }
    expect(await read(moved)).toMatchObject({ ok: true, value: { facts: [PAID_FACT] } })
  })

  it('verifies with the certificate of the settings in certificate mode', async () => {
    const call = await notice(TOLD_PAID)
    expect(await read(call, CERTIFICATE_SETTINGS)).toMatchObject({ ok: true })
    expect(certificates.alipay).toContain('BEGIN CERTIFICATE')
  })
})

describe('a notice for a merchant below a service provider', () => {
  it('comes to the application of the provider and names the merchant', async () => {
    const call = await notice({ ...TOLD_PAID, auth_app_id: '2021000000000077' })
    expect(await read(call, PROVIDER_SETTINGS)).toMatchObject({
      ok: true,
      value: { facts: [{ payee: '2088000000000001' }] },
    })
  })

  it('for a sibling is a fact about the sibling, whose payee does not fit ours', async () => {
    const call = await notice({ ...TOLD_PAID, seller_id: '2088000000000002' })
    const world = openWorld(PROVIDER_SETTINGS)
    expect(await world.channel.readCallback(world.ports, call)).toMatchObject({
      value: { facts: [{ payee: '2088000000000002' }] },
    })
    expect(world.channel.payee).toBe('2088000000000001')
  })
})

const TOLD_REFUND = {
  ...TOLD_PAID,
  notify_id: '2026010101222080506000000000000002',
  gmt_refund: '2026-01-01 08:05:00.123',
  refund_fee: '5.00',
  out_biz_no: REFUND,
}
const REFUND_DONE = {
  out_trade_no: ATTEMPT,
  trade_no: TRADE_NO,
  out_request_no: REFUND,
  total_amount: '88.88',
  refund_amount: '2.00',
  refund_status: 'REFUND_SUCCESS',
  gmt_refund_pay: '2026-01-01 08:05:00',
}
const REFUND_FACT = {
  about: 'refund',
  refundId: REFUND,
  payee: '2088000000000001',
  kind: 'succeeded',
  channelRefundNo: TRADE_NO,
  refunded: money(200, 'CNY'),
  refundedAtMs: NOW_MS + 300_000,
}

describe('a notice of a refund, which comes to the address of the payment', () => {
  it('is a fact of the payment and of the refund, with what this refund gave back', async () => {
    const world = openWorld()
    world.answers(ok(REFUND_DONE))
    const call = await notice(TOLD_REFUND)
    expect(await world.channel.readCallback(world.ports, call)).toEqual({
      ok: true,
      value: { dedupeKey: TOLD_REFUND.notify_id, facts: [PAID_FACT, REFUND_FACT] },
    })
    expect(sent(world.requests[0]).method).toBe('alipay.trade.fastpay.refund.query')
    expect(content(world.requests[0])).toMatchObject({ trade_no: TRADE_NO, out_request_no: REFUND })
    // The acknowledgement waits for it.
    expect(world.requests[0]?.timeoutMs).toBe(3_000)
  })

  it('of everything closes no payment', async () => {
    const world = openWorld()
    world.answers(ok({ ...REFUND_DONE, refund_amount: '88.88' }))
    const call = await notice({ ...TOLD_REFUND, trade_status: 'TRADE_CLOSED', refund_fee: '88.88' })
    expect(await world.channel.readCallback(world.ports, call)).toMatchObject({
      ok: true,
      value: { facts: [{ ...REFUND_FACT, refunded: money(8888, 'CNY') }] },
    })
  })

  it.each([
    ['is not answered', lost],
    ['is answered "no such refund"', ok({})],
    ['is answered about another', ok({ ...REFUND_DONE, out_request_no: 'R2' })],
    ['is turned away', gatewayError('40006', '')],
    ['is not signed', ok(REFUND_DONE, { sign: '' })],
  ])('says that the payment was made when the question %s', async (_what, answers) => {
    const world = openWorld()
    world.answers(answers)
    const call = await notice(TOLD_REFUND)
    expect(await world.channel.readCallback(world.ports, call)).toMatchObject({
      ok: true,
      value: { facts: [PAID_FACT] },
    })
  })

  it.each([
    ['a cancel, which has no number of its own', { out_biz_no: '' }],
    ['a cancel, under the number of the payment', { out_biz_no: ATTEMPT }],
    ['a refund whose number cannot be ours', { out_biz_no: '退款-1' }],
  ])('asks nothing about %s', async (_what, changes) => {
    const call = await notice({ ...TOLD_REFUND, ...changes, trade_status: 'TRADE_CLOSED' })
    expect(await read(call)).toMatchObject({ ok: true, value: { facts: [] } })
  })

  it('asks nothing when it does not verify', async () => {
    const call = await notice(TOLD_REFUND, { by: ours.app_private_key_pkcs8 })
    expect(await read(call)).toMatchObject({ refusal: { code: 'unverifiable' } })
  })
})

const MESSAGE = {
  msg_id: '2026010102000000000000000000000001',
  utc_timestamp: '1767225600000',
  app_id: '2021000000000001',
  charset: 'UTF-8',
  version: '1.1',
  msg_type: 'sys',
}

const SHARED = {
  out_request_no: SPLIT,
  settle_no: '20260101000000000001',
  royalty_detail_list: [
    {
      operation_type: 'transfer',
      trans_in: '2088000000000200',
      amount: '8.88',
      state: 'SUCCESS',
      detail_id: '1',
    },
  ],
}
const ofSplit = (body: object = SHARED) => ({
  ...MESSAGE,
  msg_method: 'alipay.trade.order.settle.notify',
  biz_content: JSON.stringify(body),
})

const SENT = {
  out_biz_no: TRANSFER,
  order_id: '20260101110070000006000000000001',
  status: 'SUCCESS',
  trans_amount: '12.34',
  pay_date: '2026-01-01 08:00:07',
}
const ofTransfer = (changes: object = {}) => ({
  ...MESSAGE,
  msg_method: 'alipay.fund.trans.order.changed',
  biz_content: JSON.stringify({ ...SENT, ...changes }),
})

describe("a message to the application's own address", () => {
  it('tells how a split ended', async () => {
    expect(await read(await notice(ofSplit(), { typed: true }))).toEqual({
      ok: true,
      value: {
        dedupeKey: MESSAGE.msg_id,
        facts: [
          {
            about: 'split',
            splitId: SPLIT,
            payee: '2088000000000001',
            kind: 'finished',
            channelSplitNo: '20260101000000000001',
            shares: [
              {
                receiver: { account: '2088000000000200' },
                amount: money(888, 'CNY'),
                state: 'succeeded',
                channelShareNo: '1',
              },
            ],
          },
        ],
      },
    })
  })

  it('is verified without its sign_type too', async () => {
    expect(await read(await notice(ofSplit()))).toMatchObject({ ok: true })
  })

  it.each([
    [{}, { kind: 'succeeded', transferred: money(1234, 'CNY'), transferredAtMs: NOW_MS + 7_000 }],
    [{ status: 'DEALING' }, { kind: 'pending' }],
    [
      { status: 'FAIL', error_code: 'PAYEE_NOT_EXIST', fail_reason: '收款账号不存在' },
      { kind: 'failed', error: { code: 'PAYEE_NOT_EXIST', message: '收款账号不存在' } },
    ],
    [{ status: 'REFUND' }, { kind: 'closed' }],
    [{ status: 'CLOSED' }, { kind: 'closed' }],
  ])('tells how a transfer stands: %j', async (changes, fact) => {
    const call = await notice(ofTransfer(changes), { typed: true })
    expect(await read(call)).toMatchObject({
      ok: true,
      value: {
        facts: [{ about: 'transfer', transferId: TRANSFER, payee: '2088000000000001', ...fact }],
      },
    })
  })

  it('of another kind makes no facts', async () => {
    const other = { ...ofSplit(), msg_method: 'alipay.open.app.changed' }
    expect(await read(await notice(other, { typed: true }))).toMatchObject({ value: { facts: [] } })
  })

  it('may name its app as its receiver', async () => {
    const { app_id, ...others } = ofSplit()
    const call = await notice({ ...others, msg_app_id: app_id }, { typed: true })
    expect(await read(call)).toMatchObject({ ok: true, value: { facts: [{ about: 'split' }] } })
  })

  it('below a service provider is of the merchant that it names, and of nobody without', async () => {
    const named = await notice({ ...ofSplit(), msg_uid: '2088000000000005' }, { typed: true })
    expect(await read(named, PROVIDER_SETTINGS)).toMatchObject({
      value: { facts: [{ payee: '2088000000000005' }] },
    })
    const nobody = await notice(ofSplit(), { typed: true })
    expect(await read(nobody, PROVIDER_SETTINGS)).toMatchObject({ value: { facts: [] } })
  })

  it.each([
    ['no id', { ...ofSplit(), msg_id: '' }],
    ['no JSON', { ...ofSplit(), biz_content: '{' }],
    ['no shares', ofSplit({ ...SHARED, royalty_detail_list: [] })],
    ['no number of ours', ofSplit({ ...SHARED, out_request_no: undefined })],
    ['no amount', ofTransfer({ trans_amount: undefined })],
    ['no status', ofTransfer({ status: undefined })],
  ])('is malformed with %s', async (_what, message) => {
    expect(await read(await notice(message, { typed: true }))).toMatchObject({
      refusal: { code: 'malformed' },
    })
  })
})

describe('an acknowledgement', () => {
  it('is seven letters and nothing else', () => {
    expect(openWorld().channel.acknowledge(true)).toEqual({
      status: 200,
      headers: { 'Content-Type': 'text/plain; charset=utf-8' },
      body: 'success',
    })
  })

  it('of what was not taken is another word, and Alipay tells again', () => {
    expect(openWorld().channel.acknowledge(false)).toMatchObject({ body: 'fail' })
  })
})
