import type { SQL } from 'drizzle-orm'
import { type IdSource, type NotificationId, newNotificationId } from '../ids.ts'
import type { PaymentRow } from '../payment/case.ts'
import type { RefundRow } from '../refund/case.ts'
import { type NotificationKind, outbox } from '../store/schema.ts'
import { insertWhere } from '../store/store.ts'
import { snapshotOfPayment, snapshotOfRefund } from './snapshot.ts'

export interface OutboxInsert {
  readonly notificationId: NotificationId
  readonly statement: SQL
}

/**
 * The outbox row for what has become of a payment. Belongs into the batch of the state change, so a
 * notification of a state that was rolled back never leaves.
 *
 * @returns nothing when the merchant gave no address
 */
export function tellOfPayment(
  source: IdSource,
  payment: PaymentRow,
  kind: NotificationKind,
  condition: SQL,
): OutboxInsert | undefined {
  return outboxInsert(source, payment, kind, condition, {
    subjectKind: 'payment',
    subjectId: payment.paymentId,
    snapshot: () => snapshotOfPayment(payment),
  })
}

export function tellOfRefund(
  source: IdSource,
  refund: RefundRow,
  kind: NotificationKind,
  condition: SQL,
): OutboxInsert | undefined {
  return outboxInsert(source, refund, kind, condition, {
    subjectKind: 'refund',
    subjectId: refund.refundId,
    snapshot: () => snapshotOfRefund(refund),
  })
}

function outboxInsert(
  source: IdSource,
  { merchantNo, appId, notifyUrl }: PaymentRow | RefundRow,
  kind: NotificationKind,
  condition: SQL,
  subject: Pick<typeof outbox.$inferInsert, 'subjectKind' | 'subjectId'> & {
    readonly snapshot: () => string
  },
): OutboxInsert | undefined {
  if (notifyUrl === null) return undefined
  const notificationId = newNotificationId(source)
  const nowMs = source.clock.now()
  const statement = insertWhere(
    outbox,
    {
      notificationId,
      merchantNo,
      appId,
      subjectKind: subject.subjectKind,
      subjectId: subject.subjectId,
      kind,
      url: notifyUrl,
      snapshot: subject.snapshot(),
      state: 'waiting',
      tries: 0,
      nextTryAtMs: nowMs,
      createdAtMs: nowMs,
    },
    condition,
  )
  return { notificationId, statement }
}
