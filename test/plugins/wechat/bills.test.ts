import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Formatter } from 'wechatpay-axios-plugin'
import { type ChannelRequest, type HttpAnswer, money } from '../../../core/plugin/api.ts'
import { readFundFlowBill } from '../../../plugins/wechat/fund-flow-bill.ts'
import { readTradeBill } from '../../../plugins/wechat/trade-bill.ts'
import { scaled } from '../../../plugins/wechat/yuan.ts'
import {
  FUNDS_HEADER,
  fundsBill,
  fundsRow,
  packed,
  REFUND_ROW,
  sha1Of,
  TRADE_HEADER,
  tradeBill,
  tradeRow,
} from './bill-files.ts'
import {
  ATTEMPT,
  openWorld,
  REFUND,
  REFUNDED,
  signed,
  TRANSACTION_ID,
  unsigned,
} from './fake-wechat.ts'

type Answer = Parameters<ReturnType<typeof openWorld>['answers']>[0]

const DOWNLOAD = 'https://api.mch.weixin.qq.com/v3/billdownload/file?token=a%2Bb&tartype=gzip'
const DAY = '2026-01-01'
const BOTH = tradeBill([tradeRow(), tradeRow(REFUND_ROW)])

const place = (text: string, changes: object = {}) =>
  signed(200, { hash_type: 'SHA1', hash_value: sha1Of(text), download_url: DOWNLOAD, ...changes })

function file(body: string | Uint8Array<ArrayBuffer>, status = 200): Answer {
  const bytes = typeof body === 'string' ? packed(body) : body
  return async (): Promise<HttpAnswer> => ({
    kind: 'answered',
    status,
    headers: new Headers(),
    body: bytes,
  })
}

async function fetched(kind: string, ...answers: Answer[]) {
  const world = openWorld()
  for (const answer of answers) world.answers(answer)
  const outcome = await world.channel.bills?.(world.ports, { kind, date: DAY })
  return { outcome, requests: world.requests }
}

const PAYMENT = {
  about: 'payment',
  number: ATTEMPT,
  channelPaymentNo: TRANSACTION_ID,
  paid: money(1234, 'CNY'),
  fee: { milliMinor: 6000, currency: 'CNY' },
  atMs: 1_767_225_609_000,
  state: 'succeeded',
}

