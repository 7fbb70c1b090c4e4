import { describe, expect, it } from 'vitest'
import type { AnyChannel } from '../../core/plugin/api.ts'
import { ok } from '../../core/result.ts'
import { issueToken } from '../../core/signing/token.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/time.ts'
import { bankChannel } from '../kit/bank-channel.ts'
import { NOTIFY_URL, openShop, type Shop, saying, signed } from '../kit/shop.ts'

/** What JeePay V3.2.9 does wrong with money, each with a test that it would not pass. */

const toldStates = (shop: Shop) => shop.told.map(({ fields }) => fields.state)
const callsOf = (shop: Shop, operation: string) =>
  shop.bank.calls.filter((call) => call.startsWith(`${operation} `))

async function paid(options = {}) {
  const shop = await openShop(options)
  const payOrderId = await shop.orders()
  await shop.payerPays(payOrderId)
  shop.told.length = 0
  return { shop, payOrderId }
}

it.each([
  ['accept', 2, ['2']],
  ['hold', 6, []],
  ['refund', 6, []],
] as const)(
  'JeePay bug 1: a success after expiry is told as the row says it, by policy %s',
  async (latePolicy, state, told) => {
    const shop = await openShop({ latePolicy })
    const payOrderId = await shop.orders({ expiredTime: 60 })
    await shop.passes(2 * MINUTE_MS)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 6 })
    await shop.payerPays(payOrderId)
    await shop.passes(HOUR_MS, MINUTE_MS)
    expect((await shop.sees(payOrderId)).data).toMatchObject({ state })
    expect(toldStates(shop)).toEqual(told)
  },
)

it('JeePay bug 2: a callback that comes before the row says "paying" is not lost', async () => {
  const shop = await openShop()
  shop.bank.will('pay', 'calls_back_first')
  const answer = await shop.asksFor()
  expect(answer.data).toMatchObject({ orderState: 2 })
  await shop.passes(MINUTE_MS)
  expect(toldStates(shop)).toEqual(['2'])
})

it('JeePay bug 3: a plugin that throws leaves an order that is asked about until it ends', async () => {
  const clumsy: AnyChannel = {
    ...bankChannel,
    bind(settings) {
      const bound = bankChannel.bind(settings)
      if (!bound.ok) return bound
      return ok({
        ...bound.value,
        async pay(ports, input) {
          await bound.value.pay(ports, input)
          throw new TypeError('cannot read properties of undefined')
        },
      })
    },
  }
  const shop = await openShop({ channel: clumsy })
  const answer = await shop.asksFor()
  expect(answer).toMatchObject({ code: 0, data: { orderState: 1 } })
  const payOrderId = String(answer.data?.payOrderId)
  const order = shop.bank.orders.get(payOrderId)
  if (order !== undefined) order.state = 'paid'
  await shop.passes(2 * MINUTE_MS)
  expect(toldStates(shop)).toEqual(['2'])
})

it('JeePay bug 4: an unknown answer does not end the questions', async () => {
  const shop = await openShop()
  const payOrderId = await shop.orders()
  shop.bank.will('query', ...Array.from({ length: 40 }, () => 'silent_before' as const))
  const order = shop.bank.orders.get(payOrderId)
  if (order !== undefined) order.state = 'paid'
  await shop.passes(2 * HOUR_MS, MINUTE_MS)
  expect(callsOf(shop, 'query').length).toBeGreaterThan(40)
  expect(toldStates(shop)).toEqual(['2'])
})

it('JeePay bug 5: a refund is not closed by the clock', async () => {
  const { shop, payOrderId } = await paid()
  shop.bank.refundsWait = true
  await shop.refunds(payOrderId, { mchRefundNo: 'F1', refundAmount: 1000 })
  await shop.passes(3 * DAY_MS, HOUR_MS)
  const sees = () => shop.calls('/api/refund/query', { mchRefundNo: 'F1' })
  expect((await sees()).data).toMatchObject({ state: 1 })
  const [refund] = shop.bank.refunds.values()
  if (refund !== undefined) refund.state = 'paid'
  await shop.passes(7 * HOUR_MS, HOUR_MS)
  expect((await sees()).data).toMatchObject({ state: 2 })
  expect((await shop.sees(payOrderId)).data).toMatchObject({ state: 5 })
})

it('JeePay bug 6: of two refunds at once that are too much together, one reaches the channel', async () => {
  const { shop, payOrderId } = await paid()
  const answers = await Promise.all([
    shop.refunds(payOrderId, { refundAmount: 600 }),
    shop.refunds(payOrderId, { refundAmount: 600 }),
  ])
  expect(answers.map(({ code }) => code).sort()).toEqual([0, 9999])
  expect(callsOf(shop, 'refund')).toHaveLength(1)
})

