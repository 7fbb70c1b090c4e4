import * as z from 'zod'
import type { Core } from '../../core.ts'
import type { AccountId } from '../../ids.ts'
import { findPayment } from '../../payment/find.ts'
import { ok, type Result, refuse } from '../../result.ts'
import { fingerprintOf } from '../../signing/fingerprint.ts'
import { parsePortion } from '../../split/amounts.ts'
import {
  asSharers,
  createSplit,
  latestSplit,
  type Sharer,
  type SplitRefusal,
} from '../../split/create.ts'
import { automaticReceivers, findReceivers, listReceivers } from '../../split/receivers.ts'
import type { JeepayFailure } from './envelope.ts'
import { optional, privateTargetRefusal, required, webAddress } from './fields.ts'
import { nameFields, notFound, toName } from './query.ts'
import { type Caller, type Handled, refusal, type SignedRoute } from './signed.ts'
import { splitFields } from './wire.ts'

const execFields = z.object({
  ...nameFields.shape,
  useSysAutoDivisionReceivers: required(
    '是否使用系统配置的自动分账组不能为空',
    1,
    'useSysAutoDivisionReceivers',
  ),
  receivers: optional(4096, 'receivers'),
  /** Beyond JeePay: where to tell how it ended. */
  notifyUrl: webAddress('异步通知地址协议仅支持http:// 或 https:// !', 'notifyUrl'),
})

type ExecFields = z.output<typeof execFields>

/** POST /api/division/exec. @see reference §11 */
export const execDivision: SignedRoute<typeof execFields> = { fields: execFields, handle: exec }

async function exec(core: Core, { app }: Caller, fields: ExecFields): Promise<Handled> {
  if (fields.payOrderId === undefined && fields.mchOrderNo === undefined) {
    return refuse(refusal('mchOrderNo 和 payOrderId不能同时为空'))
  }
  const forbidden = privateTargetRefusal(fields.notifyUrl, core.settings.allowsPrivateTargets)
  if (forbidden !== undefined) return refuse(refusal(forbidden))
  const found = await findPayment(core, app, toName(fields))
  if (!found.ok) return refuse(notFound(found.refusal))
  const { payment, attempt } = found.value
  // What will be shared by itself is no merchant's to share; what failed to be is.
  const isQueued = payment.splitState === 'queued'
  if (payment.splitMode === 'none' || isQueued) return refuse(refusal('当前订单状态不支持分账'))
  const sharers = await sharersOf(core, app, fields, attempt.accountId)
  if (!sharers.ok) return sharers
  const split = await createSplit(core, found.value, {
    sharers: sharers.value,
    notifyUrl: fields.notifyUrl,
    fingerprint: await fingerprintOf(fields),
    source: 'request',
  })
  if (!split.ok) return refuse(failureOf(split.refusal))
  const { split: row, shares } = split.value
  return ok(splitFields({ ...row, shares: [...shares] }))
}

/** JeePay's clients send numbers as texts, and empty texts for what they don't mean. */
const given = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => (value === undefined || value === null ? '' : String(value).trim()))

const asked = z.array(
  z.object({ receiverId: given, receiverGroupId: given, divisionProfit: given }),
)

/**
 * Flag 1: the receivers of the app's automatic groups. Flag 0: those that are listed; none listed
 * means "only release". Receivers of another account than the payment's are not available.
 */
async function sharersOf(
  core: Core,
  app: Caller['app'],
  fields: ExecFields,
  accountId: AccountId,
): Promise<Result<readonly Sharer[], JeepayFailure>> {
  if (fields.useSysAutoDivisionReceivers === '1') {
    const receivers = await automaticReceivers(core, app, accountId)
    // A release cannot be undone, and nobody asked for one.
    return receivers.length > 0 ? ok(asSharers(receivers)) : refuse(NO_GROUP)
  }
  const parsed = asked.safeParse(parseJson(fields.receivers ?? '[]'))
  if (!parsed.success) return refuse({ code: 11, msg: '参数有误[receivers必须是JSON数组]' })
  const sharers: Sharer[] = []
  for (const one of parsed.data) {
    const found = await sharersOfOne(core, app, one, accountId)
    if (!found.ok) return found
    sharers.push(...found.value)
  }
  return ok(sharers)
}

const NO_RECEIVER = refusal('分账[用户]中包含不存在或渠道不可用账号，请更改')
const NO_GROUP = refusal('分账[账号组]中包含不存在或不可用组，请更改')

async function sharersOfOne(
  core: Core,
  app: Caller['app'],
  { receiverId, receiverGroupId, divisionProfit }: z.output<typeof asked>[number],
  accountId: AccountId,
): Promise<Result<readonly Sharer[], JeepayFailure>> {
  if (receiverId === '' && receiverGroupId === '') {
    return refuse(refusal('分账用户组： receiverId 和 与receiverGroupId 必填一项'))
  }
  const portion = divisionProfit === '' ? undefined : parsePortion(divisionProfit)
  if (divisionProfit !== '' && portion === undefined) {
    return refuse(refusal('分账用户：分账比例不得小于0% / 不得高于100%'))
  }
  const receivers =
    receiverId === ''
      ? await listReceivers(core, app, numbersIn(receiverGroupId))
      : await findReceivers(core, app, numbersIn(receiverId))
  const fitting = receivers.filter((receiver) => receiver.accountId === accountId)
  if (fitting.length === 0) return refuse(receiverId === '' ? NO_GROUP : NO_RECEIVER)
  return ok(
    asSharers(fitting).map((sharer) => ({
      ...sharer,
      sharePartsPerMillion: portion ?? sharer.sharePartsPerMillion,
    })),
  )
}

/** What is no number names nothing. */
function numbersIn(text: string): readonly number[] {
  return /^\d{1,15}$/.test(text) ? [Number(text)] : []
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** /api/division/query, any method: the latest division of a payment. Beyond JeePay. */
export const queryDivision: SignedRoute<typeof nameFields> = {
  fields: nameFields,
  async handle(core, { app }, fields): Promise<Handled> {
    if (fields.payOrderId === undefined && fields.mchOrderNo === undefined) {
      return refuse(refusal('mchOrderNo 和 payOrderId不能同时为空'))
    }
    const found = await findPayment(core, app, toName(fields))
    if (!found.ok) return refuse(notFound(found.refusal))
    const kase = await latestSplit(core, found.value)
    if (kase === undefined) return refuse(refusal('当前订单没有分账记录'))
    return ok(splitFields({ ...kase.split, shares: [...kase.shares] }))
  },
}

function failureOf(refused: SplitRefusal): JeepayFailure {
  switch (refused.code) {
    case 'not_splittable':
      return refusal('当前订单状态不支持分账')
    case 'channel_cannot_split':
      return refusal('系统不支持该分账接口')
    case 'too_early':
      return refusal(`支付成功${refused.notBeforeMs / 1_000}秒后才能分账，请稍后再试`)
    case 'too_many_receivers':
      return refusal(`当前通道每次最多分给${refused.maxReceivers}个接收者`)
    case 'receiver_twice':
      return refusal('分账用户：同一账号在一次分账中只能出现一次')
    case 'more_than_all':
      return refusal('分账用户：分账比例不得高于100%')
    case 'nothing_to_share':
      return refusal('可分账金额不足')
  }
}
