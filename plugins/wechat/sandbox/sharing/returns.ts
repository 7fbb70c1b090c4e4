import * as z from 'zod'
import { DAY_MS, ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import { plan } from '../agenda.ts'
import { type Handler, permitted, readBody } from '../calls.ts'
import { newSplitNumber } from '../numbers.ts'
import { type Order, orders } from '../order.ts'
import { refuseOwner, type Who, whoOf } from '../parties.ts'
import { accepted, parameterRefusal, type Refusal, refusal } from '../refusals.ts'
import type { Wechat } from '../settings.ts'
import { type Shelf, shelf } from '../shelf.ts'
import { describeReturn } from './descriptions.ts'
import { splitNumbers } from './split.ts'
import { type ReturnBody, returnBody } from './split-body.ts'
import type { SplitReturn } from './standing.ts'

/** Signer and out_return_no → order. */
const returnNumbers = ({ books }: Wechat): Shelf<string> =>
  shelf(books, 'return_number', z.string())

/** `POST /v3/profitsharing/return-orders`: takes a share back from a merchant. */
export const takeBackShare: Handler = async (wechat, call) => {
  const read = readBody(call, returnBody)
  if (!read.ok) return read.refusal
  const { parsed, fingerprint } = read.value
  const { mchid } = call.merchant
  const who = permitted(call.merchant, whoOf(mchid, parsed.sub_mchid))
  if (!who.ok) return who.refusal
  const { order_id, out_order_no, out_return_no } = parsed
  const key = order_id === undefined ? `${mchid}/${out_order_no}` : `${mchid}/id/${order_id}`
  const id = await splitNumbers(wechat).get(key)
  if (id === undefined) return refusal('split_unknown')
  const takenBy = await returnNumbers(wechat).get(`${mchid}/${out_return_no}`)
  if (takenBy !== undefined && takenBy !== id) return refusal('split_return_differs')

  const nowMs = wechat.clock.now()
  const returnId = newSplitNumber(wechat.random, '30', nowMs)
  const planned = await orders(wechat.books).change(id, (order) => {
    const plan = planReturn(order, who.value, parsed, { fingerprint, returnId, nowMs })
    return { document: plan.ok ? plan.value.order : order, outcome: plan }
  })
  if (!planned.ok) return refusal(planned.refusal)
  const { order, returned } = planned.value
  await returnNumbers(wechat).put(`${mchid}/${out_return_no}`, id)
  if (returned.result === 'PROCESSING') {
    const task = { kind: 'split_return', orderId: id, outReturnNo: returned.outReturnNo } as const
    await plan(wechat, task, returned.createdAtMs + wechat.settings.splitTakesMs)
  }
  return accepted(describeReturn(order, returned))
}

/** `GET /v3/profitsharing/return-orders/{out_return_no}?out_order_no=…[&sub_mchid=…]` */
export const querySplitReturn: Handler = async (wechat, { merchant, captured, query }) => {
  const outOrderNo = query.get('out_order_no')
  if (outOrderNo === null) {
    const issue = 'is required'
    return parameterRefusal({ location: 'query', field: 'out_order_no', issue })
  }
  const who = permitted(merchant, whoOf(merchant.mchid, query.get('sub_mchid') ?? undefined))
  if (!who.ok) return who.refusal
  const id = await returnNumbers(wechat).get(`${merchant.mchid}/${captured}`)
  const order = id === undefined ? undefined : await orders(wechat.books).get(id)
  const returned = order?.sharing?.returns.find(({ outReturnNo }) => outReturnNo === captured)
  if (order === undefined || returned?.outOrderNo !== outOrderNo) return refusal('split_unknown')
  if (refuseOwner(order.party, who.value) !== undefined) return refusal('split_unknown')
  return accepted(describeReturn(order, returned))
}

interface ReturnPlan {
  readonly order: Order
  readonly returned: SplitReturn
}

/** Pure. */
function planReturn(
  order: Order | undefined,
  who: Who,
  body: ReturnBody,
  fresh: { readonly fingerprint: string; readonly returnId: string; readonly nowMs: number },
): Result<ReturnPlan, Refusal> {
  if (!order?.sharing || refuseOwner(order.party, who) !== undefined) return refuse('split_unknown')
  const { sharing } = order
  const earlier = sharing.returns.find(({ outReturnNo }) => outReturnNo === body.out_return_no)
  if (earlier !== undefined) {
    return earlier.fingerprint === fresh.fingerprint
      ? ok({ order, returned: earlier })
      : refuse('split_return_differs')
  }

  const split = sharing.splits.find(
    ({ orderId, outOrderNo }) => orderId === body.order_id || outOrderNo === body.out_order_no,
  )
  if (split === undefined) return refuse('split_unknown')
  const ofSplit = sharing.returns.filter(({ outOrderNo }) => outOrderNo === split.outOrderNo)
  if (ofSplit.length >= 50) return refuse('too_many_split_returns')
  const shares = split.shares.filter(
    ({ type, account, result }) =>
      type === 'MERCHANT_ID' && account === body.return_mchid && result === 'SUCCESS',
  )
  if (shares.length === 0) return refuse('split_return_not_received')
  const lastMs = Math.max(...shares.map(({ finishedAtMs }) => finishedAtMs ?? 0))
  if (fresh.nowMs >= lastMs + 180 * DAY_MS) return refuse('too_late_to_return')
  const receivedMinor = shares.reduce((sum, { amountMinor }) => sum + amountMinor, 0)
  const returnedMinor = ofSplit
    .filter(({ returnMchid, result }) => returnMchid === body.return_mchid && result !== 'FAILED')
    .reduce((sum, { amountMinor }) => sum + amountMinor, 0)
  if (returnedMinor + body.amount > receivedMinor) return refuse('split_return_exceeds')

  const returned: SplitReturn = {
    outReturnNo: body.out_return_no,
    returnId: fresh.returnId,
    outOrderNo: split.outOrderNo,
    orderId: split.orderId,
    fingerprint: fresh.fingerprint,
    returnMchid: body.return_mchid,
    amountMinor: body.amount,
    description: body.description,
    result: 'PROCESSING',
    failReason: null,
    createdAtMs: fresh.nowMs,
    finishedAtMs: null,
  }
  const returns = [...sharing.returns, returned]
  return ok({ order: { ...order, sharing: { ...sharing, returns } }, returned })
}
