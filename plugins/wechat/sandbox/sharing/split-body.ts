import * as z from 'zod'
import { fen, requiredTextUpTo, textUpTo } from '../fields.ts'
import { sharingIds } from './receivers.ts'
import { receiverType } from './standing.ts'

/** Of splits and of what is taken back from them. */
export const splitNumber = z.string().regex(/^[0-9A-Za-z_\-|*@]{1,64}$/)

export const splitBody = z.strictObject({
  ...sharingIds,
  transaction_id: requiredTextUpTo(32),
  out_order_no: splitNumber,
  receivers: z
    .array(
      z.strictObject({
        type: receiverType,
        account: requiredTextUpTo(64),
        /** Encrypted. */
        name: textUpTo(1_024).optional(),
        amount: fen,
        description: requiredTextUpTo(80),
      }),
    )
    .min(1)
    .max(50),
  unfreeze_unsplit: z.boolean(),
})

export type SplitBody = z.output<typeof splitBody>

export const unfreezeBody = z.strictObject({
  sub_mchid: requiredTextUpTo(32).optional(),
  transaction_id: requiredTextUpTo(32),
  out_order_no: splitNumber,
  description: requiredTextUpTo(80),
})

export const returnBody = z
  .strictObject({
    sub_mchid: requiredTextUpTo(32).optional(),
    order_id: requiredTextUpTo(64).optional(),
    out_order_no: splitNumber.optional(),
    out_return_no: splitNumber,
    return_mchid: requiredTextUpTo(32),
    amount: fen,
    description: requiredTextUpTo(80),
  })
  .refine(
    ({ order_id, out_order_no }) => (order_id === undefined) !== (out_order_no === undefined),
    {
      path: ['out_order_no'],
      message: 'or order_id is required, and only one of them',
    },
  )

export type ReturnBody = z.output<typeof returnBody>
