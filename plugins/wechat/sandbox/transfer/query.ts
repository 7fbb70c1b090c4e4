import type { Json } from '../../../../core/plugin/simulator.ts'
import { beijingTime } from '../beijing-time.ts'
import type { Handler } from '../calls.ts'
import type { Merchant } from '../merchants.ts'
import type { Mode } from '../prepay-body.ts'
import { accepted, type Reply, refusal } from '../refusals.ts'
import { sealSecret } from '../sensitive.ts'
import type { Wechat } from '../settings.ts'
import {
  failReason,
  isForgotten,
  type Transfer,
  transferId,
  transferNumbers,
  transfers,
} from './standing.ts'
import { ownedBy, whoseTransfer } from './whose.ts'

/** `GET /v3/fund-app/mch-transfer/[partner/]transfer-bills/out-bill-no/{out_bill_no}[?sub_mchid=…]` */
export function queryTransferByNumber(mode: Mode): Handler {
  return async (wechat, { merchant, captured, query }) => {
    const who = whoseTransfer(merchant, mode, query.get('sub_mchid'), 'query')
    if (!who.ok) return who.refusal
    const found = await transfers(wechat.books).get(transferId(merchant.mchid, captured))
    return answerQuery(wechat, merchant, ownedBy(who.value, found))
  }
}

/** `GET /v3/fund-app/mch-transfer/transfer-bills/transfer-bill-no/{transfer_bill_no}` */
export const queryTransferByBillNo: Handler = async (wechat, { merchant, captured }) => {
  const id = await transferNumbers(wechat.books).get(captured)
  const found = id === undefined ? undefined : await transfers(wechat.books).get(id)
  return answerQuery(wechat, merchant, ownedBy({ kind: 'direct', mchid: merchant.mchid }, found))
}

async function answerQuery(
  { clock }: Wechat,
  merchant: Merchant,
  transfer: Transfer | undefined,
): Promise<Reply> {
  if (transfer === undefined || transfer.mchid !== merchant.mchid) {
    return refusal('transfer_unknown')
  }
  if (isForgotten(transfer, clock.now())) return refusal('transfer_unknown')
  return accepted(await describeTransfer(merchant, transfer))
}

/** The merchant's number is `mch_id` here, and `mchid` in the callback; a provider's is `mchid`. */
async function describeTransfer(merchant: Merchant, transfer: Transfer): Promise<Json> {
  return {
    ...(transfer.subMchid === null
      ? { mch_id: transfer.mchid }
      : { mchid: transfer.mchid, sub_mchid: transfer.subMchid }),
    out_bill_no: transfer.outBillNo,
    transfer_bill_no: transfer.transferBillNo,
    appid: transfer.appid,
    state: transfer.state,
    transfer_amount: transfer.amountMinor,
    transfer_remark: transfer.remark,
    ...failReason(transfer),
    openid: transfer.openid,
    ...(transfer.userName !== null && { user_name: await sealSecret(merchant, transfer.userName) }),
    create_time: beijingTime(transfer.createdAtMs),
    update_time: beijingTime(transfer.updatedAtMs),
  }
}
