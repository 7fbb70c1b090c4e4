import { plan } from '../agenda.ts'
import { beijingTime } from '../beijing-time.ts'
import { tellSoon } from '../callback/tell.ts'
import { type Call, type Handler, readContent } from '../door/call.ts'
import { accepted, type Members, refusal } from '../door/refusals.ts'
import { balanceOf } from '../fund/account.ts'
import { newOrderNo } from '../numbers.ts'
import { IN_ANSWERS, showPayer } from '../party/payers.ts'
import type { Alipay } from '../settings.ts'
import { yuan } from '../yuan.ts'
import { nameTrade } from './descriptions.ts'
import { type Found, findTrade } from './finding.ts'
import { tellTrade } from './paying.ts'
import { type RefundBody, refundBody } from './refund-body.ts'
import { planRefund, type RefundPlan } from './refund-plan.ts'
import { hasArrived, refundedFen } from './standing.ts'
import { type Refund, trades } from './trade.ts'

/**
 * `alipay.trade.refund`: pays back, all or in part. `fund_change` says whether this very call moved
 * money, `refund_fee` what has gone back over all refunds of the trade.
 */
export const refund: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, refundBody, 'ACQ.INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const found = await findTrade(alipay, call, body.value)
  if (found === undefined) return refusal('ACQ.TRADE_NOT_EXIST')
  // Only a refund of everything may go without a number: it has the trade's.
  const { out_request_no = found.trade.outTradeNo } = body.value
  if (body.value.out_request_no === undefined && body.value.refund_amount !== found.trade.fen) {
    return refusal('ACQ.INVALID_PARAMETER', '部分退款时out_request_no不能为空')
  }
  if (await runsShort(alipay, call, body.value)) return refusal('ACQ.SELLER_BALANCE_NOT_ENOUGH')

  const nowMs = alipay.clock.now()
  const asked = newRefund(alipay, body.value, out_request_no)
  const planned = await trades(alipay.books).change(found.id, (trade) => {
    const plan = planRefund(trade, asked, alipay.settings, nowMs)
    return { document: plan.ok ? plan.value.trade : trade, outcome: plan }
  })
  if (!planned.ok) return refusal(planned.refusal)
  if (planned.value.isNew) await arrange(alipay, found, planned.value)
  return accepted(describe(alipay, call, planned.value, body.value.query_options ?? []))
}

/** Tells of it, now or once it has arrived. */
async function arrange(alipay: Alipay, { id }: Found, { trade, refund }: RefundPlan) {
  const { outRequestNo, arrivesAtMs } = refund
  if (hasArrived(refund, alipay.clock.now())) {
    const happening = { what: 'refunded', number: outRequestNo, atMs: arrivesAtMs } as const
    return tellTrade(alipay, trade, happening, tellSoon)
  }
  return plan(alipay, arrivesAtMs, { what: 'refund', tradeId: id, outRequestNo })
}

function describe(
  { clock }: Alipay,
  { app, seller }: Call,
  { trade, refund, isNew }: RefundPlan,
  options: readonly string[],
): Members {
  const nowMs = clock.now()
  const moved = isNew && hasArrived(refund, nowMs)
  return {
    ...nameTrade(trade),
    ...showPayer(app, trade.buyer, IN_ANSWERS),
    fund_change: moved ? 'Y' : 'N',
    refund_fee: yuan(refundedFen(trade, nowMs)),
    send_back_fee: yuan(refund.fen),
    ...(hasArrived(refund, nowMs) && { gmt_refund_pay: beijingTime(refund.arrivesAtMs) }),
    ...(trade.storeId !== null && { store_name: seller.name }),
    ...(options.includes('refund_detail_item_list') && {
      refund_detail_item_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: yuan(refund.fen) }],
    }),
  }
}

async function runsShort(alipay: Alipay, { seller }: Call, { refund_amount }: RefundBody) {
  const balance = seller.openingFen === null ? undefined : await balanceOf(alipay, seller)
  return balance !== undefined && balance.availableFen < refund_amount
}

function newRefund(
  { clock, random, settings }: Alipay,
  body: RefundBody,
  outRequestNo: string,
): Refund {
  const nowMs = clock.now()
  return {
    outRequestNo,
    fen: body.refund_amount,
    reason: body.refund_reason ?? null,
    askedAtMs: nowMs,
    arrivesAtMs: nowMs + settings.refundTakesMs,
    takenBack: (body.refund_royalty_parameters ?? []).map(({ trans_out, amount }) => ({
      transOut: trans_out,
      fen: amount,
      detailNo: newOrderNo(random, nowMs),
    })),
    settlementNo: newOrderNo(random, nowMs),
  }
}
