import * as z from 'zod'
import {
  money,
  ok,
  type Result,
  refuse,
  type ShareStanding,
  type SplitId,
} from '../../core/plugin/api.ts'
import { misfitOf } from './misfit.ts'

/** Where a split stands by WeChat's signed word. */
export interface SplitStanding {
  readonly kind: 'pending' | 'finished'
  readonly channelSplitNo: string
  readonly shares: readonly ShareStanding[]
}

export interface Split {
  /** The number under which WeChat has it. */
  readonly number: string
  readonly standing: SplitStanding
}

/**
 * Reads a split as an answer brings it. "Finished" is not "all succeeded": each share says for itself
 * how it went.
 *
 * @param sharingMerchant what is left goes to it and is listed as one more receiver, which it is not
 * @returns a refusal that names the member that is missing or odd
 * @see WeChat Pay APIv3 "profit sharing: query" (reference §12)
 */
export function readSplit(value: unknown, sharingMerchant: string): Result<Split, string> {
  const split = splitSchema.safeParse(value)
  if (!split.success) return refuse(misfitOf(split.error))
  const { out_order_no: number, order_id: channelSplitNo, state, receivers } = split.data
  const shares = receivers
    .filter(({ type, account }) => !(type === 'MERCHANT_ID' && account === sharingMerchant))
    .flatMap(shareOf)
  const isOver = state === 'FINISHED' && shares.every((share) => share.state !== 'pending')
  return ok({ number, standing: { kind: isOver ? 'finished' : 'pending', channelSplitNo, shares } })
}

/**
 * One receiver's share as a callback brings it: told once it has arrived, and to the receiver.
 *
 * @returns nothing for a number that is none of ours: a merchant may share by other systems too
 */
export function readToldShare(
  value: unknown,
): Result<{ readonly splitId: SplitId; readonly standing: SplitStanding } | undefined, string> {
  const told = toldSchema.safeParse(value)
  if (!told.success) return refuse(misfitOf(told.error))
  const { out_order_no, order_id: channelSplitNo, receiver } = told.data
  if (!OUR_NUMBER.test(out_order_no)) return ok(undefined)
  // The shape is checked; whether we have such a split is for the core to find out.
  const splitId = out_order_no as SplitId
  const shares = shareOf({ ...receiver, result: 'SUCCESS', fail_reason: '' })
  // Of the other receivers it says nothing, so the split is not over by it.
  return ok({ splitId, standing: { kind: 'pending', channelSplitNo, shares } })
}

const OUR_NUMBER = /^S\d{21}$/

const KINDS: ReadonlyMap<string, ShareStanding['receiver']['kind']> = new Map([
  ['MERCHANT_ID', 'merchant'],
  ['PERSONAL_OPENID', 'person'],
  ['PERSONAL_SUB_OPENID', 'person'],
])

/** A result that is not listed is no end. */
const RESULTS: ReadonlyMap<string, ShareStanding['state']> = new Map([
  ['PENDING', 'pending'],
  ['SUCCESS', 'succeeded'],
  ['CLOSED', 'failed'],
])

type Receiver = z.output<typeof receiverSchema>

/** None for a kind of receiver that we cannot have asked for. */
function shareOf({ type, account, amount, ...row }: Receiver): readonly ShareStanding[] {
  const kind = KINDS.get(type)
  if (kind === undefined) return []
  const state = RESULTS.get(row.result) ?? 'pending'
  const code = row.fail_reason || row.result
  const message = 'WeChat Pay closed the share; its money stayed with the merchant'
  return [
    {
      receiver: { kind, account },
      amount: money(amount, 'CNY'),
      state,
      ...(row.detail_id !== '' && { channelShareNo: row.detail_id }),
      ...(state === 'failed' && { error: { code, message } }),
    },
  ]
}

const shareSchema = z.object({
  type: z.string(),
  account: z.string().min(1),
  amount: z.int().nonnegative(),
  detail_id: z.string().max(64).default(''),
})

const receiverSchema = shareSchema.extend({
  result: z.string(),
  fail_reason: z.string().default(''),
})

const splitSchema = z.object({
  out_order_no: z.string(),
  order_id: z.string().min(1).max(64),
  state: z.string(),
  receivers: z.array(receiverSchema).default([]),
})

const toldSchema = z.object({
  out_order_no: z.string(),
  order_id: z.string().min(1).max(64),
  receiver: shareSchema,
})
