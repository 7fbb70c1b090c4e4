import * as z from 'zod'
import { parseJson } from './json.ts'

/** What a merchant gives for a way or a transfer beyond the amount, by JeePay's names. */

const openid = z.string().trim().min(1).max(128)

/** JeePay's clients send flags as text. */
const flag = z
  .union([
    z.boolean(),
    z.enum(['', '0', '1', 'false', 'true']).transform((text) => text === '1' || text === 'true'),
  ])
  .default(false)

export const nothing = z.object({})

export const payerInput = z.object({
  /** The payer, as the app of the settings knows them. */
  openid,
  /** The openid is of the sub-merchant's app: service providers only. */
  isSubOpenId: flag,
})

export const scannedCode = z.object({
  /** Reference §1: 18 digits, of which the first two are 10 to 15. */
  authCode: z
    .string()
    .trim()
    .regex(/^1[0-5]\d{16}$/),
})

const reportInfo = z.object({ infoType: z.string().min(1), infoContent: z.string().min(1) })

export const transferInput = z.object({
  /** Which of WeChat's occasions it is; 1000 is marketing. An open set, granted one by one. */
  transferSceneId: z.string().trim().min(1).max(36).default('1000'),
  /** What WeChat wants to be told for that occasion: a list, or the JSON text of one. */
  transferSceneReportInfos: z.preprocess(
    (value) => (typeof value === 'string' ? parseJson(value) : value),
    z.array(reportInfo).min(1),
  ),
})