describe('the bill of a day', () => {
  it('is asked for, fetched, unpacked, compared and read', async () => {
    const { outcome, requests } = await fetched('trade', place(BOTH), file(BOTH))
    expect(outcome).toEqual({
      kind: 'ready',
      rows: [
        PAYMENT,
        {
          about: 'refund',
          number: ATTEMPT,
          channelPaymentNo: TRANSACTION_ID,
          refundNumber: REFUND,
          channelRefundNo: REFUNDED.refund_id,
          refunded: money(200, 'CNY'),
          fee: { milliMinor: 972, currency: 'CNY' },
          atMs: 1_767_225_840_000,
          state: 'succeeded',
        },
      ],
      totals: {
        rows: 2,
        settledMinor: 1000,
        refundedMinor: 162,
        couponRefundedMinor: 0,
        feeMilliMinor: 5028,
        paidMinor: 1234,
        refundAskedMinor: 200,
      },
    })
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET https://api.mch.weixin.qq.com/v3/bill/tradebill?bill_date=2026-01-01&bill_type=ALL&tar_type=GZIP',
      `GET ${DOWNLOAD}`,
    ])
    expect(requests[1]?.headers.Authorization).toMatch(/^WECHATPAY2-SHA256-RSA2048 mchid=/)
    expect(requests[1]?.maxAnswerBytes).toBeGreaterThan(1_048_576)
  })

  it('of the funds is another one', async () => {
    const bill = fundsBill([fundsRow()])
    const { outcome, requests } = await fetched('fund_flow', place(bill), file(bill))
    expect(outcome).toEqual({
      kind: 'ready',
      rows: [
        {
          about: 'funds',
          direction: 'out',
          amount: money(2, 'CNY'),
          balance: money(17, 'CNY'),
          channelNo: '50000305742018020103387128253',
          number: REFUND,
          kind: '退款',
          remark: '缺货',
          atMs: 1_767_212_483_000,
        },
      ],
      totals: { rows: 1, inRows: 0, inMinor: 0, outRows: 1, outMinor: 2 },
    })
    expect(requests[0]?.url).toBe(
      'https://api.mch.weixin.qq.com/v3/bill/fundflowbill?bill_date=2026-01-01&account_type=BASIC&tar_type=GZIP',
    )
  })

  it('may come unpacked already', async () => {
    const plain = new TextEncoder().encode(BOTH)
    expect((await fetched('trade', place(BOTH), file(plain))).outcome).toMatchObject({
      kind: 'ready',
    })
  })

  it('may be named in either case', async () => {
    const hash_value = sha1Of(BOTH).toUpperCase()
    const { outcome } = await fetched('trade', place(BOTH, { hash_value }), file(BOTH))
    expect(outcome).toMatchObject({ kind: 'ready' })
  })

  it('is of a kind that there is', async () => {
    expect((await fetched('profit')).outcome).toMatchObject({ kind: 'not_sent' })
  })

  it.each([
    ['nothing happened', 'NO_STATEMENT_EXIST', { kind: 'empty' }],
    ['it is being made', 'STATEMENT_CREATING', { kind: 'not_ready', retryAfterMs: 1_800_000 }],
    ['the day is odd', 'PARAM_ERROR', { kind: 'failed', error: { class: 'invalid_request' } }],
    ['the day is long gone', 'INVALID_REQUEST', { kind: 'failed' }],
    ['WeChat does not know', 'SYSTEM_ERROR', { kind: 'unknown' }],
  ])('does not come when %s: %s', async (_, code, outcome) => {
    const status = code === 'SYSTEM_ERROR' ? 500 : 400
    expect((await fetched('trade', unsigned(status, { code, message: '' }))).outcome).toMatchObject(
      outcome,
    )
  })

  it.each([
    ['its place is not signed', unsigned(200, { hash_type: 'SHA1' })],
    ['its place lacks an address', place(BOTH, { download_url: undefined })],
    ['its hash is of another kind', place(BOTH, { hash_type: 'MD5' })],
    ['its hash is none', place(BOTH, { hash_value: 'x' })],
  ])('is unknown, and not fetched, when %s', async (_, answer) => {
    const { outcome, requests } = await fetched('trade', answer)
    expect(outcome).toMatchObject({ kind: 'unknown' })
    expect(requests).toHaveLength(1)
  })

  it.each([
    'https://evil.example/v3/billdownload/file?token=1',
    'http://api.mch.weixin.qq.com/v3/billdownload/file?token=1',
    'https://api.mch.weixin.qq.com.evil.example/v3/billdownload/file',
    'https://api.mch.weixin.qq.com@evil.example/v3/billdownload/file',
    'https://api.mch.weixin.qq.com:8443/v3/billdownload/file',
  ])('is not fetched from anywhere else, for the call is signed: %s', async (download_url) => {
    const { outcome, requests } = await fetched('trade', place(BOTH, { download_url }))
    expect(outcome).toMatchObject({ kind: 'unknown' })
    expect(requests).toHaveLength(1)
  })

  it.each([
    ['has another line end', file(BOTH.replaceAll('\r\n', '\n'))],
    ['has lost its mark', file(BOTH.slice(1))],
    ['has lost its last line end', file(BOTH.slice(0, -2))],
    ['has one fen more', file(BOTH.replace('12.34', '12.35'))],
    ['is cut', file(packed(BOTH).slice(0, -9))],
    ['is not packed as it says', file(Uint8Array.of(0x1f, 0x8b, 1, 2, 3))],
    ['is empty', file(new Uint8Array())],
    ['is an error', file('{"code":"PARAM_ERROR"}', 400)],
    ['never comes', async () => ({ kind: 'unknown', evidence: 'timeout' }) as const],
  ] satisfies [string, Answer][])('is unknown when the file %s', async (_, answer) => {
    expect((await fetched('trade', place(BOTH), answer)).outcome).toMatchObject({ kind: 'unknown' })
  })

  it('is not unpacked without end', async () => {
    const bomb = packed('x'.repeat(33 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(100_000)
    const { outcome } = await fetched('trade', place(BOTH), file(bomb))
    expect(outcome).toEqual({ kind: 'unknown', evidence: 'the bill cannot be unpacked' })
  })

  it('is fetched from the second host when the first cannot be reached', async () => {
    const lost = async () => ({ kind: 'not_sent', reason: 'connection refused' }) as const
    const { outcome, requests } = await fetched('trade', place(BOTH), lost, file(BOTH))
    expect(outcome).toMatchObject({ kind: 'ready' })
    expect(requests[2]?.url).toBe(DOWNLOAD.replace('api.', 'api2.'))
  })
})

