import { sendMessage } from '../callback/messages.ts'
import { REFUSES_SHARES } from '../party/people.ts'
import type { Alipay } from '../settings.ts'
import { isOpened } from '../trade/standing.ts'
import { type Share, type Split, type Trade, trades } from '../trade/trade.ts'
import { describeSplit } from './describe.ts'

/** Carries an asynchronous settlement out, and sends the message of its result. */
export async function endSettlement(
  alipay: Alipay,
  tradeId: string,
  settleNo: string,
): Promise<void> {
  const nowMs = alipay.clock.now()
  const ended = await trades(alipay.books).change(tradeId, (trade) => {
    const split = trade?.splits.find((one) => one.settleNo === settleNo)
    const isDue = split?.shares.some(({ state }) => state === 'PROCESSING') === true
    if (trade === undefined || split === undefined || !isDue) {
      return { document: trade, outcome: undefined }
    }
    const done = { ...split, shares: split.shares.map((share) => endShare(share, nowMs)) }
    return { document: withSplit(trade, done), outcome: { trade, done } }
  })
  if (ended === undefined || !isOpened(ended.trade)) return
  await sendMessage(alipay, ended.trade.appId, 'alipay.trade.order.settle.notify', {
    trade_no: ended.trade.opened.tradeNo,
    settle_no: settleNo,
    ...describeSplit(ended.done),
  })
}

function endShare(share: Share, nowMs: number): Share {
  if (share.state !== 'PROCESSING') return share
  if (share.transIn !== REFUSES_SHARES) return { ...share, state: 'SUCCESS', executedAtMs: nowMs }
  return { ...share, state: 'FAIL', executedAtMs: nowMs, errorCode: 'ROYALTY_RECEIVER_INVALID' }
}

function withSplit(trade: Trade, split: Split): Trade {
  const splits = trade.splits.map((one) => (one.settleNo === split.settleNo ? split : one))
  return { ...trade, splits }
}
