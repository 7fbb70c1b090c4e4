import { type Money, money } from '../../../core/plugin/api.ts'
import type { Json } from '../../../core/plugin/simulator.ts'
import { describePayment, describeRefundEnd } from './descriptions.ts'
import type { Event } from './events.ts'
import type { Order } from './order.ts'

/** What a callback says, before it is encrypted. */
export interface CallbackContent {
  readonly eventType: string
  readonly summary: string
  /** Also the associated data of the encryption. */
  readonly originalType: string
  readonly plaintext: Readonly<Record<string, Json>>
}

/** @returns undefined when the order does not (or not yet) show what is to be told */
export function contentOf(about: Event['about'], order: Order): CallbackContent | undefined {
  if (order.payment === null) return undefined
  switch (about.kind) {
    case 'payment':
      return {
        eventType: 'TRANSACTION.SUCCESS',
        summary: '支付成功',
        originalType: 'transaction',
        // Also when it has been refunded since: the event is of the payment.
        plaintext: describePayment(order, order.payment, {
          state: 'SUCCESS',
          stateText: '支付成功',
        }),
      }
    case 'refund': {
      const refund = order.refunds.find(({ outRefundNo }) => outRefundNo === about.outRefundNo)
      if (refund === undefined) return undefined
      const { succeededAtMs } = refund
      return {
        eventType: `REFUND.${about.end}`,
        summary: REFUND_SUMMARIES[about.end],
        originalType: 'refund',
        plaintext: describeRefundEnd(order, order.payment, {
          ...refund,
          status: about.end,
          succeededAtMs: about.end === 'SUCCESS' ? succeededAtMs : null,
        }),
      }
    }
  }
}

const REFUND_SUMMARIES = { SUCCESS: '退款成功', CLOSED: '退款关闭', ABNORMAL: '退款异常' } as const

/** The order as a lying callback shows it, which is then signed as validly as the truth. */
export function lieAbout(
  about: Event['about'],
  order: Order,
  fault: 'wrong_amount' | 'wrong_merchant',
): Order {
  if (fault === 'wrong_merchant') {
    const { party } = order
    const stranger = '1900000999'
    return {
      ...order,
      party:
        party.kind === 'direct' ? { ...party, mchid: stranger } : { ...party, subMchid: stranger },
    }
  }
  if (about.kind === 'payment') return { ...order, amount: oneFenMore(order.amount) }
  return {
    ...order,
    refunds: order.refunds.map((refund) =>
      refund.outRefundNo === about.outRefundNo
        ? { ...refund, amount: oneFenMore(refund.amount) }
        : refund,
    ),
  }
}

function oneFenMore({ minor: fen, currency }: Money): Money {
  return money(fen + 1, currency)
}
