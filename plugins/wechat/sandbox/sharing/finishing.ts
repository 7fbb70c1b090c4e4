import * as z from 'zod'
import { credit, debit } from '../accounts.ts'
import { unplan } from '../agenda.ts'
import { tell } from '../callbacks.ts'
import type { Event } from '../events.ts'
import { merchantOf } from '../merchants.ts'
import { type Order, orders } from '../order.ts'
import { payeeOf } from '../parties.ts'
import type { Wechat } from '../settings.ts'
import { type Shelf, shelf } from '../shelf.ts'
import { hasEnded, unsplitMinor } from './money.ts'
import { isReceiver } from './receivers.ts'
import {
  RETURN_FAILURES,
  type ReturnFailure,
  SHARE_FAILURES,
  type Share,
  type ShareFailure,
  type Sharing,
} from './standing.ts'

/** Accounts that were told to take no shares, and why. */
const shareFailures = ({ books }: Wechat): Shelf<ShareFailure> =>
  shelf(books, 'share_failure', z.enum(SHARE_FAILURES))

/** Merchants that were told to give no shares back, and why. */
const returnFailures = ({ books }: Wechat): Shelf<ReturnFailure> =>
  shelf(books, 'return_failure', z.enum(RETURN_FAILURES))

/** From now on shares for this account are closed; `undefined` ends that. */
export async function closeShares(
  wechat: Wechat,
  account: string,
  why: ShareFailure | undefined,
): Promise<void> {
  await (why === undefined
    ? shareFailures(wechat).remove(account)
    : shareFailures(wechat).put(account, why))
}

/** From now on this merchant gives nothing back; `undefined` ends that. */
export async function failReturns(
  wechat: Wechat,
  mchid: string,
  why: ReturnFailure | undefined,
): Promise<void> {
  await (why === undefined
    ? returnFailures(wechat).remove(mchid)
    : returnFailures(wechat).put(mchid, why))
}

/** Shares arrive, or are closed: then the splitting merchant has the money. */
export async function finishSplit(wechat: Wechat, id: string, outOrderNo: string): Promise<void> {
  const nowMs = wechat.clock.now()
  const before = await orders(wechat.books).get(id)
  const split = before?.sharing?.splits.find((one) => one.outOrderNo === outOrderNo)
  if (before === undefined || split?.state !== 'PROCESSING') return
  const failures = new Map<string, ShareFailure | undefined>()
  for (const share of split.shares) {
    failures.set(share.detailId, await failureOf(wechat, before, share))
  }

  const finished = split.shares.map((share): Share => {
    const failReason = failures.get(share.detailId) ?? null
    const result = failReason === null ? 'SUCCESS' : 'CLOSED'
    return { ...share, result, failReason, finishedAtMs: nowMs }
  })
  const done = await changeSharing(wechat, id, (sharing) => {
    const processing = sharing.splits.find(
      (one) => one.outOrderNo === outOrderNo && one.state === 'PROCESSING',
    )
    if (processing === undefined) return undefined
    const ended = { ...processing, state: 'FINISHED' as const, shares: finished }
    const splits = sharing.splits.map((one) => (one === processing ? ended : one))
    return { ...sharing, splits }
  })
  if (!done) return

  if (split.unfreezes) await unplan(wechat, { kind: 'release', orderId: id })
  const payee = payeeOf(before.party)
  for (const share of finished) {
    await settleShare(wechat, payee, share)
    if (share.result === 'SUCCESS' && share.type === 'MERCHANT_ID' && share.account !== payee) {
      const { detailId } = share
      await tellReceiver(wechat, share.account, {
        kind: 'share',
        orderId: id,
        outOrderNo,
        detailId,
      })
    }
  }
}

async function failureOf(wechat: Wechat, { party }: Order, share: Share) {
  const isOwn = share.type === 'MERCHANT_ID' && share.account === payeeOf(party)
  const told = await shareFailures(wechat).get(share.account)
  if (told !== undefined || isOwn) return told
  return (await isReceiver(wechat, party, share)) ? undefined : 'NO_RELATION'
}

async function settleShare(wechat: Wechat, payee: string, share: Share): Promise<void> {
  const { result, type, account, amountMinor } = share
  if (result === 'CLOSED') return credit(wechat, payee, 'basic', amountMinor)
  if (type === 'MERCHANT_ID') await credit(wechat, account, 'basic', amountMinor)
}

/** Nobody shared the rest within 30 days: it is the merchant's own. */
export async function releaseRest(wechat: Wechat, id: string): Promise<void> {
  const nowMs = wechat.clock.now()
  const freed = await orders(wechat.books).change(id, (order) => {
    if (!order?.sharing || hasEnded(order.sharing)) return { document: order, outcome: undefined }
    const released = { ...order, sharing: { ...order.sharing, releasedAtMs: nowMs } }
    return { document: released, outcome: { minor: unsplitMinor(order), party: order.party } }
  })
  if (freed !== undefined) await credit(wechat, payeeOf(freed.party), 'basic', freed.minor)
}

/** A share comes back to the splitting merchant, if who had it still has that much. */
export async function finishReturn(wechat: Wechat, id: string, outReturnNo: string): Promise<void> {
  const order = await orders(wechat.books).get(id)
  const returned = order?.sharing?.returns.find((one) => one.outReturnNo === outReturnNo)
  if (order === undefined || returned?.result !== 'PROCESSING') return
  const { returnMchid, amountMinor } = returned
  const told = await returnFailures(wechat).get(returnMchid)
  const paid = told === undefined && (await debit(wechat, returnMchid, 'basic', amountMinor))
  const failReason = paid ? null : (told ?? 'BALANCE_NOT_ENOUGH')
  const finishedAtMs = wechat.clock.now()
  const done = await changeSharing(wechat, id, (sharing) => {
    const processing = sharing.returns.find(
      (one) => one.outReturnNo === outReturnNo && one.result === 'PROCESSING',
    )
    if (processing === undefined) return undefined
    const result = failReason === null ? ('SUCCESS' as const) : ('FAILED' as const)
    const ended = { ...processing, result, failReason, finishedAtMs }
    return { ...sharing, returns: sharing.returns.map((one) => (one === processing ? ended : one)) }
  })
  if (!paid) return
  if (!done) return credit(wechat, returnMchid, 'basic', amountMinor)
  await credit(wechat, payeeOf(order.party), 'basic', amountMinor)
  await tellReceiver(wechat, returnMchid, { kind: 'share_return', orderId: id, outReturnNo })
}

/** @returns whether `change` had something to change */
function changeSharing(
  wechat: Wechat,
  id: string,
  change: (sharing: Sharing) => Sharing | undefined,
): Promise<boolean> {
  return orders(wechat.books).change(id, (order) => {
    const sharing = order?.sharing ? change(order.sharing) : undefined
    if (order === undefined || sharing === undefined) return { document: order, outcome: false }
    return { document: { ...order, sharing }, outcome: true }
  })
}

type AboutShare =
  | Omit<Extract<Event['about'], { kind: 'share' }>, 'to'>
  | Omit<Extract<Event['about'], { kind: 'share_return' }>, 'to'>

/** Only who receives is told, and only if they have said where in the merchant console. */
async function tellReceiver(wechat: Wechat, mchid: string, about: AboutShare): Promise<void> {
  const url = (await merchantOf(wechat, mchid))?.splitCallbackUrl
  if (url) await tell(wechat, { ...about, to: mchid }, url)
}
