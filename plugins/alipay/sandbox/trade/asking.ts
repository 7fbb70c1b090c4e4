/** What the products have in common: a merchant asks for money under a number of its own. */
import {
  DAY_MS,
  HOUR_MS,
  type Milliseconds,
  ok,
  type Result,
  refuse,
} from '../../../../core/plugin/api.ts'
import type { Call } from '../door/call.ts'
import { type Refusal, type Reply, refusal } from '../door/refusals.ts'
import { namedPayer } from '../party/payers.ts'
import type { Alipay } from '../settings.ts'
import type { TradeBody } from './body.ts'
import { closedAt, isOpened } from './standing.ts'
import { type Product, type Trade, tradeId, tradePaths, trades } from './trade.ts'

/** What a product adds to what all have. */
export interface Asked {
  readonly product: Product
  readonly body: TradeBody
  /** Named by the merchant; whoever pays, unless told. */
  readonly buyerId?: string | undefined
  readonly buyerOpenId?: string | undefined
  readonly quitUrl?: string
  /** What the payer's client opens, and for how long that can be done. */
  readonly opening?: { readonly key: string; readonly validForMs: number }
}

/**
 * Makes a trade, or finds it again: the same number asking for the same is the same trade.
 *
 * @returns the trade's id and what it is now
 */
export async function ask(
  alipay: Alipay,
  call: Call,
  asked: Asked,
): Promise<Result<{ readonly id: string; readonly trade: Trade }, Reply>> {
  const problem = factProblem(call, asked)
  if (problem !== undefined) return refuse(problem)

  const fresh = newTrade(alipay, call, asked)
  const id = tradeId(fresh.sellerId, fresh.outTradeNo)
  if (fresh.opening !== null) await tradePaths(alipay.books).put(fresh.opening.key, id)
  const planned = await trades(alipay.books).change(id, (current) => {
    const plan = planAsk(current, fresh)
    return { document: plan.ok ? plan.value : current, outcome: plan }
  })
  if (fresh.opening !== null && !(planned.ok && planned.value.opening === fresh.opening)) {
    await tradePaths(alipay.books).remove(fresh.opening.key)
  }
  return planned.ok ? ok({ id, trade: planned.value }) : refuse(refusal(planned.refusal))
}

/**
 * Decides what asking does to the trade of its number. Pure.
 *
 * @param fresh the trade as it would be if it were new
 */
function planAsk(current: Trade | undefined, fresh: Trade): Result<Trade, Refusal> {
  const nowMs = fresh.askedAtMs
  if (fresh.payableUntilMs !== null && fresh.payableUntilMs <= nowMs) {
    return refuse('ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR')
  }
  if (current === undefined) return ok(fresh)
  if (current.paidAtMs !== null) return refuse('ACQ.TRADE_HAS_SUCCESS')
  if (isOpened(current)) {
    if (closedAt(current, nowMs) !== undefined) return refuse('ACQ.TRADE_HAS_CLOSE')
    return current.fingerprint === fresh.fingerprint
      ? ok(current)
      : refuse('ACQ.CONTEXT_INCONSISTENT')
  }
  // Nobody has opened it, so to Alipay there is nothing yet that could be contradicted.
  const isSame = current.fingerprint === fresh.fingerprint
  const isValid = current.opening !== null && nowMs < current.opening.validUntilMs
  return ok(isSame && isValid ? current : fresh)
}

function factProblem({ seller, notifyUrl, returnUrl }: Call, asked: Asked): Reply | undefined {
  const { body, buyerId } = asked
  if (body.seller_id !== undefined && body.seller_id !== seller.sellerId) {
    return refusal('ACQ.INVALID_PARAMETER', 'seller_id')
  }
  if (buyerId === seller.sellerId) return refusal('ACQ.BUYER_SELLER_EQUAL')
  const named = [notifyUrl, returnUrl].filter((url) => url !== null)
  const wrong = named.find((url) => url.length > 256 || !/^https?:\/\/./.test(url))
  return wrong === undefined ? undefined : refusal('isv.invalid-parameter', wrong)
}

function newTrade({ clock }: Alipay, call: Call, asked: Asked): Trade {
  const { body, product, opening } = asked
  const nowMs = clock.now()
  const payableUntilMs = body.time_expire ?? null
  return {
    sellerId: call.seller.sellerId,
    appId: call.app.appId,
    authAppId: call.authAppId,
    charset: call.charset,
    signType: call.signType,
    product,
    outTradeNo: body.out_trade_no,
    fen: body.total_amount,
    subject: body.subject,
    body: body.body ?? null,
    passback: body.passback_params ?? null,
    storeId: body.store_id ?? null,
    operatorId: body.operator_id ?? null,
    terminalId: body.terminal_id ?? null,
    notifyUrl: call.notifyUrl,
    returnUrl: call.returnUrl,
    quitUrl: asked.quitUrl ?? null,
    freezes: body.extend_params?.royalty_freeze === 'true',
    fingerprint: fingerprintOf(asked),
    askedAtMs: nowMs,
    opening:
      opening === undefined ? null : { key: opening.key, validUntilMs: nowMs + opening.validForMs },
    payableUntilMs,
    payableFor: body.timeout_express ?? usualTimeout(product),
    buyer: namedPayer(asked.buyerId, asked.buyerOpenId),
    opened: null,
    paidAtMs: null,
    closedAtMs: null,
    turnedAway: false,
    cancels: 0,
    refunds: [],
    splits: [],
  }
}

function fingerprintOf({ product, body, buyerId, buyerOpenId }: Asked): string {
  const { total_amount, subject, body: text } = body
  return JSON.stringify([product, total_amount, subject, text, buyerId, buyerOpenId])
}

/** How long a trade can be paid from when it came into being. */
function usualTimeout(product: Product): Milliseconds {
  return product === 'precreate' || product === 'pay' ? 3 * HOUR_MS : 15 * DAY_MS
}
