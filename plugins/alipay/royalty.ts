import * as z from 'zod'
import type { ShareStanding } from '../../core/plugin/api.ts'
import { moneySchema } from './yuan.ts'

/** How a split stands, by the rows that Alipay lists for it. */
export interface SplitStanding {
  readonly kind: 'pending' | 'finished'
  readonly shares: readonly ShareStanding[]
}

/** Rows of a settlement; those of clawbacks and subsidies are not shares. */
export const royaltyListSchema = z.array(
  z.object({
    operation_type: z.string().default('transfer'),
    trans_in: z.string().optional(),
    trans_in_open_id: z.string().optional(),
    amount: moneySchema,
    state: z.string(),
    detail_id: z.string().optional(),
    error_code: z.string().optional(),
    error_desc: z.string().optional(),
  }),
)

export function standingOfRoyalties(rows: z.output<typeof royaltyListSchema>): SplitStanding {
  const shares = rows.filter(({ operation_type: type }) => type === 'transfer').map(shareOf)
  const isOver = shares.every(({ state }) => state !== 'pending')
  return { kind: isOver ? 'finished' : 'pending', shares }
}

function shareOf(row: z.output<typeof royaltyListSchema>[number]): ShareStanding {
  // Alipay names one of the two, and wants the open id preferred where it names both.
  const account = row.trans_in_open_id || row.trans_in || ''
  const state = STATES.get(row.state) ?? 'pending'
  return {
    // What a person's account is and what a company's, Alipay does not tell apart here.
    receiver: { account },
    amount: row.amount,
    state,
    ...(row.detail_id !== undefined && { channelShareNo: row.detail_id }),
    ...(state === 'failed' && {
      error: { code: row.error_code ?? row.state, message: (row.error_desc ?? '').slice(0, 256) },
    }),
  }
}

/** Reference §11; a state that is not listed is no end. */
const STATES: ReadonlyMap<string, ShareStanding['state']> = new Map([
  ['SUCCESS', 'succeeded'],
  ['FAIL', 'failed'],
  ['PROCESSING', 'pending'],
])
