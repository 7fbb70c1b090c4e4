import type { Result } from '../../../../core/plugin/api.ts'
import { refuse } from '../../../../core/plugin/api.ts'
import { permitted } from '../calls.ts'
import type { Merchant } from '../merchants.ts'
import { payeeOf, signerOf, type Who, whoOf } from '../parties.ts'
import type { Mode } from '../prepay-body.ts'
import { parameterRefusal, type Reply, SUB_MCHID_MISSING } from '../refusals.ts'
import type { Transfer } from './standing.ts'

/** Whose transfer a call is about: a provider says so each time, a direct merchant never. */
export function whoseTransfer(
  merchant: Merchant,
  mode: Mode,
  subMchid: string | null,
  location: 'body' | 'query',
): Result<Who, Reply> {
  if ((mode === 'partner') === (subMchid !== null)) {
    return permitted(merchant, whoOf(merchant.mchid, subMchid ?? undefined))
  }
  const issue = mode === 'partner' ? 'is required' : 'is unknown'
  const field = location === 'body' ? '/sub_mchid' : 'sub_mchid'
  return refuse(parameterRefusal({ location, field, issue, suffix: SUB_MCHID_MISSING }))
}

/** What belongs to somebody else is not there. */
export function ownedBy(who: Who, transfer: Transfer | undefined): Transfer | undefined {
  if (transfer === undefined || transfer.mchid !== signerOf(who)) return undefined
  const subMchid = who.kind === 'partner' ? payeeOf(who) : null
  return transfer.subMchid === subMchid ? transfer : undefined
}
