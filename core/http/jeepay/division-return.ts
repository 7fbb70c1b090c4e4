import { and, eq } from 'drizzle-orm'
import * as z from 'zod'
import type { Core } from '../../core.ts'
import { minor } from '../../money.ts'
import { findPayment } from '../../payment/find.ts'
import { ok, refuse } from '../../result.ts'
import { revisionOf, selectConfigRevision } from '../../routing/config-revision.ts'
import { fingerprintOf } from '../../signing/fingerprint.ts'
import { latestSplit } from '../../split/create.ts'
import { createReturn, type ReturnRefusal } from '../../split/return-create.ts'
import { splitReturns } from '../../store/schema.ts'
import type { JeepayFailure } from './envelope.ts'
import { fen, optional, privateTargetRefusal, required, requiredId, webAddress } from './fields.ts'
import { nameFields, notFound, toName } from './query.ts'
import { type Caller, type Handled, refusal, type SignedRoute } from './signed.ts'
import { REFUND_STATES, splitReturnFields } from './wire.ts'

const fields = z.object({
  ...nameFields.shape,
  mchReturnNo: required('商户分账回退单号不能为空', 64, 'mchReturnNo'),
  receiverId: requiredId('receiverId不能为空', 'receiverId'),
  returnAmount: fen('回退金额不能为空', 'returnAmount', '回退金额请大于1分'),
  returnReason: optional(80, 'returnReason'),
  notifyUrl: webAddress('异步通知地址协议仅支持http:// 或 https:// !', 'notifyUrl'),
})

type Fields = z.output<typeof fields>

/**
 * POST /api/division/return: takes a share back from its receiver, so that it can be refunded.
 * Beyond JeePay, in its envelope.
 */
export const returnDivision: SignedRoute<typeof fields> = { fields, handle }

async function handle(core: Core, { app }: Caller, fields: Fields): Promise<Handled> {
  if (fields.payOrderId === undefined && fields.mchOrderNo === undefined) {
    return refuse(refusal('mchOrderNo 和 payOrderId不能同时为空'))
  }
  const forbidden = privateTargetRefusal(fields.notifyUrl, core.settings.allowsPrivateTargets)
  if (forbidden !== undefined) return refuse(refusal(forbidden))
  const found = await findPayment(core, app, toName(fields))
  if (!found.ok) return refuse(notFound(found.refusal))
  const kase = await latestSplit(core, found.value)
  if (kase === undefined) return refuse(refusal('当前订单没有分账记录'))
  const { mchReturnNo, receiverId, returnAmount, returnReason, notifyUrl } = fields
  const created = await createReturn(core, kase, {
    merchantReturnNo: mchReturnNo,
    receiverId,
    amountMinor: minor(returnAmount),
    description: returnReason ?? '分账回退',
    notifyUrl,
    fingerprint: await fingerprintOf({ ...fields, appId: app.appId }),
  })
  if (!created.ok) return refuse(failureOf(created.refusal, fields))
  const { splitReturnId, state, channelReturnNo, error } = created.value
  return ok({
    divisionReturnId: splitReturnId,
    mchReturnNo,
    returnAmount,
    state: REFUND_STATES[state],
    channelOrderNo: channelReturnNo,
    errCode: error?.code,
    errMsg: error?.message,
  })
}

const queryFields = z.object({
  mchReturnNo: required('商户分账回退单号不能为空', 64, 'mchReturnNo'),
})

/** /api/division/return/query, any method. Beyond JeePay. */
export const queryDivisionReturn: SignedRoute<typeof queryFields> = {
  fields: queryFields,
  async handle({ store }, { app }, { mchReturnNo }): Promise<Handled> {
    const [revisions, found] = await store.read.batch([
      selectConfigRevision({}),
      store.read
        .select()
        .from(splitReturns)
        .where(
          and(
            eq(splitReturns.merchantNo, app.merchantNo),
            eq(splitReturns.merchantReturnNo, mchReturnNo),
            eq(splitReturns.appId, app.appId),
          ),
        ),
    ])
    if (revisionOf(revisions) !== app.revision) return refuse('stale_app')
    const splitReturn = found[0]
    return splitReturn === undefined
      ? refuse(refusal('分账回退单不存在'))
      : ok(splitReturnFields(splitReturn))
  },
}

function failureOf(refused: ReturnRefusal, { mchReturnNo }: Fields): JeepayFailure {
  switch (refused.code) {
    case 'channel_cannot_return':
      return refusal('当前通道不支持分账回退')
    case 'share_not_found':
      return refusal('分账接收者不在该笔分账中')
    case 'share_not_succeeded':
      return refusal('该接收者的分账尚未成功，无法回退')
    case 'payment_frozen':
      return refusal('订单已冻结，等待人工核对')
    case 'exceeds_share':
      return refusal(`回退金额超出可回退金额[${refused.returnableMinor}分]`)
    case 'number_taken':
      return refusal(`商户分账回退单号[${mchReturnNo}]已存在`)
  }
}
