import * as z from 'zod'
import type { AnyChannel } from '../../core/plugin/api.ts'
import type {
  Books,
  Fault,
  Json,
  PayerAction,
  SimulatedOperation,
  Simulator,
  SimulatorPorts,
} from '../../core/plugin/simulator.ts'
import type { HttpAnswer, HttpRequest } from '../../core/ports.ts'
import { MINUTE_MS, SECOND_MS } from '../../core/time.ts'
import { alipay } from '../../plugins/alipay/index.ts'
import { createAlipaySimulator } from '../../plugins/alipay/sandbox/index.ts'
import { wechat } from '../../plugins/wechat/index.ts'
import { createWechatSimulator } from '../../plugins/wechat/sandbox/index.ts'
import { newPayerCode } from '../../plugins/wechat/sandbox/till/payer-codes.ts'
import type {
  Bank,
  BankCall,
  BankMood,
  BankOptions,
  BankOrder,
  BankRefund,
  BankReturn,
  BankSplit,
  BankTransfer,
  Callback,
} from './bank.ts'
import { type Chance, chanceOf } from './chance.ts'
import type { Counterpart } from './counterpart.ts'
import type { Deed, Plan } from './plan.ts'
import { START_MS } from './stage.ts'

/**
 * The channels that this house has plugins for, by their real protocols: their simulators, under the
 * world's clock. What the laws want to know of the bank is read off the simulators' own books.
 */
interface Channel {
  readonly plugin: AnyChannel
  simulate(ports: SimulatorPorts): Simulator
  readonly ways: Counterpart['ways']
  readonly entry: string
  readonly canaries: readonly string[]
  readonly payer: Readonly<Record<string, string>>
  readonly payee: Readonly<Record<string, string>>
  readonly sharers: Counterpart['sharers']
  /** A code that a payer shows, by which it is drawn what comes of it. */
  payerCode(chance: Chance, nowMs: number): string
  readCall(request: HttpRequest): BankCall
  /** Where the orders are in the books, and what they say. */
  readonly kind: string
  read(document: Json, nowMs: number): ReadOrder
  readTransfer(document: Json): BankTransfer
  isAcknowledged(answer: Response): Promise<boolean>
  /** The same callback, signed by nobody. */
  forged(callback: Callback): Callback
}

interface ReadOrder {
  readonly order: Omit<BankOrder, 'paidAfterEnd' | 'liedAbout' | 'closeAsked'>
  /** Whether it is there for those who ask: a code that nobody has opened is no trade at Alipay. */
  readonly isThere: boolean
  readonly refunds: readonly BankRefund[]
  readonly splits: readonly BankSplit[]
  readonly returns: readonly BankReturn[]
}

type TransferState = BankTransfer['state']

export function simulatedCounterpart(channel: Channel): Counterpart {
  const { plugin, ways, entry, payee, sharers } = channel
  const canaries = [...channel.canaries]
  const furnished = listedBooks()
  const furnishing = channel.simulate(portsAt(START_MS - SECOND_MS, furnished))
  return {
    plugin,
    ways,
    entry,
    payee,
    sharers,
    canaries,
    isFurnished: (request) => carriedOut(furnishing, request),
    callsOnce: false,
    keepsRefused: false,
    isFinalEarly: true,
    adapts,
    async settings() {
      const settings = await furnishing.demoSettings()
      for (const [name, { kind }] of Object.entries(plugin.fields)) {
        const isSecret = kind === 'secret' || kind === 'private_key'
        // Of a key the end of its longest line, which stands for it wherever it is written.
        const lines = isSecret ? String(settings[name] ?? '').split('\n') : []
        const longest = lines.toSorted((a, b) => b.length - a.length)[0]?.slice(-40)
        if (longest) canaries.push(longest)
      }
      return settings
    },
    extraOf(way, chance, nowMs) {
      switch (way) {
        case 'WX_NATIVE':
          return undefined
        case 'WX_BAR':
          return JSON.stringify({ authCode: channel.payerCode(chance, nowMs) })
        case 'ALI_APP':
          return JSON.stringify(channel.payer)
      }
    },
    isAcknowledged: channel.isAcknowledged,
    openBank: (options) => openSimulated(channel, furnished.copy(), options),
  }
}

