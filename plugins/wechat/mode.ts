import { ok, type Result, refuse } from '../../core/plugin/api.ts'
import type { WechatConfig } from './config.ts'

/**
 * The one place that knows who the merchant is on the wire. A direct merchant signs and collects
 * under one number; a service provider signs with its own, names the merchant below it, and calls
 * other paths (reference §1.1). So nothing else here writes a `mchid` or a transaction path.
 */

/** What the payer pays in. Each kind may have an appid of its own, and with it its own openids. */
export type Client = 'web' | 'lite' | 'mobile'

type Ids = Readonly<Record<string, string>>

/** Where prepay, query and close live. */
export function transactionsPath(config: WechatConfig): string {
  return isPartner(config) ? '/v3/pay/partner/transactions' : '/v3/pay/transactions'
}

/** Who collects, and in which app: part of a prepay body. */
export function collector(config: WechatConfig, client: Client): Ids {
  const appid = appidOf(config, client)
  if (!isPartner(config)) return { appid, mchid: config.mchid }
  return {
    sp_appid: appid,
    sp_mchid: config.mchid,
    ...named('sub_appid', subAppidOf(config, client)),
    ...subMerchant(config),
  }
}

/** Whose order it is: part of a close body, and the query of a query. */
export function owner(config: WechatConfig): Ids {
  if (!isPartner(config)) return { mchid: config.mchid }
  return { sp_mchid: config.mchid, ...subMerchant(config) }
}

/**
 * Whose refund, share or bill it is. A direct merchant is known by its signature, and may not say
 * more.
 */
export function subMerchant(config: WechatConfig): Ids {
  return isPartner(config) ? named('sub_mchid', config.subMchid) : {}
}

/** The same as `collector`, where the API calls the signer's app `appid`: sharing and transfers. */
export function signer(config: WechatConfig): Ids {
  return { appid: config.appid, ...subMerchant(config) }
}

/** The same for sharing, where people may be known by the sub-merchant's app. */
export function sharer(config: WechatConfig): Ids {
  return { ...signer(config), ...(isPartner(config) && named('sub_appid', config.subAppid)) }
}

/** What WeChat calls a receiver of shares: a person is one of the app that `sharer` names last. */
export function receiverType(config: WechatConfig, kind: 'merchant' | 'person'): string {
  if (kind === 'merchant') return 'MERCHANT_ID'
  const bySub = isPartner(config) && config.subAppid !== undefined
  return bySub ? 'PERSONAL_SUB_OPENID' : 'PERSONAL_OPENID'
}

/** Whose money is shared out: WeChat lists what is left to it as one more receiver. */
export function sharingMerchant(config: WechatConfig): string {
  return (isPartner(config) ? config.subMchid : undefined) ?? config.mchid
}

/** Where transfers live: most service providers may not make any for those below them. */
export function transfersPath(config: WechatConfig): Result<string, string> {
  if (!isPartner(config)) return ok('/v3/fund-app/mch-transfer/transfer-bills')
  if (config.partnerTransfers === 'on')
    return ok('/v3/fund-app/mch-transfer/partner/transfer-bills')
  return refuse('transfers for a sub-merchant are off (partnerTransfers)')
}

/** Whose transfer the payee's client shall show, by the names that WeChat's client has for it. */
export function transferClient(config: WechatConfig): Ids {
  const { mchid, subMchid, appid } = config
  return { mchId: mchid, ...(isPartner(config) && named('subMchId', subMchid)), appId: appid }
}

/** The same in APIv2. */
export function v2Parties(config: WechatConfig): Ids {
  const { appid, mchid: mch_id } = config
  if (!isPartner(config)) return { appid, mch_id }
  const sub = { ...named('sub_appid', config.subAppid), ...named('sub_mch_id', config.subMchid) }
  return { appid, mch_id, ...sub }
}

export interface Payer {
  readonly openid: string
  /** The openid is of the sub-merchant's app. Means nothing to a direct merchant. */
  readonly isSubOpenId: boolean
}

/** The payer, by the app that knows them; and the app in which the payer's client is called. */
export function payer(
  config: WechatConfig,
  client: Client,
  { openid, isSubOpenId }: Payer,
): Result<{ readonly payer: Ids; readonly appid: string }, string> {
  const appid = appidOf(config, client)
  if (!isPartner(config)) return ok({ payer: { openid }, appid })
  if (!isSubOpenId) return ok({ payer: { sp_openid: openid }, appid })
  const subAppid = subAppidOf(config, client)
  if (subAppid === undefined) return refuse('isSubOpenId needs the sub-merchant’s AppID')
  return ok({ payer: { sub_openid: openid }, appid: subAppid })
}

/** The mobile app that calls WeChat's, and the merchant number that it hands over. */
export function callingMobileApp(config: WechatConfig): {
  readonly appid: string
  readonly partnerId: string
} {
  const { mchid, subMchid = mchid, appPartnerId } = config
  const appid = appidOf(config, 'mobile')
  if (!isPartner(config)) return { appid, partnerId: mchid }
  const subAppid = subAppidOf(config, 'mobile')
  // WeChat's page and its SDK disagree (reference §6.1), hence the setting.
  const rule = appPartnerId ?? (subAppid === undefined ? 'sp_mchid' : 'sub_mchid')
  return { appid: subAppid ?? appid, partnerId: rule === 'sub_mchid' ? subMchid : mchid }
}

/** The account that the money goes to. Answers and callbacks are compared with it. */
export function payeeOf({ mode, mchid, subMchid }: WechatConfig): string {
  return mode === 'partner' ? `${mchid}/${subMchid}` : mchid
}

export function isPartner({ mode }: WechatConfig): boolean {
  return mode === 'partner'
}

function appidOf(config: WechatConfig, client: Client): string {
  const { appid, liteAppid = appid, mobileAppid = appid } = config
  return { web: appid, lite: liteAppid, mobile: mobileAppid }[client]
}

function subAppidOf(config: WechatConfig, client: Client): string | undefined {
  const { subAppid, subLiteAppid = subAppid, subMobileAppid = subAppid } = config
  return { web: subAppid, lite: subLiteAppid, mobile: subMobileAppid }[client]
}

function named(name: string, value: string | undefined): Ids {
  return value === undefined ? {} : { [name]: value }
}
