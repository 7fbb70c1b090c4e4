import { describe, expect, it } from 'vitest'
import { money } from '../../../core/plugin/api.ts'
import {
  ASKED,
  ATTEMPT,
  answered,
  content,
  ENCRYPTED_SETTINGS,
  ok,
  openWorld,
  PAID,
  PROVIDER_SETTINGS,
  pagePay,
  payInput,
  qrPay,
  REFUND_INPUT,
  refused,
  SPLIT_INPUT,
  sent,
  vectors,
} from './fake-alipay.ts'
import { handed, meet } from './simulated-alipay.ts'

const { aes } = vectors.ours

describe('a merchant below a service provider', () => {
  it('is named in every call by the token that it granted', async () => {
    const world = openWorld(PROVIDER_SETTINGS)
    const { channel, ports } = world
    for (let left = 8; left > 0; left--) world.answers(refused('ACQ.SYSTEM_ERROR'))
    await channel.pay(ports, qrPay())
    await channel.pay(ports, pagePay())
    await channel.query(ports, ASKED)
    await channel.close?.(ports, ASKED)
    await channel.refund?.(ports, REFUND_INPUT)
    await channel.queryRefund?.(ports, REFUND_INPUT)
    await channel.split?.send(ports, SPLIT_INPUT)
    await channel.bills?.(ports, { kind: 'trade', date: '2025-12-31' })
    expect(world.requests).toHaveLength(8)
    for (const request of world.requests) {
      expect(sent(request)).toMatchObject({
        app_id: '2021000000000001',
        app_auth_token: '202601BBshared0000000000000000000001',
      })
    }
    expect(JSON.stringify(world.logs)).not.toContain('BBshared')
  })

  it('tells whose the rebate is with what it orders, and with nothing else', async () => {
    const world = openWorld(PROVIDER_SETTINGS)
    world.answers(refused('ACQ.SYSTEM_ERROR'))
    world.answers(refused('ACQ.SYSTEM_ERROR'))
    await world.channel.pay(world.ports, qrPay())
    await world.channel.query(world.ports, ASKED)
    expect(content(world.requests[0])).toMatchObject({
      extend_params: { sys_service_provider_id: '2088000000000009' },
    })
    expect(content(world.requests[1])).toEqual({ out_trade_no: ATTEMPT })
  })
})

describe.each(['key', 'certificate'] as const)(
  'two merchants below one provider, by %s',
  (mode) => {
    async function openTwo() {
      const meeting = await meet({ mode })
      const { simulator, merchant } = meeting
      const first = merchant(simulator.providerSettings(0))
      const second = merchant(simulator.providerSettings(1))
      // Callbacks are read with the settings of the one who is to be told.
      return { ...meeting, first, second, reads: () => merchant(simulator.providerSettings(0)) }
    }

    it('are paid each for itself, and told so', async () => {
      const { first, ports, simulator, reads, facts, later } = await openTwo()
      reads()
      await simulator.open(handed(await first.pay(ports, payInput('ALI_PC'))))
      await simulator.act(ATTEMPT, 'pay')
      await later(1_000)
      const paid = { kind: 'succeeded', paid: money(8888, 'CNY'), payee: '2088000000000011' }
      expect(await first.query(ports, ASKED)).toMatchObject(paid)
      expect(facts()).toMatchObject([{ about: 'payment', attemptId: ATTEMPT, ...paid }])
      expect(first.payee).toBe('2088000000000011')
    })

    it('cannot ask about, close or give back what is the other one’s', async () => {
      const { first, second, ports, simulator } = await openTwo()
      await first.pay(ports, pagePay({ extra: { buyerUserId: '2088100000000077' } }))
      expect(await second.query(ports, ASKED)).toEqual({ kind: 'not_found' })
      expect(await second.close?.(ports, ASKED)).toEqual({ kind: 'not_found' })
      await simulator.act(ATTEMPT, 'pay')
      const paid = await first.query(ports, ASKED)
      const channelPaymentNo = paid.kind === 'succeeded' ? paid.channelPaymentNo : ''
      const stolen = { ...REFUND_INPUT, channelPaymentNo }
      expect(await second.refund?.(ports, stolen)).toMatchObject({ kind: 'failed' })
      expect(await second.queryRefund?.(ports, stolen)).toMatchObject({ kind: 'unknown' })
      const split = { ...SPLIT_INPUT, channelPaymentNo }
      expect(await second.split?.send(ports, split)).toMatchObject({ kind: 'failed' })
      expect(await first.refund?.(ports, stolen)).toMatchObject({ kind: 'succeeded' })
    })

    it('are turned away once they have withdrawn, which fails no refund', async () => {
      const { first, second, ports, simulator } = await openTwo()
      await first.pay(ports, pagePay({ extra: { buyerUserId: '2088100000000077' } }))
      await simulator.act(ATTEMPT, 'pay')
      const paid = await first.query(ports, ASKED)
      const channelPaymentNo = paid.kind === 'succeeded' ? paid.channelPaymentNo : ''
      await simulator.revoke(String(simulator.providerSettings(0).appAuthToken))
      const gone = { kind: 'failed', error: { class: 'unauthorised' } }
      const attemptId = `${ATTEMPT}A2` as typeof ATTEMPT
      expect(await first.pay(ports, qrPay({ attemptId }))).toMatchObject(gone)
      expect(await first.query(ports, ASKED)).toMatchObject({ kind: 'unknown' })
      const input = { ...REFUND_INPUT, channelPaymentNo }
      expect(await first.refund?.(ports, input)).toMatchObject({ kind: 'not_sent' })
      expect(await second.pay(ports, qrPay())).toMatchObject({ kind: 'requires_action' })
    })
  },
)

