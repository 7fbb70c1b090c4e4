/**
 * Everything a channel plugin may import: contract version 1.
 *
 * A plugin is one plain typed value made with `defineChannel`. It translates between our words and
 * its channel's wire; what a fact means for a payment is decided by the core. It gets ports and
 * config as arguments and keeps nothing between calls.
 */
import type * as z from 'zod'
import type { AttemptId, RefundId, SplitId, SplitReturnId, TransferId } from '../ids.ts'
import type { Money } from '../money.ts'
import type { Clock, HttpAnswer, Log, Random } from '../ports.ts'
import type { Result } from '../result.ts'
import type { Milliseconds } from '../time.ts'
import type { ConfigFields, ConfigOf } from './config.ts'

export type { AttemptId, RefundId, SplitId, SplitReturnId, TransferId } from '../ids.ts'
export { isMinor, type Minor, type Money, minor, money } from '../money.ts'
export type { Clock, HttpAnswer, Log, Random } from '../ports.ts'
export { ok, type Result, refuse } from '../result.ts'
export { DAY_MS, HOUR_MS, MINUTE_MS, type Milliseconds, SECOND_MS } from '../time.ts'
export type { ConfigField, ConfigFields, ConfigOf, KeyWithId } from './config.ts'
export { defineChannel } from './define.ts'

export const CONTRACT_VERSION = 1

/** Text that people read, in the two languages of the operators' pages. */
export interface Names {
  readonly zh: string
  readonly en: string
}

// ---------------------------------------------------------------------------------------------
// Errors

export type ErrorClass =
  | 'invalid_request'
  | 'config'
  | 'unauthorised'
  | 'not_supported'
  | 'payer_declined'
  | 'risk'
  | 'duplicate'
  | 'already_paid'
  | 'already_closed'
  | 'not_enough_merchant_balance'
  | 'not_found'
  | 'rate_limited'
  | 'channel_busy'
  /** The channel answered with a code that the plugin's table does not list. Counted by the core. */
  | 'unmapped'

export interface ErrorRule {
  readonly class: ErrorClass
  /** What may be tried: nothing, the same call with the same number, or a new attempt. */
  readonly retry: 'never' | 'same_key' | 'new_attempt'
  readonly fault: 'merchant' | 'payer' | 'channel' | 'us'
}

/** The channel's codes as data: code → what it means. */
export type ErrorTable = Readonly<Record<string, ErrorRule>>

export interface ChannelError extends ErrorRule {
  /** The channel's own code, as it was answered. */
  readonly code: string
  /** The channel's own text. May be shown to the merchant; never contains secrets. */
  readonly message: string
}

// ---------------------------------------------------------------------------------------------
// What a payer is shown

/** How a presentation is opened. JeePay's `payDataType` literals are made of these in core/http. */
export type PresentationKind =
  /** Text to draw as a QR code. */
  | 'qr_text'
  /** URL to send the payer's browser to. */
  | 'redirect_url'
  /** HTML document that posts itself. */
  | 'html_form'
  /** JSON text for WeChat's own client (JSAPI, mini program, app). */
  | 'wechat_client'
  /** JSON text or order string for Alipay's own client. */
  | 'alipay_client'
  /** JSON text for UnionPay's own client. */
  | 'unionpay_client'
  /** Nothing to show: the payer's code was scanned. */
  | 'nothing'

export interface Presentation {
  readonly kind: PresentationKind
  readonly data: string
}

// ---------------------------------------------------------------------------------------------
// What an operation can come back with

/** Provably never reached the channel: safe to send again or elsewhere. */
export interface NotSent {
  readonly kind: 'not_sent'
  readonly reason: string
}

/** Sent, no answer we can trust. Never means failed. */
export interface Unknown {
  readonly kind: 'unknown'
  readonly evidence: string
  /** An answer came whose signature is missing or wrong: counted, and worth a look. */
  readonly unverified?: true
  /** What the channel answered, where it answered a code that does not settle the matter. */
  readonly error?: ChannelError
}

