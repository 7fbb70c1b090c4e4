import { expect, it } from 'vitest'
import type {
  AnswerFault,
  Cast,
  Json,
  Simulator,
  SimulatorPorts,
} from '../../core/plugin/simulator.ts'
import { assert } from '../../core/result.ts'
import { MINUTE_MS } from '../../core/time.ts'
import type { Envelope, Fields } from '../kit/shop.ts'
import { type Market, NOTIFY_URL, openMarket, type Subject } from './market.ts'
import { orderOf, payerPays } from './order.ts'

/** Faults that each leave another text behind. */
const TALKATIVE: readonly AnswerFault[] = [
  'error_after',
  'html_before',
  'bad_signature',
  'truncated',
]
const OPERATIONS = ['pay', 'query', 'refund', 'query_refund', 'transfer', 'query_transfer'] as const
const SPLITTING = ['split', 'query_split'] as const

/** People whom the channel does not know: its refusal may say so, and name them. */
const NOBODY = { openid: 'oNobodyWhomAnybodyKnows00001', phone: '13912345678', name: '诸葛孔明' }

/**
 * Whatever a channel answers, what it was told in confidence stays where it belongs: its keys, who
 * pays, who is paid, the merchant's secret.
 */
export function describeSecrets(subject: Subject): void {
  it('no key, payer or payee gets into a log, an error, a transcript, an event or a metric', async () => {
    const wire: Wire = { sent: '', canaries: [], quotes: false, quoted: '' }
    const market = await openMarket({
      ...subject,
      simulate: (ports) => overheard(subject, ports, wire),
    })
    const { simulator } = market
    const cast = await simulator.cast?.()
    assert(cast !== undefined, 'there is somebody to pay and to be paid')
    const settings = await (subject.settings?.(simulator) ?? simulator.demoSettings())
    wire.canaries = [
      market.app.appSecret,
      ...secretsAmong(subject, settings),
      ...(await peopleOf(simulator, cast)),
    ]
    const { manifest } = subject.plugin
    const receivers = await bindsReceivers(market, manifest.id, cast)
    const splits = manifest.capabilities.split === undefined ? [] : SPLITTING
    const answers: Envelope[] = []
    for (const fault of [undefined, ...TALKATIVE, 'quotes'] as const) {
      const payOrderId = await isPaid(market, subject, cast)
      wire.quotes = fault === 'quotes'
      if (fault !== undefined && fault !== 'quotes') {
        const strikes = [...OPERATIONS, ...splits].map((on) => ({ on, fault, times: 2 }))
        await market.misbehaves(...strikes)
      }
      answers.push(...(await doesEverything(market, subject, cast, payOrderId, receivers)))
      wire.quotes = false
      await market.misbehaves()
    }
    await market.passes(10 * MINUTE_MS, 2 * MINUTE_MS)

    // It was told of them: who pays, who is paid, who shares. And it has told on them.
    const [payer = ''] = Object.values(cast.payer)
    const [{ account: payee } = { account: '' }] = Object.values(cast.payees)
    const [{ account: receiver } = { account: '' }] = cast.receivers
    for (const told of [payer, payee, receiver, NOBODY.phone]) {
      expect([told, wire.sent.includes(told)]).toEqual([told, true])
    }
    expect(wire.quoted.includes(payer) && wire.quoted.includes(payee)).toBe(true)
    const seen = await everythingToldOf(market, answers)
    expect(seen.events.includes('"calls":[{"call":"POST ')).toBe(true)
    expect(seen.metrics.includes('tongbao_channel_seconds_bucket')).toBe(true)
    const found = Object.entries(seen).flatMap(([where, text]) =>
      wire.canaries
        .filter((canary) => text.includes(canary))
        .map((canary) => `${canary} in ${where}`),
    )
    expect(found).toEqual([])
  }, 60_000)
}

interface Wire {
  /** All that the channel was sent, as it came and decoded. */
  sent: string
  canaries: readonly string[]
  /** It refuses everything, and quotes what it was told in confidence. */
  quotes: boolean
  quoted: string
}

