import * as z from 'zod'
import type { Books } from '../../../../core/plugin/simulator.ts'
import { plan } from '../agenda.ts'
import { type Call, type Handler, readContent } from '../door/call.ts'
import { accepted, type Refusal, refusal } from '../door/refusals.ts'
import { newOrderNo } from '../numbers.ts'
import { exists } from '../party/people.ts'
import type { Alipay } from '../settings.ts'
import { type Shelf, shelf } from '../shelf.ts'
import { findTrade } from '../trade/finding.ts'
import { type Split, trades } from '../trade/trade.ts'
import { type SettleBody, settleBody } from './body.ts'
import { planSettle } from './plan.ts'
import { isBound } from './relations.ts'

/** settle_no, and a merchant's own number → trade. Written before the trade says so. */
export const settlePaths = (books: Books): Shelf<string> => shelf(books, 'settle_path', z.string())
export const settlePath = (sellerId: string, number: string) => `${sellerId}/${number}`

/**
 * `alipay.trade.order.settle`: shares money of a trade out, at once or (async) a little later. The
 * same number with the same parameters is the same settlement.
 */
export const settle: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, settleBody, 'ACQ.INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const problem = shapeProblem(body.value) ?? (await receiverProblem(alipay, call, body.value))
  if (problem !== undefined) return refusal(problem)
  const found = await findTrade(alipay, call, body.value)
  if (found === undefined) return refusal('ACQ.TRADE_NOT_EXIST')
  if (!(await claimNumber(alipay, call, body.value.out_request_no, found.id))) {
    return refusal('ACQ.DUP_OUT_REQUEST_NO')
  }

  const asked = newSplit(alipay, call, body.value)
  await settlePaths(alipay.books).put(settlePath(call.seller.sellerId, asked.settleNo), found.id)
  const planned = await trades(alipay.books).change(found.id, (trade) => {
    const plan = planSettle(trade, asked, alipay.settings)
    return { document: plan.ok ? plan.value.trade : trade, outcome: plan }
  })
  if (!planned.ok) return refusal(planned.refusal)
  const { split, isNew, trade } = planned.value
  if (isNew && split.mode === 'async') {
    const atMs = split.askedAtMs + alipay.settings.settlementTakesMs
    await plan(alipay, atMs, { what: 'settle', tradeId: found.id, settleNo: split.settleNo })
  }
  return accepted({ trade_no: trade.opened.tradeNo, settle_no: split.settleNo })
}

function shapeProblem(body: SettleBody): Refusal | undefined {
  const { royalty_parameters: royalties, royalty_mode, extend_params } = body
  // Without shares it can only mean that the rest is to be released.
  if (royalties.length === 0 && extend_params?.royalty_finish !== 'true') {
    return 'ACQ.INVALID_PARAMETER'
  }
  return royalties.length > 5 && royalty_mode === 'sync' ? 'ACQ.INVALID_PARAMETER' : undefined
}

async function receiverProblem(
  { books }: Alipay,
  { seller }: Call,
  { royalty_parameters: royalties }: SettleBody,
): Promise<Refusal | undefined> {
  for (const { trans_out, trans_in } of royalties) {
    if ((trans_out ?? seller.sellerId) !== seller.sellerId) return 'ACQ.INVALID_PARAMETER'
    if (!exists(trans_in) || !(await isBound(books, seller.sellerId, trans_in))) {
      return 'ACQ.ROYALTY_RECEIVER_INVALID'
    }
  }
  return undefined
}

/** A merchant's number is one settlement, over all its trades. */
function claimNumber({ books }: Alipay, { seller }: Call, number: string, tradeId: string) {
  return settlePaths(books).change(settlePath(seller.sellerId, number), (current) => {
    const holder = current ?? tradeId
    return { document: holder, outcome: holder === tradeId }
  })
}

function newSplit({ clock, random }: Alipay, { seller }: Call, body: SettleBody): Split {
  const nowMs = clock.now()
  const { royalty_parameters: royalties, royalty_mode: mode } = body
  const finishes = body.extend_params?.royalty_finish === 'true'
  return {
    outRequestNo: body.out_request_no,
    settleNo: newOrderNo(random, nowMs),
    mode,
    askedAtMs: nowMs,
    fingerprint: JSON.stringify([mode, finishes, royalties]),
    finishes,
    shares: royalties.map((royalty) => ({
      detailNo: newOrderNo(random, nowMs),
      transOut: royalty.trans_out ?? seller.sellerId,
      transIn: royalty.trans_in,
      transInType: royalty.trans_in_type,
      fen: royalty.amount,
      state: mode === 'sync' ? 'SUCCESS' : 'PROCESSING',
      executedAtMs: mode === 'sync' ? nowMs : null,
      errorCode: null,
    })),
  }
}
