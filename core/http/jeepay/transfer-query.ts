import { and, eq } from 'drizzle-orm'
import * as z from 'zod'
import type { Core } from '../../core.ts'
import type { TransferId } from '../../ids.ts'
import { ok, type Result, refuse } from '../../result.ts'
import { revisionOf, selectConfigRevision } from '../../routing/config-revision.ts'
import { transfers } from '../../store/schema.ts'
import { type CancelRefusal, cancelTransfer } from '../../transfer/cancel.ts'
import { selectTransferCases, type TransferCase } from '../../transfer/case.ts'
import type { JeepayFailure } from './envelope.ts'
import { optional } from './fields.ts'
import { type Caller, type Handled, refusal, type SignedRoute } from './signed.ts'
import { TRANSFER_STATES, transferFields } from './wire.ts'

const fields = z.object({
  transferId: optional(64, 'transferId'),
  mchOrderNo: optional(64, 'mchOrderNo'),
})

type Fields = z.output<typeof fields>

/** /api/transfer/query, any method; one round trip. @see reference §10 */
export const queryTransfer: SignedRoute<typeof fields> = {
  fields,
  async handle(core, { app }, fields): Promise<Handled> {
    const found = await find(core, app, fields)
    return found.ok ? ok(transferFields(found.value.transfer)) : found
  },
}

/**
 * POST /api/transfer/cancel: takes a transfer back that its payee has not taken yet. Beyond JeePay,
 * in its envelope. The state in the answer is the channel's: it may still be 1.
 */
export const cancelTransferRoute: SignedRoute<typeof fields> = {
  fields,
  async handle(core, { app }, fields): Promise<Handled> {
    const found = await find(core, app, fields)
    if (!found.ok) return found
    const cancelled = await cancelTransfer(core, found.value)
    if (!cancelled.ok) return refuse(failureOf(cancelled.refusal))
    const { transferId, merchantTransferNo, state } = cancelled.value
    return ok({ transferId, mchOrderNo: merchantTransferNo, state: TRANSFER_STATES[state] })
  },
}

async function find(
  { store }: Core,
  app: Caller['app'],
  { transferId, mchOrderNo }: Fields,
): Promise<Result<TransferCase, JeepayFailure | 'stale_app'>> {
  if (transferId === undefined && mchOrderNo === undefined) {
    return refuse(refusal('mchOrderNo 和 transferId不能同时为空'))
  }
  const [revisions, cases] = await store.read.batch([
    selectConfigRevision({}),
    selectTransferCases(
      and(
        transferId === undefined
          ? eq(transfers.merchantTransferNo, mchOrderNo ?? '')
          : eq(transfers.transferId, transferId as TransferId),
        eq(transfers.merchantNo, app.merchantNo),
        eq(transfers.appId, app.appId),
      ),
    ),
  ])
  if (revisionOf(revisions) !== app.revision) return refuse('stale_app')
  const kase = cases[0]
  return kase === undefined ? refuse(refusal('订单不存在')) : ok(kase)
}

function failureOf(refused: CancelRefusal): JeepayFailure {
  switch (refused.code) {
    case 'not_open':
      return refusal('当前转账单不可撤销')
    case 'on_its_way':
      return refusal('转账单正在提交支付通道，请稍后再试')
    case 'channel_cannot_cancel':
      return refusal('当前通道不支持撤销转账')
    case 'channel_refused':
      return refusal(refused.message)
    case 'unknown':
      return refusal('支付通道未给出撤销结果，请稍后查询')
  }
}