const PLAYED: ReadonlySet<Deed> = new Set([
  'order',
  'order_again',
  'order_other',
  'ask',
  'close',
  'refund',
  'refund_again',
  'refund_other',
  'ask_refund',
  'transfer',
  'transfer_again',
  'transfer_other',
  'ask_transfer',
  'payee_takes',
  'cancel_transfer',
  'split',
  'ask_split',
  'return',
  'return_again',
  'payer_pays',
  'forged_callback',
  'stray_callback',
  'misplaced_callback',
  'replayed_callback',
  'sweep',
  'crash',
])

/** Channels refuse a call, and we an answer, that is signed five minutes off. */
const SKEW_MS = 2 * MINUTE_MS

function adapts(plan: Plan): Plan {
  const within = (skewMs: number) => Math.max(-SKEW_MS, Math.min(SKEW_MS, skewMs))
  const { weather } = plan
  return {
    ...plan,
    weather: {
      ...weather,
      bankSkewMs: within(weather.bankSkewMs),
      skewsMs: weather.skewsMs.map(within),
    },
    // Less than ten fen are too little for either.
    transfers: plan.transfers.map((transfer) => ({ ...transfer, fen: transfer.fen + 10 })),
    steps: plan.steps.filter(({ deed }) => PLAYED.has(deed)),
  }
}

