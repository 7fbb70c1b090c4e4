import * as z from 'zod'
import { ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import { type Call, type Handler, permitted, readBody } from '../calls.ts'
import { requiredTextUpTo, textUpTo } from '../fields.ts'
import { payeeOf, subMerchantOf, type Who, whoOf } from '../parties.ts'
import { accepted, parameterRefusal, type Refusal, type Reply, refusal } from '../refusals.ts'
import { openSecret, WRONG_NAME } from '../sensitive.ts'
import type { Wechat } from '../settings.ts'
import { type Shelf, shelf } from '../shelf.ts'
import { receiverType } from './standing.ts'

const receiver = z.object({ name: z.string().nullable(), relationType: z.string() })

/** Who may be given shares, by whose money, kind and account. */
const receivers = ({ books }: Wechat): Shelf<z.output<typeof receiver>> =>
  shelf(books, 'receiver', receiver)

const counts = ({ books }: Wechat): Shelf<number> => shelf(books, 'receiver_count', z.number())

interface Account {
  readonly type: string
  readonly account: string
}

const receiverId = (who: Who, { type, account }: Account) => `${payeeOf(who)}/${type}/${account}`

export async function isReceiver(wechat: Wechat, who: Who, account: Account): Promise<boolean> {
  return (await receivers(wechat).get(receiverId(who, account))) !== undefined
}

/** Members that every call about sharing has, and what they must be to each other. */
export const sharingIds = {
  sub_mchid: requiredTextUpTo(32).optional(),
  appid: requiredTextUpTo(32).optional(),
  sub_appid: textUpTo(32).optional(),
}

/** Also that the apps are the merchant's, and there where an openid is. */
export function refuseIds(
  { merchant }: Call,
  ids: {
    readonly sub_mchid?: string | undefined
    readonly appid?: string | undefined
    readonly sub_appid?: string | undefined
  },
  types: readonly z.output<typeof receiverType>[],
): Result<Who, Reply> {
  const who = permitted(merchant, whoOf(merchant.mchid, ids.sub_mchid))
  if (!who.ok) return who
  const { sub_mchid, appid, sub_appid } = ids
  if (types.includes('PERSONAL_OPENID') && appid === undefined) return refuse(missing('/appid'))
  if (types.includes('PERSONAL_SUB_OPENID') && sub_appid === undefined) {
    return refuse(missing('/sub_appid'))
  }
  if (appid !== undefined && !merchant.appids.includes(appid)) {
    return refuse(refusal('appid_not_bound'))
  }
  if (sub_appid === undefined) return who
  const bound = subMerchantOf(merchant, sub_mchid ?? '')?.appids.includes(sub_appid)
  return bound ? who : refuse(refusal('sub_appid_not_bound'))
}

function missing(field: string): Reply {
  return parameterRefusal({ location: 'body', field, issue: 'is required for these receivers' })
}

const addBody = z
  .strictObject({
    ...sharingIds,
    type: receiverType,
    account: requiredTextUpTo(64),
    /** Encrypted. */
    name: textUpTo(1_024).optional(),
    relation_type: z.enum([
      'SERVICE_PROVIDER',
      'STORE',
      'STAFF',
      'STORE_OWNER',
      'PARTNER',
      'HEADQUARTER',
      'BRAND',
      'DISTRIBUTOR',
      'USER',
      'SUPPLIER',
      'CUSTOM',
    ]),
    custom_relation: requiredTextUpTo(10).optional(),
  })
  .refine(({ type, name }) => type !== 'MERCHANT_ID' || name !== undefined, {
    path: ['name'],
    message: 'is required for a merchant',
  })
  .refine(
    ({ relation_type, custom_relation }) =>
      relation_type !== 'CUSTOM' || custom_relation !== undefined,
    { path: ['custom_relation'], message: 'is required with CUSTOM' },
  )

/** `POST /v3/profitsharing/receivers/add`: one that is there stays as it is. */
export const addReceiver: Handler = async (wechat, call) => {
  const read = readBody(call, addBody)
  if (!read.ok) return read.refusal
  const { parsed } = read.value
  const who = refuseIds(call, parsed, [parsed.type])
  if (!who.ok) return who.refusal
  const name = await nameOf(call, parsed.name)
  if (!name.ok) return refusal(name.refusal)

  const owner = payeeOf(who.value)
  const count = (await counts(wechat).get(owner)) ?? 0
  const known = await isReceiver(wechat, who.value, parsed)
  if (!known && count >= MOST_RECEIVERS) return refusal('too_many_receivers')
  const added = await receivers(wechat).change(receiverId(who.value, parsed), (current) => ({
    document: current ?? { name: name.value, relationType: parsed.relation_type },
    outcome: current === undefined ? 1 : 0,
  }))
  await changeCount(wechat, owner, added)
  const { appid: _app, sub_appid: _subApp, ...echo } = parsed
  return accepted(defined(echo))
}

const MOST_RECEIVERS = 20_000

const deleteBody = z.strictObject({
  ...sharingIds,
  type: receiverType,
  account: requiredTextUpTo(64),
})

/** `POST /v3/profitsharing/receivers/delete`: one that is not there is as good as deleted. */
export const deleteReceiver: Handler = async (wechat, call) => {
  const read = readBody(call, deleteBody)
  if (!read.ok) return read.refusal
  const { parsed } = read.value
  const who = refuseIds(call, parsed, [parsed.type])
  if (!who.ok) return who.refusal
  const removed = await receivers(wechat).change(receiverId(who.value, parsed), (current) => ({
    document: undefined,
    outcome: current === undefined ? 0 : -1,
  }))
  await changeCount(wechat, payeeOf(who.value), removed)
  const { sub_mchid, type, account } = parsed
  return accepted(defined({ sub_mchid, type, account }))
}

async function changeCount(wechat: Wechat, owner: string, by: number): Promise<void> {
  if (by === 0) return
  await counts(wechat).change(owner, (count) => ({
    document: (count ?? 0) + by,
    outcome: undefined,
  }))
}

/** The name that was meant. A wrong one is noticed; which ones are right is not. */
export async function nameOf(
  call: Call,
  ciphertext: string | undefined,
): Promise<Result<string | null, Refusal>> {
  if (ciphertext === undefined) return ok(null)
  const name = await openSecret(call, ciphertext)
  if (name === undefined) return refuse('name_unreadable')
  return name === WRONG_NAME ? refuse('receiver_name_wrong') : ok(name)
}

function defined(members: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const pairs = Object.entries(members)
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined))
}
