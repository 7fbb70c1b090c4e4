import type { Members } from '../door/refusals.ts'
import type { Buyer } from '../trade/trade.ts'
import type { App } from './apps.ts'

/** Who pays when nobody was named. */
export const ANYBODY: Buyer = {
  userId: '2088100000000001',
  openId: '0712sandboxPayer-_1',
  logonId: 'pay***@example.com',
}

/** The payer that a merchant named by either id; of the other id this one has its own. */
export function namedPayer(userId: string | undefined, openId: string | undefined): Buyer {
  if (userId === undefined && openId === undefined) return ANYBODY
  return {
    userId: userId ?? '2088100000000002',
    openId: openId ?? `0712${userId}`,
    logonId: 'nam***@example.com',
  }
}

/** The payer as this app gets to see them: by user id, or (newer apps) by open id. */
export function showPayer(
  { payerIds }: Pick<App, 'payerIds'>,
  buyer: Buyer,
  names: { readonly user_id: string; readonly open_id: string },
): Members {
  const id = payerIds === 'user_id' ? buyer.userId : buyer.openId
  return { [names[payerIds]]: id, buyer_logon_id: buyer.logonId }
}

export const IN_ANSWERS = { user_id: 'buyer_user_id', open_id: 'buyer_open_id' } as const
export const IN_CALLBACKS = { user_id: 'buyer_id', open_id: 'buyer_open_id' } as const
