import * as z from 'zod'
import type { Json } from '../../../../core/plugin/simulator.ts'
import { plan } from '../agenda.ts'
import { type Call, canonical, type Handler, permitted, readBody } from '../calls.ts'
import { newSplitNumber } from '../numbers.ts'
import { type Order, orderId, orders } from '../order.ts'
import { payeeOf, signerOf, subMerchantOf, type Who, whoOf } from '../parties.ts'
import { orderOfTransaction } from '../query.ts'
import { accepted, type Reply, refusal } from '../refusals.ts'
import type { Wechat } from '../settings.ts'
import { type Shelf, shelf } from '../shelf.ts'
import { describeSplit } from './descriptions.ts'
import { planSplit, type SplitAsked } from './plan-split.ts'
import { isReceiver, nameOf, refuseIds } from './receivers.ts'
import { type SplitBody, splitBody, unfreezeBody } from './split-body.ts'
import type { Split } from './standing.ts'

/** Signer and number of a split, ours or WeChat's → order. */
export const splitNumbers = ({ books }: Wechat): Shelf<string> =>
  shelf(books, 'split_number', z.string())

/** `POST /v3/profitsharing/orders`: accepts shares. They arrive later, each on its own. */
export const split: Handler = async (wechat, call) => {
  const read = readBody(call, splitBody)
  if (!read.ok) return read.refusal
  const { parsed } = read.value
  const types = parsed.receivers.map(({ type }) => type)
  const who = refuseIds(call, parsed, types)
  if (!who.ok) return who.refusal

  const names = []
  for (const { name } of parsed.receivers) {
    const opened = await nameOf(call, name)
    if (!opened.ok) return refusal(opened.refusal)
    names.push(opened.value)
  }
  return shareOut(wechat, parsed.transaction_id, {
    who: who.value,
    split: newSplit(wechat, parsed, names),
    related: await areRelated(wechat, who.value, parsed),
    maxSplitRatio: ratioOf(call, who.value),
    freed: freed(wechat, '解冻给分账方'),
  })
}

/** `POST /v3/profitsharing/orders/unfreeze`: frees what is left, which ends all sharing. */
export const unfreeze: Handler = async (wechat, call) => {
  const read = readBody(call, unfreezeBody)
  if (!read.ok) return read.refusal
  const { parsed, fingerprint } = read.value
  const who = permitted(call.merchant, whoOf(call.merchant.mchid, parsed.sub_mchid))
  if (!who.ok) return who.refusal
  const { clock, random } = wechat
  return shareOut(wechat, parsed.transaction_id, {
    who: who.value,
    split: {
      outOrderNo: parsed.out_order_no,
      orderId: newSplitNumber(random, '30', clock.now()),
      fingerprint: `unfreeze ${fingerprint}`,
      unfreezes: true,
      state: 'PROCESSING',
      createdAtMs: clock.now(),
      shares: [],
    },
    related: true,
    maxSplitRatio: 10_000,
    freed: freed(wechat, parsed.description),
  })
}

async function shareOut(wechat: Wechat, transactionId: string, asked: SplitAsked): Promise<Reply> {
  const order = await orderOfTransaction(wechat, transactionId)
  const signer = signerOf(asked.who)
  if (order === undefined || signerOf(order.party) !== signer) return refusal('split_order_unknown')
  const id = orderId(signer, order.outTradeNo)
  const number = `${signer}/${asked.split.outOrderNo}`
  const takenBy = await splitNumbers(wechat).get(number)
  if (takenBy !== undefined && takenBy !== id) return refusal('split_differs')

  const planned = await orders(wechat.books).change(id, (current) => {
    const plan = planSplit(current, asked)
    return { document: plan.ok ? plan.value.order : current, outcome: plan }
  })
  if (!planned.ok) return refusal(planned.refusal)
  const { split, order: shared } = planned.value
  if (!(await claimNumbers(wechat, signer, id, split))) return refusal('split_differs')
  if (split.state === 'PROCESSING') {
    const task = { kind: 'split', orderId: id, outOrderNo: split.outOrderNo } as const
    await plan(wechat, task, split.createdAtMs + wechat.settings.splitTakesMs)
  }
  return accepted(describeSplit(shared, split))
}

/** A number is one split, over all orders of a merchant; whoever comes second takes theirs back. */
async function claimNumbers(wechat: Wechat, signer: string, id: string, split: Split) {
  const holder = await splitNumbers(wechat).change(`${signer}/${split.outOrderNo}`, (current) => {
    const document = current ?? id
    return { document, outcome: document }
  })
  if (holder === id) {
    await splitNumbers(wechat).put(`${signer}/id/${split.orderId}`, id)
    return true
  }
  await orders(wechat.books).change(id, (order) => ({
    document: order && without(order, split),
    outcome: undefined,
  }))
  return false
}

function without(order: Order, { outOrderNo }: Split): Order {
  const { sharing } = order
  if (sharing === null) return order
  const splits = sharing.splits.filter((split) => split.outOrderNo !== outOrderNo)
  return { ...order, sharing: { ...sharing, splits } }
}

function newSplit({ clock, random }: Wechat, parsed: SplitBody, names: readonly Json[]): Split {
  const nowMs = clock.now()
  // Names as they are: encrypting one again gives another text.
  const receivers = parsed.receivers.map((receiver, index) => ({ ...receiver, name: names[index] }))
  return {
    outOrderNo: parsed.out_order_no,
    orderId: newSplitNumber(random, '30', nowMs),
    fingerprint: canonical({ ...parsed, receivers }),
    unfreezes: parsed.unfreeze_unsplit,
    state: 'PROCESSING',
    createdAtMs: nowMs,
    shares: parsed.receivers.map(({ type, account, amount, description }) => ({
      type,
      account,
      amountMinor: amount,
      description,
      detailId: newSplitNumber(random, '36', nowMs),
      result: 'PENDING',
      failReason: null,
      finishedAtMs: null,
    })),
  }
}

function freed({ clock, random }: Wechat, description: string): SplitAsked['freed'] {
  return { detailId: newSplitNumber(random, '36', clock.now()), description }
}

/** The splitting merchant itself needs no relation to be given a share. */
async function areRelated(wechat: Wechat, who: Who, { receivers }: SplitBody): Promise<boolean> {
  for (const receiver of receivers) {
    const itself = receiver.type === 'MERCHANT_ID' && receiver.account === payeeOf(who)
    if (!itself && !(await isReceiver(wechat, who, receiver))) return false
  }
  return true
}

function ratioOf({ merchant }: Call, who: Who): number {
  if (who.kind === 'direct') return merchant.maxSplitRatio
  return subMerchantOf(merchant, who.subMchid)?.maxSplitRatio ?? 0
}
