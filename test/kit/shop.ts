import type { GatewaySettings } from '../../core/core.ts'
import { createGateway, type Gateway } from '../../core/gateway.ts'
import type { AccountId, AppId, MerchantNo } from '../../core/ids.ts'
import { createAccount, openPassage } from '../../core/merchant/accounts.ts'
import { createApp, createMerchant } from '../../core/merchant/merchants.ts'
import type { LatePolicy } from '../../core/payment/state.ts'
import type { AnyChannel } from '../../core/plugin/api.ts'
import type {
  Database,
  HttpAnswer,
  HttpRequest,
  KeyRing,
  LogFields,
  Ports,
  SharedMemory,
  WakeTimer,
} from '../../core/ports.ts'
import { assert } from '../../core/result.ts'
import { signJeepay } from '../../core/signing/jeepay.ts'
import { SERVER_BOUNDS } from '../../core/sweep/sweep.ts'
import { processTimer } from '../../edge/ports/process-timer.ts'
import { boundedMemory } from '../../edge/ports/system.ts'
import { type Bank, openBank } from './bank.ts'
import { bankChannel } from './bank-channel.ts'
import { type VirtualClock, virtualClock } from './clock.ts'
import { seededRandom } from './random.ts'
import { memoryDatabase } from './tables.ts'

export type Fields = Readonly<Record<string, string | number | undefined>>

/** What a merchant is answered. */
export interface Envelope {
  readonly code: number
  readonly msg: string
  readonly data?: Readonly<Record<string, string | number>>
  readonly sign?: string
}

export interface Told {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, string>>
  readonly atMs: number
}

/** A merchant's app, with all that it takes to talk like it. */
export interface App {
  readonly merchantNo: MerchantNo
  readonly appId: AppId
  readonly appSecret: string
}

export interface Shop {
  readonly gateway: Gateway
  readonly bank: Bank
  readonly clock: VirtualClock
  readonly database: Database
  readonly app: App
  readonly accountId: AccountId
  /** Each notification that arrived, in order. */
  readonly told: Told[]
  readonly logged: { readonly message: string; readonly fields: LogFields | undefined }[]
  /** What the merchant answers to notifications, one after the other; then `success`. */
  readonly merchantAnswers: HttpAnswer[]
  /** What happens when the merchant is told, before it answers. */
  merchantHears: () => void
  /** Round trips to the database so far. */
  roundTrips(): number
  /** A signed request, by JSON unless told otherwise. */
  calls(path: string, fields: Fields, as?: App): Promise<Envelope>
  asksFor(fields?: Fields, as?: App): Promise<Envelope>
  /** Orders and expects it to be taken; gives the payment's number. */
  orders(fields?: Fields): Promise<string>
  sees(payOrderId: string, as?: App): Promise<Envelope>
  closes(payOrderId: string): Promise<Envelope>
  refunds(payOrderId: string, fields?: Fields): Promise<Envelope>
  /** Money out to an openid. */
  transfers(fields?: Fields, as?: App): Promise<Envelope>
  /** The payer pays, and the bank calls back. */
  payerPays(payOrderId: string): Promise<void>
  sweeps(): Promise<void>
  /** Time passes, and the sweep runs each `everyMs`. */
  passes(ms: number, everyMs?: number): Promise<void>
  /** All that was started in the background has ended. */
  settles(): Promise<void>
  /** The same deployment after a crash: nothing but the database is left. */
  restarts(keyRing?: KeyRing): void
  /** Another app: of the same merchant by the same account, or of another one by its own. */
  opensApp(of: 'same_merchant' | 'other_merchant'): Promise<App>
}

