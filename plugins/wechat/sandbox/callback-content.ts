import type { Json } from '../../../core/plugin/simulator.ts'
import { describePayment, describeRefundEnd } from './descriptions.ts'
import type { Event } from './events.ts'
import { type Lie, lieAboutOrder, lieAboutShare, lieAboutTransfer } from './lies.ts'
import { type Order, orders } from './order.ts'
import { signerOf } from './parties.ts'
import type { Wechat } from './settings.ts'
import { describeMoved } from './sharing/descriptions.ts'
import { movedBack, movedShare } from './sharing/told.ts'
import { transfers } from './transfer/standing.ts'
import { describeTransferEnd } from './transfer/told.ts'

/** What a callback says, before it is encrypted. */
export interface CallbackContent {
  /** The merchant whose key it is encrypted with. */
  readonly to: string
  readonly eventType: string
  readonly summary: string
  readonly originalType: string
  /** Associated data of the encryption: the type, but for transfers, which have none. */
  readonly associatedData: string
  readonly plaintext: Readonly<Record<string, Json>>
}

/** @returns undefined when the books do not (or not yet) show what is to be told */
export async function contentOf(
  wechat: Wechat,
  about: Event['about'],
  lie: Lie | undefined,
): Promise<CallbackContent | undefined> {
  if (about.kind === 'transfer') return contentOfTransfer(wechat, about, lie)
  const order = await orders(wechat.books).get(about.orderId)
  if (order === undefined) return undefined
  switch (about.kind) {
    case 'payment':
    case 'refund':
      return contentOfOrder(about, order, lie)
    case 'share': {
      const moved = movedShare(order, about.outOrderNo, about.detailId)
      if (moved === undefined) return undefined
      const plaintext = describeMoved(...lieAboutShare(order, moved, lie))
      return aboutShare(wechat, about.to, '分账', plaintext)
    }
    case 'share_return': {
      const moved = movedBack(order, about.outReturnNo)
      if (moved === undefined) return undefined
      const plaintext = describeMoved(...lieAboutShare(order, moved, lie))
      return aboutShare(wechat, about.to, '分账回退', plaintext)
    }
  }
}

type AboutOrder = Extract<Event['about'], { kind: 'payment' | 'refund' }>

function contentOfOrder(
  about: AboutOrder,
  order: Order,
  lie: Lie | undefined,
): CallbackContent | undefined {
  const shown = lieAboutOrder(about, order, lie)
  if (shown.payment === null) return undefined
  const to = signerOf(order.party)
  if (about.kind === 'payment') {
    return {
      to,
      eventType: 'TRANSACTION.SUCCESS',
      summary: '支付成功',
      originalType: 'transaction',
      associatedData: 'transaction',
      // Also when it has been refunded since: the event is of the payment.
      plaintext: describePayment(shown, shown.payment, { state: 'SUCCESS', stateText: '支付成功' }),
    }
  }
  const refund = shown.refunds.find(({ outRefundNo }) => outRefundNo === about.outRefundNo)
  if (refund === undefined) return undefined
  const { succeededAtMs } = refund
  return {
    to,
    eventType: `REFUND.${about.end}`,
    summary: REFUND_SUMMARIES[about.end],
    originalType: 'refund',
    associatedData: 'refund',
    plaintext: describeRefundEnd(shown, shown.payment, {
      ...refund,
      status: about.end,
      succeededAtMs: about.end === 'SUCCESS' ? succeededAtMs : null,
    }),
  }
}

const REFUND_SUMMARIES = { SUCCESS: '退款成功', CLOSED: '退款关闭', ABNORMAL: '退款异常' } as const

async function contentOfTransfer(
  { books }: Wechat,
  { transferId }: Extract<Event['about'], { kind: 'transfer' }>,
  lie: Lie | undefined,
): Promise<CallbackContent | undefined> {
  const transfer = await transfers(books).get(transferId)
  if (transfer === undefined) return undefined
  return {
    to: transfer.mchid,
    eventType: 'MCHTRANSFER.BILL.FINISHED',
    summary: '商家转账单据终态通知',
    originalType: 'mch_payment',
    associatedData: '',
    plaintext: describeTransferEnd(lieAboutTransfer(transfer, lie)),
  }
}

/** WeChat's own text says that these come as payments do, others have seen an event of their own. */
function aboutShare(
  { settings }: Wechat,
  to: string,
  summary: '分账' | '分账回退',
  plaintext: CallbackContent['plaintext'],
): CallbackContent {
  const own = summary === '分账' ? 'PROFITSHARING.SUCCESS' : 'PROFITSHARING.RETURN'
  const eventType = settings.shareEvents === 'own' ? own : 'TRANSACTION.SUCCESS'
  const type = 'profitsharing'
  return { to, eventType, summary, originalType: type, associatedData: type, plaintext }
}