/** The channel's word, with authority, that no money moved and none will for this number. */
export interface Failed {
  readonly kind: 'failed'
  readonly error: ChannelError
}

/** The channel says that the payer's money moved. */
export interface Paid {
  readonly channelPaymentNo: string
  /** What the payment was for, before coupons: compared with what we asked for. */
  readonly paid: Money
  readonly paidAtMs: Milliseconds
  /** Whose account the money went to, in the same form as `payeeOf(config)`. */
  readonly payee: string
  /** The payer's id at the channel (openid, buyer id). */
  readonly payer?: string
}

export type PayOutcome =
  | ({ readonly kind: 'succeeded' } & Paid)
  | {
      readonly kind: 'requires_action'
      readonly of: 'payer' | 'payee' | 'merchant'
      readonly presentation: Presentation
      readonly channelPaymentNo?: string
    }
  | { readonly kind: 'pending'; readonly pollAfterMs: number; readonly channelPaymentNo?: string }
  | Failed
  | NotSent
  | Unknown

export interface Closed {
  readonly kind: 'closed'
  /** It had been paid, and the payer has all of it back: what is still told of the payment is stale. */
  readonly paidBack?: true
}

export type QueryOutcome =
  | ({ readonly kind: 'succeeded' } & Paid)
  | { readonly kind: 'pending'; readonly pollAfterMs?: number }
  /** Closed or reversed at the channel: it can no longer be paid. */
  | Closed
  | Failed
  /** Still unknown to us until the channel's own "final after" has passed. */
  | { readonly kind: 'not_found' }
  | NotSent
  | Unknown

export type CloseOutcome =
  | Closed
  /** The payer was faster. A query has to follow. */
  | { readonly kind: 'already_paid' }
  | { readonly kind: 'not_found' }
  /** The channel will not close it now; it may still be paid. */
  | { readonly kind: 'refused'; readonly error: ChannelError }
  | NotSent
  | Unknown

export interface Refunded {
  readonly channelRefundNo: string
  readonly refunded: Money
  readonly refundedAtMs: Milliseconds
}

export type RefundOutcome =
  | ({ readonly kind: 'succeeded' } & Refunded)
  | {
      readonly kind: 'pending'
      readonly channelRefundNo?: string
      /** Someone has to act at the channel (the payer's account refused the money, say). */
      readonly needs?: 'operator'
      readonly pollAfterMs?: number
    }
  | Failed
  | NotSent
  | Unknown

export type QueryRefundOutcome = RefundOutcome | { readonly kind: 'not_found' }

export interface Transferred {
  readonly channelTransferNo: string
  readonly transferred: Money
  readonly transferredAtMs: Milliseconds
}

export type TransferOutcome =
  | ({ readonly kind: 'succeeded' } & Transferred)
  | {
      readonly kind: 'requires_action'
      readonly of: 'payee'
      readonly channelTransferNo?: string
      /** JSON text for the payee's client: what it needs to let the payee take the money. */
      readonly clientData: string
    }
  | { readonly kind: 'pending'; readonly channelTransferNo?: string; readonly pollAfterMs?: number }
  /** Cancelled, or not taken in time: the money stayed with, or went back to, the sender. */
  | { readonly kind: 'closed'; readonly reason: string }
  | Failed
  | NotSent
  | Unknown

export type QueryTransferOutcome = TransferOutcome | { readonly kind: 'not_found' }

export type CancelTransferOutcome =
  /** Taken; the end comes by callback or query. */
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly error: ChannelError }
  | NotSent
  | Unknown

/** Done, or was so before. */
export type ReceiverOutcome = { readonly kind: 'done' } | Failed | NotSent | Unknown

/** How one receiver's share stands. Found by receiver, not by place: channels add rows of their own. */
export interface ShareStanding {
  /** Without its kind where the channel's answer does not say which of the two an account is. */
  readonly receiver: Pick<SplitReceiver, 'account'> & Partial<Pick<SplitReceiver, 'kind'>>
  readonly amount: Money
  readonly state: 'pending' | 'succeeded' | 'failed'
  readonly channelShareNo?: string
  readonly error?: Pick<ChannelError, 'code' | 'message'>
}

