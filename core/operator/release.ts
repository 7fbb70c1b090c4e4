import { and, asc, eq, inArray, isNotNull, isNull } from 'drizzle-orm'
import * as z from 'zod'
import type { Core } from '../core.ts'
import type { PaymentId } from '../ids.ts'
import { money } from '../money.ts'
import { applyDecision } from '../payment/apply.ts'
import { type PaymentRow, selectCases } from '../payment/case.ts'
import { type Change, misfitKey, type Standing, succeed } from '../payment/merge.ts'
import type { LatePolicy } from '../payment/state.ts'
import type { PaymentFact } from '../plugin/api.ts'
import { latePolicyOf } from '../refund/late.ts'
import { ok, type Result, refuse } from '../result.ts'
import { events, payments, refunds, splitReturns, splits } from '../store/schema.ts'
import { inWords } from './note.ts'

/**
 * `accept`: the channel's word stands as it is, and a payment that was open succeeds by it, told as
 * any other success; its amount stays what was asked for. `keep`: the payment stays as it was; should
 * the channel say the same of an open one again, it is frozen again.
 */
export type ReleaseDecision = 'accept' | 'keep'

export type ReleaseRefusal =
  | { readonly code: 'payment_not_found' }
  | { readonly code: 'not_frozen' }
  /** No fact of the channel says that this payment was paid. */
  | { readonly code: 'nothing_to_accept' }
  /** Another fact came in between: look again. */
  | { readonly code: 'changed_meanwhile' }

/** Lets a frozen payment go on: what waits for it (refunds, splits and their returns) is done next. */
export async function releasePayment(
  core: Core,
  paymentId: PaymentId,
  decision: ReleaseDecision,
  note: string,
): Promise<Result<PaymentRow, ReleaseRefusal>> {
  const { read } = core.store
  const [[kase], rows] = await read.batch([
    selectCases(eq(payments.paymentId, paymentId)),
    read
      .select({ evidence: events.evidence })
      .from(events)
      .where(and(eq(events.subjectId, paymentId), eq(events.kind, 'payment.frozen')))
      .orderBy(asc(events.version)),
  ])
  if (kase === undefined) return refuse({ code: 'payment_not_found' })
  const misfits = rows.flatMap(({ evidence }) => misfitIn(evidence))
  const latePolicy = latePolicyOf(core, kase, misfits.at(-1)?.paidAtMs ?? null)
  const planned = planRelease(kase.payment, misfits, decision, latePolicy)
  if (!planned.ok) return planned
  const grounds = { source: 'operator', evidence: { decision, note: inWords(note) } } as const
  const released = await applyDecision(core, kase, planned.value, grounds, () =>
    checkSoon(core, paymentId),
  )
  return released === undefined ? refuse({ code: 'changed_meanwhile' }) : ok(released)
}

type Misfit = Omit<PaymentFact & { readonly kind: 'succeeded' }, 'payer'>

/**
 * Decides what a release does. Pure.
 *
 * @param misfits the facts that froze the payment, in the order in which they came
 */
export function planRelease(
  payment: Standing,
  misfits: readonly Misfit[],
  decision: ReleaseDecision,
  latePolicy: LatePolicy,
): Result<Change, Extract<ReleaseRefusal, { code: 'not_frozen' | 'nothing_to_accept' }>> {
  if (payment.frozenBecause === null) return refuse({ code: 'not_frozen' })
  const event = 'payment.released'
  const judgedMisfits = JSON.stringify([...new Set(misfits.map(misfitKey))])
  if (payment.state === 'succeeded') {
    return ok({ set: { frozenBecause: null, judgedMisfits }, event })
  }
  if (decision === 'keep') return ok({ set: { frozenBecause: null }, event })

  const word = misfits.at(-1)
  if (word === undefined) return refuse({ code: 'nothing_to_accept' })
  const success = succeed(payment, word, { latePolicy })
  return ok({ ...success, set: { ...success.set, frozenBecause: null, judgedMisfits }, event })
}

const misfit = z.object({
  fact: z.object({
    kind: z.literal('succeeded'),
    attemptId: z.custom<Misfit['attemptId']>((id) => typeof id === 'string'),
    channelPaymentNo: z.string(),
    paid: z.object({ minor: z.number(), currency: z.string() }),
    paidAtMs: z.number(),
    payee: z.string(),
  }),
})

function misfitIn(evidence: string): readonly Misfit[] {
  const read = misfit.safeParse(JSON.parse(evidence))
  if (!read.success) return []
  const { fact } = read.data
  const paid = money(fact.paid.minor, fact.paid.currency)
  return [{ ...fact, about: 'payment', paid }]
}

/** What waited for the release is due now. To look once too often does no harm. */
function checkSoon({ ports, store }: Core, paymentId: PaymentId) {
  const set = { nextCheckAtMs: ports.clock.now() }
  return [
    store.write
      .update(refunds)
      .set(set)
      .where(and(eq(refunds.paymentId, paymentId), isWaiting(refunds))),
    store.write
      .update(splits)
      .set(set)
      .where(and(eq(splits.paymentId, paymentId), isWaiting(splits))),
    store.write
      .update(splitReturns)
      .set(set)
      .where(
        and(inArray(splitReturns.splitId, splitsOf(store, paymentId)), isWaiting(splitReturns)),
      ),
  ]
}

/** By which its returns are found: they have no index by payment. */
function splitsOf({ write }: Core['store'], paymentId: PaymentId) {
  return write
    .select({ splitId: splits.splitId })
    .from(splits)
    .where(eq(splits.paymentId, paymentId))
}

/** Due at some time, and with nobody at it. */
function isWaiting(table: typeof refunds | typeof splits | typeof splitReturns) {
  return and(isNotNull(table.nextCheckAtMs), isNull(table.checkLeaseUntilMs))
}
