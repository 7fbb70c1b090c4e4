import { doWhatIsDue, type Task } from './agenda.ts'
import { tellWhatIsDue } from './callbacks.ts'
import { pay } from './paying.ts'
import type { Wechat } from './settings.ts'
import { endRefund } from './settlement.ts'
import { finishReturn, finishSplit, releaseRest } from './sharing/finishing.ts'
import { failAtTill } from './till/charge.ts'
import { moveOn } from './transfer/ending.ts'

/** Does what is due by the clock: asynchronous results first, then callbacks and their retries. */
export async function tick(wechat: Wechat): Promise<void> {
  await doWhatIsDue(wechat, (task) => carryOut(wechat, task))
  await tellWhatIsDue(wechat)
}

/** What cannot be done any more because somebody was faster is done with. */
async function carryOut(wechat: Wechat, task: Task): Promise<void> {
  switch (task.kind) {
    case 'refund':
      await endRefund(wechat, task.orderId, task.outRefundNo, task.end)
      return
    case 'till':
      await (task.next === 'pay'
        ? pay(wechat, task.orderId)
        : failAtTill(wechat, task.orderId, 'cancel'))
      return
    case 'split':
      return finishSplit(wechat, task.orderId, task.outOrderNo)
    case 'split_return':
      return finishReturn(wechat, task.orderId, task.outReturnNo)
    case 'release':
      return releaseRest(wechat, task.orderId)
    case 'transfer':
      return moveOn(wechat, task.transferId, task.next)
  }
}