export type SplitOutcome =
  /** Some shares are still on their way. */
  | {
      readonly kind: 'pending'
      readonly channelSplitNo?: string
      readonly shares: readonly ShareStanding[]
    }
  /** Over for all receivers; "finished" is not "all succeeded": each share says for itself. */
  | {
      readonly kind: 'finished'
      readonly channelSplitNo: string
      readonly shares: readonly ShareStanding[]
    }
  | Failed
  | NotSent
  | Unknown

export type QuerySplitOutcome = SplitOutcome | { readonly kind: 'not_found' }

export interface SplitReturned {
  readonly channelReturnNo: string
  readonly returned: Money
  readonly returnedAtMs: Milliseconds
}

export type SplitReturnOutcome =
  | ({ readonly kind: 'succeeded' } & SplitReturned)
  | { readonly kind: 'pending'; readonly channelReturnNo?: string }
  | Failed
  | NotSent
  | Unknown

export type QuerySplitReturnOutcome = SplitReturnOutcome | { readonly kind: 'not_found' }

export type UnsplitOutcome =
  | { readonly kind: 'known'; readonly unsplit: Money }
  | Failed
  | NotSent
  | Unknown

/** One row of a channel's bill in our words; amounts without sign. */
export type BillRow =
  | {
      readonly about: 'payment'
      /** Our number for the channel. */
      readonly number: string
      readonly channelPaymentNo: string
      readonly paid: Money
      readonly fee: Fee
      readonly atMs: Milliseconds
      readonly state: 'succeeded' | 'reversed'
    }
  | {
      readonly about: 'refund'
      readonly number: string
      readonly channelPaymentNo: string
      readonly refundNumber: string
      readonly channelRefundNo: string
      readonly refunded: Money
      /** Given back by the channel. */
      readonly fee: Fee
      readonly atMs: Milliseconds
      /** As it stood when the bill was made; a later end is not billed again. */
      readonly state: 'pending' | 'succeeded' | 'failed'
    }
  | {
      readonly about: 'funds'
      readonly direction: 'in' | 'out'
      readonly amount: Money
      readonly balance: Money
      readonly channelNo: string
      /** Our number, where the channel says it. */
      readonly number: string
      readonly kind: string
      readonly remark: string
      readonly atMs: Milliseconds
    }

/** A channel's fee: thousandths of the minor unit, since some channels bill fractions of a fen. */
export interface Fee {
  readonly milliMinor: number
  readonly currency: string
}

export interface Bill {
  readonly rows: readonly BillRow[]
  /** The channel's own sums at the end of the bill, to check the rows against. */
  readonly totals: Readonly<Record<string, number>>
}

export type BillOutcome =
  | ({ readonly kind: 'ready' } & Bill)
  /** Nothing happened on that day. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'not_ready'; readonly retryAfterMs: number }
  | Failed
  | NotSent
  | Unknown

export type IdentityOutcome =
  | { readonly kind: 'identified'; readonly userId: string }
  | Failed
  | NotSent
  | Unknown

// ---------------------------------------------------------------------------------------------
// Facts: what a callback or a bill tells us, whatever the order they arrive in

export type PaymentFact = { readonly about: 'payment'; readonly attemptId: AttemptId } & (
  | ({ readonly kind: 'succeeded' } & Paid)
  | { readonly kind: 'pending' }
  | Closed
  | Failed
)

export type RefundFact = {
  readonly about: 'refund'
  readonly refundId: RefundId
  /** Of the payment that it belongs to, when the channel says so. */
  readonly payee: string
} & (
  | ({ readonly kind: 'succeeded' } & Refunded)
  | {
      readonly kind: 'pending'
      readonly channelRefundNo?: string
      readonly needs?: 'operator'
    }
  | Failed
)

