import type { Milliseconds } from '../../../../core/plugin/api.ts'
import { TRADE_TYPES } from '../descriptions.ts'
import type { Order, Payment, Refund } from '../order.ts'
import { type Day, isWithin } from './days.ts'

/** What one row of a trade bill is made of: amounts with the signs that the bill has. */
export interface TradeRow {
  readonly kind: 'payment' | 'refund' | 'reversal'
  readonly order: Order
  readonly payment: Payment
  readonly atMs: Milliseconds
  readonly settledMinor: number
  readonly totalMinor: number
  readonly feeMinor: number
  readonly refund: BilledRefund | undefined
}

export interface BilledRefund {
  readonly refundId: string
  readonly outRefundNo: string
  readonly minor: number
  readonly status: string
  readonly acceptedAtMs: Milliseconds
  readonly succeededAtMs: Milliseconds | null
}

/** All rows of a day, oldest first: a refund stands on the day on which it was accepted. */
export function tradeRows(orders: readonly Order[], day: Day): readonly TradeRow[] {
  return orders
    .flatMap((order) => rowsOf(order, day))
    .filter(({ atMs }) => isWithin(day, atMs))
    .sort((a, b) => a.atMs - b.atMs)
}

function rowsOf(order: Order, day: Day): readonly TradeRow[] {
  const { payment, till } = order
  if (payment === null) return []
  const refunds = order.refunds.map((refund) => refundRow(order, payment, refund, day))
  const reversal = till?.reversal ? [reversalRow(order, payment, till.reversal)] : []
  return [paymentRow(order, payment), ...refunds, ...reversal]
}

function paymentRow(order: Order, payment: Payment): TradeRow {
  const { minor } = order.amount
  return {
    kind: 'payment',
    order,
    payment,
    atMs: payment.paidAtMs,
    settledMinor: minor,
    totalMinor: minor,
    feeMinor: payment.feeMinor,
    refund: undefined,
  }
}

function refundRow(order: Order, payment: Payment, refund: Refund, day: Day): TradeRow {
  const { refundId, outRefundNo, amount, acceptedAtMs } = refund
  const status = statusThen(refund, day.billedAtMs)
  const succeededAtMs = status === 'SUCCESS' ? refund.succeededAtMs : null
  return {
    ...givenBack(order, payment, acceptedAtMs, refund.feeBackMinor),
    kind: 'refund',
    refund: { refundId, outRefundNo, minor: amount.minor, status, acceptedAtMs, succeededAtMs },
  }
}

function reversalRow(
  order: Order,
  payment: Payment,
  { atMs, refundId }: { readonly atMs: Milliseconds; readonly refundId: string },
): TradeRow {
  const { minor } = order.amount
  const times = { acceptedAtMs: atMs, succeededAtMs: atMs }
  return {
    ...givenBack(order, payment, atMs, payment.feeMinor),
    kind: 'reversal',
    refund: { refundId, outRefundNo: '0', minor, status: 'SUCCESS', ...times },
  }
}

function givenBack(order: Order, payment: Payment, atMs: Milliseconds, feeBackMinor: number) {
  const nothing = { settledMinor: 0, totalMinor: 0 }
  return { order, payment, atMs, ...nothing, feeMinor: feeBackMinor === 0 ? 0 : -feeBackMinor }
}

/** As the bill shows it, which was made once: a later end is in no bill. */
function statusThen({ status, endedAtMs }: Refund, atMs: Milliseconds): string {
  return endedAtMs === null || endedAtMs > atMs ? 'PROCESSING' : STATUSES[status]
}

const STATUSES = {
  PROCESSING: 'PROCESSING',
  SUCCESS: 'SUCCESS',
  CLOSED: 'FAIL',
  ABNORMAL: 'CHANGE',
} as const satisfies Record<Refund['status'], string>

export function tradeTypeOf({ product }: Order): string {
  return TRADE_TYPES[product]
}