it('JeePay bug 7: a failure whose change of state lost is not told', async () => {
  const { shop, payOrderId } = await paid()
  // The channel calls back that the money is there; then its answer says that it was refused.
  shop.bank.will('refund', 'refused')
  shop.bank.during('refund', async () => {
    const number = String(callsOf(shop, 'refund')[0]).replace('refund ', '')
    const callbackUrl = `https://pay.example/api/refund/notify/bank/${number}`
    const refund = { number, order: payOrderId, amount: 1000, callbackUrl, payee: 'shop' } as const
    await shop.bank.callback({ ...refund, state: 'paid' })
  })
  const answer = await shop.refunds(payOrderId, { refundAmount: 1000 })
  expect(answer.data).toMatchObject({ state: 2 })
  await shop.settles()
  await shop.passes(HOUR_MS, MINUTE_MS)
  expect(toldStates(shop)).toEqual(['2'])
})

it('JeePay bug 8: a transfer is asked about for as long as it takes, not for one day', async () => {
  const shop = await openShop()
  shop.bank.transfersWait = true
  await shop.transfers({ mchOrderNo: 'A1' })
  const sees = () => shop.calls('/api/transfer/query', { mchOrderNo: 'A1' })
  await shop.passes(3 * DAY_MS, HOUR_MS)
  const [transfer] = shop.bank.transfers.values()
  if (transfer !== undefined) transfer.state = 'paid'
  expect((await sees()).data).toMatchObject({ state: 1 })
  expect(shop.told).toEqual([])
  // The payee took it on the fourth day, and the channel's callback never came.
  await shop.passes(DAY_MS, HOUR_MS)
  expect((await sees()).data).toMatchObject({ state: 2 })
  expect(toldStates(shop)).toEqual(['2'])
})

it('JeePay bug 9: a notification whose wake-up was lost is sent all the same', async () => {
  const shop = await openShop()
  const payOrderId = await shop.orders()
  Object.assign(shop.gateway.core.ports, {
    timer: { wake: () => Promise.reject(new Error('the queue is down')) },
  })
  await shop.payerPays(payOrderId)
  expect(shop.told).toEqual([])
  shop.merchantAnswers.push(saying('fail'))
  await shop.passes(MINUTE_MS)
  expect(toldStates(shop)).toEqual(['2', '2'])
  const sql = 'select state, tries from outbox'
  const [rows] = await shop.database.batch([{ sql, args: [] }], 'read')
  expect(rows).toEqual([['delivered', 2]])
})

it('JeePay bug 10: an order whose first answer was lost can be repeated and paid', async () => {
  const shop = await openShop()
  shop.bank.will('pay', 'silent_after')
  await shop.asksFor({ mchOrderNo: 'A1' })
  const again = await shop.asksFor({ mchOrderNo: 'A1' })
  expect(again).toMatchObject({ code: 0, data: { orderState: 1, payDataType: 'codeUrl' } })
  await shop.payerPays(String(again.data?.payOrderId))
  expect(toldStates(shop)).toEqual(['2'])
})

/** Things go well and badly, so that all there is to say is said. */
async function eventfulShop(): Promise<Shop> {
  const shop = await openShop({ latePolicy: 'refund', notifiesEveryEnd: true })
  shop.bank.will('pay', 'silent_after', 'error_after', 'busy', 'declines')
  const lost = await shop.orders({ mchOrderNo: 'A1' })
  for (const mchOrderNo of ['A2', 'A3', 'A4', 'A5']) await shop.asksFor({ mchOrderNo })
  await shop.asksFor({}, { ...shop.app, appSecret: 'wrong' })
  await shop.payerPays(lost)
  shop.bank.will('refund', 'silent_before')
  await shop.refunds(lost, { refundAmount: 1000 })
  for (const order of shop.bank.orders.values()) {
    await shop.bank.callback(order, { sign: 'forged' })
    await shop.bank.callback(order, { amount: 'sign-text' })
  }
  shop.merchantAnswers.push(saying('fail'), saying('fail'))
  await shop.passes(3 * HOUR_MS, 2 * MINUTE_MS)
  return shop
}

it('JeePay bug 11: no secret, sign text or payer is in a log', async () => {
  const shop = await eventfulShop()
  const log = JSON.stringify(shop.logged)
  expect(shop.logged.length).toBeGreaterThan(20)
  for (const secret of [shop.app.appSecret, 'secret-canary', 'payer-canary', 'key=', 'subject']) {
    expect(log).not.toContain(secret)
  }
})

