import * as z from 'zod'
import { isMinor, type Minor } from '../../../../core/plugin/api.ts'
import type { Books } from '../../../../core/plugin/simulator.ts'
import { beijingTime } from '../beijing-time.ts'
import type { Members } from '../door/refusals.ts'
import { type Shelf, shelf } from '../shelf.ts'
import { yuan } from '../yuan.ts'

const transfer = z.object({
  sellerId: z.string(),
  appId: z.string(),
  outBizNo: z.string(),
  productCode: z.enum(['TRANS_ACCOUNT_NO_PWD', 'TRANS_BANKCARD_NO_PWD']),
  bizScene: z.string(),
  orderNo: z.string(),
  fundOrderNo: z.string(),
  fen: z.custom<Minor>((value) => typeof value === 'number' && isMinor(value)),
  title: z.string(),
  payee: z.string(),
  payeeType: z.string(),
  /** Of all its parameters: the same number may only come again with the same ones. */
  fingerprint: z.string(),
  askedAtMs: z.number(),
  status: z.enum(['DEALING', 'SUCCESS', 'FAIL', 'REFUND']),
  /** When the money left, and when it came back. */
  paidAtMs: z.number().nullable(),
  returnedAtMs: z.number().nullable(),
})

export type Transfer = z.output<typeof transfer>

/** By seller, product and their number: within these a number is one transfer. */
export const transfers = (books: Books): Shelf<Transfer> => shelf(books, 'transfer', transfer)
export const transferId = (sellerId: string, product: string, outBizNo: string) =>
  `${sellerId}/${product}/${outBizNo}`

const WENT_WRONG = {
  DEALING: {},
  SUCCESS: {},
  FAIL: { error_code: 'CARD_BIN_ERROR', fail_reason: '收款人银行账号不正确' },
  REFUND: { error_code: 'BANK_REFUND', fail_reason: '银行退票' },
} as const satisfies Record<Transfer['status'], Members>

export function nameTransfer({ outBizNo, orderNo, fundOrderNo, status }: Transfer): Members {
  return { out_biz_no: outBizNo, order_id: orderNo, pay_fund_order_id: fundOrderNo, status }
}

/** What queries and messages show. */
export function describeTransfer(transfer: Transfer): Members {
  const { fen, paidAtMs, status } = transfer
  return {
    ...nameTransfer(transfer),
    trans_amount: yuan(fen),
    ...(paidAtMs !== null && { pay_date: beijingTime(paidAtMs) }),
    ...WENT_WRONG[status],
  }
}
