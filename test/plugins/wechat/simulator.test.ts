/**
 * The plugin and the simulator of WeChat Pay were written apart, each from the protocol, and share
 * no code. Here they meet.
 */
import { describe, expect, it } from 'vitest'
import { money } from '../../../core/plugin/api.ts'
import type { AnswerFault } from '../../../core/plugin/simulator.ts'
import { ASKED, ATTEMPT, jsapiPay, nativePay, REFUND_INPUT } from './fake-wechat.ts'
import { openSimulated as open } from './simulated.ts'

describe.each([
  ['the public key', { verification: 'public_key' }],
  ['platform certificates', { verification: 'certificates' }],
  ['both', { verification: 'both' }],
  ['certificates that rotate', { verification: 'certificates', rotation: 'during' }],
] as const)('a payment at the simulator, verified with %s', (_, options) => {
  it('is paid, told, refunded in part and told again', async () => {
    const { channel, ports, simulator, told, later } = await open(options)
    expect(await channel.pay(ports, nativePay())).toMatchObject({
      kind: 'requires_action',
      presentation: { kind: 'qr_text', data: expect.stringMatching(/^weixin:/) },
    })
    expect(await channel.query(ports, ASKED)).toEqual({ kind: 'pending' })

    expect(await simulator.act(ATTEMPT, 'pay')).toEqual({})
    await later(1_000)
    const paid = { kind: 'succeeded', paid: money(1234, 'CNY'), payee: channel.payee }
    expect(told.flatMap(({ facts }) => facts)).toMatchObject([{ attemptId: ATTEMPT, ...paid }])
    const outcome = await channel.query(ports, ASKED)
    expect(outcome).toMatchObject(paid)
    expect(await channel.close?.(ports, ASKED)).toEqual({ kind: 'already_paid' })

    const channelPaymentNo = outcome.kind === 'succeeded' ? outcome.channelPaymentNo : ''
    const input = { ...REFUND_INPUT, channelPaymentNo }
    expect(await channel.refund?.(ports, input)).toMatchObject({ kind: 'pending' })
    await later(60_000)
    const refunded = { kind: 'succeeded', refunded: money(200, 'CNY') }
    expect(told.flatMap(({ facts }) => facts)[1]).toMatchObject({ about: 'refund', ...refunded })
    expect(await channel.queryRefund?.(ports, input)).toMatchObject(refunded)
    // A refunded payment is a paid one.
    expect(await channel.query(ports, ASKED)).toMatchObject(paid)
  })

  it('is closed, and closed again', async () => {
    const { channel, ports } = await open(options)
    await channel.pay(ports, jsapiPay())
    expect(await channel.close?.(ports, ASKED)).toEqual({ kind: 'closed' })
    expect(await channel.close?.(ports, ASKED)).toEqual({ kind: 'closed' })
    expect(await channel.query(ports, ASKED)).toEqual({ kind: 'closed' })
    expect(await channel.pay(ports, jsapiPay())).toMatchObject({
      kind: 'failed',
      error: { class: 'already_closed' },
    })
  })
})

it('gives a code for the same order when it is repeated, and is unknown with other content', async () => {
  const { channel, ports, simulator } = await open()
  expect(await channel.pay(ports, nativePay())).toMatchObject({ kind: 'requires_action' })
  expect(await channel.pay(ports, nativePay())).toMatchObject({ kind: 'requires_action' })
  const dearer = nativePay({ amount: money(1235, 'CNY') })
  expect(await channel.pay(ports, dearer)).toMatchObject({ kind: 'unknown' })
  expect(await simulator.payments()).toHaveLength(1)
})

