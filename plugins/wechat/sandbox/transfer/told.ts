import type { Json } from '../../../../core/plugin/simulator.ts'
import { beijingTime } from '../beijing-time.ts'
import { failReason, type Transfer } from './standing.ts'

/** What a callback about a transfer says. */
export function describeTransferEnd(transfer: Transfer): Readonly<Record<string, Json>> {
  return {
    out_bill_no: transfer.outBillNo,
    transfer_bill_no: transfer.transferBillNo,
    state: transfer.state,
    mchid: transfer.mchid,
    ...(transfer.subMchid !== null && { sub_mchid: transfer.subMchid }),
    transfer_amount: transfer.amountMinor,
    openid: transfer.openid,
    ...failReason(transfer),
    create_time: beijingTime(transfer.createdAtMs),
    update_time: beijingTime(transfer.updatedAtMs),
  }
}