function openSimulated(channel: Channel, books: ListedBooks, options: BankOptions): Bank {
  const { timeline, plan, fault, tell } = options
  const { seed, weather, stormMs } = plan
  const random = chanceOf(seed, 'simulator')
  const callbacks: Callback[] = []
  const simulator = channel.simulate({
    clock: { now: nowMs, sleep: async () => fault('a simulator sleeps') },
    random: { bytes: (length) => Uint8Array.from({ length }, () => random.whole(0, 255)) },
    books,
    async callback(request) {
      const callback: Callback = {
        name: `callback ${callbacks.length + 1}`,
        url: request.url,
        headers: Object.fromEntries(request.headers),
        body: new Uint8Array(await request.arrayBuffer()),
        about: new URL(request.url).pathname,
      }
      callbacks.push(callback)
      return options.callBack(callback)
    },
  })

  function nowMs(): number {
    return timeline.nowMs() + weather.bankSkewMs
  }

  function* documents(): Iterable<ReadOrder> {
    for (const document of books.all(channel.kind)) yield channel.read(document, nowMs())
  }

  function orders(): ReadonlyMap<string, BankOrder> {
    const found = new Map<string, BankOrder>()
    for (const { order, isThere } of documents()) {
      if (!isThere) continue
      const madeAtMs = order.madeAtMs - weather.bankSkewMs
      const honest = { paidAfterEnd: false, liedAbout: false, closeAsked: false }
      found.set(order.number, { ...order, ...honest, madeAtMs })
    }
    return found
  }

  function refunds(): ReadonlyMap<string, BankRefund> {
    const all = [...documents()].flatMap((read) => read.refunds)
    return new Map(all.map((refund) => [refund.number, refund]))
  }

  // It does nothing by itself: in a storm it is looked after so often, and whenever it was called.
  const everyMs = Math.max(2 * SECOND_MS, stormMs / 40)
  for (let atMs = everyMs; atMs < stormMs; atMs += everyMs) timeline.after(atMs, ticks)

  function transfers(): ReadonlyMap<string, BankTransfer> {
    const all = books.all('transfer').map(channel.readTransfer)
    return new Map(all.map((transfer) => [transfer.number, transfer]))
  }

  /** What people do is heard of when it is done; nobody waits for it. */
  function goesOn(what: string, done: Promise<unknown>): void {
    done.then(
      (came) => tell(() => `${what}: ${JSON.stringify(came) ?? 'done'}`),
      (error: unknown) => fault(`${what} throws ${String(error)}`),
    )
  }

  async function actOn(number: string, action: PayerAction): Promise<unknown> {
    return simulator.act(number, action)
  }

  async function opensAndPays(handed: string): Promise<unknown> {
    const opened = await simulator.open?.(handed)
    return opened !== undefined && 'number' in opened ? actOn(opened.number, 'pay') : opened
  }

  async function serve(request: HttpRequest, mood: BankMood): Promise<HttpAnswer> {
    await simulator.misbehave(moodily(mood, channel.readCall(request), orders(), timeline.nowMs()))
    const answer = await carriedOut(simulator, request)
    await simulator.misbehave([])
    timeline.after(1, ticks)
    return answer
  }

  let ticking: Promise<void> | undefined
  function ticks(): void {
    // One that waits for us to answer a callback goes on by itself.
    ticking ??= simulator.tick().finally(() => {
      ticking = undefined
    })
    goesOn('tick', ticking)
  }

  return {
    get orders() {
      return orders()
    },
    get refunds() {
      return refunds()
    },
    get transfers() {
      return transfers()
    },
    get splits() {
      const all = [...documents()].flatMap((read) => read.splits)
      return new Map(all.map((split) => [split.number, split]))
    },
    get returns() {
      const all = [...documents()].flatMap((read) => read.returns)
      return new Map(all.map((taken) => [taken.number, taken]))
    },
    callbacks,
    isCalledBy: ({ url }) => simulator.hosts.includes(new URL(url).host),
    readCall: channel.readCall,
    serve,
    ticks,
    payerPays(number) {
      const isKnown = [...documents()].some(({ order }) => order.number === number)
      if (isKnown) goesOn(`the payer of ${number}`, actOn(number, 'pay'))
      return isKnown
    },
    payerOpens(handed) {
      goesOn('the payer', opensAndPays(handed))
      return true
    },
    payeeTakes(number) {
      const waits = transfers().get(number)?.state === 'waiting'
      if (waits) goesOn(`the payee of ${number}`, actOn(number, 'pay'))
      return waits
    },
    misspeaks(_, how) {
      const [callback] = callbacks
      return how === 'forged' && callback !== undefined ? channel.forged(callback) : undefined
    },
    decides: ticks,
    // No part of what it plays.
    paysAfterEnd: () => false,
    takesKey: () => undefined,
    signsWith: () => undefined,
  }
}

async function carriedOut(simulator: Simulator, request: HttpRequest): Promise<HttpAnswer> {
  const { method, url, headers, body } = request
  const asked = new Request(url, { method, headers, ...(body !== undefined && { body }) })
  const served = await simulator.serve(asked)
  if (typeof served === 'string') return { kind: 'unknown', evidence: served }
  const bytes = new Uint8Array(await served.arrayBuffer())
  return { kind: 'answered', status: served.status, headers: served.headers, body: bytes }
}

const QUERIES: Readonly<Record<string, SimulatedOperation>> = {
  query: 'query',
  query_refund: 'query_refund',
  query_transfer: 'query_transfer',
}
const OPERATIONS: readonly string[] = [
  'pay',
  'query',
  'close',
  'refund',
  'query_refund',
  'transfer',
  'query_transfer',
]

