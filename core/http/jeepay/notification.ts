import {
  paymentSnapshot,
  refundSnapshot,
  splitReturnSnapshot,
  splitSnapshot,
  transferSnapshot,
} from '../../notification/snapshot.ts'
import type { SubjectKind } from '../../store/schema.ts'
import { type JeepayData, presentFields, signFields } from './envelope.ts'
import {
  paymentFields,
  refundFields,
  splitFields,
  splitReturnFields,
  transferFields,
} from './wire.ts'

/**
 * The form that a JeePay merchant is posted: the fields of the query answer, `reqTime` and `sign`.
 *
 * @param reqTimeMs when the notification was written: all tries send the same, so the same sign
 * @see reference §13
 */
export function notificationForm(
  told: { readonly subjectKind: SubjectKind; readonly snapshot: string },
  reqTimeMs: number,
  secret: string,
): string {
  const data = dataOf(told.subjectKind, JSON.parse(told.snapshot))
  const fields = presentFields({ ...data, reqTime: reqTimeMs })
  const form = new URLSearchParams()
  for (const [name, value] of fields) form.append(name, String(value))
  form.append('sign', signFields(fields, secret))
  return form.toString()
}

function dataOf(subjectKind: SubjectKind, snapshot: unknown): JeepayData {
  switch (subjectKind) {
    case 'payment':
      return paymentFields(paymentSnapshot.parse(snapshot))
    case 'refund':
      return refundFields(refundSnapshot.parse(snapshot))
    case 'transfer':
      return transferFields(transferSnapshot.parse(snapshot))
    case 'split':
      return splitFields(splitSnapshot.parse(snapshot))
    case 'split_return':
      return splitReturnFields(splitReturnSnapshot.parse(snapshot))
  }
}
