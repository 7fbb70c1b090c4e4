/**
 * What a channel's simulator is, to those who host one: sandbox mode, a stand-alone process, the
 * conformance suite and the deterministic simulation.
 *
 * A simulator speaks its channel's wire protocol over `Request` and `Response`. It keeps its state
 * in the books it was given and nothing in itself, so that it survives a restart and two isolates
 * may serve one set of books. It is no part of a live bundle.
 */
import type { Money } from '../money.ts'
import type { Clock, Random } from '../ports.ts'
import type { Milliseconds } from '../time.ts'
import type { Names, SplitReceiver } from './api.ts'

export type { Clock, Random } from '../ports.ts'

export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json }

/** Documents of JSON by kind and id. */
export interface Books {
  get(kind: string, id: string): Promise<Json | undefined>
  /** In the order of their ids. */
  list(kind: string): Promise<readonly { readonly id: string; readonly value: Json }[]>
  /**
   * Replaces one document as one atomic step. `change` may run more than once, so it decides from
   * its argument alone; `undefined` as its result deletes.
   *
   * @returns what is stored afterwards
   */
  update(
    kind: string,
    id: string,
    change: (current: Json | undefined) => Json | undefined,
  ): Promise<Json | undefined>
}

export interface SimulatorPorts {
  readonly clock: Clock
  readonly random: Random
  readonly books: Books
  /** Sends a callback to the merchant's side. `undefined` when nobody answered in time. */
  callback(request: Request): Promise<Response | undefined>
}

/** The other end hears nothing more: the connection stays open, or breaks. */
export type Broken = 'silence' | 'reset'

/** What an answer can be made to do. `before` and `after` tell whether the call was carried out. */
export type AnswerFault =
  | 'silence_before'
  | 'silence_after'
  | 'reset_before'
  | 'reset_after'
  /** The channel's own "system error" answer. */
  | 'error_before'
  | 'error_after'
  /** 502 with an HTML page, not carried out. */
  | 'html_before'
  | 'rate_limited'
  /** Carried out, the answer's signature does not verify. */
  | 'bad_signature'
  /** Carried out, the answer's body ends half way. */
  | 'truncated'
  /** For queries: says that it does not know what it knows. */
  | 'not_found'

/** What a callback can be made to do. */
export type CallbackFault =
  | 'drop'
  | 'duplicate'
  /** Told before the call that caused it has been answered. */
  | 'early'
  /** Told after the next callback. */
  | 'reorder'
  | 'delay'
  | 'bad_signature'
  /** Validly signed, but one fen more than was paid. */
  | 'wrong_amount'
  /** Validly signed, but of another merchant. */
  | 'wrong_merchant'

/** What a fault is set on: the operations of a channel, and its callbacks. */
export type FaultPoint =
  | { readonly on: SimulatedOperation; readonly fault: AnswerFault }
  | { readonly on: 'callback'; readonly fault: CallbackFault; readonly delayMs?: number }

export type SimulatedOperation =
  | 'pay'
  | 'query'
  | 'close'
  | 'refund'
  | 'query_refund'
  | 'transfer'
  | 'query_transfer'
  | 'split'
  | 'query_split'
  | 'bill'

export type Fault = FaultPoint & {
  /** How many times it strikes; then it is gone. */
  readonly times: number
}

/** What a person who plays the payer may do with a payment. */
export type PayerAction =
  | 'pay'
  | 'cancel'
  | 'insufficient_balance'
  /** The payer is asked for a password and the payment waits. */
  | 'password'
  | 'fail'

/** A payment as the channel sees it. */
export interface SimulatedPayment {
  /** Our number for it. */
  readonly number: string
  readonly channelPaymentNo: string | undefined
  readonly way: string
  readonly subject: string
  readonly amount: Money
  /** In the channel's own words. */
  readonly state: string
  readonly createdAtMs: Milliseconds
  /** What a payer may do with it now. */
  readonly actions: readonly PayerAction[]
}

/** A code that a payer shows at a till, as it stands on the payer's phone now. */
export interface PayerCode {
  readonly code: string
  /**
   * What becomes of a payment that is charged with it. `paid`, `password` and
   * `insufficient_balance` mean the same at every channel.
   */
  readonly outcome: string
  /** The same for a person who picks one. */
  readonly names: Names
  /** Codes change, as they do on a phone. */
  readonly validUntilMs: Milliseconds
}

/** Somebody whom the merchant sends money to. */
export interface SimulatedPayee {
  readonly account: string
  readonly accountName?: string
  readonly bankName?: string
  /** Values for the entry's input, by its names. */
  readonly extra?: Readonly<Record<string, Json>>
}

/** Who there is to deal with: enough to try each of the channel's products at once. */
export interface Cast {
  /** The payer, by the names that the ways' inputs have for one. A payer's code is no part of it. */
  readonly payer: Readonly<Record<string, string>>
  /** By the manifest's entries for transfers. */
  readonly payees: Readonly<Record<string, SimulatedPayee>>
  /** Who shares of a payment can go to. */
  readonly receivers: readonly SplitReceiver[]
  /** Settings of a service provider: whole, one for each merchant below it. */
  readonly belowProvider: readonly Readonly<Record<string, Json>>[]
}

export interface Simulator {
  /** The manifest id of the channel that it simulates. */
  readonly channel: string
  readonly names: Names
  /** Hosts of the channel that it stands in for. */
  readonly hosts: readonly string[]
  /** Answers one call as the channel would. */
  serve(request: Request): Promise<Response | Broken>
  /** Settings of a merchant that it knows, in the form of the plugin's config fields. */
  demoSettings(): Promise<Readonly<Record<string, Json>>>
  /** The other roles beside that merchant. Absent where nobody needs to be named. */
  cast?(): Promise<Cast>
  /** Does what is due by the clock: asynchronous results, callbacks and their retries. */
  tick(): Promise<void>
  payments(): Promise<readonly SimulatedPayment[]>
  /** Codes for the ways in which the shop scans the payer. Absent where a channel has no such way. */
  payerCodes?(): Promise<readonly PayerCode[]>
  /**
   * Opens, in the payer's client, what the merchant handed the payer: the text of a QR code, a link,
   * a form, an order string. Payments that a plugin signs without a call are unknown to the channel
   * until then. Absent where every payment is made by a call.
   *
   * @returns our number for the payment, which `act` takes
   */
  open?(handed: string): Promise<{ readonly number: string } | { readonly refused: string }>
  /** Plays the payer. A refusal says why the action is not possible now. */
  act(number: string, action: PayerAction): Promise<{ readonly refused?: string }>
  /** From now on, in the order given, until each has struck as often as it says. */
  misbehave(faults: readonly Fault[]): Promise<void>
}