export type TransferFact = {
  readonly about: 'transfer'
  readonly transferId: TransferId
  readonly payee: string
} & (
  | ({ readonly kind: 'succeeded' } & Transferred)
  | { readonly kind: 'pending'; readonly channelTransferNo?: string }
  | { readonly kind: 'closed'; readonly reason: string }
  | Failed
)

export type SplitFact = {
  readonly about: 'split'
  readonly splitId: SplitId
  readonly payee: string
} & (
  | {
      readonly kind: 'pending' | 'finished'
      readonly channelSplitNo?: string
      readonly shares: readonly ShareStanding[]
    }
  | Failed
)

export type Fact = PaymentFact | RefundFact | TransferFact | SplitFact

// ---------------------------------------------------------------------------------------------
// Ports of a plugin

export interface ChannelRequest {
  readonly method: 'GET' | 'POST'
  /** Its host must be one that the manifest declares. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly timeoutMs: number
  /** Default 1 MiB; bills need more. */
  readonly maxAnswerBytes?: number
}

export interface ChannelHttp {
  send(request: ChannelRequest): Promise<HttpAnswer>
}

/** Remembers text across calls (fetched keys, tokens), per account. May forget at any time. */
export interface ChannelCache {
  get(key: string): Promise<string | undefined>
  put(key: string, value: string, ttlMs: number): Promise<void>
}

export interface ChannelPorts {
  readonly http: ChannelHttp
  readonly clock: Clock
  readonly random: Random
  readonly cache: ChannelCache
  readonly log: Log
}

export type Operation<Config, Input, Outcome> = (
  ports: ChannelPorts,
  config: Config,
  input: Input,
) => Promise<Outcome>

// ---------------------------------------------------------------------------------------------
// Inputs

export interface PayInput<Extra = unknown> {
  /** Our number for the channel. The same number is the same payment, however often it is sent. */
  readonly attemptId: AttemptId
  readonly way: string
  readonly amount: Money
  readonly subject: string
  readonly body: string
  readonly clientIp: string
  /** Where the channel calls us back; no query string. */
  readonly callbackUrl: string
  /** Where the channel sends the payer's browser afterwards. */
  readonly returnUrl: string
  readonly expiresAtMs: Milliseconds
  /** The money will be shared out later; some channels must know when the payment is made. */
  readonly splitting: boolean
  /** The presentation that the merchant asked for; the way's usual one when it does not have it. */
  readonly wants?: PresentationKind
  /** The way's own input, parsed by the way's schema. */
  readonly extra: Extra
}

export interface QueryInput {
  readonly attemptId: AttemptId
  readonly way: string
  readonly channelPaymentNo?: string
}

export interface CloseInput extends QueryInput {}

export interface RefundInput {
  /** Our number for the channel. The same number is the same refund, however often it is sent. */
  readonly refundId: RefundId
  readonly attemptId: AttemptId
  readonly way: string
  readonly channelPaymentNo: string
  readonly amount: Money
  /** Of the whole payment. */
  readonly total: Money
  readonly reason: string
  readonly callbackUrl: string
}

export interface QueryRefundInput {
  readonly refundId: RefundId
  readonly attemptId: AttemptId
  readonly way: string
  readonly channelPaymentNo: string
  readonly amount: Money
}

export interface TransferInput<Extra = unknown> {
  /** Our number for the channel. The same number is the same transfer, however often it is sent. */
  readonly transferId: TransferId
  /** Where the money goes: one of the manifest's `transfers`. */
  readonly entry: string
  readonly amount: Money
  /** The payee's id at the channel, login name or card number, as the entry has it. */
  readonly account: string
  readonly accountName?: string
  readonly bankName?: string
  readonly description: string
  readonly clientIp: string
  readonly callbackUrl: string
  /** The entry's own input, parsed by the entry's schema. */
  readonly extra: Extra
}

export interface QueryTransferInput {
  readonly transferId: TransferId
  readonly entry: string
  readonly channelTransferNo?: string
}

