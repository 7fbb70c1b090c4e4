import * as z from 'zod'
import { DAY_MS, HOUR_MS, type Milliseconds } from '../../../../core/plugin/api.ts'
import type { Books, Json } from '../../../../core/plugin/simulator.ts'
import { beijingTime } from '../beijing-time.ts'
import { type Shelf, shelf } from '../shelf.ts'

/** Exactly as WeChat spells them: one R in the fourth, one L in the last but one, two in the last. */
export const TRANSFER_STATES = [
  'ACCEPTED',
  'PROCESSING',
  'WAIT_USER_CONFIRM',
  'TRANSFERING',
  'SUCCESS',
  'FAIL',
  'CANCELING',
  'CANCELLED',
] as const

const transfer = z.object({
  /** Who signs. */
  mchid: z.string(),
  /** Whose money it is, when a service provider sends it. */
  subMchid: z.string().nullable().default(null),
  appid: z.string(),
  outBillNo: z.string(),
  transferBillNo: z.string(),
  openid: z.string(),
  /** Whom the merchant takes the payee to be. */
  userName: z.string().nullable(),
  amountMinor: z.number(),
  remark: z.string(),
  notifyUrl: z.string().nullable(),
  /** Of all its parameters: the same number may only come again with the same ones. */
  fingerprint: z.string(),
  /** What the payee's client opens it with. */
  packageInfo: z.string(),
  state: z.enum(TRANSFER_STATES),
  failReason: z.string().nullable(),
  createdAtMs: z.number(),
  updatedAtMs: z.number(),
})

export type Transfer = z.output<typeof transfer>
/** States in which nothing more happens; the merchant is told of them. */
export type TransferEnd = 'SUCCESS' | 'FAIL' | 'CANCELLED'

/** By merchant and its number. */
export const transfers = (books: Books): Shelf<Transfer> => shelf(books, 'transfer', transfer)
export const transferId = (mchid: string, outBillNo: string) => `${mchid}/${outBillNo}`

/** transfer_bill_no → transfer. */
export const transferNumbers = (books: Books): Shelf<string> =>
  shelf(books, 'transfer_number', z.string())

/** The payee has a day; then the money goes back. */
export const PAYEE_HAS_MS = 24 * HOUR_MS

/** After that WeChat no longer knows of it. */
export function isForgotten({ createdAtMs }: Transfer, nowMs: Milliseconds): boolean {
  return nowMs >= createdAtMs + 30 * DAY_MS
}

/** Whose account it is paid out of. */
export function payerOf({ mchid, subMchid }: Transfer): string {
  return subMchid ?? mchid
}

/** What the answer to a create shows. */
export function describeCreated(transfer: Transfer): Json {
  return {
    out_bill_no: transfer.outBillNo,
    transfer_bill_no: transfer.transferBillNo,
    create_time: beijingTime(transfer.createdAtMs),
    state: transfer.state,
    ...failReason(transfer),
    ...(transfer.state === 'WAIT_USER_CONFIRM' && { package_info: transfer.packageInfo }),
  }
}

export function failReason({ failReason }: Transfer) {
  return failReason === null ? {} : { fail_reason: failReason }
}
