import type { SQL } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Core } from '../core.ts'
import { type EventId, newEventId, newRefundId, type RefundId } from '../ids.ts'
import { minor } from '../money.ts'
import type { PaymentCase, PaymentRow } from '../payment/case.ts'
import type { LatePolicy } from '../payment/state.ts'
import { assert } from '../result.ts'
import { needsConfigAgain } from '../routing/drain.ts'
import { events, type FactSource, refunds } from '../store/schema.ts'
import { insertWhere } from '../store/store.ts'
import type { Milliseconds } from '../time.ts'
import { withinChannelLimits } from './plan.ts'

/**
 * What is done with late money. An app that wants it sent back gets it held where the channel takes
 * no refund of it, or none any more: an operator decides then.
 */
export function latePolicyOf(
  { ports, channels }: Core,
  { payment, attempt, latePolicy }: PaymentCase,
  paidAtMs: Milliseconds | null,
): LatePolicy {
  if (latePolicy !== 'refund') return latePolicy
  const capability = channels.get(attempt.channel)?.manifest.capabilities.refund
  const paid = { ...payment, paidAtMs }
  const planned = withinChannelLimits(paid, capability, payment.amountMinor, ports.clock.now())
  return planned.ok ? 'refund' : 'hold'
}

/**
 * The refund of money that came after the close, for apps whose policy is `refund`. Written in the
 * batch that accepts the late success; the sweep sends it, as often as it takes.
 *
 * Its merchant number is our own number: a merchant can't have used that before.
 */
export function lateRefundStatements(
  core: Core,
  { payment, attempt }: PaymentCase,
  paid: PaymentRow,
  condition: SQL,
  source: FactSource,
): readonly BatchItem<'sqlite'>[] {
  const { ports, store } = core
  const remaining = payment.amountMinor - payment.refundReservedMinor
  if (remaining === 0) return []
  assert(paid.channelPaymentNo !== null, 'a payment that was paid has a channel number')
  const refundId = newRefundId(ports)
  const nowMs = ports.clock.now()
  return [
    store.write.run(
      insertWhere(
        refunds,
        {
          refundId,
          paymentId: payment.paymentId,
          attemptId: attempt.attemptId,
          merchantNo: payment.merchantNo,
          appId: payment.appId,
          merchantRefundNo: refundId,
          state: 'created',
          version: 1,
          amountMinor: minor(remaining),
          paymentAmountMinor: payment.amountMinor,
          currency: payment.currency,
          currencyAsGiven: payment.currencyAsGiven,
          reason: '订单已关闭',
          clientIp: '',
          way: payment.way,
          channel: attempt.channel,
          accountId: attempt.accountId,
          configVersion: attempt.configVersion,
          payee: attempt.payee,
          channelPaymentNo: paid.channelPaymentNo,
          sends: 0,
          needsOperator: false,
          createdAtMs: nowMs,
          nextCheckAtMs: nowMs,
        },
        condition,
      ),
    ),
    store.write.run(
      insertWhere(events, createdEvent(newEventId(ports), refundId, nowMs, source), condition),
    ),
    needsConfigAgain(core, attempt),
  ]
}

function createdEvent(
  eventId: EventId,
  refundId: RefundId,
  atMs: number,
  source: FactSource,
): typeof events.$inferInsert {
  return {
    eventId,
    subjectKind: 'refund',
    subjectId: refundId,
    version: 1,
    kind: 'refund.created',
    source,
    evidence: JSON.stringify({ because: 'money came after the close' }),
    atMs,
  }
}
