import type { WechatConfig } from './config.ts'

/**
 * The one place that knows who the merchant is on the wire. A direct merchant signs and collects
 * under one number; a service provider signs with its own, names the merchant below it, and calls
 * other paths (reference §1.1). So nothing else here writes a `mchid` or a transaction path.
 */

/** Where prepay, query and close live. */
export function transactionsPath(_config: WechatConfig): string {
  return '/v3/pay/transactions'
}

/** Who collects, and in which app: part of a prepay body. */
export function collector(config: WechatConfig): Readonly<Record<string, string>> {
  return { appid: config.appid, mchid: config.mchid }
}

/** Whose order it is: part of a close body, and the query of a query. */
export function owner(config: WechatConfig): Readonly<Record<string, string>> {
  return { mchid: config.mchid }
}

/** Whose refund it is. A direct merchant is known by its signature, and may not say more. */
export function refundOwner(_config: WechatConfig): Readonly<Record<string, string>> {
  return {}
}

/** The payer, by the app that `collector` names. */
export function payer(_config: WechatConfig, openid: string): Readonly<Record<string, string>> {
  return { openid }
}

/** The app in which the payer's client is called. */
export function callingApp(config: WechatConfig): string {
  return config.appid
}

/** The account that the money goes to. Answers and callbacks are compared with it. */
export function payeeOf(config: WechatConfig): string {
  return config.mchid
}
