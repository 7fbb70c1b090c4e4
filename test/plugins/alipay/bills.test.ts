import { describe, expect, it } from 'vitest'
import { type BillInput, money } from '../../../core/plugin/api.ts'
import {
  download,
  FUNDS_COLUMNS,
  fundsTable,
  GIVEN_BACK,
  PAYMENT,
  TRADE_COLUMNS,
  table,
  tradeTable,
  WRITTEN_BY_PYTHON,
  type ZipOptions,
  zip,
} from './bill-files.ts'
import {
  content,
  fromBase64,
  gatewayError,
  lost,
  NOW_MS,
  ok,
  openWorld,
  page,
  refused,
  sent,
} from './fake-alipay.ts'

type Answers = Parameters<ReturnType<typeof openWorld>['answers']>[0]

const URL_ = 'http://dwbillcenter.alipay.com/downloadBillFile.resource?bizType=trade&token=1'
const DAY: BillInput = { kind: 'trade', date: '2026-01-01' }
const HOUR_MS = 3_600_000

/** Fetched in the morning of the day after. */
async function fetched(input: BillInput, ...answers: Answers[]) {
  const world = openWorld()
  world.later(25 * HOUR_MS)
  for (const answer of answers) world.answers(answer)
  const outcome = await world.channel.bills?.(world.ports, input)
  return { outcome, world }
}

const PLACE = ok({ bill_download_url: URL_ })

/** The bill of trades whose rows are this text. */
async function bill(text: string, options: ZipOptions = {}, kind = 'trade') {
  const files = { '20880000000000010156_20260101_业务明细.csv': text }
  return (await fetched({ ...DAY, kind }, PLACE, download(zip(files, options)))).outcome
}

const PAID_ROW = {
  about: 'payment',
  number: 'P176722560000012345678',
  channelPaymentNo: '2026010122001400000000000001',
  paid: money(8888, 'CNY'),
  fee: { milliMinor: 48_000, currency: 'CNY' },
  atMs: NOW_MS + 5_000,
  state: 'succeeded',
}

const REFUND_ROW = {
  about: 'refund',
  number: 'P176722560000012345678',
  channelPaymentNo: '2026010122001400000000000001',
  refundNumber: 'R176722560000012345678',
  channelRefundNo: '2026010122001400000000000001',
  refunded: money(200, 'CNY'),
  fee: { milliMinor: 1_000, currency: 'CNY' },
  atMs: NOW_MS + HOUR_MS,
  state: 'succeeded',
}

