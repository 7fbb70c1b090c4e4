import type { Result } from '../../../../core/plugin/api.ts'
import { ok, refuse } from '../../../../core/plugin/api.ts'
import { type Call, type Handler, permitted } from '../calls.ts'
import type { Order } from '../order.ts'
import { refuseOwner, subMerchantOf, whoOf } from '../parties.ts'
import { orderOfTransaction } from '../query.ts'
import { accepted, parameterRefusal, type Reply, refusal } from '../refusals.ts'
import type { Wechat } from '../settings.ts'
import { describeSplit } from './descriptions.ts'
import { unsplitMinor } from './money.ts'

/** `GET /v3/profitsharing/orders/{out_order_no}?transaction_id=…[&sub_mchid=…]` */
export const querySplit: Handler = async (wechat, call) => {
  const transactionId = call.query.get('transaction_id')
  if (transactionId === null) {
    const issue = 'is required'
    return parameterRefusal({ location: 'query', field: 'transaction_id', issue })
  }
  const order = await ownOrder(wechat, call, transactionId)
  if (!order.ok) return order.refusal
  const split = order.value.sharing?.splits.find(({ outOrderNo }) => outOrderNo === call.captured)
  if (split === undefined) return refusal('split_unknown')
  return accepted(describeSplit(order.value, split))
}

/** `GET /v3/profitsharing/transactions/{transaction_id}/amounts`: names no sub-merchant. */
export const queryUnsplit: Handler = async (wechat, { merchant, captured }) => {
  const order = await orderOfTransaction(wechat, captured)
  const { party } = order ?? {}
  const signer = party?.kind === 'partner' ? party.spMchid : party?.mchid
  if (order === undefined || signer !== merchant.mchid) return refusal('split_order_unknown')
  if (order.sharing === null) return refusal('not_for_sharing')
  return accepted({ transaction_id: captured, unsplit_amount: unsplitMinor(order) })
}

/** `GET /v3/profitsharing/merchant-configs/{sub_mchid}`: 2,000 is 20 %. */
export const queryMaxRatio: Handler = async (_wechat, { merchant, captured }) => {
  const who = permitted(merchant, whoOf(merchant.mchid, captured))
  if (!who.ok) return who.refusal
  const ratio = subMerchantOf(merchant, captured)?.maxSplitRatio ?? 0
  return accepted({ sub_mchid: captured, max_ratio: ratio })
}

async function ownOrder(
  wechat: Wechat,
  { merchant, query }: Call,
  transactionId: string,
): Promise<Result<Order, Reply>> {
  const who = permitted(merchant, whoOf(merchant.mchid, query.get('sub_mchid') ?? undefined))
  if (!who.ok) return who
  const order = await orderOfTransaction(wechat, transactionId)
  if (order === undefined) return refuse(refusal('split_unknown'))
  const why = refuseOwner(order.party, who.value)
  if (why === undefined) return ok(order)
  return refuse(refusal(why === 'order_unknown' ? 'split_unknown' : why))
}
