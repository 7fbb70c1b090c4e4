/**
 * What a gateway owes its merchants, in a page: written from the laws alone, without a look at how
 * the core does it. It knows what the bank has, and what the gateway cannot but know of it.
 */
export interface ModelPayment {
  readonly fen: number
  readonly expiresAtMs: number
  bank: 'unpaid' | 'paid' | 'closed'
  /** What the gateway has certainly heard from the bank. It may have asked and know more. */
  heard: 'unpaid' | 'paid' | 'closed'
  /** In fen, of refunds that were taken. */
  refunded: number
}

export interface Model {
  nowMs: number
  readonly payments: Map<string, ModelPayment>
}

/** JeePay's numbers for what a query may say. */
const SHOWN = { unpaid: 1, paid: 2, closed: 6 } as const
const REFUNDED_IN_FULL = 5

export const newModel = (): Model => ({ nowMs: 0, payments: new Map() })

export function ordered(model: Model, number: string, fen: number, lastsMs: number): void {
  const expiresAtMs = model.nowMs + lastsMs
  model.payments.set(number, {
    fen,
    expiresAtMs,
    bank: 'unpaid',
    heard: 'unpaid',
    refunded: 0,
  })
}

/** The states that a query may show now: what was heard, or else what is true. */
export function mayShow({ heard, bank, refunded, fen }: ModelPayment): readonly number[] {
  if (refunded === fen) return [REFUNDED_IN_FULL]
  return [SHOWN[heard], SHOWN[bank]]
}

/** A payer pays what the bank still takes, or, a second too late, what it has closed. */
export function paid(payment: ModelPayment, isHeard: boolean): void {
  payment.bank = 'paid'
  if (isHeard) payment.heard = 'paid'
}

/** Whoever asks the bank to close hears how it stands. */
export function closed(payment: ModelPayment): void {
  if (payment.bank === 'unpaid') payment.bank = 'closed'
  payment.heard = payment.bank
}

export function mayRefund(payment: ModelPayment, fen: number): 'yes' | 'no' | 'if_it_has_heard' {
  if (payment.bank !== 'paid' || payment.refunded + fen > payment.fen) return 'no'
  return payment.heard === 'paid' ? 'yes' : 'if_it_has_heard'
}

/** Long enough for every runner to have asked about everything, and to close what has expired. */
export function timePassed(model: Model, ms: number): void {
  model.nowMs += ms
  for (const payment of model.payments.values()) {
    // What has an end is asked about no more: late money is heard of by callback alone.
    const isOver = payment.heard !== 'unpaid'
    if (isOver) continue
    if (payment.expiresAtMs <= model.nowMs) closed(payment)
    payment.heard = payment.bank
  }
}
