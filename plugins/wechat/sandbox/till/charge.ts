import { SECOND_MS } from '../../../../core/plugin/api.ts'
import { plan } from '../agenda.ts'
import { newTransactionId } from '../numbers.ts'
import { type Order, orderId, orders, transactions, whyNotPayable } from '../order.ts'
import { signerOf } from '../parties.ts'
import { paidOrder, receive } from '../paying.ts'
import type { Refusal } from '../refusals.ts'
import type { Wechat } from '../settings.ts'
import type { Shelf } from '../shelf.ts'
import { type CodeOutcome, outcomeOf } from './payer-codes.ts'
import { authCodes } from './standing.ts'

/** What a merchant hears of a payment code that it has scanned. */
export type Charged =
  | { readonly kind: 'paid'; readonly order: Order }
  | { readonly kind: 'refused'; readonly why: Refusal }

/** An order as it would be if its payment code were charged: not yet paid. */
export type TillOrder = Order & { readonly till: NonNullable<Order['till']> }

/**
 * Charges a payment code. Each is good for one order; the same call again shows where that stands.
 */
export async function charge(wechat: Wechat, asked: TillOrder): Promise<Charged> {
  const { books, clock } = wechat
  const id = orderId(signerOf(asked.party), asked.outTradeNo)
  const known = await orders(books).get(id)
  if (known !== undefined) return refused(whyAgain(known, asked))

  const { authCode } = asked.till
  const outcome = outcomeOf(authCode, asked.amount.minor, clock.now())
  const atOnce = REFUSED_AT_ONCE[outcome]
  if (atOnce !== undefined) return refused(atOnce)
  if (!(await claimCode(authCodes(books), authCode, id))) return refused('code_used')

  const transactionId = newTransactionId(wechat.random, clock.now())
  await transactions(books).put(transactionId, id)
  const charged = chargedOrder(wechat, asked, outcome, transactionId)
  const faster = await orders(books).change(id, (current) => ({
    document: current ?? charged,
    outcome: current,
  }))
  if (faster !== undefined) return refused(whyAgain(faster, asked))

  await receive(wechat, id, charged)
  await actLater(wechat, id, outcome)
  const answer = ANSWERS[outcome]
  return answer === undefined ? { kind: 'paid', order: charged } : refused(answer)
}

function refused(why: Refusal): Charged {
  return { kind: 'refused', why }
}

/** Codes for which WeChat makes no order. */
const REFUSED_AT_ONCE: Partial<Record<CodeOutcome, Refusal>> = {
  expired: 'code_expired',
  unreadable: 'code_unreadable',
  system_error: 'system_error',
}

/** What is answered where it is not "paid". Two of them are not true. */
const ANSWERS: Partial<Record<CodeOutcome, Refusal>> = {
  password: 'payer_paying',
  password_then_paid: 'payer_paying',
  password_then_cancelled: 'payer_paying',
  insufficient_balance: 'payer_not_enough',
  card_not_supported: 'card_not_supported',
  system_error_but_paid: 'system_error',
  bank_error_but_paid: 'bank_error',
}

function chargedOrder(
  { settings, clock }: Wechat,
  asked: TillOrder,
  outcome: CodeOutcome,
  transactionId: string,
): Order {
  switch (outcome) {
    case 'password':
    case 'password_then_paid':
    case 'password_then_cancelled':
      return { ...asked, till: { ...asked.till, waiting: true } }
    case 'insufficient_balance':
    case 'card_not_supported':
      return { ...asked, till: { ...asked.till, failure: outcome } }
    default:
      return paidOrder(asked, transactionId, settings.feePartsPerMillion, clock.now())
  }
}

const PAYER_TAKES_MS = 10 * SECOND_MS

const NEXT = { password_then_paid: 'pay', password_then_cancelled: 'cancel' } as const

async function actLater(wechat: Wechat, orderId: string, outcome: CodeOutcome): Promise<void> {
  if (outcome !== 'password_then_paid' && outcome !== 'password_then_cancelled') return
  const task = { kind: 'till', orderId, next: NEXT[outcome] } as const
  await plan(wechat, task, wechat.clock.now() + PAYER_TAKES_MS)
}

/** Why the same number is not charged a second time. */
function whyAgain(known: Order, asked: TillOrder): Refusal {
  if (known.till?.reversal) return 'order_reversed'
  if (known.payment !== null) return 'order_paid'
  if (known.closedAtMs !== null) return 'order_closed'
  if (known.fingerprint !== asked.fingerprint) return 'number_used'
  return known.till?.waiting ? 'payer_paying' : 'code_failed'
}

async function claimCode(codes: Shelf<string>, code: string, id: string): Promise<boolean> {
  const holder = await codes.change(code, (current) => {
    const document = current ?? id
    return { document, outcome: document }
  })
  return holder === id
}

/** The payer does not type the password: the order can never be paid any more. */
export async function failAtTill(
  wechat: Wechat,
  id: string,
  failure: string,
): Promise<{ readonly refused?: string }> {
  const nowMs = wechat.clock.now()
  const refused = await orders(wechat.books).change(id, (order) => {
    const why = order === undefined ? 'there is no such order' : whyNotPayable(order, nowMs)
    if (!order?.till || why !== undefined) return { document: order, outcome: why }
    const till = { ...order.till, waiting: false, failure }
    return { document: { ...order, till }, outcome: undefined }
  })
  return refused === undefined ? {} : { refused }
}
