import type { Json } from '../../../../core/plugin/simulator.ts'
import { beijingTime } from '../beijing-time.ts'
import { nameMerchants } from '../descriptions.ts'
import type { Order } from '../order.ts'
import type { Party } from '../parties.ts'
import type { Share, Split, SplitReturn } from './standing.ts'

type Members = Readonly<Record<string, Json>>

/** What the answers to a split, to its query and to an unfreeze show. */
export function describeSplit({ party, payment }: Order, split: Split): Members {
  return {
    ...nameSub(party),
    transaction_id: payment?.transactionId ?? '',
    out_order_no: split.outOrderNo,
    order_id: split.orderId,
    state: split.state,
    receivers: split.shares.map((share) => describeShare(share, split)),
  }
}

function describeShare(share: Share, { createdAtMs }: Split): Json {
  return {
    type: share.type,
    account: share.account,
    amount: share.amountMinor,
    description: share.description,
    result: share.result,
    ...(share.failReason !== null && { fail_reason: share.failReason }),
    detail_id: share.detailId,
    create_time: beijingTime(createdAtMs),
    finish_time: beijingTime(share.finishedAtMs ?? NOT_YET_MS),
  }
}

export function describeReturn({ party }: Order, returned: SplitReturn): Members {
  return {
    ...nameSub(party),
    order_id: returned.orderId,
    out_order_no: returned.outOrderNo,
    out_return_no: returned.outReturnNo,
    return_id: returned.returnId,
    return_mchid: returned.returnMchid,
    amount: returned.amountMinor,
    description: returned.description,
    result: returned.result,
    ...(returned.failReason !== null && { fail_reason: returned.failReason }),
    create_time: beijingTime(returned.createdAtMs),
    finish_time: beijingTime(returned.finishedAtMs ?? NOT_YET_MS),
  }
}

/** Recorded from the live service: what has not finished finished in 1970. */
const NOT_YET_MS = 0

/** A share that arrived, or went back. */
export interface Moved {
  readonly orderId: string
  readonly outOrderNo: string
  readonly receiver: { readonly type: string; readonly account: string }
  readonly amountMinor: number
  readonly description: string
  readonly atMs: number
}

/** What the receiver of a share hears of it. Named is who splits. */
export function describeMoved({ party, payment }: Order, moved: Moved): Members {
  return {
    ...nameMerchants(party),
    transaction_id: payment?.transactionId ?? '',
    order_id: moved.orderId,
    out_order_no: moved.outOrderNo,
    receiver: {
      type: moved.receiver.type,
      account: moved.receiver.account,
      amount: moved.amountMinor,
      description: moved.description,
    },
    success_time: beijingTime(moved.atMs),
  }
}

function nameSub(party: Party): Members {
  return party.kind === 'direct' ? {} : { sub_mchid: party.subMchid }
}
