import type { SQL } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import type { Core } from '../core.ts'
import { type EventId, newEventId, newRefundId, type RefundId } from '../ids.ts'
import { minor } from '../money.ts'
import type { PaymentCase, PaymentRow } from '../payment/case.ts'
import { assert } from '../result.ts'
import { events, refunds } from '../store/schema.ts'
import { insertWhere } from '../store/store.ts'

/**
 * The refund of money that came after the close, for apps whose policy is `refund`. Written in the
 * batch that accepts the late success; the sweep sends it, as often as it takes.
 *
 * Its merchant number is our own number: a merchant can't have used that before.
 */
export function lateRefundStatements(
  { ports, store }: Core,
  { payment, attempt }: PaymentCase,
  paid: PaymentRow,
  condition: SQL,
): readonly BatchItem<'sqlite'>[] {
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
      insertWhere(events, createdEvent(newEventId(ports), refundId, nowMs), condition),
    ),
  ]
}

function createdEvent(
  eventId: EventId,
  refundId: RefundId,
  atMs: number,
): typeof events.$inferInsert {
  return {
    eventId,
    subjectKind: 'refund',
    subjectId: refundId,
    version: 1,
    kind: 'refund.created',
    source: 'sweep',
    evidence: JSON.stringify({ because: 'money came after the close' }),
    atMs,
  }
}
