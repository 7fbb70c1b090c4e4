/** Where one account ends and another begins, and what becomes of calls when hosts or keys change. */
import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS, money, SECOND_MS } from '../../../core/plugin/api.ts'
import { ASKED, ATTEMPT, nativePay, REFUND_INPUT } from './fake-wechat.ts'
import {
  ASKED_BAR,
  barPay,
  RETURN_INPUT,
  SHOP,
  SPLIT_INPUT,
  TRANSFER,
  TRANSFER_INPUT,
} from './fixtures.ts'
import { openSimulated, type SimulatedWorld } from './simulated.ts'

async function paid({ channel, ports, simulator }: SimulatedWorld, changes = {}) {
  await channel.pay(ports, nativePay(changes))
  await simulator.act(ATTEMPT, 'pay')
  const outcome = await channel.query(ports, ASKED)
  if (outcome.kind !== 'succeeded') throw new Error(`it is ${outcome.kind}`)
  return outcome.channelPaymentNo
}

const REFUSED = { kind: 'unknown', error: { code: 'INVALID_REQUEST' } }

describe('two sub-merchants of one provider', () => {
  const open = async () => {
    const world = await openSimulated({ mode: 'partner' })
    return { ...world, other: world.as(world.simulator.providerSettings(1)) }
  }

  it('cannot ask for, close or refund each other’s payments', async () => {
    const world = await open()
    const channelPaymentNo = await paid(world)
    const { channel, ports } = world.other
    expect((await channel.query(ports, ASKED)).kind).toBe('unknown')
    expect((await channel.close?.(ports, ASKED))?.kind).toBe('refused')
    const input = { ...REFUND_INPUT, channelPaymentNo }
    expect(await channel.refund?.(ports, input)).toMatchObject({ kind: 'failed' })
    expect(await world.channel.queryRefund?.(world.ports, input)).toEqual({ kind: 'not_found' })
    expect(await world.channel.refund?.(world.ports, input)).toMatchObject({ kind: 'pending' })
    expect((await channel.queryRefund?.(ports, input))?.kind).not.toBe('pending')
  })

  it('cannot close what the other one has not been paid yet', async () => {
    const world = await open()
    await world.channel.pay(world.ports, nativePay())
    const { channel, ports } = world.other
    expect((await channel.close?.(ports, ASKED))?.kind).toBe('refused')
    expect(await world.channel.query(world.ports, ASKED)).toEqual({ kind: 'pending' })
  })

  it('cannot reverse what the other one charged at its till', async () => {
    const world = await open()
    await world.channel.pay(world.ports, barPay())
    await world.later(15 * SECOND_MS)
    const { channel, ports } = world.other
    expect((await channel.query(ports, ASKED_BAR)).kind).toBe('not_found')
    expect((await channel.close?.(ports, ASKED_BAR))?.kind).toBe('refused')
    expect((await world.channel.query(world.ports, ASKED_BAR)).kind).toBe('succeeded')
  })

  it('cannot share, ask, free or take back each other’s money', async () => {
    const world = await open()
    const channelPaymentNo = await paid(world, { splitting: true })
    const { channel, ports } = world.other
    const receiver = { ...SHOP, name: '某某商城' }
    for (const one of [world, world.other]) {
      await one.channel.split?.bindReceiver(one.ports, { receiver, requestNumber: 'Q1' })
    }
    await world.later(MINUTE_MS)
    const shares = [{ receiver, amount: money(100, 'CNY'), description: '分成' }]
    const input = { ...SPLIT_INPUT, channelPaymentNo, shares }
    // WeChat says whose it is not, to the question as well: refused, and never the beginning of one.
    expect(await channel.split?.send(ports, input)).toMatchObject(REFUSED)
    expect(await channel.split?.finish(ports, input)).toMatchObject(REFUSED)
    expect(await world.channel.split?.unsplit?.(world.ports, input)).toMatchObject({
      unsplit: money(1227, 'CNY'),
    })
    await world.channel.split?.send(world.ports, input)
    await world.later(5 * SECOND_MS)
    expect((await channel.split?.query(ports, input))?.kind).not.toBe('finished')
    const back = { ...RETURN_INPUT, channelPaymentNo, receiver }
    expect(await channel.split?.takeBack?.(ports, back)).toMatchObject({ kind: 'failed' })
    expect(await world.channel.split?.takeBack?.(world.ports, back)).toMatchObject({
      kind: 'pending',
    })
  })

  it('cannot ask for or cancel each other’s transfers', async () => {
    const world = await open()
    const asked = { transferId: TRANSFER, entry: 'WX_CASH' }
    await world.channel.transfer?.send(world.ports, TRANSFER_INPUT)
    const { channel, ports } = world.other
    expect(await channel.transfer?.query(ports, asked)).toEqual({ kind: 'not_found' })
    expect(await channel.transfer?.cancel?.(ports, asked)).toMatchObject({ kind: 'refused' })
    expect(await world.channel.transfer?.cancel?.(world.ports, asked)).toEqual({ kind: 'accepted' })
  })

  it('have bills of their own', async () => {
    const world = await open()
    await paid(world)
    await world.later(DAY_MS + 2 * HOUR_MS)
    const { channel, ports } = world.other
    for (const kind of ['trade', 'fund_flow']) {
      const asked = { kind, date: '2026-01-01' }
      expect((await world.channel.bills?.(world.ports, asked))?.kind).toBe('ready')
      expect(await channel.bills?.(ports, asked)).toEqual({ kind: 'empty' })
    }
  })

  it('and a direct merchant cannot reach into a provider, nor the other way round', async () => {
    const world = await open()
    await paid(world)
    const direct = world.as(await world.simulator.demoSettings())
    expect(await direct.channel.query(direct.ports, ASKED)).toEqual({ kind: 'not_found' })
    expect(await direct.channel.close?.(direct.ports, ASKED)).toEqual({ kind: 'not_found' })
  })
})

