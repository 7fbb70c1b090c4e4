import { describe, expect, it } from 'vitest'
import { ASKED, ATTEMPT, openWorld, signed, unsigned } from './fake-wechat.ts'

describe('a close', () => {
  it('is done when WeChat signs that nothing is left to say', async () => {
    const world = openWorld()
    world.answers(signed(204, undefined))
    expect(await world.channel.close?.(world.ports, ASKED)).toEqual({ kind: 'closed' })
    expect(world.requests[0]).toMatchObject({
      method: 'POST',
      url: `https://api.mch.weixin.qq.com/v3/pay/transactions/out-trade-no/${ATTEMPT}/close`,
      body: '{"mchid":"1900000109"}',
    })
  })

  it.each([
    ['204 is not signed', unsigned(204, '')],
    [
      '204 is signed wrongly',
      signed(204, undefined, {
        tamper: ({ headers }) => {
          headers['wechatpay-nonce'] = 'another'
        },
      }),
    ],
    ['the answer is a signed 200, which closes nothing', signed(200, {})],
    ['WeChat says that it was closed before, in an error', unsigned(400, { code: 'ORDER_CLOSED' })],
  ])('is unknown when %s', async (_, answer) => {
    const world = openWorld()
    world.answers(answer)
    const outcome = await world.channel.close?.(world.ports, ASKED)
    expect(outcome).toMatchObject({ kind: 'unknown' })
  })

  it('is refused with the reason that WeChat gives', async () => {
    const world = openWorld()
    world.answers(unsigned(400, { code: 'INVALID_REQUEST', message: '付款码订单不支持关单' }))
    expect(await world.channel.close?.(world.ports, ASKED)).toEqual({
      kind: 'refused',
      error: {
        code: 'INVALID_REQUEST',
        message: '付款码订单不支持关单',
        class: 'invalid_request',
        retry: 'never',
        fault: 'merchant',
      },
    })
  })
})