function overheard({ simulate, refusal }: Subject, ports: SimulatorPorts, wire: Wire): Simulator {
  const simulator = simulate(ports)
  return {
    ...simulator,
    async serve(request) {
      const { url, headers } = request
      const text = [url, ...[...headers].flat(), await request.clone().text()].join(' ')
      const readable = `${text} ${decodeURIComponent(text.replace(/%(?![0-9A-Fa-f]{2})/g, ''))}`
      wire.sent += readable
      if (!wire.quotes) return simulator.serve(request)
      const message = wire.canaries.filter((canary) => readable.includes(canary)).join(', ')
      wire.quoted += message
      return refusal(ports, request, message)
    },
  }
}

/** All who are named in what follows, with the codes that they show. */
async function peopleOf(simulator: Simulator, cast: Cast): Promise<readonly string[]> {
  const codes = (await simulator.payerCodes?.()) ?? []
  const named = [
    ...Object.values(cast.payees).flatMap(({ account, accountName }) => [account, accountName]),
    // A merchant's number is no secret.
    ...cast.receivers
      .filter(({ kind }) => kind === 'person')
      .flatMap(({ account, name }) => [account, name]),
  ]
  return [
    ...Object.values(cast.payer),
    ...Object.values(NOBODY),
    ...codes.map(({ code }) => code),
    ...named.filter((each) => each !== undefined),
  ]
}

const KINDS = { person: 0, merchant: 1 } as const

async function bindsReceivers(
  market: Market,
  ifCode: string,
  { receivers }: Cast,
): Promise<readonly number[]> {
  const ids: number[] = []
  for (const { kind, account, name, relation, relationName } of receivers.slice(0, 2)) {
    const { data } = await market.calls('/api/division/receiver/bind', {
      ifCode,
      receiverGroupId: 100_001,
      accType: KINDS[kind],
      accNo: account,
      accName: name,
      relationType: relation,
      relationTypeName: relationName,
      divisionProfit: '0.1',
    })
    ids.push(Number(data?.receiverId))
  }
  return ids
}

/** Ways whose payer is named by the merchant. */
function waysOfNamed({ plugin: { manifest } }: Subject, cast: Cast): readonly string[] {
  return Object.entries(manifest.ways).flatMap(([way, { input }]) =>
    Object.keys(input.shape).some((name) => name in cast.payer) ? [way] : [],
  )
}

/** A payment that is paid and may be shared, whoever pays it being known to all. */
async function isPaid(market: Market, subject: Subject, cast: Cast): Promise<string> {
  const [way = ''] = waysOfNamed(subject, cast)
  const ordered = await orderOf(market, way, cast.payer, { divisionMode: 2 })
  assert(await payerPays(market, ordered), 'the payer pays')
  await market.passes(2 * MINUTE_MS, 20_000)
  return ordered.payOrderId
}