/** A channel is behind itself for a minute, and no longer. */
function moodily(
  mood: BankMood,
  { operation, number }: BankCall,
  orders: ReadonlyMap<string, BankOrder>,
  nowMs: number,
): readonly Fault[] {
  const isPoint = (name: string): name is SimulatedOperation => OPERATIONS.includes(name)
  if (!isPoint(operation)) return []
  if (mood === 'busy' || mood === 'refuses') {
    return [{ on: operation, fault: mood === 'busy' ? 'rate_limited' : 'error_before', times: 1 }]
  }
  const query = QUERIES[operation]
  const madeAtMs = orders.get(number)?.madeAtMs ?? 0
  const isYoung = nowMs - madeAtMs < MINUTE_MS
  if (mood !== 'lags' || query === undefined || !isYoung) return []
  return [{ on: query, fault: 'not_found', times: 1 }]
}

/** Books in memory, that can be read at once too. */
interface ListedBooks extends Books {
  all(kind: string): readonly Json[]
  /** The same to begin with. */
  copy(): ListedBooks
}

function listedBooks(kinds = new Map<string, Map<string, string>>()): ListedBooks {
  const shelf = (kind: string) => {
    const known = kinds.get(kind) ?? new Map<string, string>()
    kinds.set(kind, known)
    return known
  }
  const sorted = (kind: string) => [...shelf(kind)].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    async get(kind, id) {
      const text = shelf(kind).get(id)
      return text === undefined ? undefined : JSON.parse(text)
    },
    list: async (kind) => sorted(kind).map(([id, text]) => ({ id, value: JSON.parse(text) })),
    async update(kind, id, change) {
      const documents = shelf(kind)
      const text = documents.get(id)
      const changed = change(text === undefined ? undefined : JSON.parse(text))
      if (changed === undefined) documents.delete(id)
      else documents.set(id, JSON.stringify(changed))
      return changed
    },
    all: (kind) => sorted(kind).map(([, text]) => JSON.parse(text)),
    copy: () =>
      listedBooks(new Map([...kinds].map(([kind, documents]) => [kind, new Map(documents)]))),
  }
}

function portsAt(nowMs: number, books: Books): SimulatorPorts {
  const random = chanceOf(1, 'furniture of a simulator')
  return {
    clock: { now: () => nowMs, sleep: async () => undefined },
    random: { bytes: (length) => Uint8Array.from({ length }, () => random.whole(0, 255)) },
    books,
    callback: async () => undefined,
  }
}

const wechatOrder = z.object({
  outTradeNo: z.string(),
  product: z.string(),
  description: z.string(),
  amount: z.object({ minor: z.number() }),
  notifyUrl: z.string().nullable(),
  createdAtMs: z.number(),
  payableUntilMs: z.number(),
  payment: z.object({ paidAtMs: z.number() }).nullable(),
  closedAtMs: z.number().nullable(),
  till: z.object({ failure: z.string().nullable(), reversal: z.unknown() }).nullable(),
  refunds: z.array(
    z.object({
      outRefundNo: z.string(),
      amount: z.object({ minor: z.number() }),
      notifyUrl: z.string().nullable(),
      reason: z.string(),
      status: z.enum(['PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL']),
      acceptedAtMs: z.number(),
    }),
  ),
  sharing: z
    .object({
      splits: z.array(
        z.object({
          outOrderNo: z.string(),
          state: z.enum(['PROCESSING', 'FINISHED']),
          shares: z.array(
            z.object({
              account: z.string(),
              amountMinor: z.number(),
              result: z.enum(['PENDING', 'SUCCESS', 'CLOSED']),
            }),
          ),
        }),
      ),
      returns: z.array(
        z.object({
          outReturnNo: z.string(),
          outOrderNo: z.string(),
          returnMchid: z.string(),
          amountMinor: z.number(),
          result: z.enum(['PROCESSING', 'SUCCESS', 'FAILED']),
          createdAtMs: z.number(),
        }),
      ),
    })
    .nullable(),
})

const WECHAT_SHARES = { PENDING: 'pending', SUCCESS: 'succeeded', CLOSED: 'failed' } as const
const WECHAT_RETURNS = { PROCESSING: 'pending', SUCCESS: 'paid', FAILED: 'declined' } as const

