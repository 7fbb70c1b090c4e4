import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { money } from '../../../core/plugin/api.ts'
import {
  ATTEMPT,
  CERTIFICATE_SETTINGS,
  certificateList,
  inbound,
  NEW_CERTIFICATE,
  NOW_MS,
  OLD_CERTIFICATE,
  openWorld,
  PAID,
  REFUND,
  REFUNDED,
  SETTINGS,
  type SignedOptions,
  seal,
  signAsWechat,
  TRANSACTION_ID,
  vectors,
} from './fake-wechat.ts'
import { SPLIT, TRANSFER, TRANSFERRED } from './fixtures.ts'

const { notify_transaction: vector } = vectors.ours

const { status: _status, ...REFUND_BASE } = REFUNDED
const TOLD_REFUND = { ...REFUND_BASE, mchid: '1900000109', refund_status: 'SUCCESS' }

interface Event {
  readonly event_type?: string
  readonly original_type?: string | undefined
  readonly contents?: unknown
  /** Changes the envelope before it is signed. */
  readonly change?: (envelope: Record<string, unknown>) => void
}

async function told(
  { event_type = 'TRANSACTION.SUCCESS', original_type, contents = PAID, change }: Event,
  options: SignedOptions = {},
) {
  const sealed = await seal(
    typeof contents === 'string' ? contents : JSON.stringify(contents),
    'transaction',
  )
  const envelope: Record<string, unknown> = {
    id: 'EV-2018022511223320873',
    create_time: '2026-01-01T08:00:10+08:00',
    resource_type: 'encrypt-resource',
    event_type,
    summary: '支付成功',
    resource: { ...sealed, ...(original_type !== undefined && { original_type }) },
  }
  change?.(envelope)
  return inbound(await signAsWechat(JSON.stringify(envelope), options))
}

async function read(event: Event, options: SignedOptions = {}) {
  const { channel, ports } = openWorld()
  return channel.readCallback(ports, await told(event, options))
}

describe('a callback about a payment', () => {
  it('is read as in the vector', async () => {
    const world = openWorld()
    const headers = Object.fromEntries(
      Object.entries(vector.headers).map(([name, value]) => [name.toLowerCase(), value]),
    )
    const body = new TextEncoder().encode(vector.body)
    const call = inbound({ headers, body }, NOW_MS + 10_000)
    expect(await world.channel.readCallback(world.ports, call)).toEqual({
      ok: true,
      value: {
        dedupeKey: 'EV-2026010108000000001',
        facts: [
          {
            about: 'payment',
            attemptId: 'S20260101000001',
            kind: 'succeeded',
            channelPaymentNo: '4200000000202601010000000001',
            paid: money(100, 'CNY'),
            paidAtMs: 1_767_225_609_000,
            payee: '1900000109',
            payer: 'oSharedOpenid000000000000001',
          },
        ],
      },
    })
  })

  it('tells the price, not what was left of it after coupons', async () => {
    const result = await read({ original_type: 'transaction' })
    expect(result).toMatchObject({
      ok: true,
      value: {
        facts: [{ attemptId: ATTEMPT, channelPaymentNo: TRANSACTION_ID, paid: money(1234, 'CNY') }],
      },
    })
  })

  it('is recognised by its event when it does not say what it contains', async () => {
    const result = await read({ original_type: undefined })
    expect(result).toMatchObject({ ok: true, value: { facts: [{ about: 'payment' }] } })
  })

  it('is a success only if its contents say so', async () => {
    const result = await read({ contents: { ...PAID, trade_state: 'NOTPAY' } })
    expect(result).toMatchObject({ ok: true, value: { facts: [{ kind: 'pending' }] } })
  })
})

it('is as fresh as it was when it came, though it be verified a day later', async () => {
  const world = openWorld()
  const call = await told({})
  world.later(86_400_000)
  expect(await world.channel.readCallback(world.ports, call)).toMatchObject({ ok: true })
})