export interface ShopOptions {
  readonly latePolicy?: LatePolicy
  readonly notifiesEveryEnd?: boolean
  /** Stands between the gateway and its database. */
  readonly wrapDatabase?: (database: Database) => Database
  /** Instead of the kit's own channel; its id has to be `bank` too. */
  readonly channel?: AnyChannel
  readonly allowsPrivateTargets?: boolean
  /** Instead of telling at once in the background. */
  readonly timer?: WakeTimer
  /** By the address that is told; what has none takes the next of the shop's own answers. */
  readonly merchantAnswers?: (url: string) => HttpAnswer | undefined
  /** Until a merchant answers; at once if not given. */
  readonly merchantTakesMs?: number
  /** Shared with what stands around the gateway. */
  readonly clock?: VirtualClock
  readonly seed?: number
  readonly settings?: Partial<GatewaySettings>
  readonly shared?: SharedMemory
  /** Looks on at each call of the gateway to a channel or merchant. */
  readonly onSend?: (request: HttpRequest) => void
}

export const NOTIFY_URL = 'https://shop.example/notify'

const sequence = { next: 1 }

/** A gateway in one process: real SQLite, the kit's bank, clock and merchant. */
export async function openShop(options: ShopOptions = {}): Promise<Shop> {
  const stored = await memoryDatabase()
  let trips = 0
  const counted: Database = {
    batch(statements, mode) {
      trips++
      return stored.batch(statements, mode)
    },
  }
  const database = options.wrapDatabase?.(counted) ?? counted
  const clock = options.clock ?? virtualClock()
  const background = new Set<Promise<unknown>>()
  const told: Told[] = []
  const merchantAnswers: HttpAnswer[] = []
  const logged: Shop['logged'] = []
  let running: Gateway | undefined
  const bank = openBank(clock.now, (request) => gateway().fetch(request))

  function gateway(): Gateway {
    assert(running !== undefined, 'the gateway runs')
    return running
  }

  async function send(request: HttpRequest): Promise<HttpAnswer> {
    options.onSend?.(request)
    const { host } = new URL(request.url)
    if (host === 'bank.example') return bank.answer(request)
    const fields = Object.fromEntries(new URLSearchParams(String(request.body)))
    told.push({ url: request.url, headers: request.headers, fields, atMs: clock.now() })
    shop.merchantHears()
    if (options.merchantTakesMs !== undefined) await clock.sleep(options.merchantTakesMs)
    const answer = options.merchantAnswers?.(request.url)
    if (answer !== undefined) return answer
    return merchantAnswers.shift() ?? saying('success')
  }

  const ports: Ports = {
    clock,
    database,
    random: seededRandom(options.seed ?? 1),
    http: { send },
    log: { write: (_, message, fields) => void logged.push({ message, fields }) },
    timer:
      options.timer ??
      processTimer(
        clock,
        (work) => ports.background(work),
        (id, traceparent) => gateway().deliver(id, traceparent),
      ),
    memory: boundedMemory(1_000),
    ...(options.shared !== undefined && { shared: options.shared }),
    keyRing: [{ id: 'k1', bytes: new Uint8Array(32).fill(7) }],
    background(work) {
      const settled = work.catch(() => undefined).finally(() => background.delete(settled))
      background.add(settled)
    },
  }

  function start(keyRing = ports.keyRing): Gateway {
    return createGateway({
      ports: { ...ports, keyRing, memory: boundedMemory(1_000) },
      channels: [options.channel ?? bankChannel],
      settings: {
        publicUrl: 'https://pay.example',
        allowsPrivateTargets: options.allowsPrivateTargets ?? false,
        ...options.settings,
      },
    })
  }

  running = start()
  const { core } = running
  const merchantNo = await createMerchant(core, { merchantNo: 'M1', name: '小店' })
  const app = { merchantNo, ...(await createApp(core, { merchantNo, name: '收银', ...options })) }
  const openAccount = async (no: MerchantNo) => {
    const opened = await createAccount(core, { kind: 'merchant', no }, 'bank', {
      merchant: 'shop',
      key: 'secret-canary',
    })
    assert(opened.ok, 'the bank account opens')
    return opened.value
  }
  const accountId = await openAccount(merchantNo)
  for (const way of ['WX_NATIVE', 'WX_BAR', 'ALI_APP', 'bank:WX_CASH', 'bank:BANK_CARD']) {
    const { appId } = app
    await openPassage(core, { appId, way, accountId, feePartsPerMillion: 6_000 })
  }

  const shop: Shop = {
    get gateway() {
      return gateway()
    },
    bank,
    clock,
    database,
    app,
    accountId,
    told,
    logged,
    merchantAnswers,
    merchantHears: () => undefined,
    roundTrips: () => trips,
    async calls(path, fields, as = app) {
      const response = await gateway().fetch(signedRequest(path, fields, as))
      return (await response.json()) as Envelope
    },
    asksFor: (fields = {}, as = app) =>
      shop.calls('/api/pay/unifiedOrder', { ...anOrder(), ...fields }, as),
    async orders(fields) {
      const answer = await shop.asksFor(fields)
      assert(answer.code === 0, `the order is taken, not ${answer.msg}`)
      return String(answer.data?.payOrderId)
    },
    sees: (payOrderId, as = app) => shop.calls('/api/pay/query', { payOrderId }, as),
    closes: (payOrderId) => shop.calls('/api/pay/close', { payOrderId }),
    refunds: (payOrderId, fields = {}) =>
      shop.calls('/api/refund/refundOrder', { ...aRefund(), payOrderId, ...fields }),
    transfers: (fields = {}, as = app) =>
      shop.calls('/api/transferOrder', { ...aTransfer(), ...fields }, as),
    async payerPays(payOrderId) {
      const order = bank.orders.get(payOrderId)
      assert(order !== undefined, 'the bank has the order')
      order.state = 'paid'
      order.paidAtMs = clock.now()
      await bank.callback(order)
      await shop.settles()
    },
    async sweeps() {
      await gateway().sweep(SERVER_BOUNDS)
      await shop.settles()
    },
    async passes(ms, everyMs = 10_000) {
      for (let left = ms; left > 0; left -= everyMs) {
        await clock.advance(Math.min(everyMs, left))
        await shop.sweeps()
      }
    },
    async settles() {
      while (background.size > 0) await Promise.all(background)
    },
    restarts(keyRing) {
      running = start(keyRing)
    },
    async opensApp(of) {
      const owner =
        of === 'same_merchant'
          ? merchantNo
          : await createMerchant(core, { merchantNo: 'M2', name: '别家' })
      const other = await createApp(core, { merchantNo: owner, name: '其他' })
      const { appId } = other
      const itsAccount = of === 'same_merchant' ? accountId : await openAccount(owner)
      await openPassage(core, {
        appId,
        way: 'WX_NATIVE',
        accountId: itsAccount,
        feePartsPerMillion: 0,
      })
      return { merchantNo: owner, ...other }
    },
  }
  return shop
}