describe('a trade bill', () => {
  const rowsOf = (...rows: Parameters<typeof tradeRow>[0][]) => {
    const bill = readTradeBill(tradeBill(rows.map(tradeRow)))
    return bill.ok ? bill.value.rows : bill
  }

  it('is read by the names of its columns, though there be more of them', () => {
    const header = `新增一,${TRADE_HEADER},新增二`
    const row = `\`1,${tradeRow()},\`2`
    const bill = readTradeBill(tradeBill([row], { header }))
    expect(bill).toMatchObject({ ok: true, value: { rows: [PAYMENT] } })
  })

  it('without rows has sums all the same', () => {
    expect(readTradeBill(tradeBill([]))).toMatchObject({ ok: true, value: { rows: [] } })
  })

  it.each(['2.0', '2.00', '2'])('may count its rows as %s', (count) => {
    const bill = readTradeBill(tradeBill([tradeRow(), tradeRow()], { count }))
    expect(bill).toMatchObject({ ok: true, value: { totals: { rows: 2 } } })
  })

  it.each([
    ['a comma', '茶,咖啡'],
    ['a back-tick', '茶`咖啡'],
    ['a comma and a back-tick', '茶,`咖啡'],
    ['many of them', ',`,`,`,'],
    ['a new line', '茶\r\n咖啡'],
    ['a line like the sums', '茶\n总交易单数,`2'],
    ['quotes', '"茶"'],
    ['nothing', ''],
  ])('is read though a text of people holds %s', (_, text) => {
    expect(rowsOf({ subject: text }, { attach: text }, { subject: text, attach: text })).toEqual([
      PAYMENT,
      PAYMENT,
      PAYMENT,
    ])
  })

  it.each([
    ['SUCCESS', 'succeeded'],
    ['FAIL', 'failed'],
    ['PROCESSING', 'pending'],
    ['CHANGE', 'pending'],
    ['', 'pending'],
  ])('says how a refund stood: %s', (refundState, state) => {
    expect(rowsOf({ ...REFUND_ROW, refundState })).toMatchObject([{ about: 'refund', state }])
  })

  it('says what was reversed', () => {
    expect(rowsOf({ ...REFUND_ROW, state: 'REVOKED', asked: '12.34' })).toEqual([
      {
        ...PAYMENT,
        fee: { milliMinor: 972, currency: 'CNY' },
        atMs: 1_767_225_840_000,
        state: 'reversed',
      },
    ])
  })

  it.each([
    ['a row is missing', tradeBill([tradeRow()], { count: '2' }), 'it counts 2 rows and has 1'],
    ['there are no sums', `\ufeff${TRADE_HEADER}\r\n${tradeRow()}\r\n`, 'it has no sums'],
    ['it goes on', `${tradeBill([tradeRow()])}\`1,\`2\r\n`, 'it goes on after its sums'],
    [
      'columns are missing',
      tradeBill([tradeRow()], { header: '交易时间' }),
      'row 1 does not fit its columns',
    ],
    ['a row is cut', tradeBill([tradeRow().slice(0, -30)]), 'row 1 does not fit its columns'],
    [
      'a column has another name',
      tradeBill([tradeRow()], { header: TRADE_HEADER.replace('订单金额,申请', '总额,申请') }),
      'row 1: its 订单金额 is missing or odd',
    ],
    ['a state is new', tradeBill([tradeRow({ state: 'SETTLED' })]), 'row 1: its state is SETTLED'],
    [
      'an amount has three decimals',
      tradeBill([tradeRow({ total: '12.345' })]),
      'row 1: its 订单金额 is missing or odd',
    ],
    [
      'a time is no time',
      tradeBill([tradeRow({ at: '2026-01-01' })]),
      'row 1: its 交易时间 is missing or odd',
    ],
    ['it is a page', '<html></html>', 'it has no sums'],
    ['it is empty', '', 'it has no sums'],
  ])('is not read in part: %s', (_, text, refusal) => {
    const bill = readTradeBill(text)
    expect(bill.ok ? undefined : bill.refusal).toBe(refusal)
  })

  it('says what somebody else reads in it', () => {
    const { rows, summary } = Formatter.castCsvBill(Buffer.from(BOTH)) as {
      rows: Record<string, string>[]
      summary: Record<string, string>
    }
    const bill = readTradeBill(BOTH)
    if (!bill.ok) throw new Error(bill.refusal)
    expect(rows.map((row) => row.商户订单号)).toEqual([ATTEMPT, ATTEMPT])
    expect(bill.value.rows.map((row) => row.number)).toEqual(rows.map((row) => row.商户订单号))
    expect(Number(summary.总交易单数)).toBe(bill.value.totals.rows)
    expect(Number(summary.订单总金额)).toBe((bill.value.totals.paidMinor ?? 0) / 100)
  })

  it('never throws, whatever is in it', () => {
    const piece = fc.constantFrom(
      '`',
      ',`',
      ',',
      '\r\n',
      '总交易单数,',
      TRADE_HEADER,
      '1.00',
      tradeRow(),
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (pieces) => {
        const text = pieces.join('')
        expect(typeof readTradeBill(text).ok).toBe('boolean')
        expect(typeof readFundFlowBill(text).ok).toBe('boolean')
      }),
    )
  })

  it('is read in time that grows with its length alone', () => {
    const rows = Array.from({ length: 20_000 }, () => tradeRow({ subject: ',`'.repeat(20) }))
    expect(readTradeBill(tradeBill(rows))).toMatchObject({ ok: true })
  })
})