describe('when the main host cannot be reached', () => {
  it('a payment is made, asked for, refunded and billed by the second one', async () => {
    const world = await openSimulated()
    world.goesDown('api.mch.weixin.qq.com')
    const { channel, ports } = world
    const channelPaymentNo = await paid(world)
    const input = { ...REFUND_INPUT, channelPaymentNo }
    expect(await channel.refund?.(ports, input)).toMatchObject({ kind: 'pending' })
    await world.later(DAY_MS + 2 * HOUR_MS)
    const bill = { kind: 'trade', date: '2026-01-01' }
    expect(await channel.bills?.(ports, bill)).toMatchObject({ kind: 'ready' })
    expect(new Set(world.called.map((call) => call.split(/[ /]/)[1]))).toEqual(
      new Set(['api2.mch.weixin.qq.com']),
    )
  })

  it('a payment code is charged by no other host: nobody shall pay twice', async () => {
    const world = await openSimulated()
    world.goesDown('api.mch.weixin.qq.com')
    expect(await world.channel.pay(world.ports, barPay())).toMatchObject({ kind: 'not_sent' })
    expect(world.called).toEqual([])
  })
})

describe('keys that WeChat is recognised by', () => {
  it('platform certificates are fetched by themselves, and once an hour again', async () => {
    const world = await openSimulated({ verification: 'certificates' })
    const { channel, ports } = world
    const fetches = () => world.called.filter((call) => call.endsWith('/v3/certificates')).length
    await channel.pay(ports, nativePay())
    await channel.query(ports, ASKED)
    expect(fetches()).toBe(1)
    await world.later(HOUR_MS)
    await channel.query(ports, ASKED)
    expect(fetches()).toBe(2)
  })

  it('while a merchant moves to the public key, callbacks of either are believed', async () => {
    const world = await openSimulated({ verification: 'both' })
    const { channel, ports, simulator } = world
    const channelPaymentNo = await paid(world)
    for (let n = 1; n <= 8; n++) {
      const refundId = `R${n}` as never
      const amount = money(1, 'CNY')
      await channel.refund?.(ports, { ...REFUND_INPUT, channelPaymentNo, refundId, amount })
      await simulator.endRefund(refundId, 'SUCCESS')
    }
    // One payment and eight refunds, each told once, and none of them twice for want of a key.
    expect(world.facts()).toHaveLength(9)
    expect(world.called.some((call) => call.endsWith('/v3/certificates'))).toBe(true)
  })

  it('names are encrypted with what the settings have, in each of the modes', async () => {
    for (const verification of ['public_key', 'certificates', 'both'] as const) {
      const { channel, ports } = await openSimulated({ verification })
      const named = { ...TRANSFER_INPUT, accountName: '张三' }
      expect(await channel.transfer?.send(ports, named)).toMatchObject({ kind: 'requires_action' })
    }
  })
})
