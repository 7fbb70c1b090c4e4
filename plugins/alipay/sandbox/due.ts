import { doWhatIsDue, type Task } from './agenda.ts'
import { tell, tellWhatIsDue } from './callback/tell.ts'
import { endTransfer } from './fund/ending.ts'
import type { Alipay } from './settings.ts'
import { endSettlement } from './split/ending.ts'
import { payTrade, tellTrade } from './trade/paying.ts'
import { closedAt, isOpened, tradeStatus } from './trade/standing.ts'
import { type OpenedTrade, trades } from './trade/trade.ts'

/** Does what is due by the clock: what Alipay does by itself, and callbacks that wait. */
export async function tick(alipay: Alipay): Promise<void> {
  await doWhatIsDue(alipay, (task) => execute(alipay, task))
  await tellWhatIsDue(alipay)
}

async function execute(alipay: Alipay, task: Task): Promise<void> {
  switch (task.what) {
    case 'transfer':
      return endTransfer(alipay, task.transferId, task.becomes)
    case 'settle':
      return endSettlement(alipay, task.tradeId, task.settleNo)
    case 'expire':
    case 'finish':
    case 'pay':
    case 'refund': {
      const trade = await trades(alipay.books).get(task.tradeId)
      return isOpened(trade) ? withTrade(alipay, task, trade) : undefined
    }
  }
}

async function withTrade(
  alipay: Alipay,
  task: Extract<Task, { readonly what: 'expire' | 'finish' | 'pay' | 'refund' }>,
  trade: OpenedTrade,
): Promise<void> {
  const { settings, clock } = alipay
  switch (task.what) {
    case 'pay':
      if (!trade.turnedAway) await payTrade(alipay, task.tradeId, tell)
      return
    case 'expire': {
      // Whether it is closed follows from the clock; here it is only told, where that is wanted.
      const atMs = trade.closedAtMs === null ? closedAt(trade, clock.now()) : undefined
      if (atMs === undefined || !settings.tellsTimeoutClose) return
      return tellTrade(alipay, trade, { what: 'closed', atMs }, tell)
    }
    case 'finish': {
      const isFinished = tradeStatus(trade, settings, clock.now()) === 'TRADE_FINISHED'
      return isFinished ? tellTrade(alipay, trade, { what: 'finished' }, tell) : undefined
    }
    case 'refund': {
      const refund = trade.refunds.find(({ outRequestNo }) => outRequestNo === task.outRequestNo)
      if (refund === undefined) return
      const { outRequestNo: number, arrivesAtMs: atMs } = refund
      return tellTrade(alipay, trade, { what: 'refunded', number, atMs }, tell)
    }
  }
}
