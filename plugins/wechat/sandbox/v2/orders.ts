import { type Order, orderId, orders } from '../order.ts'
import { refuseOwner, signerOf } from '../parties.ts'
import { orderOfTransaction } from '../query.ts'
import type { Refusal } from '../refusals.ts'
import type { Wechat } from '../settings.ts'
import { reverse } from '../till/reverse.ts'
import { badMember, refusalV2, type V2Reply } from './answers.ts'
import { describeOrderV2 } from './descriptions.ts'
import type { V2Call } from './door.ts'
import { partyOfCall } from './parties.ts'

/** `POST /pay/orderquery`: by either number, WeChat's own first. */
export async function orderQuery(wechat: Wechat, call: V2Call): Promise<V2Reply> {
  const party = partyOfCall(call)
  if (!party.ok) {
    return party.refusal === 'lacking' ? badMember('appid', 'missing') : refusalV2(party.refusal)
  }
  const order = await orderOfCall(wechat, call)
  if (order === 'lacking') return badMember('out_trade_no', 'missing')
  // What belongs to somebody else is not there, whoever that is.
  if (order === undefined || refuseOwner(order.party, party.value) !== undefined) {
    return refusalV2('order_unknown')
  }
  return { kind: 'done', members: describeOrderV2(order) }
}

/** `POST /secapi/pay/reverse`. With `recall` Y nothing is over yet: the same call has to come again. */
export async function reverseV2(wechat: Wechat, call: V2Call): Promise<V2Reply> {
  const party = partyOfCall(call)
  if (!party.ok) {
    return party.refusal === 'lacking' ? badMember('appid', 'missing') : refusalV2(party.refusal)
  }
  const order = await orderOfCall(wechat, call)
  if (order === 'lacking') return badMember('out_trade_no', 'missing')
  if (order === undefined) return notReversed('order_unknown')
  if (await isPutOff(wechat, call.merchant.mchid, order)) {
    return { kind: 'done', members: { recall: 'Y' } }
  }
  const done = await reverse(wechat, party.value, order.outTradeNo)
  return done.ok ? { kind: 'done', members: { recall: 'N' } } : notReversed(done.refusal)
}

function notReversed(why: Refusal): V2Reply {
  return { ...refusalV2(why), members: { recall: 'N' } }
}

/** As often as the settings say, WeChat wants to be called once more first. */
function isPutOff(wechat: Wechat, signer: string, { outTradeNo }: Order): Promise<boolean> {
  const { reverseRecalls } = wechat.settings
  return orders(wechat.books).change(orderId(signer, outTradeNo), (order) => {
    const isDue = order?.till?.reversal === null && order.till.recalls < reverseRecalls
    if (!order?.till || !isDue) return { document: order, outcome: false }
    const till = { ...order.till, recalls: order.till.recalls + 1 }
    return { document: { ...order, till }, outcome: true }
  })
}

async function orderOfCall(
  wechat: Wechat,
  { merchant, members }: V2Call,
): Promise<Order | 'lacking' | undefined> {
  const { transaction_id = '', out_trade_no = '' } = members
  if (transaction_id !== '') {
    const order = await orderOfTransaction(wechat, transaction_id)
    return order !== undefined && signerOf(order.party) === merchant.mchid ? order : undefined
  }
  if (out_trade_no === '') return 'lacking'
  return orders(wechat.books).get(orderId(merchant.mchid, out_trade_no))
}
