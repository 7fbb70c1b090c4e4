/** What a payer does to a trade: opens it, pays it. */
import { type Milliseconds, ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import { plan } from '../agenda.ts'
import { endOfBeijingDay } from '../beijing-time.ts'
import { type Happening, noticeOf } from '../callback/notices.ts'
import type { tell, tellSoon } from '../callback/tell.ts'
import { newTradeNo } from '../numbers.ts'
import { appOf } from '../party/apps.ts'
import { sellerOf } from '../party/sellers.ts'
import type { Alipay } from '../settings.ts'
import { isOpened, whyNotPayable } from './standing.ts'
import { type OpenedTrade, type Trade, tradePaths, trades } from './trade.ts'

/** Makes Alipay's own trade of what was asked for, if there is none yet. */
export function openTrade(alipay: Alipay, id: string): Promise<Result<OpenedTrade, string>> {
  return changeOpened(alipay, id, (trade) => ok(trade))
}

/** The payer looks at it and goes away. It can still be paid. */
export function turnAway(alipay: Alipay, id: string): Promise<Result<OpenedTrade, string>> {
  return changeOpened(alipay, id, (trade) => ok({ ...trade, turnedAway: true }))
}

/** The payer pays. */
export async function payTrade(
  alipay: Alipay,
  id: string,
  when: typeof tell | typeof tellSoon,
): Promise<Result<OpenedTrade, string>> {
  const nowMs = alipay.clock.now()
  const paid = await changeOpened(alipay, id, (trade) => ok({ ...trade, paidAtMs: nowMs }))
  if (paid.ok) {
    await tellTrade(alipay, paid.value, { what: 'paid' }, when)
    const finish = { what: 'finish', tradeId: id } as const
    await plan(alipay, nowMs + alipay.settings.refundWindowMs, finish)
  }
  return paid
}

/** Tells the merchant of a trade what happened to it, if it gave an address. */
export async function tellTrade(
  alipay: Alipay,
  trade: OpenedTrade,
  happening: Happening,
  when: typeof tell | typeof tellSoon,
): Promise<void> {
  const { appId, notifyUrl, charset, signType } = trade
  const [app, seller] = [await appOf(alipay, appId), await sellerOf(alipay, trade.sellerId)]
  if (notifyUrl === null || app === undefined || seller === undefined) return
  const fields = noticeOf(trade, { app, seller }, happening)
  await when(alipay, { appId, family: 'notice', url: notifyUrl, fields, charset, signType })
}

/** Changes a trade that can be paid now, which it has to be opened for. */
async function changeOpened(
  alipay: Alipay,
  id: string,
  decide: (trade: OpenedTrade) => Result<OpenedTrade, string>,
): Promise<Result<OpenedTrade, string>> {
  const nowMs = alipay.clock.now()
  const tradeNo = newTradeNo(alipay.random, nowMs)
  await tradePaths(alipay.books).put(tradeNo, id)
  const changed = await trades(alipay.books).change(id, (trade) => {
    const opened = planOpening(trade, tradeNo, nowMs)
    const decided = opened.ok ? decide(opened.value) : opened
    return { document: decided.ok ? decided.value : trade, outcome: decided }
  })
  if (!changed.ok || changed.value.opened.tradeNo !== tradeNo) {
    await tradePaths(alipay.books).remove(tradeNo)
    return changed
  }
  const { expiresAtMs } = changed.value.opened
  await plan(alipay, expiresAtMs, { what: 'expire', tradeId: id })
  return changed
}

/** Pure. */
function planOpening(
  trade: Trade | undefined,
  tradeNo: string,
  nowMs: Milliseconds,
): Result<OpenedTrade, string> {
  if (trade === undefined) return refuse('there is no such trade')
  const why = whyNotPayable(trade, nowMs)
  if (why !== undefined) return refuse(why)
  if (isOpened(trade)) return ok(trade)
  return ok({
    ...trade,
    opened: { tradeNo, createdAtMs: nowMs, expiresAtMs: expiryOf(trade, nowMs) },
  })
}

/** An absolute time wins over a duration, which counts from now. */
function expiryOf({ payableUntilMs, payableFor }: Trade, nowMs: Milliseconds): Milliseconds {
  if (payableUntilMs !== null) return payableUntilMs
  return payableFor === 'today' ? endOfBeijingDay(nowMs) : nowMs + payableFor
}
