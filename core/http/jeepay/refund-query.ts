import { and, eq } from 'drizzle-orm'
import * as z from 'zod'
import type { Core } from '../../core.ts'
import type { RefundId } from '../../ids.ts'
import { ok, refuse } from '../../result.ts'
import { revisionOf, selectConfigRevision } from '../../routing/config-revision.ts'
import { refunds } from '../../store/schema.ts'
import { optional } from './fields.ts'
import { type Caller, type Handled, refusal, type SignedRoute } from './signed.ts'
import { refundFields } from './wire.ts'

const fields = z.object({
  refundOrderId: optional(64, 'refundOrderId'),
  mchRefundNo: optional(64, 'mchRefundNo'),
})

type Fields = z.output<typeof fields>

/** /api/refund/query, any method; one round trip. @see reference §9 */
export const queryRefund: SignedRoute<typeof fields> = { fields, handle }

async function handle({ store }: Core, { app }: Caller, fields: Fields): Promise<Handled> {
  const { refundOrderId, mchRefundNo } = fields
  if (refundOrderId === undefined && mchRefundNo === undefined) {
    return refuse(refusal('mchRefundNo 和 refundOrderId不能同时为空'))
  }
  const [revisions, found] = await store.read.batch([
    selectConfigRevision({}),
    store.read
      .select()
      .from(refunds)
      .where(
        and(
          refundOrderId === undefined
            ? eq(refunds.merchantRefundNo, mchRefundNo ?? '')
            : eq(refunds.refundId, refundOrderId as RefundId),
          eq(refunds.merchantNo, app.merchantNo),
          eq(refunds.appId, app.appId),
        ),
      ),
  ])
  if (revisionOf(revisions) !== app.revision) return refuse('stale_app')
  const refund = found[0]
  return refund === undefined ? refuse(refusal('订单不存在')) : ok(refundFields(refund))
}
