/** How settlements look in answers and messages. */
import { beijingTime } from '../beijing-time.ts'
import type { Members } from '../door/refusals.ts'
import { frozenFen } from '../trade/standing.ts'
import type { Refund, Share, Split, Trade } from '../trade/trade.ts'
import { yuan } from '../yuan.ts'

export function describeSplit({ askedAtMs, outRequestNo, shares }: Split): Members {
  return {
    out_request_no: outRequestNo,
    operation_dt: beijingTime(askedAtMs),
    royalty_detail_list: shares.map(describeShare),
  }
}

/** What `trade_settle_info` shows: all that went out, and what came back with refunds. */
export function describeSettlement(trade: Trade): Members {
  const unsettledFen = frozenFen(trade)
  return {
    ...(trade.freezes && { trade_unsettled_amount: yuan(unsettledFen) }),
    trade_settle_detail_list: [
      ...trade.splits.flatMap(({ askedAtMs, shares }) =>
        shares
          .filter(({ state }) => state === 'SUCCESS')
          .map((share) => ({
            operation_type: 'transfer',
            operation_serial_no: share.detailNo,
            operation_dt: beijingTime(share.executedAtMs ?? askedAtMs),
            trans_out: share.transOut,
            trans_in: share.transIn,
            amount: yuan(share.fen),
          })),
      ),
      ...trade.refunds.flatMap((refund) => describeTakenBack(trade, refund)),
    ],
  }
}

function describeShare(share: Share): Members {
  return {
    operation_type: 'transfer',
    ...(share.executedAtMs !== null && { execute_dt: beijingTime(share.executedAtMs) }),
    trans_out: share.transOut,
    trans_out_type: 'userId',
    ...(share.transInType === 'openId'
      ? { trans_in_open_id: share.transIn }
      : { trans_in: share.transIn }),
    trans_in_type: share.transInType,
    amount: yuan(share.fen),
    state: share.state,
    detail_id: share.detailNo,
    ...(share.errorCode !== null && {
      error_code: share.errorCode,
      error_desc: '分账收款方不合法',
    }),
  }
}

function describeTakenBack({ sellerId }: Trade, { takenBack, arrivesAtMs }: Refund): Members[] {
  return takenBack.map(({ transOut, fen, detailNo }) => ({
    operation_type: 'transfer_refund',
    operation_serial_no: detailNo,
    operation_dt: beijingTime(arrivesAtMs),
    trans_out: transOut,
    trans_in: sellerId,
    amount: yuan(fen),
  }))
}