describe('a fund-flow bill', () => {
  it.each([
    ['收入', 'in'],
    ['支出', 'out'],
  ])('says where money went: %s', (direction, said) => {
    expect(readFundFlowBill(fundsBill([fundsRow({ direction })]))).toMatchObject({
      value: { rows: [{ direction: said }] },
    })
  })

  it.each(['a,`b', 'a\r\nb', ''])('is read though a remark is %j', (remark) => {
    expect(readFundFlowBill(fundsBill([fundsRow({ remark })]))).toMatchObject({
      value: { rows: [{ number: REFUND }] },
    })
  })

  it.each([
    ['a direction is new', fundsBill([fundsRow({ direction: '冻结' })])],
    ['a balance is below nothing', fundsBill([fundsRow({ balance: '-0.17' })])],
    ['a row is missing', fundsBill([fundsRow()], '2')],
    ['a column is missing', fundsBill([fundsRow()]).replace(FUNDS_HEADER, `${FUNDS_HEADER}号`)],
  ])('is not read in part: %s', (_, text) => {
    expect(readFundFlowBill(text)).toMatchObject({ ok: false })
  })
})

describe('an amount of a bill', () => {
  it.each([
    ['12.34', 2, 1234],
    ['0.07', 2, 7],
    ['1.1', 2, 110],
    ['45.0', 0, 45],
    ['100', 2, 10_000],
    ['0.06000', 5, 6000],
    ['0.00001', 5, 1],
    ['0.10000', 2, 10],
    ['-2.00', 2, -200],
    ['0.00', 2, 0],
    // What 12345678.29 * 100 is not.
    ['12345678.29', 2, 1_234_567_829],
    ['4.35', 2, 435],
  ])('is exact: %s to %i places is %i', (text, places, value) => {
    expect(scaled(text, places)).toBe(value)
  })

  it.each([
    ['12.345', 2],
    ['1.5', 0],
    ['1e3', 2],
    ['1,000.00', 2],
    ['.5', 2],
    ['5.', 2],
    ['+1', 2],
    ['--1', 2],
    ['', 2],
    [' 1', 2],
    ['NaN', 2],
    ['999999999999999.99', 2],
    ['1000000000000000', 2],
  ])('is none: "%s" to %i places', (text, places) => {
    expect(scaled(text, places)).toBeUndefined()
  })
})

it('signs the fetch over the very path of the address', async () => {
  const { requests } = await fetched('trade', place(BOTH), file(BOTH))
  expect(pathOf(requests[1])).toBe('/v3/billdownload/file?token=a%2Bb&tartype=gzip')
})

function pathOf(request: ChannelRequest | undefined): string {
  const { pathname, search } = new URL(request?.url ?? '')
  return pathname + search
}
