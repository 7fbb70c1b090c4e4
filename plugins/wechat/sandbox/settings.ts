import { MINUTE_MS, SECOND_MS } from '../../../core/plugin/api.ts'
import type { SimulatorPorts } from '../../../core/plugin/simulator.ts'
import type { RsaBits } from './demo-keys.ts'

/** By what a merchant recognises WeChat; by both while it moves from certificates to the key. */
export type Verification = 'public_key' | 'certificates' | 'both'

/** How a refund that nobody touches ends. */
export type RefundEnd = 'SUCCESS' | 'CLOSED' | 'ABNORMAL'

export interface WechatSimulatorOptions {
  /** The demo merchant's mode; an enrolled merchant brings its own. */
  readonly verification?: Verification
  /**
   * Platform certificates: the first one alone, both while the second is already signing (what a
   * client that does not refresh stumbles over), or the second alone.
   */
  readonly rotation?: 'before' | 'during' | 'after'
  /** `http` callback addresses on this machine, which WeChat itself refuses. On unless told. */
  readonly allowLoopbackHttp?: boolean
  readonly refundEnds?: RefundEnd
  readonly refundTakesMs?: number
  /**
   * What `bad_signature` looks like: one flipped bit, WeChat's own probe (`WECHATPAY/SIGNTEST/`),
   * a serial that nobody knows, or a valid signature that is ten minutes old.
   */
  readonly badSignature?: 'forged' | 'probe' | 'unknown_serial' | 'stale'
  /** How much later a `delay` without a time of its own tells. */
  readonly callbackDelayMs?: number
  /** 1,024 is for simulations that make millions of calls; it needs `verification: 'public_key'`. */
  readonly rsaBits?: RsaBits
  /** What WeChat takes of a payment: 6,000 is 0.6 %. */
  readonly feePartsPerMillion?: number
  /** What every merchant has in each of its two accounts before anything happens. */
  readonly openingBalanceMinor?: number
  /** From asking for shares, or for one back, to their end. */
  readonly splitTakesMs?: number
  /** Whether who receives a share hears of it as of a payment, or by an event of its own. */
  readonly shareEvents?: 'as_payment' | 'own'
  /** How a transfer is answered at first. One that is only accepted waits for the payee a moment later. */
  readonly transferStarts?: 'WAIT_USER_CONFIRM' | 'ACCEPTED'
  /** From the payee's consent to the money's arrival, and from a cancellation to its return. */
  readonly transferTakesMs?: number
  /** How often APIv2 wants a reverse to be called again (`recall` Y) before it is carried out. */
  readonly reverseRecalls?: number
  /** Whether the page of an H5 order is for browsers alone that say where they come from. */
  readonly h5NeedsReferer?: boolean
  /** From so many lines on a sub-merchant's fund-flow bill comes in several files. */
  readonly billFileLines?: number
}

export type Settings = Required<WechatSimulatorOptions>

/** What every part of the simulator is given: its ports and how it was set up. */
export interface Wechat extends SimulatorPorts {
  readonly settings: Settings
}

export function openWechat(ports: SimulatorPorts, options: WechatSimulatorOptions): Wechat {
  return {
    clock: ports.clock,
    random: ports.random,
    books: ports.books,
    callback: (request) => ports.callback(request),
    settings: { ...USUAL, ...options },
  }
}

const USUAL: Settings = {
  verification: 'public_key',
  rotation: 'before',
  allowLoopbackHttp: true,
  refundEnds: 'SUCCESS',
  refundTakesMs: 5 * SECOND_MS,
  badSignature: 'forged',
  callbackDelayMs: MINUTE_MS,
  rsaBits: 2_048,
  feePartsPerMillion: 6_000,
  // A million yuan.
  openingBalanceMinor: 100_000_000,
  splitTakesMs: 5 * SECOND_MS,
  shareEvents: 'as_payment',
  transferStarts: 'WAIT_USER_CONFIRM',
  transferTakesMs: 5 * SECOND_MS,
  reverseRecalls: 0,
  h5NeedsReferer: false,
  billFileLines: 100_000,
}
