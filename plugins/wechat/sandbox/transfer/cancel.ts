import * as z from 'zod'
import { ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import { beijingTime } from '../beijing-time.ts'
import { type Call, type Handler, readBody } from '../calls.ts'
import { requiredTextUpTo } from '../fields.ts'
import type { Who } from '../parties.ts'
import type { Mode } from '../prepay-body.ts'
import { accepted, parameterRefusal, type Reply, refusal } from '../refusals.ts'
import { cancelTransfer } from './ending.ts'
import { isForgotten, type Transfer, transferId, transfers } from './standing.ts'
import { ownedBy, whoseTransfer } from './whose.ts'

const partnerBody = z.strictObject({ sub_mchid: requiredTextUpTo(32) })

/**
 * `POST /v3/fund-app/mch-transfer/[partner/]transfer-bills/out-bill-no/{out_bill_no}/cancel`: as
 * long as the payee has not taken the money. Cancelling again shows how far that is.
 */
export function cancel(mode: Mode): Handler {
  return async (wechat, call) => {
    const who = mode === 'direct' ? directWho(call) : partnerWho(call)
    if (!who.ok) return who.refusal
    const id = transferId(call.merchant.mchid, call.captured)
    const known = ownedBy(who.value, await transfers(wechat.books).get(id))
    if (known === undefined || isForgotten(known, wechat.clock.now())) {
      return refusal('transfer_unknown')
    }
    if (known.state === 'CANCELING' || known.state === 'CANCELLED') return answerCancel(known)
    const cancelled = await cancelTransfer(wechat, id)
    return cancelled.ok ? answerCancel(cancelled.value) : refusal('transfer_not_cancellable')
  }
}

/** No body, or an empty object. */
function directWho({ merchant, body }: Call): Result<Who, Reply> {
  if (/^\s*(\{\s*\})?\s*$/.test(new TextDecoder().decode(body))) {
    return ok({ kind: 'direct', mchid: merchant.mchid })
  }
  return refuse(parameterRefusal({ location: 'body', field: '/', issue: 'must be empty' }))
}

function partnerWho(call: Call): Result<Who, Reply> {
  const read = readBody(call, partnerBody)
  if (!read.ok) return read
  return whoseTransfer(call.merchant, 'partner', read.value.parsed.sub_mchid, 'body')
}

function answerCancel({ outBillNo, transferBillNo, state, updatedAtMs }: Transfer) {
  return accepted({
    out_bill_no: outBillNo,
    transfer_bill_no: transferBillNo,
    state,
    update_time: beijingTime(updatedAtMs),
  })
}