it('JeePay bug 11: tokens are made with the key of the deployment, not with one that all know', async () => {
  const tokens = new Set<string>()
  for (const fill of [1, 2]) {
    const bytes = new Uint8Array(32).fill(fill)
    tokens.add(await issueToken([{ id: 'k', bytes }], 'qr_image', 'P1'))
  }
  expect(tokens.size).toBe(2)
})

it('JeePay bug 12: no notifyUrl leads to an internal address, however it is written', async () => {
  const { shop, payOrderId } = await paid()
  const refused = { code: 9999, msg: '异步通知地址不允许指向内部网络！' }
  for (const notifyUrl of INTERNAL) {
    expect([notifyUrl, await shop.asksFor({ notifyUrl })]).toEqual([notifyUrl, refused])
    expect(await shop.refunds(payOrderId, { notifyUrl })).toEqual(refused)
    expect(await shop.transfers({ notifyUrl })).toEqual(refused)
  }
  await shop.passes(MINUTE_MS)
  expect(shop.told).toEqual([])
  for (const notifyUrl of ['http://128.0.0.1/', 'https://[2606:4700::1111]/', NOTIFY_URL]) {
    expect(await shop.asksFor({ notifyUrl })).toMatchObject({ code: 0 })
  }
})

const INTERNAL = [
  'http://127.0.0.1:9216/api',
  'http://169.254.169.254/latest/meta-data',
  'http://192.168.1.1/',
  'http://0.0.0.0/',
  // The same addresses in one number, in octal, in hexadecimal, short, and in letters like digits.
  'http://2130706433/',
  'http://0177.0.0.1/',
  'http://0x7f000001/',
  'http://0xa9fea9fe/',
  'http://127.1/',
  'http://127.0.0.1./',
  'http://①②⑦.0.0.1/',
  'http://%31%32%37.0.0.1/',
  // IPv6, and IPv4 inside it.
  'http://[::1]/',
  'http://[::ffff:10.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[64:ff9b::a9fe:a9fe]/',
  'http://[2002:7f00:1::]/',
  'http://[fd00::1]/',
  'http://[fe80::1]/',
  // Names that only a private network has.
  'http://localhost:8787/',
  'http://redis:6379/',
  'http://printer.local/',
  'http://metadata.google.internal/',
  'http://metadata.google.internal./',
  'http://shop.example@127.0.0.1/',
]

it('JeePay bug 13: no row of the database holds a key or a secret in plain text', async () => {
  const shop = await eventfulShop()
  const tables = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
  const [names] = await shop.database.batch([{ sql: tables, args: [] }], 'read')
  let rowCount = 0
  for (const [name] of names ?? []) {
    const [rows] = await shop.database.batch([{ sql: `select * from "${name}"`, args: [] }], 'read')
    rowCount += rows?.length ?? 0
    const text = JSON.stringify(rows, (_, value) =>
      value instanceof Uint8Array ? new TextDecoder().decode(value) : value,
    )
    expect(text).not.toContain(shop.app.appSecret)
    expect(text).not.toContain('secret-canary')
    // Who paid is in the payment’s own row, and nowhere else.
    if (name !== 'payments') expect(text).not.toContain('payer-canary')
  }
  expect(rowCount).toBeGreaterThan(30)
})

it('JeePay bug 14: an app that asks for it is told of payments that failed or were closed', async () => {
  const shop = await openShop({ notifiesEveryEnd: true })
  shop.bank.will('pay', 'declines')
  await shop.asksFor()
  await shop.closes(await shop.orders())
  await shop.passes(MINUTE_MS)
  expect(toldStates(shop).sort()).toEqual(['3', '6'])
})

it('JeePay bug 15: an app neither sees nor refunds nor closes what another app took', async () => {
  const { shop, payOrderId } = await paid()
  await shop.refunds(payOrderId, { mchRefundNo: 'F1' })
  const sibling = await shop.opensApp('same_merchant')
  const refund = { mchRefundNo: 'F2', refundAmount: 1, currency: 'CNY', refundReason: '退货' }
  const answers = [
    await shop.sees(payOrderId, sibling),
    await shop.calls('/api/pay/close', { payOrderId }, sibling),
    await shop.calls('/api/refund/refundOrder', { payOrderId, ...refund }, sibling),
    await shop.calls('/api/refund/query', { mchRefundNo: 'F1' }, sibling),
  ]
  expect(answers.map(({ msg }) => msg)).toEqual([
    '订单不存在',
    '订单不存在',
    '退款订单不存在',
    '订单不存在',
  ])
  expect(callsOf(shop, 'refund')).toHaveLength(1)
})

