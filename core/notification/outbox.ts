import type { SQL } from 'drizzle-orm'
import { type IdSource, type NotificationId, newNotificationId } from '../ids.ts'
import type { PaymentRow } from '../payment/case.ts'
import type { RefundRow } from '../refund/case.ts'
import type { SplitCase, SplitReturnRow } from '../split/case.ts'
import { type NotificationKind, outbox } from '../store/schema.ts'
import { insertWhere } from '../store/store.ts'
import type { TransferRow } from '../transfer/apply.ts'
import {
  snapshotOfPayment,
  snapshotOfRefund,
  snapshotOfSplit,
  snapshotOfSplitReturn,
  snapshotOfTransfer,
} from './snapshot.ts'

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

export function tellOfTransfer(
  source: IdSource,
  transfer: TransferRow,
  kind: NotificationKind,
  condition: SQL,
): OutboxInsert | undefined {
  return outboxInsert(source, transfer, kind, condition, {
    subjectKind: 'transfer',
    subjectId: transfer.transferId,
    snapshot: () => snapshotOfTransfer(transfer),
  })
}

export function tellOfSplit(
  source: IdSource,
  kase: SplitCase,
  kind: NotificationKind,
  condition: SQL,
): OutboxInsert | undefined {
  return outboxInsert(source, kase.split, kind, condition, {
    subjectKind: 'split',
    subjectId: kase.split.splitId,
    snapshot: () => snapshotOfSplit(kase),
  })
}

export function tellOfSplitReturn(
  source: IdSource,
  splitReturn: SplitReturnRow,
  kind: NotificationKind,
  condition: SQL,
): OutboxInsert | undefined {
  return outboxInsert(source, splitReturn, kind, condition, {
    subjectKind: 'split_return',
    subjectId: splitReturn.splitReturnId,
    snapshot: () => snapshotOfSplitReturn(splitReturn),
  })
}

function outboxInsert(
  source: IdSource,
  { merchantNo, appId, notifyUrl }: Pick<PaymentRow, 'merchantNo' | 'appId' | 'notifyUrl'>,
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
      url: spelledOut(notifyUrl),
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

/** As it goes over the wire anyway; so spelled, it begins with the origin of its endpoint. */
function spelledOut(url: string): string {
  return URL.parse(url)?.href ?? url
}
