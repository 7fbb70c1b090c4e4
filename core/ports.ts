import type { NotificationId } from './ids.ts'
import type { Milliseconds } from './time.ts'

/** Time as the gateway sees it. A port, so that a simulation can own it. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): Milliseconds
  sleep(ms: number): Promise<void>
}

export interface Random {
  /** Cryptographically strong bytes in every deployment; seeded ones in a simulation. */
  bytes(length: number): Uint8Array<ArrayBuffer>
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
  /** Covers everything from connecting to the last byte of the answer. */
  readonly timeoutMs: number
  /** An answer that is longer ends as `unknown` (or is cut, for `answerOverflow: 'cut'`). */
  readonly maxAnswerBytes: number
  readonly answerOverflow?: 'refuse' | 'cut'
  /**
   * `public`: only to the public Internet. A port that sees the address which it dials refuses
   * private ones, whatever name led there; one that doesn't calls as always.
   */
  readonly target?: 'public'
}

/**
 * How far a call got. A port may say `not_sent` only when it can prove that no byte of the request
 * left; a rejected `fetch` on Workers proves nothing and is `unknown`.
 */
export type HttpAnswer =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly headers: Headers
      readonly body: Uint8Array<ArrayBuffer>
    }
  | { readonly kind: 'not_sent'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly evidence: string }

/** Redirects are never followed: an answer with 3xx comes back as it is. */
export interface HttpPort {
  send(request: HttpRequest): Promise<HttpAnswer>
}

export type SqlValue = string | number | null | Uint8Array<ArrayBuffer>

export interface Statement {
  readonly sql: string
  readonly args: readonly SqlValue[]
}

/** One array a row, in column order. */
export type Rows = readonly (readonly SqlValue[])[]

/**
 * The database. One `batch` is one transaction and one round trip; nothing else is offered, because
 * an interactive transaction over the network holds the single writer's lock for each round trip.
 */
export interface Database {
  /** @throws {DatabaseError} */
  batch(statements: readonly Statement[], mode: 'read' | 'write'): Promise<readonly Rows[]>
}

export type DatabaseTrouble = 'busy' | 'full' | 'conflict' | 'unavailable'

/** The database refused or did not answer. Whether a write was committed is then not known. */
export class DatabaseError extends Error {
  readonly trouble: DatabaseTrouble

  constructor(trouble: DatabaseTrouble, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'DatabaseError'
    this.trouble = trouble
  }
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

/** Fields carry ids and codes, never keys, tokens, sign texts or payer ids. */
export interface Log {
  write(level: LogLevel, message: string, fields?: LogFields): void
}

/** One try of one notification, and when it is to be made. */
export interface WakeUp {
  readonly notificationId: NotificationId
  /** Of the try: from 1, and no number comes twice, so a timer may drop the twin of a wake-up. */
  readonly number: number
  readonly atMs: Milliseconds
  /** Of the request that caused it, for the delivery to carry on. */
  readonly traceparent?: string
}

/** A call to one of our doors, of which its caller says that it is a timer's. */
export interface TimerCall {
  /** As it was given to the timer, not as a proxy made it look. */
  readonly url: string
  readonly headers: Headers
  readonly body: string
}

/**
 * Wakes the gateway for one try at a time. A hint: the outbox row is the truth, and the sweep finds
 * what a lost wake-up left behind. One that comes twice, too early, too late or for a try that was
 * made does nothing.
 */
export interface WakeTimer {
  wake(wakeUp: WakeUp): Promise<void>
  /** Only of a timer that wakes us from outside: whether the call is its own. */
  readonly verify?: (call: TimerCall) => Promise<boolean>
  /** Only of such a timer: whether it can be reached. */
  readonly isReachable?: () => Promise<boolean>
}

/**
 * What isolates and processes share, such as a Redis: quick, and less true than the database. It
 * never throws and never holds anybody up: nothing comes back when it is away, slow or talks nonsense,
 * and the caller does without. No secret may be put into it unsealed.
 */
export interface SharedMemory {
  /** Counts one request of somebody in a sliding minute. */
  take(who: string, perMinute: number): Promise<Taken | undefined>
  /** Keeps a key until a time. @returns whether it was not there before */
  keepOnce(key: string, untilMs: Milliseconds): Promise<boolean | undefined>
  get(key: string): Promise<string | undefined>
  put(key: string, value: string, ttlMs: number): Promise<void>
  isReachable(): Promise<boolean>
}

/** Whether one more request is within a limit, and if not, when to come again. */
export type Taken =
  | { readonly within: true }
  | { readonly within: false; readonly retryAfterMs: number }

/** Pure, bounded memory of one isolate. Everything in it can be lost at any time. */
export interface Memory {
  get(key: string): unknown
  set(key: string, value: unknown): void
  delete(key: string): void
}

export interface MasterKey {
  readonly id: string
  /** 32 bytes for A256GCM. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** The first key seals; all of them open. */
export type KeyRing = readonly [MasterKey, ...MasterKey[]]

export interface Ports {
  readonly clock: Clock
  readonly random: Random
  readonly http: HttpPort
  readonly database: Database
  readonly log: Log
  readonly timer: WakeTimer
  readonly memory: Memory
  /** Absent where a deployment has none. */
  readonly shared?: SharedMemory
  readonly keyRing: KeyRing
  /** Lets work go on after the response (`waitUntil` on Workers). May be lost; never the only way. */
  background(work: Promise<unknown>): void
}
