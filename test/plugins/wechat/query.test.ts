import { describe, expect, it } from 'vitest'
import { money } from '../../../core/plugin/api.ts'
import { ASKED, ATTEMPT, openWorld, PAID, signed, TRANSACTION_ID, unsigned } from './fake-wechat.ts'

/** What WeChat answers for an order that nobody has paid yet. */
const UNPAID = { out_trade_no: ATTEMPT, trade_state: 'NOTPAY', trade_state_desc: '订单未支付' }

async function asked(answer: Parameters<ReturnType<typeof openWorld>['answers']>[0]) {
  const world = openWorld()
  world.answers(answer)
  const outcome = await world.channel.query(world.ports, ASKED)
  return { outcome, request: world.requests[0] }
}

describe('a query', () => {
  it('asks by our number, as the merchant whose payment it is', async () => {
    const { request } = await asked(signed(200, UNPAID))
    expect(request).toMatchObject({
      method: 'GET',
      url: `https://api.mch.weixin.qq.com/v3/pay/transactions/out-trade-no/${ATTEMPT}?mchid=1900000109`,
    })
    expect(request).not.toHaveProperty('body')
    expect(request?.headers).not.toHaveProperty('Content-Type')
  })

  it('tells what was paid before coupons, when, to whom and by whom', async () => {
    const { outcome } = await asked(signed(200, PAID))
    expect(outcome).toEqual({
      kind: 'succeeded',
      channelPaymentNo: TRANSACTION_ID,
      paid: money(1234, 'CNY'),
      paidAtMs: 1_767_225_609_000,
      payee: '1900000109',
      payer: 'oSharedOpenid000000000000001',
    })
  })

  it('tells whose money it is as WeChat says, not as we expect', async () => {
    const { outcome } = await asked(signed(200, { ...PAID, mchid: '1900009999' }))
    expect(outcome).toMatchObject({ kind: 'succeeded', payee: '1900009999' })
  })

  it.each([
    ['SUCCESS', 'succeeded'],
    // Paid, and a refund of some of it was accepted.
    ['REFUND', 'succeeded'],
    ['NOTPAY', 'pending'],
    ['USERPAYING', 'pending'],
    ['CLOSED', 'closed'],
    ['REVOKED', 'closed'],
    ['PAYERROR', 'failed'],
    ['A_STATE_OF_TOMORROW', 'pending'],
    ['constructor', 'pending'],
  ])('takes %s for %s', async (trade_state, kind) => {
    const { outcome } = await asked(signed(200, { ...PAID, trade_state }))
    expect(outcome).toMatchObject({ kind })
  })

  it('knows why a payment failed', async () => {
    const body = { ...UNPAID, trade_state: 'PAYERROR', trade_state_desc: '支付失败' }
    const { outcome } = await asked(signed(200, body))
    expect(outcome).toEqual({
      kind: 'failed',
      error: {
        code: 'PAYERROR',
        message: '支付失败',
        class: 'payer_declined',
        retry: 'new_attempt',
        fault: 'payer',
      },
    })
  })

  it('asks for no more than WeChat says of an unpaid order', async () => {
    const { outcome } = await asked(signed(200, UNPAID))
    expect(outcome).toEqual({ kind: 'pending' })
  })

  it('takes yuan for granted when WeChat names no currency', async () => {
    const { outcome } = await asked(signed(200, { ...PAID, amount: { total: 1234 } }))
    expect(outcome).toMatchObject({ paid: money(1234, 'CNY') })
  })

  it('does without the payer', async () => {
    const { payer: _, ...paid } = PAID
    const { outcome } = await asked(signed(200, paid))
    expect(outcome).toMatchObject({ kind: 'succeeded' })
    expect(outcome).not.toHaveProperty('payer')
  })

  it.each([
    ['is of another payment', { ...PAID, out_trade_no: 'P176722560000087654321' }],
    ['names no payment', { ...PAID, out_trade_no: undefined }],
    ['has no state', { ...PAID, trade_state: undefined }],
    ['is paid without a number', { ...PAID, transaction_id: undefined }],
    ['is paid at no time', { ...PAID, success_time: undefined }],
    ['is paid at an odd time', { ...PAID, success_time: '2026-01-01 08:00:09' }],
    ['is paid at a time without a zone', { ...PAID, success_time: '2026-01-01T08:00:09' }],
    ['is paid to nobody', { ...PAID, mchid: undefined }],
    ['is paid without an amount', { ...PAID, amount: undefined }],
    ['is paid half a fen', { ...PAID, amount: { total: 12.5 } }],
    ['is paid less than nothing', { ...PAID, amount: { total: -1 } }],
    ['is paid in text', { ...PAID, amount: { total: '1234' } }],
    ['is a list', [PAID]],
  ])('is unknown when the answer %s', async (_, body) => {
    const { outcome } = await asked(signed(200, body))
    expect(outcome).toMatchObject({ kind: 'unknown' })
  })

  it('never believes a success that is not signed', async () => {
    const { outcome } = await asked(unsigned(200, PAID))
    expect(outcome).toMatchObject({ kind: 'unknown' })
  })

  it('never believes a success in the body of an error', async () => {
    const { outcome } = await asked(unsigned(400, { ...PAID, code: 'ORDERPAID' }))
    expect(outcome).toMatchObject({ kind: 'unknown' })
  })
})