describe('a bill', () => {
  it('is asked for by its day, and fetched at once, as a browser would', async () => {
    const { outcome, world } = await fetched(DAY, PLACE, download(fromBase64(WRITTEN_BY_PYTHON)))
    expect(outcome).toEqual({
      kind: 'ready',
      rows: [PAID_ROW],
      totals: { payments: 1, receivedMinor: 8000, refunds: 0, returnedMinor: 0 },
    })
    const [asked, got] = world.requests
    expect(sent(asked).method).toBe('alipay.data.dataservice.bill.downloadurl.query')
    expect(content(asked)).toEqual({ bill_type: 'trade', bill_date: '2026-01-01' })
    expect(got).toMatchObject({
      method: 'GET',
      // Alipay often answers http.
      url: URL_.replace('http:', 'https:'),
      headers: { 'User-Agent': expect.stringContaining('Mozilla/5.0') },
      maxAnswerBytes: 16 * 1024 * 1024,
    })
    expect(got).not.toHaveProperty('body')
  })

  it('has payments and refunds, amounts without sign', async () => {
    expect(await bill(tradeTable([PAYMENT, GIVEN_BACK]))).toEqual({
      kind: 'ready',
      rows: [PAID_ROW, REFUND_ROW],
      totals: { payments: 1, receivedMinor: 8000, refunds: 1, returnedMinor: 200 },
    })
  })

  it.each<readonly [string, ZipOptions]>([
    ['stored', { stored: true }],
    ['streamed', { streamed: true }],
    ['with a comment', { comment: 'PK\x05\x06 is no end of it' }],
  ])('is unpacked when it is %s', async (_how, options) => {
    expect(await bill(tradeTable([PAYMENT]), options)).toMatchObject({
      kind: 'ready',
      rows: [PAID_ROW],
    })
  })

  it.each([
    ['half-width brackets', (name: string) => name.replace('（', '(').replace('）', ')')],
    ['spaces in its names', (name: string) => name.replace('（', ' （')],
    ['tabs behind its names', (name: string) => `${name}\t`],
  ])('is read with %s', async (_quirk, rename) => {
    const text = tradeTable([PAYMENT])
    const renamed = text.replace(TRADE_COLUMNS.join(','), TRADE_COLUMNS.map(rename).join(','))
    expect(renamed).not.toBe(text)
    expect(await bill(renamed)).toMatchObject({ kind: 'ready', rows: [PAID_ROW] })
  })

  it.each<readonly [string, string]>([
    [
      'columns that nobody knows yet',
      tradeTable([PAYMENT], { columns: [...TRADE_COLUMNS, '新列'] }),
    ],
    ['columns in another order', tradeTable([PAYMENT], { columns: TRADE_COLUMNS.toReversed() })],
    ['a comma at the end of each row', tradeTable([PAYMENT]).replace(/\t\r\n#-/, '\t,\r\n#-')],
    ['lines that end in LF alone', tradeTable([PAYMENT]).replaceAll('\r\n', '\n')],
    ['empty lines', tradeTable([PAYMENT]).replaceAll('\r\n', '\r\n\r\n')],
    ['spaces instead of tabs', tradeTable([PAYMENT]).replaceAll('\t', '   ')],
    ['nothing as padding', tradeTable([PAYMENT]).replaceAll('\t', '')],
    ['names of goods that GBK does not have', tradeTable([{ ...PAYMENT, 商品名称: '😀' }])],
    ['no sums', tradeTable([PAYMENT], { sums: [] })],
  ])('is read with %s', async (_quirk, text) => {
    expect(await bill(text)).toMatchObject({ kind: 'ready', rows: [PAID_ROW] })
  })

  it('takes the time at which the trade was made where it has no other', async () => {
    const row = { ...PAYMENT, 完成时间: '' }
    expect(await bill(tradeTable([row]))).toMatchObject({ rows: [{ atMs: NOW_MS }] })
  })

  it.each([
    ['-0.48', 48_000],
    ['', 0],
    ['0.00', 0],
    ['-0.00533', 533],
    ['-0.005330', 533],
    ['+1.00', 100_000],
  ])('has the fee %j as %d thousandths of a fen', async (fee, milliMinor) => {
    const row = { ...PAYMENT, '服务费（元）': fee }
    expect(await bill(tradeTable([row]))).toMatchObject({ rows: [{ fee: { milliMinor } }] })
  })

  it('reads the rows beside whatever sums come with them, in any order', async () => {
    const sums = table({
      title: '业务汇总',
      columns: ['门店编号', '交易订单总笔数'],
      rows: [{ 门店编号: '合计', 交易订单总笔数: '1' }],
      sums: [],
    })
    const odd = sums.replace('合计\t', '合计\t,1,2,3')
    for (const beside of [sums, odd, 'a text that nobody knows']) {
      const files = { 'a(汇总).csv': beside, 'b.csv': tradeTable([PAYMENT]) }
      const { outcome } = await fetched(DAY, PLACE, download(zip(files)))
      expect(outcome).toMatchObject({ kind: 'ready', rows: [PAID_ROW] })
    }
  })

  it('joins the files of a day that was too long for one', async () => {
    const files = { '1.csv': tradeTable([PAYMENT]), '2.csv': tradeTable([GIVEN_BACK]) }
    const { outcome } = await fetched(DAY, PLACE, download(zip(files)))
    expect(outcome).toEqual({
      kind: 'ready',
      rows: [PAID_ROW, REFUND_ROW],
      totals: { payments: 1, receivedMinor: 16_000, refunds: 1, returnedMinor: 400 },
    })
  })

  it('is empty when Alipay says that nothing happened', async () => {
    const empty = { bill_download_url: URL_, bill_file_code: 'EMPTY_DATA_WITH_BILL_FILE' }
    const { outcome, world } = await fetched(DAY, ok(empty))
    expect(outcome).toEqual({ kind: 'empty' })
    expect(world.requests).toHaveLength(1)
    const { outcome: before } = await fetched(DAY, refused('BILL_DATE_BEFORE_REGISTRATION'))
    expect(before).toEqual({ kind: 'empty' })
  })

  it('may be ready without a row', async () => {
    expect(await bill(tradeTable([]))).toMatchObject({ kind: 'ready', rows: [] })
  })

  it.each(['BILL_NOT_EXIST', 'isp.BILL_NOT_EXIST', 'isp.bill_not_exist', 'NO_BILL_DATA'])(
    'that is not there (%s) is not ready before noon, and empty afterwards',
    async (code) => {
      const world = openWorld()
      // It is eight in the morning in Beijing: noon of the next day is 28 hours away.
      world.later(28 * HOUR_MS - 1)
      world.answers(refused(code))
      expect(await world.channel.bills?.(world.ports, DAY)).toEqual({
        kind: 'not_ready',
        retryAfterMs: HOUR_MS,
      })
      world.later(1)
      world.answers(refused(code))
      expect(await world.channel.bills?.(world.ports, DAY)).toEqual({ kind: 'empty' })
    },
  )

  it.each(['INVAILID_ARGUMENTS', 'isv.invalid_arguments', 'TYPE_NOT_SUPPORTED'])(
    'that was asked for wrongly has failed: %s',
    async (code) => {
      const { outcome } = await fetched(DAY, refused(code))
      expect(outcome).toMatchObject({ kind: 'failed', error: { class: 'invalid_request' } })
    },
  )

  it('of a kind that Alipay does not have is not asked for', async () => {
    const { outcome, world } = await fetched({ ...DAY, kind: 'fund_flow' })
    expect(outcome).toMatchObject({ kind: 'not_sent' })
    expect(world.requests).toEqual([])
  })

  it.each<readonly [string, readonly Answers[]]>([
    ['nobody answers', [lost]],
    ['the system had an error', [refused('UNKNOWN_ERROR')]],
    ['the service was not available', [gatewayError('20000', 'isp.unknow-error')]],
    ['nobody signed the address', [ok({ bill_download_url: URL_ }, { sign: '' })]],
    ['there is no address', [ok({})]],
    ['the address is none', [ok({ bill_download_url: 'ftp://example.com/x' })]],
    ['the download breaks off', [PLACE, lost]],
    ['the host takes us for a program', [PLACE, page(403, '<html></html>')]],
    ['the address has been used', [PLACE, page(200, '<html>下载链接已失效</html>')]],
    ['there is nothing', [PLACE, page(200, '')]],
  ])('is unknown when %s', async (_because, answers) => {
    expect((await fetched(DAY, ...answers)).outcome).toMatchObject({ kind: 'unknown' })
  })

  it.each<readonly [string, (archive: Uint8Array) => void]>([
    ['a byte of its contents is another', (zip) => zip.set([(zip[90] ?? 0) ^ 1], 90)],
    [
      'it is said to be encrypted',
      (zip) => zip.set([1], Buffer.from(zip).indexOf('PK\x01\x02', 0, 'latin1') + 8),
    ],
    ['its directory is gone', (zip) => zip.fill(0, zip.length - 22)],
    ['its directory is elsewhere', (zip) => zip.fill(255, zip.length - 6, zip.length - 2)],
  ])('is unknown when %s', async (_because, tamper) => {
    expect(await bill(tradeTable([PAYMENT]), { tamper })).toMatchObject({ kind: 'unknown' })
  })

  it.each<readonly [string, string]>([
    ['it is cut off', tradeTable([PAYMENT]).slice(0, -300)],
    ['it has no table', '#支付宝业务明细查询 支付宝交易号'],
    ['a row is missing', tradeTable([PAYMENT], { sums: ['#交易合计：2笔', '#退款合计：0笔'] })],
    ['a comma stands in a name', tradeTable([{ ...PAYMENT, 商品名称: 'a,b' }])],
    ['a kind of row is new', tradeTable([{ ...PAYMENT, 业务类型: '充值' }])],
    ['a number is missing', tradeTable([{ ...PAYMENT, 商户订单号: '' }])],
    ['a refund has no number', tradeTable([{ ...GIVEN_BACK, '退款批次号/请求号': '' }])],
    ['an amount is odd', tradeTable([{ ...PAYMENT, '订单金额（元）': '88.888' }])],
    ['an amount is no amount', tradeTable([{ ...PAYMENT, '订单金额（元）': 'free' }])],
    ['a time is odd', tradeTable([{ ...PAYMENT, 完成时间: '', 创建时间: 'yesterday' }])],
    [
      'the column of amounts is gone',
      tradeTable([PAYMENT], { columns: TRADE_COLUMNS.filter((name) => name !== '订单金额（元）') }),
    ],
  ])('is unknown rather than wrong when %s', async (_because, text) => {
    expect(await bill(text)).toMatchObject({ kind: 'unknown' })
  })
})

const INCOME = {
  账务流水号: '202601010000000001',
  业务流水号: '2026010122001400000000000001',
  商户订单号: 'P176722560000012345678',
  发生时间: '2026-01-01 08:00:05',
  对方账号: 'pay***@example.com',
  '收入金额（+元）': '88.88',
  '支出金额（-元）': ' ',
  '账户余额（元）': '1088.88',
  交易渠道: '支付宝',
  业务类型: '在线支付',
  备注: '',
}
const EXPENSE = {
  ...INCOME,
  账务流水号: '202601010000000002',
  '收入金额（+元）': '',
  '支出金额（-元）': '-0.53',
  '账户余额（元）': '1088.35',
  业务类型: '收费',
  备注: '服务费',
}

describe('a bill of the account', () => {
  it('has what came and what went, and what was then there', async () => {
    const text = fundsTable(
      [INCOME, EXPENSE],
      ['#支出合计：1笔，共-0.53元', '#收入合计：1笔，共88.88元'],
    )
    const common = { about: 'funds', number: 'P176722560000012345678', atMs: NOW_MS + 5_000 }
    expect(await bill(text, {}, 'signcustomer')).toEqual({
      kind: 'ready',
      rows: [
        {
          ...common,
          direction: 'in',
          amount: money(8888, 'CNY'),
          balance: money(108_888, 'CNY'),
          channelNo: '202601010000000001',
          kind: '在线支付',
          remark: '',
        },
        {
          ...common,
          direction: 'out',
          amount: money(53, 'CNY'),
          balance: money(108_835, 'CNY'),
          channelNo: '202601010000000002',
          kind: '收费',
          remark: '服务费',
        },
      ],
      totals: { expenses: 1, expenseMinor: 53, incomes: 1, incomeMinor: 8888 },
    })
  })

  it('asks for its own kind', async () => {
    const { world } = await fetched({ kind: 'signcustomer', date: '2026-01-01' }, lost)
    expect(content(world.requests[0])).toMatchObject({ bill_type: 'signcustomer' })
  })

  it('is read with columns that newer exports append', async () => {
    const columns = [...FUNDS_COLUMNS, '商家订单号', '业务描述']
    const text = table({ title: '账务明细', columns, rows: [INCOME], sums: [] })
    expect(await bill(text, {}, 'signcustomer')).toMatchObject({
      kind: 'ready',
      rows: [{ direction: 'in' }],
    })
  })

  it.each<readonly [string, string]>([
    ['a row has no number', fundsTable([{ ...INCOME, 账务流水号: '' }])],
    ['a balance is missing', fundsTable([{ ...INCOME, '账户余额（元）': 'x' }])],
    ['a row is missing', fundsTable([INCOME], ['#支出合计：1笔，共-1.00元', '#收入合计：1笔'])],
    ['it is the bill of trades', tradeTable([PAYMENT])],
  ])('is unknown when %s', async (_because, text) => {
    expect(await bill(text, {}, 'signcustomer')).toMatchObject({ kind: 'unknown' })
  })
})
