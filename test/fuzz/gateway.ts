import { type Fields, NOTIFY_URL, openShop, type Shop, signed } from '../kit/shop.ts'
import type { Bytes } from './mutate.ts'
import { bytesOf, type Target, textOf } from './target.ts'

const TABLES = [
  'payments',
  'attempts',
  'refunds',
  'transfers',
  'splits',
  'idempotency',
  'outbox',
  'events',
]

/** @throws when an answer is one of trouble, or when something was written that was refused */
async function ask(shop: Shop, request: Request): Promise<void> {
  const before = await counts(shop)
  const answer = await shop.gateway.fetch(request)
  const text = await answer.text()
  await shop.settles()
  if (answer.status >= 500) throw new Error(`it answered ${answer.status}: ${text}`)
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') ?? false
  const code: unknown = isJson ? JSON.parse(text).code : undefined
  // "系统异常", "数据库服务异常": something was thrown that nobody had thought of.
  if (code === 10 || code === 12) throw new Error(`it answered ${text}: ${lastError(shop)}`)
  if (answer.status === 200 && code === 0) return
  const after = await counts(shop)
  if (after !== before) throw new Error(`it refused with ${text}, and wrote: ${before} → ${after}`)
}

function lastError({ logged }: Shop): string {
  return String(logged.findLast(({ fields }) => fields?.reason !== undefined)?.fields?.reason)
}

async function counts({ database }: Shop): Promise<string> {
  const statements = TABLES.map((table) => ({ sql: `select count(*) from ${table}`, args: [] }))
  return (await database.batch(statements, 'read')).map((rows) => rows[0]?.[0]).join()
}

const URL_OF_ORDER = 'https://pay.example/api/pay/unifiedOrder'

function posted(contentType: string, body: Bytes, url = URL_OF_ORDER): Request {
  return new Request(url, { method: 'POST', headers: { 'content-type': contentType }, body })
}

/** Numbers of its own, so that it is not the repeat of another. */
function order(fields: Fields = {}): Fields {
  const { amount = 1_000, mchOrderNo = 'FUZZ' } = fields
  return {
    mchOrderNo,
    wayCode: 'WX_NATIVE',
    amount,
    currency: 'CNY',
    subject: '测试 商品&+%',
    body: '描述',
    notifyUrl: NOTIFY_URL,
    ...fields,
  }
}

/** What a merchant may send to each route, as a form. Signed anew after it was changed. */
const ROUTES: readonly (readonly [string, Fields])[] = [
  [
    '/api/pay/unifiedOrder',
    order({ channelExtra: '{"a":1}', expiredTime: 600, clientIp: '1.2.3.4' }),
  ],
  ['/api/pay/unifiedOrder', order({ wayCode: 'WX_BAR', channelExtra: '{"auth_code":"1"}' })],
  ['/api/pay/query', { payOrderId: 'P1', mchOrderNo: 'FUZZ' }],
  ['/api/pay/close', { mchOrderNo: 'FUZZ' }],
  [
    '/api/refund/refundOrder',
    { mchOrderNo: 'FUZZ', mchRefundNo: 'R', refundAmount: 1, currency: 'CNY', refundReason: 'r' },
  ],
  ['/api/refund/query', { mchRefundNo: 'R' }],
  [
    '/api/transferOrder',
    {
      mchOrderNo: 'T',
      ifCode: 'bank',
      entryType: 'WX_CASH',
      amount: 1,
      currency: 'CNY',
      accountNo: 'a',
      transferDesc: 'd',
    },
  ],
  ['/api/transfer/query', { mchOrderNo: 'T' }],
  ['/api/transfer/cancel', { mchOrderNo: 'T' }],
  [
    '/api/division/receiver/bind',
    {
      ifCode: 'bank',
      accType: 0,
      accNo: 'a',
      accName: 'n',
      relationType: 'PARTNER',
      divisionProfit: '0.1',
    },
  ],
  [
    '/api/division/exec',
    {
      mchOrderNo: 'FUZZ',
      mchDivisionNo: 'D',
      receivers: '[{"receiverId":1,"divisionProfit":"0.5"}]',
    },
  ],
  ['/api/division/return', { mchDivisionNo: 'D', mchReturnNo: 'B', accNo: 'a', returnAmount: 1 }],
  ['/api/channelUserId/jump', { ifCode: 'AUTO', redirectUrl: 'https://shop.example/?a=1' }],
]

const HEADERS = [
  'content-type',
  'traceparent',
  'x-forwarded-for',
  'cf-connecting-ip',
  'content-length',
  'user-agent',
  'accept',
  'retry-after',
  'wechatpay-serial',
] as const