/** What a split leaves is freed under its number with a letter behind it. */
const FREED = /F$/

function freedFirst(
  a: { readonly outOrderNo: string },
  b: { readonly outOrderNo: string },
): number {
  return Number(FREED.test(b.outOrderNo)) - Number(FREED.test(a.outOrderNo))
}

/** What a call is about, the more special one first. */
const OWN_NUMBERS = ['out_return_no', 'out_order_no', 'out_refund_no', 'out_bill_no']

const WECHAT_REFUNDS = {
  PROCESSING: 'pending',
  SUCCESS: 'paid',
  CLOSED: 'declined',
  ABNORMAL: 'abnormal',
} as const

const wechatTransfer = z.object({
  outBillNo: z.string(),
  remark: z.string(),
  amountMinor: z.number(),
  notifyUrl: z.string().nullable(),
  state: z.enum([
    'ACCEPTED',
    'PROCESSING',
    'WAIT_USER_CONFIRM',
    'TRANSFERING',
    'SUCCESS',
    'FAIL',
    'CANCELING',
    'CANCELLED',
  ]),
  updatedAtMs: z.number(),
})

const WECHAT_TRANSFERS: Readonly<Record<z.output<typeof wechatTransfer>['state'], TransferState>> =
  {
    ACCEPTED: 'pending',
    PROCESSING: 'pending',
    WAIT_USER_CONFIRM: 'waiting',
    TRANSFERING: 'pending',
    SUCCESS: 'paid',
    FAIL: 'declined',
    CANCELING: 'pending',
    CANCELLED: 'closed',
  }

/** The occasion that money is sent for, which WeChat Pay wants to know. */
const WECHAT_SCENE = {
  transferSceneId: '1000',
  transferSceneReportInfos: [
    { infoType: '活动名称', infoContent: '新会员有礼' },
    { infoType: '奖励说明', infoContent: '注册会员抽奖一等奖' },
  ],
}

const WECHAT_CALLS: readonly (readonly [pattern: RegExp, operation: string])[] = [
  [/^POST \/v3\/pay\/transactions\/(?:native|jsapi|app|h5)$/, 'pay'],
  [/^GET \/v3\/pay\/transactions\/out-trade-no\/([^/]+)$/, 'query'],
  [/^POST \/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/, 'close'],
  [/^POST \/v3\/refund\/domestic\/refunds$/, 'refund'],
  [/^GET \/v3\/refund\/domestic\/refunds\/([^/]+)$/, 'query_refund'],
  [/^POST \/v3\/fund-app\/mch-transfer\/transfer-bills$/, 'transfer'],
  [/^GET \/v3\/fund-app\/mch-transfer\/transfer-bills\/out-bill-no\/([^/]+)$/, 'query_transfer'],
  [
    /^POST \/v3\/fund-app\/mch-transfer\/transfer-bills\/out-bill-no\/([^/]+)\/cancel$/,
    'cancel_transfer',
  ],
  [/^POST \/v3\/profitsharing\/orders(?:\/unfreeze)?$/, 'split'],
  [/^GET \/v3\/profitsharing\/orders\/([^/]+)$/, 'query_split'],
  [/^POST \/v3\/profitsharing\/return-orders$/, 'split_return'],
  [/^GET \/v3\/profitsharing\/return-orders\/([^/]+)$/, 'query_split_return'],
  [/^POST \/pay\/micropay$/, 'pay'],
  [/^POST \/pay\/orderquery$/, 'query'],
  [/^POST \/secapi\/pay\/reverse$/, 'close'],
]

