import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  type Milliseconds,
  minor,
  ok,
  type Result,
  refuse,
} from '../../../core/plugin/api.ts'
import { type Call, type Handler, readBody } from './calls.ts'
import { callbackUrlProblem } from './fields.ts'
import { alphanumeric, digits, newPrepayId } from './numbers.ts'
import { type Order, orderId, orders, type PrepayProduct } from './order.ts'
import { partyOf, refuseParty } from './parties.ts'
import { payEarly } from './payer.ts'
import { type Mode, PREPAY_BODIES, type PrepayBody } from './prepay-body.ts'
import { accepted, parameterRefusal, type Refusal, type Reply, refusal } from './refusals.ts'
import type { Wechat } from './settings.ts'

/**
 * `POST /v3/pay/[partner/]transactions/{jsapi,native,app,h5}`: makes an order, or finds it again.
 *
 * The same number with the same parameters is the same order, as long as it is not paid or closed.
 */
export function prepay(product: PrepayProduct, mode: Mode): Handler {
  return async (wechat, call) => {
    const body = readBody<PrepayBody>(call, PREPAY_BODIES[mode][product])
    if (!body.ok) return body.refusal
    const refused = refuseFacts(wechat, call, body.value.parsed)
    if (refused !== undefined) return refused

    const asked = newOrder(wechat, product, body.value.parsed, body.value.fingerprint)
    const id = orderId(call.merchant.mchid, asked.outTradeNo)
    const planned = await orders(wechat.books).change(id, (current) => {
      const plan = planPrepay(current, asked)
      return { document: plan.ok ? plan.value : current, outcome: plan }
    })
    if (!planned.ok) return refusePrepay(planned.refusal)

    await payEarly(wechat, id)
    return accepted(opening(planned.value))
  }
}

type PrepayRefusal =
  | Extract<Refusal, 'order_paid' | 'order_closed' | 'prepay_differs'>
  | 'time_expire_passed'

/**
 * Decides what a prepay does to the order of its number. Pure.
 *
 * @param asked the order as it would be if it were new: its tickets are fresh
 */
function planPrepay(current: Order | undefined, asked: Order): Result<Order, PrepayRefusal> {
  const nowMs = asked.createdAtMs
  if (current === undefined) {
    return nowMs < asked.payableUntilMs ? ok(asked) : refuse('time_expire_passed')
  }
  if (current.payment !== null) return refuse('order_paid')
  if (current.closedAtMs !== null) return refuse('order_closed')
  if (current.fingerprint !== asked.fingerprint) return refuse('prepay_differs')
  if (nowMs >= current.payableUntilMs) return refuse('order_closed')
  const valid = current.ticket !== null && nowMs < current.ticket.validUntilMs
  return ok(valid ? current : { ...current, ticket: asked.ticket })
}

function refusePrepay(why: PrepayRefusal): Reply {
  if (why !== 'time_expire_passed') return refusal(why)
  return parameterRefusal({ location: 'body', field: '/time_expire', issue: 'has passed' })
}

function refuseFacts(wechat: Wechat, { merchant }: Call, body: PrepayBody): Reply | undefined {
  const why = refuseParty(merchant, partyOf(body))
  if (why !== undefined) return refusal(why)
  const problem = callbackUrlProblem(body.notify_url, wechat.settings)
  return problem === undefined ? undefined : parameterRefusal(problem)
}

function newOrder(
  wechat: Wechat,
  product: PrepayProduct,
  body: PrepayBody,
  fingerprint: string,
): Order {
  const nowMs = wechat.clock.now()
  const party = partyOf(body)
  return {
    party,
    outTradeNo: body.out_trade_no,
    product,
    description: body.description,
    attach: body.attach ?? '',
    deviceId: body.scene_info?.device_id ?? '',
    amount: { minor: minor(body.amount.total), currency: 'CNY' },
    ...namedPayer(body),
    notifyUrl: body.notify_url,
    // A number that was used for one product or one mode cannot be used for another.
    fingerprint: `${party.kind} ${product} ${fingerprint}`,
    createdAtMs: nowMs,
    payableUntilMs: body.time_expire ?? nowMs + 7 * DAY_MS,
    ticket: newTicket(wechat, product, nowMs),
    payment: null,
    closedAtMs: null,
    refunds: [],
    till: null,
    sharing: body.settle_info?.profit_sharing
      ? { splits: [], returns: [], releasedAtMs: null }
      : null,
  }
}

function namedPayer(body: PrepayBody): Pick<Order, 'openid' | 'openidApp'> {
  if (!('payer' in body)) return { openid: null, openidApp: 'app' }
  const { payer } = body
  if ('openid' in payer) return { openid: payer.openid, openidApp: 'app' }
  if (payer.sub_openid !== undefined) return { openid: payer.sub_openid, openidApp: 'sub_app' }
  return { openid: payer.sp_openid ?? null, openidApp: 'app' }
}

function newTicket(
  { random }: Wechat,
  product: PrepayProduct,
  nowMs: Milliseconds,
): NonNullable<Order['ticket']> {
  const prepayId = newPrepayId(random, nowMs)
  switch (product) {
    case 'jsapi':
    case 'app':
      return { prepayId, link: null, validUntilMs: nowMs + 2 * HOUR_MS }
    case 'native': {
      const link = `weixin://wxpay/bizpayurl?pr=${alphanumeric(random, 9)}`
      return { prepayId, link, validUntilMs: nowMs + 2 * HOUR_MS }
    }
    case 'h5': {
      const query = `prepay_id=${prepayId}&package=${digits(random, 10)}`
      const link = `https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?${query}`
      return { prepayId, link, validUntilMs: nowMs + 5 * MINUTE_MS }
    }
  }
}

function opening({ product, ticket }: Order) {
  const { prepayId, link } = ticket ?? { prepayId: '', link: null }
  if (product === 'native') return { code_url: link }
  return product === 'h5' ? { h5_url: link } : { prepay_id: prepayId }
}