describe('a callback about a refund', () => {
  it.each([
    ['REFUND.SUCCESS', 'SUCCESS', { kind: 'succeeded', refunded: money(200, 'CNY') }],
    ['REFUND.ABNORMAL', 'ABNORMAL', { kind: 'pending', needs: 'operator' }],
    ['REFUND.CLOSED', 'CLOSED', { kind: 'failed' }],
  ])('tells how it went: %s', async (event_type, refund_status, standing) => {
    const contents = { ...TOLD_REFUND, refund_status }
    const result = await read({ event_type, original_type: 'refund', contents })
    expect(result).toMatchObject({
      ok: true,
      value: {
        dedupeKey: 'EV-2018022511223320873',
        facts: [{ about: 'refund', refundId: REFUND, payee: '1900000109', ...standing }],
      },
    })
  })

  it('does not look at the name that the status has in answers', async () => {
    const { refund_status: _, ...contents } = TOLD_REFUND
    const result = await read({
      original_type: 'refund',
      contents: { ...contents, status: 'SUCCESS' },
    })
    expect(result).toMatchObject({ ok: false, refusal: { code: 'malformed' } })
  })
})

describe('a callback about something else', () => {
  it.each([
    ['SOMETHING.NEW', undefined],
    ['COUPON.USE', 'coupon'],
    // Told in the same form as a share that arrived, which it is not.
    ['PROFITSHARING.RETURN', 'profitsharing'],
    ['', undefined],
  ])('is taken and changes nothing: %s, %s', async (event_type, original_type) => {
    const result = await read({ event_type, original_type, contents: { anything: 1 } })
    expect(result).toEqual({ ok: true, value: { dedupeKey: 'EV-2018022511223320873', facts: [] } })
  })
})

describe('a callback about a transfer', () => {
  const { mch_id: mchid, ...rest } = TRANSFERRED
  const TOLD_TRANSFER = { mchid, ...rest }

  it.each([
    [
      'SUCCESS',
      {
        kind: 'succeeded',
        channelTransferNo: TRANSFERRED.transfer_bill_no,
        transferred: money(5000, 'CNY'),
        transferredAtMs: 1_767_226_260_000,
      },
    ],
    ['CANCELLED', { kind: 'closed', reason: 'CANCELLED' }],
  ])('tells how it ended: %s', async (state, standing) => {
    for (const original_type of ['mch_payment', undefined]) {
      const contents = { ...TOLD_TRANSFER, state }
      const event_type = 'MCHTRANSFER.BILL.FINISHED'
      expect(await read({ event_type, original_type, contents })).toEqual({
        ok: true,
        value: {
          dedupeKey: 'EV-2018022511223320873',
          facts: [{ about: 'transfer', transferId: TRANSFER, payee: '1900000109', ...standing }],
        },
      })
    }
  })

  it('tells why it failed', async () => {
    const contents = { ...TOLD_TRANSFER, state: 'FAIL', fail_reason: 'OVERDUE_CLOSE' }
    const result = await read({ original_type: 'mch_payment', contents })
    expect(result).toMatchObject({
      value: { facts: [{ kind: 'failed', error: { code: 'OVERDUE_CLOSE' } }] },
    })
  })

  it.each([
    ['has no payee', { mchid: undefined }],
    ['has no number', { out_bill_no: undefined }],
    ['has a number that is none', { out_bill_no: 'T 1' }],
    ['brought money at no time', { update_time: undefined }],
  ])('is malformed when it %s', async (_, changes) => {
    const contents = { ...TOLD_TRANSFER, ...changes }
    expect(await read({ original_type: 'mch_payment', contents })).toMatchObject({
      refusal: { code: 'malformed' },
    })
  })
})