/** Everything that a merchant can ask for, with somebody named wherever somebody can be. */
async function doesEverything(
  market: Market,
  subject: Subject,
  cast: Cast,
  paid: string,
  receivers: readonly number[],
): Promise<readonly Envelope[]> {
  const { manifest } = subject.plugin
  const answers: Envelope[] = []
  const calls = async (path: string, fields: Fields) => {
    const answer = await market.calls(path, { notifyUrl: NOTIFY_URL, ...fields })
    answers.push(answer)
    return answer
  }
  const number = `${paid}-${answers.length}`.slice(1)
  const codeWays = Object.entries(manifest.ways).flatMap(([way, { input }]) =>
    'authCode' in input.shape ? [way] : [],
  )
  const [code] = (await market.simulator.payerCodes?.()) ?? []
  const ways = [...waysOfNamed(subject, cast).slice(0, 1), ...codeWays]
  const payers = [
    { ...cast.payer, authCode: code?.code },
    { ...Object.fromEntries(Object.keys(cast.payer).map((name) => [name, NOBODY.openid])) },
  ]
  for (const wayCode of ways) {
    for (const [at, payer] of payers.entries()) {
      const { data } = await calls('/api/pay/unifiedOrder', {
        mchOrderNo: `${wayCode}${at}${number}`,
        wayCode,
        amount: 1_000,
        currency: 'CNY',
        subject: '测试商品',
        body: '测试商品描述',
        clientIp: '203.0.113.7',
        channelExtra: JSON.stringify(payer),
      })
      await calls('/api/pay/query', { payOrderId: data?.payOrderId })
      await calls('/api/pay/close', { payOrderId: data?.payOrderId })
    }
  }
  await calls('/api/refund/refundOrder', {
    payOrderId: paid,
    mchRefundNo: `F${number}`,
    refundAmount: 100,
    currency: 'CNY',
    refundReason: '退货',
  })
  for (const [entryType, payee] of Object.entries(cast.payees)) {
    for (const account of [payee.account, NOBODY.openid]) {
      await calls('/api/transferOrder', {
        mchOrderNo: `${entryType}${account.length}${number}`,
        ifCode: manifest.id,
        entryType,
        amount: 500,
        currency: 'CNY',
        accountNo: account,
        accountName: payee.accountName ?? NOBODY.name,
        bankName: payee.bankName,
        clientIp: '203.0.113.7',
        transferDesc: '佣金',
        channelExtra: JSON.stringify(payee.extra ?? {}),
      })
    }
  }
  if (manifest.capabilities.split === undefined) return answers
  await calls('/api/division/receiver/bind', {
    ifCode: manifest.id,
    receiverGroupId: 100_001,
    accType: 0,
    accNo: NOBODY.phone,
    accName: NOBODY.name,
    relationType: 'STAFF',
    divisionProfit: '0.1',
  })
  await calls('/api/division/exec', {
    payOrderId: paid,
    useSysAutoDivisionReceivers: 0,
    receivers: JSON.stringify(receivers.map((receiverId) => ({ receiverId }))),
  })
  await market.passes(MINUTE_MS)
  await calls('/api/division/return', {
    payOrderId: paid,
    mchReturnNo: `B${number}`,
    receiverId: receivers[0],
    returnAmount: 1,
  })
  return answers
}

/** Values of the settings that are secret; of a key, a line of it. */
function secretsAmong(
  { plugin }: Subject,
  settings: Readonly<Record<string, Json>>,
): readonly string[] {
  return Object.entries(plugin.fields).flatMap(([name, { kind }]) => {
    const value = settings[name]
    if (typeof value !== 'string' || (kind !== 'secret' && kind !== 'private_key')) return []
    return kind === 'secret' ? [value] : value.split('\n').filter((line) => line.length > 60)
  })
}

const TOLD_IN = [
  ['attempts', 'error_code', 'error_message'],
  ['payments', 'error_code', 'error_message'],
  ['refunds', 'error_code', 'error_message'],
  ['transfers', 'error_code', 'error_message'],
  ['splits', 'error_code', 'error_message'],
  ['split_shares', 'error_code', 'error_message'],
  ['split_returns', 'error_code', 'error_message'],
  ['deliveries', 'answer', 'problem'],
  ['channel_configs', 'settings_sealed'],
  ['apps', 'secret_sealed'],
] as const

async function everythingToldOf(
  { gateway, database, logged }: Market,
  answers: readonly Envelope[],
) {
  const statements = [
    'select evidence from events',
    ...TOLD_IN.map(([table, ...columns]) => `select ${columns.join(', ')} from ${table}`),
  ].map((sql) => ({ sql, args: [] }))
  const [events, ...others] = await database.batch(statements, 'read')
  const metrics = await gateway.fetch(new Request('https://pay.example/metrics'))
  return {
    log: JSON.stringify(logged),
    // A merchant is told again whom it wants to pay; what is said of it besides is ours.
    answers: JSON.stringify(
      answers.map(({ code, msg, data }) => [code, msg, data?.errCode, data?.errMsg]),
    ),
    events: (events ?? []).join('\n'),
    errors: JSON.stringify(others),
    metrics: await metrics.text(),
  }
}