it('stands as the first one when a refund is repeated with another amount', async () => {
  const { channel, ports, simulator, later } = await open()
  await channel.pay(ports, nativePay())
  await simulator.act(ATTEMPT, 'pay')
  const paid = await channel.query(ports, ASKED)
  const input = {
    ...REFUND_INPUT,
    channelPaymentNo: paid.kind === 'succeeded' ? paid.channelPaymentNo : '',
  }
  expect(await channel.refund?.(ports, input)).toMatchObject({ kind: 'pending' })
  expect(await channel.refund?.(ports, input)).toMatchObject({ kind: 'pending' })
  const more = { ...input, amount: money(201, 'CNY') }
  expect(await channel.refund?.(ports, more)).toMatchObject({ kind: 'pending' })
  await later(60_000)
  expect(await channel.queryRefund?.(ports, input)).toMatchObject({ refunded: money(200, 'CNY') })
})

it('finds nothing of what was never sent', async () => {
  const { channel, ports } = await open()
  expect(await channel.query(ports, ASKED)).toEqual({ kind: 'not_found' })
  expect(await channel.close?.(ports, ASKED)).toEqual({ kind: 'not_found' })
  expect(await channel.queryRefund?.(ports, REFUND_INPUT)).toEqual({ kind: 'not_found' })
  expect(await channel.refund?.(ports, REFUND_INPUT)).toMatchObject({ kind: 'failed' })
})

describe('a simulator that misbehaves', () => {
  it.each([
    ['silence_before', 'unknown', 'unknown'],
    ['silence_after', 'unknown', 'unknown'],
    ['reset_before', 'unknown', 'unknown'],
    ['reset_after', 'unknown', 'unknown'],
    ['error_before', 'unknown', 'unknown'],
    ['error_after', 'unknown', 'unknown'],
    ['html_before', 'unknown', 'unknown'],
    ['rate_limited', 'not_sent', 'not_sent'],
    // The close of a paid order is answered with an error, and errors are not verified.
    ['bad_signature', 'unknown', 'already_paid'],
    ['truncated', 'unknown', 'unknown'],
  ] satisfies [AnswerFault, string, string][])(
    'with %s leaves a call %s, the close of a paid payment %s and a refund unknown',
    async (fault, kind, closed) => {
      const { channel, ports, simulator } = await open()
      await simulator.misbehave([{ on: 'pay', fault, times: 1 }])
      expect(await channel.pay(ports, nativePay())).toMatchObject({ kind })
      expect(await channel.pay(ports, nativePay())).toMatchObject({ kind: 'requires_action' })
      await simulator.act(ATTEMPT, 'pay')
      const paid = await channel.query(ports, ASKED)
      const channelPaymentNo = paid.kind === 'succeeded' ? paid.channelPaymentNo : ''
      const input = { ...REFUND_INPUT, channelPaymentNo }

      await simulator.misbehave([
        { on: 'query', fault, times: 1 },
        { on: 'close', fault, times: 1 },
        { on: 'refund', fault, times: 1 },
        { on: 'query_refund', fault, times: 1 },
      ])
      expect(await channel.query(ports, ASKED)).toMatchObject({ kind })
      expect(await channel.close?.(ports, ASKED)).toMatchObject({ kind: closed })
      expect(await channel.refund?.(ports, input)).toMatchObject({ kind: 'unknown' })
      expect(await channel.queryRefund?.(ports, input)).toMatchObject({ kind })
      // Whatever happened to the first refund, the second is the same one.
      expect(await channel.refund?.(ports, input)).toMatchObject({ kind: 'pending' })
    },
  )

  it.each(['forged', 'probe', 'unknown_serial', 'stale'] as const)(
    'is not believed when its signature is %s',
    async (badSignature) => {
      const { channel, ports, simulator, told, later } = await open({ badSignature })
      await channel.pay(ports, nativePay())
      await simulator.misbehave([
        { on: 'callback', fault: 'bad_signature', times: 1 },
        { on: 'query', fault: 'bad_signature', times: 1 },
      ])
      await simulator.act(ATTEMPT, 'pay')
      await simulator.tick()
      expect(told).toEqual([])
      expect(await channel.query(ports, ASKED)).toMatchObject({ kind: 'unknown' })
      // It tells again, signed well.
      await later(15_000)
      expect(told).toHaveLength(1)
    },
  )
})