describe('a callback about a share', () => {
  const TOLD_SHARE = {
    mchid: '1900000109',
    transaction_id: TRANSACTION_ID,
    order_id: '30001904262026010190349990420',
    out_order_no: SPLIT,
    receiver: { type: 'MERCHANT_ID', account: '1900000300', amount: 100, description: '门店分成' },
    success_time: '2026-01-01T08:03:00+08:00',
  }
  const FACT = {
    about: 'split',
    splitId: SPLIT,
    payee: '1900000109',
    // What the other receivers got, it does not say.
    kind: 'pending',
    channelSplitNo: '30001904262026010190349990420',
    shares: [
      {
        receiver: { kind: 'merchant', account: '1900000300' },
        amount: money(100, 'CNY'),
        state: 'succeeded',
      },
    ],
  }

  it.each([
    ['PROFITSHARING.SUCCESS', 'profitsharing'],
    // As WeChat has been seen to tell it: under the name, and even the type, of a payment.
    ['TRANSACTION.SUCCESS', 'profitsharing'],
    ['TRANSACTION.SUCCESS', 'transaction'],
    ['PROFITSHARING.SUCCESS', undefined],
  ])('tells that this one arrived: %s, %s', async (event_type, original_type) => {
    const result = await read({ event_type, original_type, contents: TOLD_SHARE })
    expect(result).toEqual({
      ok: true,
      value: { dedupeKey: 'EV-2018022511223320873', facts: [FACT] },
    })
  })

  it.each([
    ['it was taken back', {}, { change: (told) => Object.assign(told, { summary: '分账回退' }) }],
    ['somebody else shared', { mchid: '1900000999' }, {}],
    ['another system of the merchant shared', { out_order_no: 'P20260101080000' }, {}],
    ['only the rest was released', { out_order_no: `${SPLIT}F` }, {}],
  ] satisfies [string, object, Partial<Event>][])(
    'is taken and changes nothing when %s',
    async (_, changes, event) => {
      const contents = { ...TOLD_SHARE, ...changes }
      expect(await read({ original_type: 'profitsharing', contents, ...event })).toEqual({
        ok: true,
        value: { dedupeKey: 'EV-2018022511223320873', facts: [] },
      })
    },
  )

  it.each([
    ['has no payee', { mchid: undefined }],
    ['has no number', { out_order_no: undefined }],
    ['has no receiver', { receiver: undefined }],
  ])('is malformed when it %s', async (_, changes) => {
    const contents = { ...TOLD_SHARE, ...changes }
    expect(await read({ original_type: 'profitsharing', contents })).toMatchObject({
      refusal: { code: 'malformed' },
    })
  })
})

describe('a callback that WeChat did not sign', () => {
  it.each([
    ['a byte was changed', { tamper: ({ body }) => body.fill(0x58, 9, 10) }],
    [
      'a byte was added',
      {
        tamper: (signed) => {
          signed.body = Uint8Array.of(...signed.body, 10)
        },
      },
    ],
    [
      'the signature is a probe',
      {
        tamper: ({ headers }) => {
          headers['wechatpay-signature'] = `WECHATPAY/SIGNTEST/${headers['wechatpay-signature']}`
        },
      },
    ],
    ['it is 301 seconds old', { atMs: NOW_MS - 301_000 }],
    ['it is 301 seconds early', { atMs: NOW_MS + 301_000 }],
    ['somebody else signed it', { by: { ...OLD_CERTIFICATE, id: SETTINGS.wechatpayPublicKey.id } }],
    ['it names a key that we do not know', { by: OLD_CERTIFICATE }],
    [
      'it has no signature',
      {
        tamper: ({ headers }) => {
          for (const name of Object.keys(headers)) delete headers[name]
        },
      },
    ],
  ] satisfies [string, SignedOptions][])('is refused when %s', async (_, options) => {
    expect(await read({}, options)).toMatchObject({ ok: false, refusal: { code: 'unverifiable' } })
  })

  it('costs one fetch of certificates however often an unknown one is named', async () => {
    const world = openWorld(CERTIFICATE_SETTINGS)
    world.answers(certificateList(['old']))
    for (const id of ['AAAA', 'BBBB', 'CCCC']) {
      const call = await told({}, { by: { ...NEW_CERTIFICATE, id } })
      expect(await world.channel.readCallback(world.ports, call)).toMatchObject({ ok: false })
    }
    expect(world.requests).toHaveLength(1)
    const call = await told({}, { by: OLD_CERTIFICATE })
    expect(await world.channel.readCallback(world.ports, call)).toMatchObject({ ok: true })
  })
})