const HOSTILE = '"><script>alert(1)</script>'
const EVIL = 'https://evil.example/'

/** A browser opens a page of ours: nothing of what its address says comes back, and it leads nowhere else. */
async function opensInVain(shop: Shop, path: string, status: number): Promise<void> {
  const response = await shop.gateway.fetch(new Request(`https://pay.example${path}`))
  expect([path, response.status]).toEqual([path, status])
  const page = await response.text()
  const isHtml = response.headers.get('content-type')?.startsWith('text/html') ?? false
  if (isHtml) expect(page).not.toMatch(/script|evil/)
  expect(response.headers.get('location') ?? '').not.toContain('evil')
}

describe('JeePay bug 16: pages that a payer hops over', () => {
  const inPath = encodeURIComponent(HOSTILE)
  const toEvil = `returnUrl=${EVIL}&redirectUrl=${EVIL}&url=${EVIL}&state=${inPath}`

  it('draw what was answered to a merchant, never what an address says', async () => {
    const shop = await openShop()
    const { data } = await shop.asksFor({ channelExtra: '{"payDataType":"codeImgUrl"}' })
    const image = new URL(String(data?.payData))
    expect((await shop.gateway.fetch(new Request(image))).status).toBe(200)
    const [payOrderId, token] = image.pathname.slice('/api/scan/imgs/'.length).split('.')
    const other = await shop.orders()
    for (const name of [
      // As JeePay's were made: the text itself, in Base64 or sealed with a key that everybody knows.
      `${btoa(EVIL)}.png`,
      `${inPath}.png`,
      `${other}.${token}.png`,
      `${payOrderId}.${inPath}.png`,
      `${payOrderId}.png`,
    ]) {
      await opensInVain(shop, `/api/scan/imgs/${name}?${toEvil}`, 404)
    }
  })

  it('show no word of a stranger, and lead where the signed order says', async () => {
    const shop = await openShop()
    const words = { subject: HOSTILE, body: HOSTILE, extParam: HOSTILE }
    const plain = await shop.orders(words)
    await opensInVain(shop, `/api/pay/return/bank/${plain}?${toEvil}`, 200)
    await opensInVain(shop, `/api/pay/return/${inPath}/${plain}?${toEvil}`, 200)
    await opensInVain(shop, `/api/pay/return/bank/${inPath}?${toEvil}`, 404)

    const leading = await shop.orders({ ...words, returnUrl: 'https://shop.example/done' })
    const url = `https://pay.example/api/pay/return/bank/${leading}?${toEvil}`
    const response = await shop.gateway.fetch(new Request(url))
    const location = String(response.headers.get('location'))
    expect(location).toMatch(/^https:\/\/shop\.example\/done\?/)
    expect(location).not.toMatch(/[<>"]|evil/)
  })

  it.each(['javascript:alert(1)', 'data:text/html,x', '//evil.example', 'https:evil.example'])(
    'are not asked to lead to %s',
    async (returnUrl) => {
      const shop = await openShop()
      const msg = '同步通知地址协议仅支持http:// 或 https:// !'
      expect(await shop.asksFor({ returnUrl })).toEqual({ code: 9999, msg })
    },
  )

  it('take a payer’s id only to the address that the merchant signed', async () => {
    const shop = await openShop()
    const asked = signed({ ifCode: 'bank', redirectUrl: 'https://shop.example/id' }, shop.app)
    const opens = async (fields: Readonly<Record<string, string | number>>) => {
      const query = new URLSearchParams(
        Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]),
      )
      const url = `https://pay.example/api/channelUserId/jump?${query}`
      return (await shop.gateway.fetch(new Request(url))).headers.get('location')
    }
    expect(await opens({ ...asked, redirectUrl: EVIL })).toBeNull()

    const consent = new URL(String(await opens(asked)))
    const back = new URL(String(consent.searchParams.get('returnUrl')))
    const state = String(consent.searchParams.get('state'))
    back.search = `?code=C1&state=${state}&redirectUrl=${EVIL}`
    const home = (await shop.gateway.fetch(new Request(back))).headers.get('location')
    expect(home).toMatch(/^https:\/\/shop\.example\/id\?/)
    expect(home).not.toContain('evil')
    // A journey that nobody here sealed.
    const forged = btoa(JSON.stringify({ appId: shop.app.appId, redirectUrl: EVIL, untilMs: 9e15 }))
    await opensInVain(shop, `/api/channelUserId/back/${forged}?code=C1&state=${state}`, 200)
  })
})