export interface SplitReceiver {
  readonly kind: 'merchant' | 'person'
  /** Merchant number, openid, user id or login name, as the channel has it. */
  readonly account: string
  readonly name?: string
  /** JeePay's relation types: STORE, STAFF, PARTNER, …; CUSTOM has a name. */
  readonly relation: string
  readonly relationName?: string
}

export interface ReceiverInput {
  readonly receiver: SplitReceiver
  /** For channels that want a number with each change. */
  readonly requestNumber: string
}

export interface SplitInput {
  /** Our number for the channel. The same number is the same split, however often it is sent. */
  readonly splitId: SplitId
  readonly attemptId: AttemptId
  readonly channelPaymentNo: string
  readonly shares: readonly {
    readonly receiver: SplitReceiver
    readonly amount: Money
    readonly description: string
  }[]
  /** Whether what is left is released, which ends all further sharing of this payment. */
  readonly finishes: boolean
}

export interface QuerySplitInput {
  readonly splitId: SplitId
  readonly attemptId: AttemptId
  readonly channelPaymentNo: string
  readonly channelSplitNo?: string
}

/** Takes a share back from its receiver. */
export interface SplitReturnInput {
  readonly splitReturnId: SplitReturnId
  readonly splitId: SplitId
  readonly channelSplitNo: string
  readonly channelPaymentNo: string
  readonly receiver: Pick<SplitReceiver, 'kind' | 'account'>
  readonly amount: Money
  readonly description: string
}

export type QuerySplitReturnInput = Pick<
  SplitReturnInput,
  'splitReturnId' | 'splitId' | 'channelSplitNo' | 'channelPaymentNo'
>

export interface BillInput {
  /** One of the manifest's bill kinds. */
  readonly kind: string
  /** The channel's own day, `2026-01-31`. */
  readonly date: string
}

export interface RedirectInput {
  /** Where the channel sends the payer's browser, with the state and a code. */
  readonly returnUrl: string
  readonly state: string
}

// ---------------------------------------------------------------------------------------------
// Callbacks

export interface InboundCall {
  readonly method: string
  /** Path and query as received. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** The bytes as received: signatures cover these. */
  readonly body: Uint8Array<ArrayBuffer>
  readonly receivedAtMs: Milliseconds
}

export interface CallbackRejection {
  /** `unverifiable` is counted as an attack or a key problem; `malformed` is not. */
  readonly code: 'unverifiable' | 'malformed'
  /** For the log: what failed, without contents. */
  readonly reason: string
}

export interface CallbackFacts {
  /** The channel's own id of the event: the same id again is the same event. */
  readonly dedupeKey: string
  /** None when the event is of no interest to us. */
  readonly facts: readonly Fact[]
}

export interface CallbackAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Callback<Config, Opened> {
  /** Default deny. What comes out was signed by the channel and, where it was, decrypted. */
  verify(
    ports: ChannelPorts,
    config: Config,
    call: InboundCall,
  ): Promise<Result<Opened, CallbackRejection>>
  parse(config: Config, opened: Opened): Result<CallbackFacts, CallbackRejection>
  /** @param accepted whether what was told is now stored, so that the channel may stop telling */
  acknowledge(accepted: boolean): CallbackAnswer
}

// ---------------------------------------------------------------------------------------------
// The manifest: pure data, readable without running anything

export interface Way {
  readonly names: Names
  /** What a merchant has to give beyond amount and subject. Keys are in their canonical form. */
  readonly input: z.ZodObject
  /** What `pay` may hand to the payer; the first is the usual one. */
  readonly presents: readonly PresentationKind[]
  /** `pay` makes no call to the channel: it signs something that the payer's client sends. */
  readonly local?: true
  /** The same `pay` may be sent again under the same number. Never so where a payer's code is charged. */
  readonly repeatable: boolean
  /**
   * The payer's code is charged at once, or after a password: a payment that is still unpaid after
   * this is closed (at channels that undo such payments: reversed), for nobody waits at the till.
   */
  readonly givesUpAfterMs?: number
}

/** An entry: a kind of account that transfers may go to. JeePay's `entryType`. */
export interface TransferEntry {
  readonly names: Names
  readonly input: z.ZodObject
}

