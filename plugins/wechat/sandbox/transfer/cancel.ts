import { beijingTime } from '../beijing-time.ts'
import type { Handler } from '../calls.ts'
import { accepted, parameterRefusal, refusal } from '../refusals.ts'
import { cancelTransfer } from './ending.ts'
import { isForgotten, type Transfer, transferId, transfers } from './standing.ts'

/**
 * `POST /v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}/cancel`: as long as the
 * payee has not taken the money. Cancelling again shows how far that is.
 */
export const cancel: Handler = async (wechat, { merchant, captured, body }) => {
  // No body, or an empty object.
  if (!/^\s*(\{\s*\})?\s*$/.test(new TextDecoder().decode(body))) {
    return parameterRefusal({ location: 'body', field: '/', issue: 'must be empty' })
  }
  const id = transferId(merchant.mchid, captured)
  const known = await transfers(wechat.books).get(id)
  if (known === undefined || isForgotten(known, wechat.clock.now())) {
    return refusal('transfer_unknown')
  }
  if (known.state === 'CANCELING' || known.state === 'CANCELLED') return answerCancel(known)
  const cancelled = await cancelTransfer(wechat, id)
  return cancelled.ok ? answerCancel(cancelled.value) : refusal('transfer_not_cancellable')
}

function answerCancel({ outBillNo, transferBillNo, state, updatedAtMs }: Transfer) {
  return accepted({
    out_bill_no: outBillNo,
    transfer_bill_no: transferBillNo,
    state,
    update_time: beijingTime(updatedAtMs),
  })
}
