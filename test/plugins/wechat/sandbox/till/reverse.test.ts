import { describe, expect, it } from 'vitest'
import {
  NATIVE,
  nativeOrder,
  PARTNER,
  PROVIDER,
  partnerOrder,
  REFUNDS,
  refundOf,
} from '../wechat-kit.ts'
import { IDS, NUMBER, openTill, scanned } from './till-kit.ts'

async function openCharged(outcome = 'paid') {
  const kit = openTill()
  await kit.charges(scanned(await kit.code(outcome)))
  return kit
}

describe('a reversal', () => {
  it('gives back what was paid, and says so again', async () => {
    const { reverses, sees, passes, simulator } = await openCharged()
    await passes(15_000)
    for (const _time of [1, 2]) {
      const answer = await reverses()
      expect(answer).toMatchObject({ status: 200, verified: true })
      expect(answer.body).toEqual({ ...IDS, out_trade_no: NUMBER })
    }
    expect(await sees()).toMatchObject({ trade_state: 'REVOKED', trade_state_desc: '订单已撤销' })
    expect(await simulator.balance('1900000109', 'basic')).toBe(100_000_000)
  })

  it('keeps the payer from typing the password', async () => {
    const { reverses, sees, passes, simulator } = await openCharged('password')
    await passes(15_000)
    expect((await reverses()).status).toBe(200)
    expect(await simulator.act(NUMBER, 'pay')).toEqual({ refused: 'reversed by the merchant' })
    expect(await sees()).toMatchObject({ trade_state: 'REVOKED' })
  })

  it('ends an order that failed at the till', async () => {
    const { reverses, sees, passes } = await openCharged('insufficient_balance')
    await passes(15_000)
    expect((await reverses()).status).toBe(200)
    expect(await sees()).toMatchObject({ trade_state: 'REVOKED' })
  })

  it('is refused for 15 seconds, and after seven days', async () => {
    const { reverses, passes } = await openCharged()
    await passes(14_999)
    expect(await reverses()).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
    await passes(7 * 86_400_000 - 14_999)
    expect(await reverses()).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
    const kit = await openCharged()
    await kit.passes(7 * 86_400_000 - 1)
    expect((await kit.reverses()).status).toBe(200)
  })

  it('leaves nothing to refund, and is refused when something was', async () => {
    const { call, reverses, passes } = await openCharged()
    await passes(15_000)
    await call('POST', REFUNDS, refundOf(1))
    expect(await reverses()).toMatchObject({ status: 403, body: { code: 'TRADE_ERROR' } })
    const kit = await openCharged()
    await kit.passes(15_000)
    await kit.reverses()
    expect(await kit.call('POST', REFUNDS, refundOf(1))).toMatchObject({ status: 404 })
  })

  it('makes the number useless', async () => {
    const { charges, code, reverses, passes } = await openCharged()
    await passes(15_000)
    await reverses()
    expect(await charges(scanned(await code('paid')))).toMatchObject({
      status: 400,
      body: { code: 'ORDERREVERSED' },
    })
  })

  it('finds only what was scanned', async () => {
    const { call, reverses, passes } = openTill()
    expect(await reverses()).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_EXIST' } })
    await call('POST', NATIVE, nativeOrder())
    await passes(15_000)
    expect(await reverses()).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } })
  })

  it('needs the money to be there', async () => {
    const { reverses, passes, sees, simulator } = await openCharged()
    await passes(15_000)
    await simulator.setBalance('1900000109', 'basic', 98)
    expect(await reverses()).toMatchObject({ status: 403, body: { code: 'NOT_ENOUGH' } })
    expect(await sees()).toMatchObject({ trade_state: 'SUCCESS' })
    await simulator.setBalance('1900000109', 'basic', 99)
    expect((await reverses()).status).toBe(200)
    expect(await simulator.balance('1900000109', 'basic')).toBe(0)
  })

  it('is there for providers, for their own sub-merchant’s order alone', async () => {
    const { call, passes } = openTill()
    const asProvider = { as: PROVIDER }
    const { notify_url: _none, ...order } = partnerOrder({
      payer: { auth_code: '134567890123456789' },
    })
    await call('POST', `${PARTNER}/codepay`, order, asProvider)
    await passes(15_000)
    const path = `${PARTNER}/out-trade-no/${NUMBER}/reverse`
    const ids = { sp_appid: 'wx0000000000000010', sp_mchid: '1900000100', sub_mchid: '1900000202' }
    expect(await call('POST', path, ids, asProvider)).toMatchObject({ suffix: '268447845' })
    const own = { ...ids, sub_mchid: '1900000201' }
    const answer = await call('POST', path, own, asProvider)
    expect(answer.body).toEqual({ ...own, out_trade_no: NUMBER })
  })
})