export interface Capabilities {
  readonly query: {
    /** From the last time the payment was sent: after this "not found" means never created. */
    readonly notFoundIsFinalAfterMs: number
  }
  readonly close?: {
    /** Whether a payment that was closed can no longer be paid. */
    readonly fences: boolean
    /** How long after the payment was made the channel accepts a close. */
    readonly notBeforeMs: number
  }
  readonly refund?: {
    readonly partial: boolean
    readonly maxCount: number
    readonly windowDays: number
    /** The answer only says accepted; the end comes by callback or query. */
    readonly async: boolean
    /** From the last time the refund was sent: after this "not found" means it may be sent again. */
    readonly notFoundIsFinalAfterMs: number
  }
  readonly transfer?: {
    /** The payee has to take the money in the channel's own client. */
    readonly needsPayee: boolean
    readonly cancellable: boolean
    /** From the last time it was sent: after this "not found" means it may be sent again. */
    readonly notFoundIsFinalAfterMs: number
  }
  readonly split?: {
    /** How long after the payment shares may be sent. */
    readonly notBeforeMs: number
    readonly maxReceivers: number
    /** Shares can be taken back from their receivers. */
    readonly returns: boolean
    readonly notFoundIsFinalAfterMs: number
  }
  readonly identity?: {
    /** What the User-Agent of the channel's own client has in it, and no other's. */
    readonly userAgentHas: string
  }
  readonly bills?: {
    readonly kinds: readonly string[]
    /** Hour of the next day, by the channel's clock (UTC+8). */
    readonly readyAtHour: number
  }
  readonly callback: {
    readonly signedBy: 'header' | 'body'
    /** The channel takes a callback address with each payment, so the address can name the payment. */
    readonly addressPerPayment: boolean
    readonly retriesForMs: number
  }
}

export interface ChannelManifest {
  /** JeePay's ifCode: stands in routes, rows and notifications. */
  readonly id: string
  readonly names: Names
  readonly version: string
  /** Contract versions that this plugin was written for. */
  readonly contract: { readonly from: number; readonly to: number }
  /** Hosts that the http port lets it call; a field of kind `url` adds the host it names. */
  readonly hosts: readonly string[]
  readonly currencies: readonly string[]
  readonly numbers: {
    /** What the channel takes as our number for a payment. */
    readonly payment: RegExp
    readonly refund: RegExp
  }
  readonly ways: Readonly<Record<string, Way>>
  readonly transfers?: Readonly<Record<string, TransferEntry>>
  readonly capabilities: Capabilities
}

/** The input that a way's or an entry's schema gives. */
export type ExtraOf<W extends Pick<Way, 'input'>> = z.output<W['input']>

export interface TransferOperations<Config> {
  readonly send: Operation<Config, TransferInput, TransferOutcome>
  readonly query: Operation<Config, QueryTransferInput, QueryTransferOutcome>
  readonly cancel?: Operation<Config, QueryTransferInput, CancelTransferOutcome>
}

export interface SplitOperations<Config> {
  readonly bindReceiver: Operation<Config, ReceiverInput, ReceiverOutcome>
  readonly unbindReceiver: Operation<Config, ReceiverInput, ReceiverOutcome>
  readonly send: Operation<Config, SplitInput, SplitOutcome>
  readonly query: Operation<Config, QuerySplitInput, QuerySplitOutcome>
  /** Releases what was not shared, without sharing anything more. */
  readonly finish: Operation<Config, QuerySplitInput, SplitOutcome>
  readonly takeBack?: Operation<Config, SplitReturnInput, SplitReturnOutcome>
  readonly queryReturn?: Operation<Config, QuerySplitReturnInput, QuerySplitReturnOutcome>
  readonly unsplit?: Operation<Config, QuerySplitInput, UnsplitOutcome>
}