export function anOrder(): Fields {
  return {
    mchOrderNo: `O${sequence.next++}`,
    wayCode: 'WX_NATIVE',
    amount: 1_000,
    currency: 'CNY',
    subject: '测试商品',
    body: '测试商品描述',
    notifyUrl: NOTIFY_URL,
  }
}

export function aRefund(): Fields {
  return {
    mchRefundNo: `F${sequence.next++}`,
    refundAmount: 100,
    currency: 'CNY',
    refundReason: '退货',
    notifyUrl: NOTIFY_URL,
  }
}

export function aTransfer(): Fields {
  return {
    mchOrderNo: `T${sequence.next++}`,
    ifCode: 'bank',
    entryType: 'WX_CASH',
    amount: 1_000,
    currency: 'CNY',
    accountNo: 'payee-canary',
    transferDesc: '报销',
    notifyUrl: NOTIFY_URL,
  }
}

export function signed(fields: Fields, app: App): Record<string, string | number> {
  const all: Record<string, string | number> = {
    version: '1.0',
    signType: 'MD5',
    reqTime: '1767225600000',
    mchNo: app.merchantNo,
    appId: app.appId,
  }
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) all[name] = value
  all.sign = signJeepay(
    Object.entries(all).map(([name, value]) => [name, String(value)] as const),
    app.appSecret,
  )
  return all
}

export function signedRequest(path: string, fields: Fields, app: App): Request {
  return new Request(`https://pay.example${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(signed(fields, app)),
  })
}

export function saying(text: string, status = 200): HttpAnswer {
  const body = new TextEncoder().encode(text)
  return { kind: 'answered', status, headers: new Headers(), body }
}
