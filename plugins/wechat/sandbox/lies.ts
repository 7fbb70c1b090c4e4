/** The truth as a lying callback shows it, which is then signed as validly as the truth. */
import { type Money, money } from '../../../core/plugin/api.ts'
import type { Event } from './events.ts'
import type { Order } from './order.ts'
import type { Party } from './parties.ts'
import type { Moved } from './sharing/descriptions.ts'
import type { Transfer } from './transfer/standing.ts'

export type Lie = 'wrong_amount' | 'wrong_merchant'

const STRANGER = '1900000999'

export function lieAboutOrder(
  about: Extract<Event['about'], { kind: 'payment' | 'refund' }>,
  order: Order,
  lie: Lie | undefined,
): Order {
  if (lie === undefined) return order
  if (lie === 'wrong_merchant') return { ...order, party: strangersParty(order.party) }
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

export function lieAboutTransfer(transfer: Transfer, lie: Lie | undefined): Transfer {
  if (lie === undefined) return transfer
  return lie === 'wrong_merchant'
    ? {
        ...transfer,
        ...(transfer.subMchid === null ? { mchid: STRANGER } : { subMchid: STRANGER }),
      }
    : { ...transfer, amountMinor: transfer.amountMinor + 1 }
}

export function lieAboutShare(
  order: Order,
  moved: Moved,
  lie: Lie | undefined,
): readonly [Order, Moved] {
  switch (lie) {
    case undefined:
      return [order, moved]
    case 'wrong_merchant':
      return [{ ...order, party: strangersParty(order.party) }, moved]
    case 'wrong_amount':
      return [order, { ...moved, amountMinor: moved.amountMinor + 1 }]
  }
}

function strangersParty(party: Party): Party {
  return party.kind === 'direct' ? { ...party, mchid: STRANGER } : { ...party, subMchid: STRANGER }
}

function oneFenMore({ minor: fen, currency }: Money): Money {
  return money(fen + 1, currency)
}