describe('a callback that WeChat signed but nobody can read', () => {
  const resource = (changes: object) => (envelope: Record<string, unknown>) => {
    envelope.resource = { ...(envelope.resource as object), ...changes }
  }

  it.each([
    ['has no id', { change: (envelope) => delete envelope.id }],
    ['has no contents', { change: (envelope) => delete envelope.resource }],
    ['is sealed in another way', { change: resource({ algorithm: 'AEAD_SM4_GCM' }) }],
    ['has a nonce of no bytes', { change: resource({ nonce: '' }) }],
    ['has a nonce of 6 bytes', { change: resource({ nonce: 'abcdef' }) }],
    ['has a nonce of 13 bytes', { change: resource({ nonce: 'abcdefghijklm' }) }],
    ['has an empty text', { change: resource({ ciphertext: '' }) }],
    ['has a text that is no base64', { change: resource({ ciphertext: '!!!not-base64!!!' }) }],
    ['has a text of 3 bytes', { change: resource({ ciphertext: 'AAAA' }) }],
    ['has a text of 16 bytes', { change: resource({ ciphertext: 'AAAAAAAAAAAAAAAAAAAAAA==' }) }],
    ['holds no JSON', { contents: 'not json' }],
    ['holds a list', { contents: [PAID] }],
    ['holds no payment', { contents: {} }],
    ['holds a payment without an amount', { contents: { ...PAID, amount: undefined } }],
    ['holds a payment number that is none', { contents: { ...PAID, out_trade_no: 'a b c d' } }],
    [
      'holds a refund without a payee',
      { original_type: 'refund', contents: { ...TOLD_REFUND, mchid: undefined } },
    ],
  ] satisfies [string, Event][])('is malformed when it %s', async (_, event) => {
    expect(await read(event)).toMatchObject({ ok: false, refusal: { code: 'malformed' } })
  })

  it('is malformed when it is no JSON', async () => {
    const { channel, ports } = openWorld()
    const call = inbound(await signAsWechat('<xml></xml>'))
    expect(await channel.readCallback(ports, call)).toMatchObject({
      refusal: { code: 'malformed' },
    })
  })

  it('points at the APIv3 key when it does not open', async () => {
    const { channel, ports } = openWorld({ ...SETTINGS, apiV3Key: '0'.repeat(32) })
    expect(await channel.readCallback(ports, await told({}))).toEqual({
      ok: false,
      refusal: {
        code: 'unverifiable',
        reason: 'its contents do not open with the APIv3 key',
      },
    })
  })
})

it('never throws, whatever WeChat signs', async () => {
  const { channel, ports } = openWorld()
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.jsonValue(), async (envelope, contents) => {
      const odd = inbound(await signAsWechat(JSON.stringify(envelope)))
      expect(await channel.readCallback(ports, odd)).toMatchObject({ ok: false })
      for (const original_type of ['transaction', 'refund', 'mch_payment', 'profitsharing']) {
        const call = await told({ original_type, contents: JSON.stringify(contents) })
        expect(await channel.readCallback(ports, call)).toMatchObject({ ok: false })
      }
    }),
    { numRuns: 50 },
  )
})

describe('the acknowledgement', () => {
  const { channel } = openWorld()

  it('says 200 once it is stored', () => {
    expect(channel.acknowledge(true)).toMatchObject({
      status: 200,
      body: '{"code":"SUCCESS","message":"成功"}',
    })
  })

  it('says 400 to what it does not believe, so that WeChat tells again', () => {
    expect(channel.acknowledge(false)).toMatchObject({
      status: 400,
      body: '{"code":"FAIL","message":"失败"}',
    })
  })
})
