import * as z from 'zod'
import { DAY_MS, SECOND_MS } from '../../../../core/plugin/api.ts'
import type { Books } from '../../../../core/plugin/simulator.ts'
import { type Handler, readContent } from '../door/call.ts'
import { textUpTo } from '../door/fields.ts'
import { accepted, refusal } from '../door/refusals.ts'
import { hex } from '../numbers.ts'
import type { Seller } from '../party/sellers.ts'
import type { Alipay } from '../settings.ts'
import { type Shelf, shelf } from '../shelf.ts'
import { accountRows } from './account-bill.ts'
import { type Period, periodOf } from './period.ts'
import { billAccount } from './text.ts'
import { tradeRows } from './trade-bill.ts'

const billBody = z.strictObject({
  bill_type: z.string(),
  bill_date: z.string(),
  smid: textUpTo(32).optional(),
})

const ticket = z.object({
  sellerId: z.string(),
  type: z.enum(['trade', 'signcustomer']),
  date: z.string(),
  validUntilMs: z.number(),
})

/** What a download address may fetch, once. */
export const billTickets = (books: Books): Shelf<z.output<typeof ticket>> =>
  shelf(books, 'bill', ticket)

const VALID_MS = 30 * SECOND_MS
const HISTORY_MS = 6 * 366 * DAY_MS

/** `alipay.data.dataservice.bill.downloadurl.query`: where a bill can be fetched, in thirty seconds. */
export const billUrl: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, billBody, 'isv.invalid_arguments')
  if (!body.ok) return body.refusal
  const { bill_type, bill_date } = body.value
  const period = periodOf(bill_date)
  const nowMs = alipay.clock.now()
  const isPast = period !== undefined && period.fromMs <= nowMs
  if (!isPast || period.fromMs < nowMs - HISTORY_MS) return refusal('isv.invalid_arguments')
  if (bill_type !== 'trade' && bill_type !== 'signcustomer') return refusal('isp.bill_not_exist')
  if (nowMs < period.readyAtMs) return refusal('isp.bill_not_exist')

  const isEmpty = (await countRows(alipay, call.seller, bill_type, period)) === 0
  if (isEmpty && alipay.settings.emptyBill === 'not_exist') return refusal('isp.bill_not_exist')
  const token = hex(alipay.random, 16)
  await billTickets(alipay.books).put(token, {
    sellerId: call.seller.sellerId,
    type: bill_type,
    date: bill_date,
    validUntilMs: nowMs + VALID_MS,
  })
  return accepted({
    bill_download_url: addressOf(call.seller, bill_type, period, { token, nowMs }),
    ...(isEmpty && { bill_file_code: 'EMPTY_DATA_WITH_BILL_FILE' }),
  })
}

type BillType = 'trade' | 'signcustomer'

async function countRows(alipay: Alipay, seller: Seller, type: BillType, period: Period) {
  const rowsOf = type === 'trade' ? tradeRows : accountRows
  return (await rowsOf(alipay, seller, period)).length
}

function addressOf(
  { sellerId }: Seller,
  type: BillType,
  { digits }: Period,
  { token, nowMs }: { readonly token: string; readonly nowMs: number },
): string {
  const account = billAccount(sellerId)
  const query = new URLSearchParams({
    bizType: type,
    userId: account,
    fileType: 'csv.zip',
    bizDates: digits,
    downloadFileName: `${account}_${digits}.csv.zip`,
    fileId: `/${type}/${account}/${digits}.csv.zip`,
    timestamp: String(Math.floor(nowMs / SECOND_MS)),
    token,
  })
  return `http://dwbillcenter.alipay.com/downloadBillFile.resource?${query}`
}
