import { describe, expect, it } from 'vitest'
import { money } from '../../../core/plugin/api.ts'
import {
  openWorld,
  REFUND,
  REFUND_INPUT,
  REFUNDED,
  signed,
  TRANSACTION_ID,
  unsigned,
} from './fake-wechat.ts'

const ACCEPTED = { ...REFUNDED, status: 'PROCESSING', success_time: undefined }

describe('a refund', () => {
  it('asks for the money back by numbers of ours and of theirs', async () => {
    const world = openWorld()
    world.answers(signed(200, ACCEPTED))
    expect(await world.channel.refund?.(world.ports, REFUND_INPUT)).toEqual({
      kind: 'pending',
      channelRefundNo: '50000000382019052709732678859',
    })
    const [request] = world.requests
    expect(request).toMatchObject({
      method: 'POST',
      url: 'https://api.mch.weixin.qq.com/v3/refund/domestic/refunds',
    })
    expect(JSON.parse(String(request?.body))).toEqual({
      transaction_id: TRANSACTION_ID,
      out_refund_no: REFUND,
      reason: '多收了',
      notify_url: 'https://pay.example.com/api/refund/notify/wxpay/A1',
      amount: { refund: 200, total: 1234, currency: 'CNY' },
    })
  })

  it('cuts the reason after 80 characters and leaves out an empty one', async () => {
    const world = openWorld()
    world.answers(signed(200, ACCEPTED))
    await world.channel.refund?.(world.ports, { ...REFUND_INPUT, reason: '退'.repeat(81) })
    expect(JSON.parse(String(world.requests[0]?.body))).toMatchObject({ reason: '退'.repeat(80) })
    world.answers(signed(200, ACCEPTED))
    await world.channel.refund?.(world.ports, { ...REFUND_INPUT, reason: '' })
    expect(JSON.parse(String(world.requests[1]?.body))).not.toHaveProperty('reason')
  })
})

describe('where a refund stands', () => {
  it('is asked by our number', async () => {
    const world = openWorld()
    world.answers(signed(200, REFUNDED))
    expect(await world.channel.queryRefund?.(world.ports, REFUND_INPUT)).toEqual({
      kind: 'succeeded',
      channelRefundNo: '50000000382019052709732678859',
      refunded: money(200, 'CNY'),
      refundedAtMs: 1_767_225_900_000,
    })
    expect(world.requests[0]).toMatchObject({
      method: 'GET',
      url: `https://api.mch.weixin.qq.com/v3/refund/domestic/refunds/${REFUND}`,
    })
  })

  it.each([
    ['SUCCESS', { kind: 'succeeded' }],
    ['PROCESSING', { kind: 'pending' }],
    ['ABNORMAL', { kind: 'pending', needs: 'operator' }],
    ['CLOSED', { kind: 'failed', error: { code: 'CLOSED', retry: 'new_attempt' } }],
    ['A_STATE_OF_TOMORROW', { kind: 'pending' }],
  ])('is the same to the answer and to the query: %s', async (status, standing) => {
    const world = openWorld()
    world.answers(signed(200, { ...REFUNDED, status }))
    expect(await world.channel.refund?.(world.ports, REFUND_INPUT)).toMatchObject(standing)
    world.answers(signed(200, { ...REFUNDED, status }))
    expect(await world.channel.queryRefund?.(world.ports, REFUND_INPUT)).toMatchObject(standing)
  })

  it('does not call an operator for a refund that is on its way', async () => {
    const world = openWorld()
    world.answers(signed(200, ACCEPTED))
    const outcome = await world.channel.queryRefund?.(world.ports, REFUND_INPUT)
    expect(outcome).not.toHaveProperty('needs')
  })

  it.each([
    ['is about another refund', signed(200, { ...REFUNDED, out_refund_no: 'R1' })],
    ['has no status', signed(200, { ...REFUNDED, status: undefined })],
    ['succeeded at no time', signed(200, { ...REFUNDED, success_time: undefined })],
    ['has no number of WeChat', signed(200, { ...REFUNDED, refund_id: undefined })],
    ['has no amount', signed(200, { ...REFUNDED, amount: undefined })],
    ['gives back half a fen', signed(200, { ...REFUNDED, amount: { refund: 0.5 } })],
    ['is not signed', unsigned(200, REFUNDED)],
    ['is empty', signed(204, undefined)],
  ])('is unknown when the answer %s', async (_, answer) => {
    const world = openWorld()
    world.answers(answer)
    expect(await world.channel.refund?.(world.ports, REFUND_INPUT)).toMatchObject({
      kind: 'unknown',
    })
    world.answers(answer)
    expect(await world.channel.queryRefund?.(world.ports, REFUND_INPUT)).toMatchObject({
      kind: 'unknown',
    })
  })
})
