import { describe, expect, it } from 'vitest'
import { openPassage } from '../../../core/merchant/accounts.ts'
import { setReplayWindow } from '../../../core/merchant/merchants.ts'
import { redact } from '../../../core/observability/redact.ts'
import type { BoundChannel, ChannelPorts } from '../../../core/plugin/api.ts'
import { DatabaseError, type SharedMemory } from '../../../core/ports.ts'
import { bankChannel } from '../../kit/bank-channel.ts'
import { anOrder, type Envelope, openShop, type Shop } from '../../kit/shop.ts'

const OPENID = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o'
const PHONE = '13812345678'
const CARD = '6222021234567890128'
const NAME = '张三丰'
const KEY_LINE = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7'
const PEM = `-----BEGIN PRIVATE KEY-----\n${KEY_LINE}\n-----END PRIVATE KEY-----`
const PAY_CODE = '134567890123456789'
/** What the kit's bank account is opened with. */
const CHANNEL_SECRET = 'secret-canary'

/** What a channel might say of a call: all that it was given, and more than that. */
const saidOf = (input: unknown) =>
  `refused ${OPENID}, ${PHONE}, ${CARD}, ${PAY_CODE}, ${PEM}, ${CHANNEL_SECRET}: ${JSON.stringify(input)}`

type Mood = 'well' | 'echoes' | 'throws' | 'does_not_know'

/** The kit's bank, that tells everything it knows in its errors, its logs and what it throws. */
function telltale(mood: () => Mood): typeof bankChannel {
  const wrap =
    <Given, Answer>(operation: (ports: ChannelPorts, input: Given) => Promise<Answer>) =>
    async (ports: ChannelPorts, input: Given): Promise<Answer> => {
      const said = saidOf(input)
      const error = {
        class: 'invalid_request',
        retry: 'never',
        fault: 'merchant',
        code: 'REFUSED',
        message: said,
      } as const
      ports.log.write('warn', said, { because: said })
      switch (mood()) {
        case 'well':
          return operation(ports, input)
        case 'echoes':
          return { kind: 'failed', error } as Answer
        case 'does_not_know':
          return { kind: 'unknown', evidence: said, error } as Answer
        case 'throws':
          await operation(ports, input)
          throw new Error(said)
      }
    }
  return {
    ...bankChannel,
    bind(settings) {
      const bound = bankChannel.bind(settings)
      if (!bound.ok) return bound
      const { value } = bound
      const { split, transfer, refund } = value
      const told: BoundChannel = {
        ...value,
        pay: wrap(value.pay),
        query: wrap(value.query),
        ...(refund && { refund: wrap(refund) }),
        ...(transfer && { transfer: { ...transfer, send: wrap(transfer.send) } }),
        ...(split && { split: { ...split, bindReceiver: wrap(split.bindReceiver) } }),
      }
      return { ...bound, value: told }
    },
  }
}

async function openTelltaleShop() {
  const entries: [string, string][] = []
  const shared: SharedMemory = {
    async take(who) {
      entries.push(['take', who])
      return { within: true }
    },
    async keepOnce(key) {
      entries.push(['keepOnce', key])
      return true
    },
    get: async () => undefined,
    put: async (key, value) => void entries.push([key, value]),
    isReachable: async () => true,
  }
  const state: { mood: Mood; isAway: boolean } = { mood: 'well', isAway: false }
  const shop = await openShop({
    shared,
    channel: telltale(() => state.mood),
    settings: { metrics: 'open', rates: { perApp: 1_000, perIp: 1_000 } },
    wrapDatabase: (database) => ({
      batch: (statements, mode) =>
        state.isAway
          ? Promise.reject(new DatabaseError('unavailable', 'gone'))
          : database.batch(statements, mode),
    }),
  })
  const { core } = shop.gateway
  const { appId } = shop.app
  for (const way of ['bank:WX_CASH', 'bank:BANK_CARD']) {
    await openPassage(core, { appId, way, accountId: shop.accountId, feePartsPerMillion: 0 })
  }
  return { shop, state, entries }
}

