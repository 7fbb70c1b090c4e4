import * as z from 'zod'
import type { Books } from '../../../../core/plugin/simulator.ts'
import { type Handler, readContent } from '../door/call.ts'
import { textUpTo } from '../door/fields.ts'
import { accepted, type Members, type Refusal, refusal } from '../door/refusals.ts'
import { exists, mayBeNamed } from '../party/people.ts'
import { type Shelf, shelf } from '../shelf.ts'

const receiver = z.strictObject({
  type: z.enum(['userId', 'loginName', 'openId']),
  account: textUpTo(100).optional(),
  account_open_id: textUpTo(128).optional(),
  name: textUpTo(64).optional(),
  memo: textUpTo(256).optional(),
  login_name: textUpTo(100).optional(),
  bind_login_name: textUpTo(100).optional(),
})

type Receiver = z.output<typeof receiver>

const changeBody = z.strictObject({
  receiver_list: z.array(receiver),
  out_request_no: textUpTo(32),
})

const queryBody = z.strictObject({
  page_num: z.coerce.number().int().min(1).default(1),
  page_size: z.coerce.number().int().min(1).max(100).default(20),
  out_request_no: textUpTo(32),
})

const bound = z.object({
  type: z.string(),
  account: z.string(),
  name: z.string(),
  memo: z.string(),
})

type Bound = z.output<typeof bound>

/** Those whom a merchant may share with, by merchant. */
const relations = (books: Books): Shelf<Bound[]> => shelf(books, 'relation', z.array(bound))

export async function isBound(books: Books, sellerId: string, account: string): Promise<boolean> {
  return ((await relations(books).get(sellerId)) ?? []).some((one) => one.account === account)
}

/** `alipay.trade.royalty.relation.bind`: from now on shares may go to these. Safe to repeat. */
export const bind: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, changeBody, 'INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const receivers = body.value.receiver_list
  const problem =
    listProblem(receivers) ?? receivers.map(problemOf).find((one) => one !== undefined)
  if (problem !== undefined) return refusal(problem)
  await relations(alipay.books).change(call.seller.sellerId, (current = []) => ({
    document: [...without(current, receivers), ...receivers.map(toBound)],
    outcome: undefined,
  }))
  return accepted({ result_code: 'SUCCESS' })
}

/** `alipay.trade.royalty.relation.unbind`: safe to repeat, and for those who were never bound. */
export const unbind: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, changeBody, 'INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const receivers = body.value.receiver_list
  const problem = listProblem(receivers)
  if (problem !== undefined) return refusal(problem)
  await relations(alipay.books).change(call.seller.sellerId, (current = []) => ({
    document: without(current, receivers),
    outcome: undefined,
  }))
  return accepted({ result_code: 'SUCCESS' })
}

/** `alipay.trade.royalty.relation.batchquery` */
export const queryRelations: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, queryBody, 'INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const { page_num: page, page_size: size } = body.value
  const all = (await relations(alipay.books).get(call.seller.sellerId)) ?? []
  const shown = all.slice((page - 1) * size, page * size)
  return accepted({
    result_code: 'SUCCESS',
    receiver_list: shown.map(describe),
    total_page_num: Math.ceil(all.length / size),
    total_record_num: all.length,
    current_page_num: page,
    current_page_size: shown.length,
  })
}

function listProblem(receivers: readonly Receiver[]): Refusal | undefined {
  if (receivers.length === 0) return 'RECEIVER_LIST_EMPTY'
  return receivers.length > 20 ? 'RECEIVER_LIST_OVERLOAD' : undefined
}

function problemOf(receiver: Receiver): Refusal | undefined {
  const account = accountOf(receiver)
  const { type, name } = receiver
  if (account === '') return 'INVALID_PARAMETER'
  if (type === 'userId' && !/^2088\d{12}$/.test(account)) return 'USER_NOT_EXIST'
  if (type === 'loginName' && name === undefined) return 'USERNAME_NOT_MATCH'
  if (!exists(account)) return 'USER_NOT_EXIST'
  return name === undefined || mayBeNamed(account, name) ? undefined : 'USERNAME_NOT_MATCH'
}

function accountOf({ type, account, account_open_id }: Receiver): string {
  return (type === 'openId' ? (account_open_id ?? account) : account) ?? ''
}

function toBound(receiver: Receiver): Bound {
  const { type, name = '', memo = '' } = receiver
  return { type, account: accountOf(receiver), name, memo }
}

function without(current: readonly Bound[], receivers: readonly Receiver[]): Bound[] {
  const gone = new Set(receivers.map(accountOf))
  return current.filter(({ account }) => !gone.has(account))
}

function describe({ type, account, name, memo }: Bound): Members {
  return {
    type,
    ...(type === 'openId' ? { account_open_id: account } : { account }),
    ...(name !== '' && { name }),
    ...(memo !== '' && { memo }),
  }
}
