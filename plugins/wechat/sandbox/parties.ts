/** Whose order it is, and whose call: a merchant's own, or a service provider's for a sub-merchant. */
import * as z from 'zod'
import { requiredTextUpTo, textUpTo } from './fields.ts'
import type { Merchant } from './merchants.ts'
import type { Refusal } from './refusals.ts'

export const party = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('direct'), mchid: z.string(), appid: z.string() }),
  z.object({
    kind: z.literal('partner'),
    spMchid: z.string(),
    spAppid: z.string(),
    subMchid: z.string(),
    subAppid: z.string().nullable(),
  }),
])

export type Party = z.output<typeof party>

/** Who a call says it is for. */
export type Who =
  | { readonly kind: 'direct'; readonly mchid: string }
  | { readonly kind: 'partner'; readonly spMchid: string; readonly subMchid: string }

/** Members of a body that name a merchant and its app. */
export const directIds = { appid: requiredTextUpTo(32), mchid: requiredTextUpTo(32) }
export const partnerIds = {
  sp_appid: requiredTextUpTo(32),
  sp_mchid: requiredTextUpTo(32),
  sub_mchid: requiredTextUpTo(32),
  sub_appid: textUpTo(32).optional(),
}

interface DirectIds {
  readonly appid: string
  readonly mchid: string
}

interface PartnerIds {
  readonly sp_appid: string
  readonly sp_mchid: string
  readonly sub_mchid: string
  readonly sub_appid?: string | undefined
}

export function partyOf(ids: DirectIds | PartnerIds): Party {
  if ('mchid' in ids) return { kind: 'direct', mchid: ids.mchid, appid: ids.appid }
  return {
    kind: 'partner',
    spMchid: ids.sp_mchid,
    spAppid: ids.sp_appid,
    subMchid: ids.sub_mchid,
    subAppid: ids.sub_appid ?? null,
  }
}

/** Where a call is the same for both, it is a provider's when it names a sub-merchant. */
export function whoOf(signer: string, subMchid: string | undefined): Who {
  return subMchid === undefined
    ? { kind: 'direct', mchid: signer }
    : { kind: 'partner', spMchid: signer, subMchid }
}

/** Whose money it is. */
export function payeeOf(who: Who): string {
  return who.kind === 'direct' ? who.mchid : who.subMchid
}

/** Who signs, and hears: never the sub-merchant. */
export function signerOf(who: Who): string {
  return who.kind === 'direct' ? who.mchid : who.spMchid
}

/** Whether the merchant who signed may call for these. */
export function refuseWho(merchant: Merchant, who: Who): Refusal | undefined {
  if (signerOf(who) !== merchant.mchid) return 'not_signer'
  if (who.kind === 'direct') return undefined
  if (who.subMchid === merchant.mchid) return 'sub_is_self'
  return subMerchantOf(merchant, who.subMchid) === undefined ? 'no_relation' : undefined
}

/** Whether the merchant who signed may take money for these, into these apps. */
export function refuseParty(merchant: Merchant, party: Party): Refusal | undefined {
  const who = refuseWho(merchant, party)
  if (who !== undefined) return who
  if (party.kind === 'direct') {
    // A provider's own number takes no payments.
    if (merchant.subMerchants.length > 0) return 'product_closed'
    return merchant.appids.includes(party.appid) ? undefined : 'appid_not_bound'
  }
  if (!merchant.appids.includes(party.spAppid)) return 'appid_not_bound'
  const { subAppid, subMchid } = party
  if (subAppid === null) return undefined
  const bound = subMerchantOf(merchant, subMchid)?.appids.includes(subAppid)
  return bound ? undefined : 'sub_appid_not_bound'
}

export function subMerchantOf({ subMerchants }: Merchant, mchid: string) {
  return subMerchants.find((sub) => sub.mchid === mchid)
}

/** Whether a thing of this party is one of those that the call is for. */
export function refuseOwner(party: Party, who: Who): 'order_unknown' | 'not_owner' | undefined {
  // The paths of one mode do not show the orders of the other.
  if (party.kind !== who.kind) return 'order_unknown'
  if (signerOf(party) !== signerOf(who)) return 'order_unknown'
  return payeeOf(party) === payeeOf(who) ? undefined : 'not_owner'
}
