import { eq } from 'drizzle-orm'
import type { Core } from '../core.ts'
import type { PaymentId } from '../ids.ts'
import { applyDecision } from '../payment/apply.ts'
import { type PaymentRow, selectCases } from '../payment/case.ts'
import type { Change } from '../payment/merge.ts'
import { type PlanRefusal, withinChannelLimits } from '../refund/plan.ts'
import { ok, type Result, refuse } from '../result.ts'
import { payments } from '../store/schema.ts'
import { inWords } from './note.ts'

/** `accept`: it counts as paid, and the merchant is told. `refund`: all of it goes back. */
export type LateMoneyDecision = 'accept' | 'refund'

export type LateMoneyRefusal =
  | { readonly code: 'payment_not_found' }
  | { readonly code: 'not_held' }
  /** To be released first. */
  | { readonly code: 'payment_frozen' }
  /** Another fact came in between: look again. */
  | { readonly code: 'changed_meanwhile' }
  | PlanRefusal

/**
 * Decides on money that came after the close and is held. A refund is written in the same batch,
 * and sent by the sweep as often as it takes; one that the channel refuses brings the payment back.
 */
export async function decideHeldMoney(
  core: Core,
  paymentId: PaymentId,
  decision: LateMoneyDecision,
  note: string,
): Promise<Result<PaymentRow, LateMoneyRefusal>> {
  const { read } = core.store
  const [[kase]] = await read.batch([selectCases(eq(payments.paymentId, paymentId))])
  if (kase === undefined) return refuse({ code: 'payment_not_found' })
  const { payment, attempt } = kase
  if (payment.lateDecision !== 'held') return refuse({ code: 'not_held' })
  if (payment.frozenBecause !== null) return refuse({ code: 'payment_frozen' })
  if (decision === 'refund') {
    const capability = core.channels.get(attempt.channel)?.manifest.capabilities.refund
    const nowMs = core.ports.clock.now()
    const planned = withinChannelLimits(payment, capability, payment.amountMinor, nowMs)
    if (!planned.ok) return planned
  }
  const grounds = { source: 'operator', evidence: { decision, note: inWords(note) } } as const
  const decided = await applyDecision(core, kase, DECISIONS[decision], grounds)
  return decided === undefined ? refuse({ code: 'changed_meanwhile' }) : ok(decided)
}

const DECISIONS: Readonly<Record<LateMoneyDecision, Change>> = {
  accept: {
    set: { lateDecision: 'accepted' },
    event: 'payment.late_decided',
    tells: 'payment.succeeded',
  },
  refund: { set: { lateDecision: 'refunding' }, event: 'payment.late_decided', refundsAll: true },
}
