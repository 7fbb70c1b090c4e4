import * as z from 'zod'
import type { Core } from '../../core.ts'
import { ok, refuse } from '../../result.ts'
import { isOutOfDate } from '../../routing/directory.ts'
import { parsePortion, portionNumber } from '../../split/amounts.ts'
import type { ReceiverRow } from '../../split/create.ts'
import {
  type BindRefusal,
  bindReceiver,
  listReceivers,
  unbindReceiver,
} from '../../split/receivers.ts'
import type { JeepayData, JeepayFailure } from './envelope.ts'
import { optional, required, requiredId, whole } from './fields.ts'
import { type Caller, type Handled, refusal, type SignedRoute } from './signed.ts'

const bindFields = z.object({
  ifCode: required('支付接口代码不能为空', 20, 'ifCode'),
  receiverAlias: optional(64, 'receiverAlias'),
  receiverGroupId: requiredId(
    '组ID不能为空， 若不存在请先登录商户平台进行创建操作',
    'receiverGroupId',
  ),
  accType: required('账号类型不能为空', 1, 'accType'),
  accNo: required('账号不能为空', 64, 'accNo'),
  accName: optional(64, 'accName'),
  relationType: required('分账关系类型不能为空', 32, 'relationType'),
  relationTypeName: optional(32, 'relationTypeName'),
  channelExtInfo: optional(1024, 'channelExtInfo'),
  divisionProfit: required('分账比例不能为空', 16, 'divisionProfit'),
})

type BindFields = z.output<typeof bindFields>

/** JeePay's names of its relations; others bring their own. @see reference §11 */
const RELATION_NAMES: Readonly<Record<string, string>> = {
  PARTNER: '合作伙伴',
  SERVICE_PROVIDER: '服务商',
  STORE: '门店',
  STAFF: '员工',
  STORE_OWNER: '店主',
  HEADQUARTER: '总部',
  BRAND: '品牌方',
  DISTRIBUTOR: '分销商',
  USER: '用户',
  SUPPLIER: '供应商',
}

const KINDS = ['person', 'merchant'] as const

/** POST /api/division/receiver/bind. A receiver that the channel refuses is code 0, bindState 0. */
export const bindReceiverRoute: SignedRoute<typeof bindFields> = {
  fields: bindFields,
  async handle(core, { app }, fields): Promise<Handled> {
    const sharePartsPerMillion = parsePortion(fields.divisionProfit)
    if (sharePartsPerMillion === undefined || sharePartsPerMillion < 100) {
      return refuse(refusal('账号分账比例有误, 配置值为[0.0001~1.0000]'))
    }
    const kind = KINDS[Number(fields.accType)]
    if (kind === undefined) return refuse(refusal('账号类型有误'))
    const bound = await bindReceiver(core, app, {
      channel: fields.ifCode,
      groupId: fields.receiverGroupId,
      alias: fields.receiverAlias ?? fields.accNo,
      receiver: {
        kind,
        account: fields.accNo,
        relation: fields.relationType,
        ...(fields.accName !== undefined && { name: fields.accName }),
        ...(relationName(fields) !== undefined && { relationName: relationName(fields) ?? '' }),
      },
      extInfo: fields.channelExtInfo,
      sharePartsPerMillion,
    })
    if (!bound.ok) {
      // The refusal may rest on a configuration that is no more.
      return refuse((await isOutOfDate(core, app)) ? 'stale_app' : failureOf(bound.refusal))
    }
    return bound.value.kind === 'bound'
      ? ok(receiverData(bound.value.receiver))
      : ok(notBound(app, fields, kind, sharePartsPerMillion, bound.value))
  },
}

function relationName({ relationType, relationTypeName }: BindFields): string | undefined {
  return RELATION_NAMES[relationType] ?? relationTypeName
}

function notBound(
  app: Caller['app'],
  fields: BindFields,
  kind: ReceiverRow['kind'],
  sharePartsPerMillion: number,
  { code, message }: { readonly code: string; readonly message: string },
): JeepayData {
  return {
    receiverAlias: fields.receiverAlias ?? fields.accNo,
    receiverGroupId: fields.receiverGroupId,
    mchNo: app.merchantNo,
    appId: app.appId,
    ifCode: fields.ifCode,
    accType: KINDS.indexOf(kind),
    accNo: fields.accNo,
    accName: fields.accName,
    relationType: fields.relationType,
    relationTypeName: relationName(fields),
    channelExtInfo: fields.channelExtInfo,
    divisionProfit: portionNumber(sharePartsPerMillion),
    bindState: 0,
    errCode: code,
    errMsg: message,
  }
}

const idFields = z.object({ receiverId: requiredId('receiverId不能为空', 'receiverId') })

/** POST /api/division/receiver/unbind. Beyond JeePay, in its envelope. */
export const unbindReceiverRoute: SignedRoute<typeof idFields> = {
  fields: idFields,
  async handle(core, { app }, { receiverId }): Promise<Handled> {
    const unbound = await unbindReceiver(core, app, receiverId)
    if (!unbound.ok) {
      const { code } = unbound.refusal
      if (code === 'receiver_not_found') return refuse(refusal('分账接收者不存在'))
      return refuse(failureOf({ code }))
    }
    if (unbound.value.kind === 'bound') {
      return ok({ ...receiverData(unbound.value.receiver), bindState: 0 })
    }
    const { code, message } = unbound.value
    return ok({ receiverId, bindState: 1, errCode: code, errMsg: message })
  },
}

const listFields = z.object({
  ifCode: optional(20, 'ifCode'),
  receiverGroupId: whole('组ID有误', 0, Number.MAX_SAFE_INTEGER),
})

/** /api/division/receiver/list, any method: `receivers` is JSON text. Beyond JeePay. */
export const listReceiversRoute: SignedRoute<typeof listFields> = {
  fields: listFields,
  async handle(core: Core, { app }, { ifCode, receiverGroupId }): Promise<Handled> {
    const groups = receiverGroupId === undefined ? undefined : [receiverGroupId]
    const receivers = (await listReceivers(core, app, groups)).filter(
      ({ channel }) => ifCode === undefined || channel === ifCode,
    )
    return ok({
      total: receivers.length,
      receivers: JSON.stringify(receivers.map(receiverData)),
    })
  },
}

function receiverData(receiver: ReceiverRow): JeepayData {
  return {
    receiverId: receiver.receiverId,
    receiverAlias: receiver.alias,
    receiverGroupId: receiver.groupId,
    mchNo: receiver.merchantNo,
    appId: receiver.appId,
    ifCode: receiver.channel,
    accType: KINDS.indexOf(receiver.kind),
    accNo: receiver.account,
    accName: receiver.name,
    relationType: receiver.relation,
    relationTypeName: receiver.relationName,
    channelExtInfo: receiver.extInfo,
    bindSuccessTime: receiver.boundAtMs,
    divisionProfit: portionNumber(receiver.sharePartsPerMillion),
    bindState: 1,
  }
}

function failureOf({ code }: BindRefusal): JeepayFailure {
  switch (code) {
    case 'channel_cannot_split':
      return refusal('系统不支持该分账接口')
    case 'not_offered':
      return refusal('商户应用的支付配置不存在或已关闭')
    case 'group_not_found':
      return refusal('商户分账账号组不存在，请检查或进入商户平台进行创建操作')
  }
}
