import * as z from 'zod'

/** Why a share did not arrive. */
export const SHARE_FAILURES = [
  'ACCOUNT_ABNORMAL',
  'NO_RELATION',
  'RECEIVER_HIGH_RISK',
  'RECEIVER_REAL_NAME_NOT_VERIFIED',
  'NO_AUTH',
  'RECEIVER_RECEIPT_LIMIT',
  'PAYER_ACCOUNT_ABNORMAL',
  'INVALID_REQUEST',
] as const

/** Why a share did not come back. */
export const RETURN_FAILURES = [
  'ACCOUNT_ABNORMAL',
  'BALANCE_NOT_ENOUGH',
  'TIME_OUT_CLOSED',
  'PAYER_ACCOUNT_ABNORMAL',
  'INVALID_REQUEST',
] as const

export const receiverType = z.enum(['MERCHANT_ID', 'PERSONAL_OPENID', 'PERSONAL_SUB_OPENID'])

const share = z.object({
  type: receiverType,
  account: z.string(),
  amountMinor: z.number(),
  description: z.string(),
  detailId: z.string(),
  result: z.enum(['PENDING', 'SUCCESS', 'CLOSED']),
  failReason: z.enum(SHARE_FAILURES).nullable(),
  finishedAtMs: z.number().nullable(),
})

const split = z.object({
  outOrderNo: z.string(),
  orderId: z.string(),
  /** Of all its parameters: the same number may only come again with the same ones. */
  fingerprint: z.string(),
  /** Whether it frees what is left, which ends all sharing of the order. */
  unfreezes: z.boolean(),
  state: z.enum(['PROCESSING', 'FINISHED']),
  createdAtMs: z.number(),
  /** What is freed stands among them as the splitting merchant's own. */
  shares: z.array(share),
})

const splitReturn = z.object({
  outReturnNo: z.string(),
  returnId: z.string(),
  outOrderNo: z.string(),
  orderId: z.string(),
  fingerprint: z.string(),
  returnMchid: z.string(),
  amountMinor: z.number(),
  description: z.string(),
  result: z.enum(['PROCESSING', 'SUCCESS', 'FAILED']),
  failReason: z.enum(RETURN_FAILURES).nullable(),
  createdAtMs: z.number(),
  finishedAtMs: z.number().nullable(),
})

/** How the money of an order stands that is to be shared. */
export const sharing = z.object({
  splits: z.array(split),
  returns: z.array(splitReturn),
  /** When WeChat itself freed what nobody had shared in 30 days. */
  releasedAtMs: z.number().nullable(),
})

export type Sharing = z.output<typeof sharing>
export type Split = z.output<typeof split>
export type Share = z.output<typeof share>
export type SplitReturn = z.output<typeof splitReturn>
export type ShareFailure = (typeof SHARE_FAILURES)[number]
export type ReturnFailure = (typeof RETURN_FAILURES)[number]

export function hasFinished<Thing extends { readonly finishedAtMs: number | null }>(
  thing: Thing,
): thing is Thing & { readonly finishedAtMs: number } {
  return thing.finishedAtMs !== null
}