export interface IdentityOperations<Config> {
  /** The URL that asks the payer for consent. */
  redirect(config: Config, input: RedirectInput): string
  /** What the consent page sends back stands in this parameter of the return URL. */
  readonly codeParameter: string
  readonly exchange: Operation<Config, { readonly code: string }, IdentityOutcome>
}

export interface Channel<
  Manifest extends ChannelManifest = ChannelManifest,
  Fields extends ConfigFields = ConfigFields,
  Opened = unknown,
> {
  readonly manifest: Manifest
  readonly config: Fields
  /** Whose money it is under this config (merchant number, and sub-merchant): pinned by attempts. */
  payeeOf(config: ConfigOf<Fields>): string
  /** Checks that settings fit each other, with what to change; single fields are checked by kind. */
  checkConfig?(config: ConfigOf<Fields>): Result<undefined, { readonly reason: string }>
  readonly pay: {
    readonly [W in keyof Manifest['ways']]: Operation<
      ConfigOf<Fields>,
      PayInput<ExtraOf<Manifest['ways'][W]>>,
      PayOutcome
    >
  }
  readonly query: Operation<ConfigOf<Fields>, QueryInput, QueryOutcome>
  readonly close?: Operation<ConfigOf<Fields>, CloseInput, CloseOutcome>
  readonly refund?: Operation<ConfigOf<Fields>, RefundInput, RefundOutcome>
  readonly queryRefund?: Operation<ConfigOf<Fields>, QueryRefundInput, QueryRefundOutcome>
  readonly transfer?: TransferOperations<ConfigOf<Fields>>
  readonly split?: SplitOperations<ConfigOf<Fields>>
  readonly bills?: Operation<ConfigOf<Fields>, BillInput, BillOutcome>
  readonly identity?: IdentityOperations<ConfigOf<Fields>>
  readonly callback: Callback<ConfigOf<Fields>, Opened>
}

/**
 * A channel whose own types are closed over: what the core holds. It takes settings and input as
 * they come, and parses both before the plugin's own functions see them.
 */
export interface AnyChannel {
  readonly manifest: ChannelManifest
  readonly fields: ConfigFields
  /** Parses settings as they are stored. Each problem names the field that is wrong. */
  bind(settings: unknown): Result<BoundChannel, readonly string[]>
}

/** A group of operations, each bound to one parsed config. */
export type Bound<Group> = {
  readonly [Name in keyof Group]: Group[Name] extends
    | Operation<never, infer Input, infer Outcome>
    | undefined
    ? (ports: ChannelPorts, input: Input) => Promise<Outcome>
    : never
}

/** Operations of a channel, bound to one parsed config. What the channel cannot do is absent. */
export interface BoundChannel {
  readonly manifest: ChannelManifest
  readonly payee: string
  /** What of the settings must not stand in any text: the host takes it out of what plugins say. */
  readonly secrets?: readonly string[]
  /** Hosts that the settings name beyond the manifest's. */
  readonly extraHosts: readonly string[]
  pay(ports: ChannelPorts, input: PayInput): Promise<PayOutcome>
  query(ports: ChannelPorts, input: QueryInput): Promise<QueryOutcome>
  readonly close?: (ports: ChannelPorts, input: CloseInput) => Promise<CloseOutcome>
  readonly refund?: (ports: ChannelPorts, input: RefundInput) => Promise<RefundOutcome>
  readonly queryRefund?: (
    ports: ChannelPorts,
    input: QueryRefundInput,
  ) => Promise<QueryRefundOutcome>
  readonly transfer?: Bound<TransferOperations<never>>
  readonly split?: Bound<SplitOperations<never>>
  readonly bills?: (ports: ChannelPorts, input: BillInput) => Promise<BillOutcome>
  readonly identity?: {
    redirect(input: RedirectInput): string
    readonly codeParameter: string
    exchange(ports: ChannelPorts, input: { readonly code: string }): Promise<IdentityOutcome>
  }
  readCallback(
    ports: ChannelPorts,
    call: InboundCall,
  ): Promise<Result<CallbackFacts, CallbackRejection>>
  acknowledge(accepted: boolean): CallbackAnswer
}
