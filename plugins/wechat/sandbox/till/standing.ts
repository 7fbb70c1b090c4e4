import * as z from 'zod'
import type { Books } from '../../../../core/plugin/simulator.ts'
import { type Shelf, shelf } from '../shelf.ts'

/** How an order stands that was made by scanning a payer's payment code. */
export const till = z.object({
  authCode: z.string(),
  /** The payer was asked for their password, and has not typed it. */
  waiting: z.boolean(),
  /** Why it was not paid, and never will be. */
  failure: z.string().nullable(),
  /** Taken back by the merchant; what had been paid is on its way back to the payer. */
  reversal: z.object({ atMs: z.number(), refundId: z.string() }).nullable(),
  /** How often its merchant was asked to call again before it was reversed. */
  recalls: z.number().default(0),
})

export type Till = z.output<typeof till>

/** Payment codes that were charged, and the order that each was charged for. */
export const authCodes = (books: Books): Shelf<string> => shelf(books, 'auth_code', z.string())