export const wechatPay = () =>
  simulatedCounterpart({
    plugin: wechat,
    // RSA is most of what a call costs.
    simulate: (ports) => createWechatSimulator(ports, { rsaBits: 1_024 }),
    ways: { WX_NATIVE: 'WX_NATIVE', WX_BAR: 'WX_BAR', ALI_APP: 'WX_LITE' },
    entry: 'WX_CASH',
    canaries: ['BEGIN PRIVATE KEY', PAYER_OF_WECHAT],
    payer: { openid: PAYER_OF_WECHAT },
    sharers: [
      [{ kind: 'merchant', account: '1900000301', name: '示例门店', relation: 'STORE' }, 200_000],
      [{ kind: 'person', account: 'oSimulatedStaff0000000000001', relation: 'STAFF' }, 100_000],
    ],
    payee: {
      accountNo: 'oSimulatedStaff0000000000001',
      channelExtra: JSON.stringify(WECHAT_SCENE),
    },
    payerCode(chance, nowMs) {
      const bytes = (length: number) => Uint8Array.from({ length }, () => chance.whole(0, 255))
      const outcome = chance.pick([
        'paid',
        'password',
        'password_then_paid',
        'password_then_cancelled',
        'system_error_but_paid',
      ] as const)
      return newPayerCode({ bytes }, outcome, nowMs)
    },
    readCall({ method, url, body }) {
      const { pathname } = new URL(url)
      const text = String(body ?? '')
      for (const [pattern, operation] of WECHAT_CALLS) {
        const found = pattern.exec(`${method} ${pathname}`)
        if (found === null) continue
        const inBody = /"?out_trade_no"?(?:":"|><!\[CDATA\[|>)([\w-]+)/
        const own = OWN_NUMBERS.map((name) => new RegExp(`"${name}":"([\\w-]+)"`).exec(text)?.[1])
        const number = found[1] ?? own.find(Boolean) ?? inBody.exec(text)?.[1] ?? ''
        return { operation, number: number.replace(FREED, ''), text: number }
      }
      return { operation: pathname, number: '', text: '' }
    },
    kind: 'order',
    read(document, nowMs) {
      const read = wechatOrder.parse(document)
      const { outTradeNo: number, payment, till, refunds } = read
      return {
        isThere: true,
        order: {
          number,
          name: read.description,
          fen: read.amount.minor,
          callbackUrl: read.notifyUrl ?? '',
          madeAtMs: read.createdAtMs,
          charged: read.product === 'codepay',
          state: wechatState(read),
          paidBack: payment !== null && Boolean(till?.reversal),
          paidAtMs: payment?.paidAtMs ?? 0,
        },
        refunds: refunds.map(
          ({ outRefundNo, amount, reason, status, acceptedAtMs, notifyUrl }) => ({
            number: outRefundNo,
            name: reason,
            order: number,
            fen: amount.minor,
            callbackUrl: notifyUrl ?? '',
            state: WECHAT_REFUNDS[status],
            atMs: acceptedAtMs,
          }),
        ),
        // That what was left was freed counts for a split without shares, and for no other.
        splits: (read.sharing?.splits.toSorted(freedFirst) ?? []).map(
          ({ outOrderNo, state, shares }) => ({
            number: outOrderNo.replace(FREED, ''),
            order: number,
            state: state === 'FINISHED' ? 'paid' : 'pending',
            shares: shares.map(({ account, amountMinor, result }) => ({
              account,
              fen: amountMinor,
              state: WECHAT_SHARES[result],
            })),
          }),
        ),
        returns: (read.sharing?.returns ?? []).map((taken) => ({
          number: taken.outReturnNo,
          order: taken.outOrderNo,
          account: taken.returnMchid,
          fen: taken.amountMinor,
          state: WECHAT_RETURNS[taken.result],
          atMs: taken.createdAtMs,
        })),
      }

      function wechatState({
        closedAtMs,
        payableUntilMs,
      }: z.output<typeof wechatOrder>): BankOrder['state'] {
        if (till?.reversal) return 'closed'
        if (payment !== null) return 'paid'
        if (till?.failure) return 'declined'
        // WeChat Pay calls it unpaid for ever; but nobody can pay it any more.
        return closedAtMs === null && nowMs < payableUntilMs ? 'unpaid' : 'closed'
      }
    },
    readTransfer(document) {
      const read = wechatTransfer.parse(document)
      return {
        number: read.outBillNo,
        name: read.remark,
        fen: read.amountMinor,
        callbackUrl: read.notifyUrl ?? '',
        state: WECHAT_TRANSFERS[read.state],
        atMs: read.updatedAtMs,
      }
    },
    isAcknowledged: async ({ status }) => status === 200 || status === 204,
    forged({ headers = {}, ...callback }) {
      const signature = headers['wechatpay-signature'] ?? ''
      return {
        ...callback,
        headers: { ...headers, 'wechatpay-signature': [...signature].reverse().join('') },
      }
    },
  })

const PAYER_OF_WECHAT = 'oSimulatedPayer0000000000001'
const PAYER_OF_ALIPAY = '2088100000000001'

const alipayTrade = z.object({
  outTradeNo: z.string(),
  product: z.string(),
  fen: z.number(),
  subject: z.string(),
  notifyUrl: z.string().nullable(),
  askedAtMs: z.number(),
  opened: z.object({ createdAtMs: z.number(), expiresAtMs: z.number() }).nullable(),
  paidAtMs: z.number().nullable(),
  closedAtMs: z.number().nullable(),
  cancels: z.number(),
  refunds: z.array(
    z.object({
      outRequestNo: z.string(),
      fen: z.number(),
      reason: z.string().nullable(),
      askedAtMs: z.number(),
      arrivesAtMs: z.number(),
    }),
  ),
  splits: z.array(
    z.object({
      outRequestNo: z.string(),
      shares: z.array(
        z.object({
          transIn: z.string(),
          fen: z.number(),
          state: z.enum(['PROCESSING', 'SUCCESS', 'FAIL']),
        }),
      ),
    }),
  ),
})

const ALIPAY_SHARES = { PROCESSING: 'pending', SUCCESS: 'succeeded', FAIL: 'failed' } as const

const alipayTransfer = z.object({
  outBizNo: z.string(),
  fen: z.number(),
  title: z.string(),
  askedAtMs: z.number(),
  status: z.enum(['DEALING', 'SUCCESS', 'FAIL', 'REFUND']),
})

const ALIPAY_TRANSFERS: Readonly<Record<z.output<typeof alipayTransfer>['status'], TransferState>> =
  { DEALING: 'pending', SUCCESS: 'paid', FAIL: 'declined', REFUND: 'closed' }

const ALIPAY_CALLS: Readonly<Record<string, string>> = {
  'alipay.trade.precreate': 'pay',
  'alipay.trade.create': 'pay',
  'alipay.trade.pay': 'pay',
  'alipay.trade.query': 'query',
  'alipay.trade.close': 'close',
  'alipay.trade.cancel': 'close',
  'alipay.trade.refund': 'refund',
  'alipay.trade.fastpay.refund.query': 'query_refund',
  'alipay.trade.order.settle': 'split',
  'alipay.trade.order.settle.query': 'query_split',
  'alipay.fund.trans.uni.transfer': 'transfer',
  'alipay.fund.trans.common.query': 'query_transfer',
}

const alipayContent = z.object({
  out_trade_no: z.string().default(''),
  out_request_no: z.string().optional(),
  out_biz_no: z.string().optional(),
})

export const alipayChannel = () =>
  simulatedCounterpart({
    plugin: alipay,
    simulate: (ports) => createAlipaySimulator(ports),
    ways: { WX_NATIVE: 'ALI_QR', WX_BAR: 'ALI_BAR', ALI_APP: 'ALI_APP' },
    entry: 'ALIPAY_CASH',
    canaries: ['BEGIN PRIVATE KEY', PAYER_OF_ALIPAY],
    payer: {},
    payee: { accountNo: 'zhang@example.com', accountName: '张三' },
    sharers: [
      [{ kind: 'person', account: '2088100000000011', name: '张三', relation: 'STAFF' }, 200_000],
      [{ kind: 'person', account: '13800000012', name: '李四', relation: 'PARTNER' }, 100_000],
    ],
    // Paid; waits; paid after ten seconds; and paid though the answer does not say so.
    payerCode: (chance) =>
      `28${chance.whole(1e13, 9e13)}${chance.pick(['01', '04', '03', '20', '22'])}`,
    readCall({ url, body }) {
      const parameters = new URLSearchParams(String(body ?? ''))
      for (const [name, value] of new URL(url).searchParams) parameters.append(name, value)
      const method = parameters.get('method') ?? ''
      const content = alipayContent.safeParse(JSON.parse(parameters.get('biz_content') ?? '{}'))
      const { out_trade_no = '', out_request_no, out_biz_no } = content.data ?? {}
      const number = out_request_no ?? out_biz_no ?? out_trade_no
      return { operation: ALIPAY_CALLS[method] ?? method, number, text: number }
    },
    kind: 'trade',
    read(document, nowMs) {
      const read = alipayTrade.parse(document)
      const { outTradeNo: number, opened, paidAtMs, closedAtMs, cancels } = read
      const back = read.refunds.reduce((sum, { fen }) => sum + fen, 0)
      // Cancelled after it was paid: that goes back under the number of the trade itself.
      const isPaidBack = cancels > 0 && read.refunds.some((each) => each.outRequestNo === number)
      return {
        isThere: opened !== null,
        order: {
          number,
          name: read.subject,
          fen: read.fen,
          callbackUrl: read.notifyUrl ?? '',
          madeAtMs: opened?.createdAtMs ?? read.askedAtMs,
          charged: read.product === 'pay',
          state: alipayState(),
          paidBack: isPaidBack,
          paidAtMs: paidAtMs ?? 0,
        },
        refunds: read.refunds.map((refund) => ({
          number: refund.outRequestNo,
          name: refund.reason ?? '',
          order: number,
          fen: refund.fen,
          callbackUrl: '',
          state: refund.arrivesAtMs <= nowMs ? 'paid' : 'pending',
          atMs: refund.askedAtMs,
        })),
        splits: read.splits.map(({ outRequestNo, shares }) => ({
          number: outRequestNo,
          order: number,
          state: shares.some(({ state }) => state === 'PROCESSING') ? 'pending' : 'paid',
          shares: shares.map(({ transIn, fen, state }) => ({
            account: transIn,
            fen,
            state: ALIPAY_SHARES[state],
          })),
        })),
        returns: [],
      }

      function alipayState(): BankOrder['state'] {
        if (paidAtMs !== null) return isPaidBack && back === read.fen ? 'closed' : 'paid'
        if (closedAtMs !== null) return 'closed'
        return opened !== null && nowMs >= opened.expiresAtMs ? 'closed' : 'unpaid'
      }
    },
    readTransfer(document) {
      const read = alipayTransfer.parse(document)
      return {
        number: read.outBizNo,
        name: read.title,
        fen: read.fen,
        callbackUrl: '',
        state: ALIPAY_TRANSFERS[read.status],
        atMs: read.askedAtMs,
      }
    },
    isAcknowledged: async (answer) => answer.status === 200 && (await answer.text()) === 'success',
    forged({ body, ...callback }) {
      const text = new TextDecoder().decode(body)
      const forged = text.replace(/(^|&)sign=([^&]+)/, (_, before: string, sign: string) => {
        return `${before}sign=${encodeURIComponent([...decodeURIComponent(sign)].reverse().join(''))}`
      })
      return { ...callback, body: new TextEncoder().encode(forged) }
    },
  })

export const SIMULATED = { wechat: wechatPay, alipay: alipayChannel } as const