/** The whole gateway, by everything that a stranger, a merchant or a payer can send it. */
export async function gatewayTargets(): Promise<readonly Target[]> {
  const shop = await openShop({ allowsPrivateTargets: true })
  const payOrderId = await shop.orders(order({ mchOrderNo: 'SEED' }))
  const image = await shop.asksFor(
    order({ mchOrderNo: 'IMG', channelExtra: '{"payDataType":"codeImgUrl"}' }),
  )
  const imagePath = new URL(String(image.data?.payData)).pathname
  const jump = await shop.gateway.fetch(
    new Request(
      `https://pay.example/api/channelUserId/jump?${form(signed({ ifCode: 'bank', redirectUrl: 'https://shop.example/' }, shop.app))}`,
    ),
  )
  const consent = new URL(jump.headers.get('location') ?? 'https://bank.example/')
  const back = new URL(
    consent.searchParams.get('returnUrl') ?? 'https://pay.example/api/channelUserId/back/x',
  )
  const fields = signed(order(), shop.app)
  const json = bytesOf(JSON.stringify(fields))
  const multipart = new Request(URL_OF_ORDER, { method: 'POST', body: formData(fields) })
  const multipartType = multipart.headers.get('content-type') ?? ''

  return [
    {
      name: 'an order in JSON',
      seeds: [json],
      feed: (body) => ask(shop, posted('application/json', body)),
    },
    {
      name: 'an order in a form',
      seeds: [bytesOf(form(fields))],
      feed: (body) => ask(shop, posted('application/x-www-form-urlencoded', body)),
    },
    {
      name: 'an order in parts',
      seeds: [new Uint8Array(await multipart.arrayBuffer())],
      feed: (body) => ask(shop, posted(multipartType, body)),
    },
    {
      name: 'a query string',
      seeds: [bytesOf(form(signed({ mchOrderNo: 'SEED' }, shop.app)))],
      async feed(text) {
        const url = new URL('https://pay.example/api/pay/query')
        url.search = textOf(text)
        await ask(shop, new Request(url))
      },
    },
    ...ROUTES.map(
      ([path, fields]): Target => ({
        name: `signed nonsense for ${path}${fields.wayCode === 'WX_BAR' ? ' (code)' : ''}`,
        seeds: [bytesOf(form(signed(fields, shop.app)))],
        async feed(text) {
          const { sign: _, ...given } = Object.fromEntries(new URLSearchParams(textOf(text)))
          const again = { ...signed(given, shop.app), ...given }
          const request = JSON.stringify(signed(again, shop.app))
          await ask(
            shop,
            posted('application/json', bytesOf(request), `https://pay.example${path}`),
          )
        },
      }),
    ),
    {
      name: 'a channelExtra',
      seeds: ['{"payDataType":"codeUrl"}', '{"auth_code":"1","x":{"y":[1,2]}}', '[]'].map(bytesOf),
      async feed(text) {
        for (const wayCode of ['WX_NATIVE', 'WX_BAR']) {
          const request = signed(order({ wayCode, channelExtra: textOf(text) }), shop.app)
          await ask(shop, posted('application/json', bytesOf(JSON.stringify(request))))
        }
      },
    },
    {
      name: 'a header',
      seeds: [
        ...['application/json; charset=utf-8', 'multipart/form-data; boundary=x', 'text/plain'],
        ...['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', '1.2.3.4, ::1', '100'],
      ].map(bytesOf),
      async feed(value) {
        for (const name of HEADERS) {
          const headers = headersOf(name, textOf(value))
          if (headers === undefined) return
          await ask(shop, new Request(URL_OF_ORDER, { method: 'POST', headers, body: json }))
          const notify = `https://pay.example/api/pay/notify/bank/${payOrderId}`
          await ask(shop, new Request(notify, { method: 'POST', headers, body: '{}' }))
        }
      },
    },
    {
      name: 'a path',
      seeds: [
        ...[
          imagePath,
          `${back.pathname}${back.search}&code=1`,
          `/api/pay/return/bank/${payOrderId}`,
        ],
        ...[
          `/api/pay/notify/bank/${payOrderId}`,
          '/api/account/notify/bank/A1',
          '/api/refund/notify/bank/R1',
        ],
        ...['/api/transfer/notify/bank/T1', '/healthz', '/metrics', '/api/pay/unifiedOrder'],
      ].map(bytesOf),
      async feed(path) {
        const url = URL.parse(`https://pay.example${textOf(path)}`)
        if (url === null) return
        await ask(shop, new Request(url))
        await ask(shop, new Request(url, { method: 'POST', body: '{}' }))
      },
    },
    {
      name: 'a callback of the bank',
      seeds: [
        bytesOf(
          JSON.stringify({ result: 'ok', number: payOrderId, state: 'pending', sign: 'bank' }),
        ),
      ],
      feed: (body) =>
        ask(
          shop,
          posted('application/json', body, `https://pay.example/api/pay/notify/bank/${payOrderId}`),
        ),
    },
  ]
}

function form(fields: Readonly<Record<string, string | number>>): string {
  return new URLSearchParams(
    Object.entries(fields).map(([name, value]) => [name, String(value)]),
  ).toString()
}

function formData(fields: Readonly<Record<string, string | number>>): FormData {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.append(name, String(value))
  return data
}

/** Nothing where HTTP itself has no such header. */
function headersOf(name: string, value: string): Headers | undefined {
  try {
    return new Headers({ 'content-type': 'application/json', [name]: value })
  } catch {
    return undefined
  }
}
