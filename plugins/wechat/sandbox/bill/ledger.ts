/** What went into an account and out of it, drawn from orders, transfers and deposits themselves. */
import type { Milliseconds } from '../../../../core/plugin/api.ts'
import type { AccountName, Deposit } from '../accounts.ts'
import type { Order } from '../order.ts'
import { payeeOf } from '../parties.ts'
import type { Share, Split, SplitReturn } from '../sharing/standing.ts'
import { payerOf, type Transfer } from '../transfer/standing.ts'

export interface Entry {
  readonly atMs: Milliseconds
  readonly minor: number
  /** WeChat's number for what moved the money. */
  readonly channelNo: string
  /** The merchant's number for it. */
  readonly number: string
  readonly name: string
  readonly type: string
  readonly remark: string
}

export interface LedgerSources {
  readonly orders: readonly Order[]
  readonly transfers: readonly Transfer[]
  readonly deposits: readonly Deposit[]
}

/**
 * Every entry of one account, oldest first; the opening balance is before them all. What is kept for
 * sharing is the merchant's until it is shared, so it is in the balance here.
 */
export function ledger(
  { orders, transfers, deposits }: LedgerSources,
  mchid: string,
  account: AccountName,
): readonly Entry[] {
  const paidIn = deposits
    .filter((deposit) => deposit.mchid === mchid && deposit.name === account)
    .map(depositEntry)
  const traded =
    account === 'basic'
      ? orders.flatMap((order) => [...ofPayments(order, mchid), ...ofShares(order, mchid)])
      : transfers.filter((transfer) => payerOf(transfer) === mchid).flatMap(ofTransfer)
  return [...paidIn, ...traded].filter(({ minor }) => minor !== 0).sort((a, b) => a.atMs - b.atMs)
}

function depositEntry({ number, minor, atMs }: Deposit): Entry {
  const name = minor < 0 ? '提现' : '充值'
  return { atMs, minor, channelNo: number, number, name, type: name, remark: '' }
}

function ofPayments(order: Order, mchid: string): readonly Entry[] {
  const { payment, till, description, outTradeNo: number } = order
  if (payment === null || payeeOf(order.party) !== mchid) return []
  const { transactionId: channelNo, feeMinor, paidAtMs: atMs } = payment
  const { minor } = order.amount
  const paid = { atMs, channelNo, number, name: '交易', remark: description }
  const entries: Entry[] = [
    { ...paid, minor, type: '交易' },
    { ...paid, minor: -feeMinor, type: '扣除交易手续费' },
  ]
  for (const refund of order.refunds) {
    const { refundId, outRefundNo, reason, acceptedAtMs, feeBackMinor } = refund
    const back = { channelNo: refundId, number: outRefundNo, name: '退款', remark: reason }
    const costs = [
      { ...back, minor: -refund.amount.minor, type: '退款' },
      { ...back, minor: feeBackMinor, type: '退还交易手续费' },
    ]
    entries.push(...costs.map((entry) => ({ ...entry, atMs: acceptedAtMs })))
    // The money did not leave after all.
    const endedAtMs = refund.status === 'CLOSED' ? refund.endedAtMs : null
    if (endedAtMs === null) continue
    entries.push(
      ...costs.map((entry) => ({
        ...entry,
        atMs: endedAtMs,
        minor: -entry.minor,
        type: '退款失败',
      })),
    )
  }
  if (till?.reversal) {
    const { refundId, atMs: reversedAtMs } = till.reversal
    const back = {
      atMs: reversedAtMs,
      channelNo: refundId,
      number,
      name: '撤销',
      remark: description,
    }
    entries.push({ ...back, minor: -minor, type: '撤销' })
    entries.push({ ...back, minor: feeMinor, type: '退还交易手续费' })
  }
  return entries
}

/** Shares as the merchant that gives them has it, and as a merchant that gets one. */
function ofShares({ party, sharing }: Order, mchid: string): readonly Entry[] {
  if (sharing === null) return []
  const payee = payeeOf(party)
  const given = sharing.splits.flatMap((split) =>
    split.shares
      .filter(({ result }) => result === 'SUCCESS')
      .flatMap((share) => shareEntries(payee, mchid, split, share)),
  )
  const returned = sharing.returns
    .filter(({ result }) => result === 'SUCCESS')
    .flatMap((one) => returnEntries(payee, mchid, one))
  return [...given, ...returned]
}

function shareEntries(
  payee: string,
  mchid: string,
  { outOrderNo: number }: Split,
  { type, account, amountMinor, detailId, description, finishedAtMs }: Share,
): readonly Entry[] {
  const isMerchant = type === 'MERCHANT_ID'
  // What is freed goes to whom it belonged to all along.
  if (isMerchant && account === payee) return []
  const entry = { atMs: finishedAtMs ?? 0, channelNo: detailId, number, remark: description }
  const named = { ...entry, name: '分账', type: '分账' }
  return [
    ...(payee === mchid ? [{ ...named, minor: -amountMinor }] : []),
    ...(isMerchant && account === mchid ? [{ ...named, minor: amountMinor }] : []),
  ]
}

function returnEntries(
  payee: string,
  mchid: string,
  { outReturnNo, returnId, returnMchid, amountMinor, description, finishedAtMs }: SplitReturn,
): readonly Entry[] {
  const entry = { atMs: finishedAtMs ?? 0, channelNo: returnId, number: outReturnNo }
  const named = { ...entry, name: '分账回退', type: '分账回退', remark: description }
  return [
    ...(payee === mchid ? [{ ...named, minor: amountMinor }] : []),
    ...(returnMchid === mchid ? [{ ...named, minor: -amountMinor }] : []),
  ]
}

function ofTransfer(transfer: Transfer): readonly Entry[] {
  const { transferBillNo: channelNo, outBillNo: number, remark, amountMinor, state } = transfer
  const entry = { channelNo, number, remark, name: '商家转账' }
  const sent = { ...entry, atMs: transfer.createdAtMs, minor: -amountMinor, type: '商家转账' }
  const isBack = state === 'FAIL' || state === 'CANCELLED'
  const back = { ...entry, atMs: transfer.updatedAtMs, minor: amountMinor, type: '商家转账退回' }
  return isBack ? [sent, back] : [sent]
}
