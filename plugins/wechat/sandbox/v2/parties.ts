import { ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import { type Party, refuseParty } from '../parties.ts'
import type { Refusal } from '../refusals.ts'
import type { V2Call } from './door.ts'
import type { V2Members } from './xml.ts'

/** For whom a call is, by the four members that all calls of APIv2 name merchants with. */
export function partyOfCall({ merchant, members }: V2Call): Result<Party, Refusal | 'lacking'> {
  const { appid = '', mch_id = '', sub_mch_id = '', sub_appid = '' } = members
  if (appid === '') return refuse('lacking')
  const party: Party =
    sub_mch_id === ''
      ? { kind: 'direct', mchid: mch_id, appid }
      : {
          kind: 'partner',
          spMchid: mch_id,
          spAppid: appid,
          subMchid: sub_mch_id,
          subAppid: sub_appid === '' ? null : sub_appid,
        }
  const why = refuseParty(merchant, party)
  return why === undefined ? ok(party) : refuse(why)
}

export function namePartyV2(party: Party): V2Members {
  if (party.kind === 'direct') return { appid: party.appid, mch_id: party.mchid }
  return {
    appid: party.spAppid,
    mch_id: party.spMchid,
    sub_mch_id: party.subMchid,
    ...(party.subAppid !== null && { sub_appid: party.subAppid }),
  }
}
