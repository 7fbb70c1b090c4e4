import type { Order } from '../order.ts'
import type { Moved } from './descriptions.ts'
import { hasFinished } from './standing.ts'

/** What the receiver of a share is told of. */
export function movedShare(order: Order, outOrderNo: string, detailId: string): Moved | undefined {
  const split = order.sharing?.splits.find((one) => one.outOrderNo === outOrderNo)
  const share = split?.shares.find((one) => one.detailId === detailId)
  if (split === undefined || share === undefined || !hasFinished(share)) return undefined
  return {
    orderId: split.orderId,
    outOrderNo,
    receiver: share,
    amountMinor: share.amountMinor,
    description: share.description,
    atMs: share.finishedAtMs,
  }
}

/** What it is told of when the share has gone back: numbers are those of the return. */
export function movedBack(order: Order, outReturnNo: string): Moved | undefined {
  const returned = order.sharing?.returns.find((one) => one.outReturnNo === outReturnNo)
  if (returned === undefined || !hasFinished(returned)) return undefined
  return {
    orderId: returned.returnId,
    outOrderNo: outReturnNo,
    receiver: { type: 'MERCHANT_ID', account: returned.returnMchid },
    amountMinor: returned.amountMinor,
    description: returned.description,
    atMs: returned.finishedAtMs,
  }
}