describe('encrypted content', () => {
  it('is encrypted before it is signed, and said to be', async () => {
    const world = openWorld(ENCRYPTED_SETTINGS)
    world.answers(ok(PAID))
    await world.channel.query(world.ports, ASKED)
    const fields = sent(world.requests[0])
    expect(fields.encrypt_type).toBe('AES')
    expect(JSON.parse(await decrypted(fields.biz_content ?? ''))).toEqual({ out_trade_no: ATTEMPT })
  })

  it('of an answer is verified as it came, and then decrypted', async () => {
    const world = openWorld(ENCRYPTED_SETTINGS)
    const text = JSON.stringify({ code: '10000', msg: 'Success', ...PAID })
    world.answers(await encryptedAnswer(text))
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({
      kind: 'succeeded',
      paid: money(8888, 'CNY'),
    })
  })

  it('that was encrypted with another key is unknown', async () => {
    const other = btoa('another key 16 B')
    const world = openWorld({ ...ENCRYPTED_SETTINGS, contentKey: other })
    world.answers(await encryptedAnswer(JSON.stringify({ code: '10000', ...PAID })))
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'unknown' })
  })

  it('that nobody asked to encrypt cannot be read', async () => {
    const world = openWorld()
    world.answers(await encryptedAnswer(JSON.stringify({ code: '10000', ...PAID })))
    expect(await world.channel.query(world.ports, ASKED)).toMatchObject({ kind: 'unknown' })
  })

  it('is not expected of every answer: what is signed and readable is read', async () => {
    const world = openWorld(ENCRYPTED_SETTINGS)
    world.answers(refused('ACQ.TRADE_NOT_EXIST'))
    expect(await world.channel.query(world.ports, ASKED)).toEqual({ kind: 'not_found' })
  })
})

const ALGORITHM = { name: 'AES-CBC', iv: new Uint8Array(16) } as const

async function contentKey(use: KeyUsage): Promise<CryptoKey> {
  const bytes = Uint8Array.from(atob(aes.key), (char) => char.charCodeAt(0))
  return crypto.subtle.importKey('raw', bytes, 'AES-CBC', false, [use])
}

async function decrypted(base64: string): Promise<string> {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
  const opened = await crypto.subtle.decrypt(ALGORITHM, await contentKey('decrypt'), bytes)
  return new TextDecoder().decode(opened)
}

/** The node is a string: what was encrypted, in base64. */
async function encryptedAnswer(text: string) {
  const bytes = new TextEncoder().encode(text)
  const sealed = await crypto.subtle.encrypt(ALGORITHM, await contentKey('encrypt'), bytes)
  const node = btoa(String.fromCharCode(...new Uint8Array(sealed)))
  return answered(JSON.stringify(node).replaceAll('/', '\\/'))
}
