import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../../core/plugin/api.ts'
import type { SimulatorPorts } from '../../../core/plugin/simulator.ts'

/** Which of the demo merchant's apps `demoSettings` describes. */
export type Mode = 'key' | 'certificate'

/** By what an app knows payers: new applications get open ids alone. */
export type PayerIds = 'user_id' | 'open_id'

export interface AlipaySimulatorOptions {
  readonly mode?: Mode
  /** Whether the demo merchant's apps have content encryption switched on. */
  readonly encryption?: 'off' | 'on'
  /** Of the demo merchant's apps; an enrolled app says it for itself. */
  readonly payerIds?: PayerIds
  /**
   * The certificate that Alipay signs with: the first, one renewed with the same key (another
   * serial), or one with another key.
   */
  readonly certificate?: 'first' | 'renewed' | 'replaced'
  /** SHA-1 signatures, which only applications of before 2018 may use. */
  readonly legacyRsa?: 'refused' | 'accepted'
  /** Alipay ignores members of biz_content that it does not know; a simulator finds typing errors. */
  readonly unknownFields?: 'refused' | 'ignored'
  /** Whether the first cancel of a trade asks to be repeated (`retry_flag` Y) and does nothing. */
  readonly cancel?: 'at_once' | 'retry_first'
  /** Above zero, a refund is accepted with `fund_change` N and arrives this much later. */
  readonly refundTakesMs?: number
  /** How long a trade can be refunded; afterwards it is TRADE_FINISHED. */
  readonly refundWindowMs?: number
  /** Tells of trades that were closed because nobody paid in time, which is off in Alipay's console. */
  readonly tellsTimeoutClose?: boolean
  /** How much of a trade may be shared out. */
  readonly splitCeilingPercent?: number
  /** How long an asynchronous settlement takes, and a transfer to a bank card. */
  readonly settlementTakesMs?: number
  readonly bankTakesMs?: number
  /** A day on which nothing happened: a file without rows, or "there is no bill". */
  readonly emptyBill?: 'file' | 'not_exist'
  /** Whether the bill host answers 403 to programs that do not look like a browser. */
  readonly billHost?: 'browsers' | 'anybody'
  /** What Alipay's "system error" looks like: the gateway's 20000, or the business code. */
  readonly systemError?: 'gateway' | 'business'
  /** What `bad_signature` looks like: one flipped bit, or none at all (answers only). */
  readonly badSignature?: 'forged' | 'missing'
  /** How much later a `delay` without a time of its own tells. */
  readonly callbackDelayMs?: number
}

export type Settings = Required<AlipaySimulatorOptions>

/** What every part of the simulator is given: its ports and how it was set up. */
export interface Alipay extends SimulatorPorts {
  readonly settings: Settings
}

export function openAlipay(ports: SimulatorPorts, options: AlipaySimulatorOptions): Alipay {
  return {
    clock: ports.clock,
    random: ports.random,
    books: ports.books,
    callback: (request) => ports.callback(request),
    settings: { ...USUAL, ...options },
  }
}

const USUAL: Settings = {
  // The one mode in which money can be sent out too.
  mode: 'certificate',
  encryption: 'off',
  payerIds: 'user_id',
  certificate: 'first',
  legacyRsa: 'refused',
  unknownFields: 'refused',
  cancel: 'at_once',
  refundTakesMs: 0,
  refundWindowMs: 365 * DAY_MS,
  tellsTimeoutClose: false,
  splitCeilingPercent: 30,
  settlementTakesMs: 10 * SECOND_MS,
  bankTakesMs: 2 * MINUTE_MS,
  emptyBill: 'file',
  billHost: 'browsers',
  systemError: 'gateway',
  badSignature: 'forged',
  callbackDelayMs: MINUTE_MS,
}
