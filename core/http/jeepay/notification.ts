import { paymentSnapshot, refundSnapshot } from '../../notification/snapshot.ts'
import type { SubjectKind } from '../../store/schema.ts'
import { presentFields, signFields } from './envelope.ts'
import { paymentFields, refundFields } from './wire.ts'

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
  const snapshot: unknown = JSON.parse(told.snapshot)
  const data =
    told.subjectKind === 'payment'
      ? paymentFields(paymentSnapshot.parse(snapshot))
      : refundFields(refundSnapshot.parse(snapshot))
  const fields = presentFields({ ...data, reqTime: reqTimeMs })
  const form = new URLSearchParams()
  for (const [name, value] of fields) form.append(name, String(value))
  form.append('sign', signFields(fields, secret))
  return form.toString()
}