/** All that a merchant can ask of us, with what must not be told in each place it can be in. */
async function asksForEverything(shop: Shop): Promise<Envelope[]> {
  const { asksFor, calls } = shop
  const channelExtra = JSON.stringify({ openid: OPENID, authCode: PAY_CODE })
  const order = anOrder()
  const answers = [
    await asksFor(order),
    await asksFor({ ...order, amount: 1 }),
    await asksFor({ wayCode: 'WX_BAR', channelExtra }),
    await asksFor({ wayCode: 'WX_NATIVE', channelExtra }),
    await asksFor({}, { ...shop.app, appSecret: 'another secret' }),
  ]
  const paymentId = String(answers[0]?.data?.payOrderId ?? 'P0')
  const transfer = {
    mchOrderNo: `T${order.mchOrderNo}`,
    ifCode: 'bank',
    amount: 100,
    currency: 'CNY',
    accountName: NAME,
    transferDesc: '付款',
  }
  answers.push(
    await shop.sees(paymentId),
    await shop.refunds(paymentId),
    await calls('/api/transferOrder', { ...transfer, entryType: 'WX_CASH', accountNo: OPENID }),
    await calls('/api/transferOrder', {
      ...transfer,
      mchOrderNo: `C${order.mchOrderNo}`,
      entryType: 'BANK_CARD',
      accountNo: CARD,
      channelExtra: JSON.stringify({ bankCode: '1001' }),
    }),
    await calls('/api/division/receiver/bind', {
      ifCode: 'bank',
      receiverAlias: '分账人',
      accType: 0,
      accNo: OPENID,
      accName: NAME,
      relationType: 'STAFF',
      relationTypeName: '员工',
      divisionProfit: '0.1',
      receiverGroupId: 100_001,
    }),
    await shop.closes(paymentId),
  )
  for (const body of [saidOf(NAME), JSON.stringify({ openid: OPENID, card: CARD }), '']) {
    const url = `https://pay.example/api/pay/notify/bank/${paymentId}`
    await shop.gateway.fetch(new Request(url, { method: 'POST', body }))
  }
  return answers
}

describe('secrets, payers and payees', () => {
  it('stand in no log, error, transcript, event, metric and nothing that isolates share', async () => {
    const { shop, state, entries } = await openTelltaleShop()
    const answers: Envelope[] = []
    for (const mood of ['well', 'echoes', 'does_not_know', 'throws'] as const) {
      state.mood = mood
      answers.push(...(await asksForEverything(shop)))
      await shop.passes(60_000)
    }
    state.mood = 'well'
    const paymentId = await shop.orders()
    await shop.payerPays(paymentId)
    await setReplayWindow(shop.gateway.core, shop.app.appId, 10_000_000_000_000)
    answers.push(await shop.asksFor())
    state.isAway = true
    answers.push(...(await asksForEverything(shop)))
    state.isAway = false
    await shop.settles()

    const [events, attempts, payments, refunds, transfers] = await shop.database.batch(
      [
        'select evidence from events',
        'select error_code, error_message from attempts',
        'select error_code, error_message from payments',
        'select error_code, error_message from refunds',
        'select error_code, error_message from transfers',
      ].map((sql) => ({ sql, args: [] })),
      'read',
    )
    const metrics = await shop.gateway.fetch(new Request('https://pay.example/metrics'))
    const seen = {
      log: JSON.stringify(shop.logged),
      answers: JSON.stringify(answers.map(({ code, msg, data }) => [code, msg, data])),
      events: JSON.stringify(events),
      errors: JSON.stringify([attempts, payments, refunds, transfers]),
      metrics: await metrics.text(),
      shared: JSON.stringify(entries),
    }
    // Each of them holds a good deal, of the very texts that were cleaned.
    expect(seen.log).toContain('(hidden)')
    expect(seen.answers).toContain('(hidden)')
    expect(seen.events).toContain('(hidden)')
    expect(seen.errors).toContain('(hidden)')
    expect(seen.metrics).toContain('tongbao_channel_seconds_bucket')
    expect(seen.shared).toContain('app:')

    const canaries = {
      appSecret: shop.app.appSecret,
      channelSecret: CHANNEL_SECRET,
      privateKey: KEY_LINE,
      openid: OPENID,
      phone: PHONE,
      card: CARD,
      name: NAME,
      payCode: PAY_CODE,
      payer: 'payer-canary',
    }
    const found = Object.entries(seen).flatMap(([where, text]) =>
      Object.entries(canaries)
        // An answer of a transfer repeats the payee that the merchant itself named.
        .filter(([what]) => where !== 'answers' || !['openid', 'card', 'name'].includes(what))
        .filter(([, canary]) => text.includes(canary))
        .map(([what]) => `${what} in ${where}`),
    )
    expect(found).toEqual([])
  }, 60_000)
})

describe('what is taken out of a text', () => {
  it.each([
    ['a phone number', `to ${PHONE}.`, 'to (hidden).'],
    ['one with its country', 'to +8613812345678', 'to (hidden)'],
    ['a card number', `card ${CARD} refused`, 'card (hidden) refused'],
    ['an identity card', 'id 11010519491231002X', 'id (hidden)'],
    ['an openid', `openid ${OPENID} unknown`, 'openid (hidden) unknown'],
    ["the code on a payer's screen", `code ${PAY_CODE} expired`, 'code (hidden) expired'],
    ['a key that was cut off', `key ${PEM.slice(0, 60)}`, 'key (hidden)'],
  ])('is %s', (_, text, left) => {
    expect(redact(text)).toBe(left)
  })

  it.each([
    'P176722560000012345678',
    'R176722560000012345678',
    'trade 4200002024010100000000000001',
    'at 1767225600000',
    'answered 502, 1234 bytes',
    'request id 08A1B2C3D4E5F6071825-268503567',
  ])('is not %s', (text) => {
    expect(redact(text)).toBe(text)
  })
})
