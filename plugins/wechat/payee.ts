import * as z from 'zod'

const number = z.string().min(1).max(32)

/**
 * Whose money it is, in what WeChat tells: in the same form as `payeeOf` has it for the settings. Not
 * as the settings expect it: what was paid to somebody else must not look right. Answers about
 * transfers have `mch_id` instead, and are not read for it: they answer a call of this account.
 */
export const payeeSchema = z.union([
  z
    .object({ sp_mchid: number, sub_mchid: number })
    .transform(({ sp_mchid, sub_mchid }) => `${sp_mchid}/${sub_mchid}`),
  z
    .object({ mchid: number, sub_mchid: number })
    .transform(({ mchid, sub_mchid }) => `${mchid}/${sub_mchid}`),
  z.object({ mchid: number, sub_mchid: z.never().optional() }).transform(({ mchid }) => mchid),
])

/** The same in APIv2, where a sub-merchant that there is none of may be an empty text. */
export const v2PayeeSchema = z
  .object({ mch_id: number, sub_mch_id: z.string().max(32).default('') })
  .transform(({ mch_id, sub_mch_id }) => (sub_mch_id === '' ? mch_id : `${mch_id}/${sub_mch_id}`))
