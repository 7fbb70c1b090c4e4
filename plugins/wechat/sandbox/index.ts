/**
 * A simulator of WeChat Pay v3: the merchant's API, what the payer does, and WeChat's callbacks.
 *
 * It shares no code with the plugin beside it: what the plugin signs and reads is checked here by
 * code that was written from the protocol alone.
 */
import type { Simulator, SimulatorPorts } from '../../../core/plugin/simulator.ts'
import { type AccountName, balanceOf, setBalance } from './accounts.ts'
import { cast } from './cast.ts'
import { tick } from './clockwork.ts'
import { type DemoSettings, demoSettings, providerSettings } from './demo-settings.ts'
import { misbehave } from './faults.ts'
import { enrol, listMerchants, type NewMerchant } from './merchants.ts'
import { open } from './opening.ts'
import { orderId, refundNumbers } from './order.ts'
import { act, listPayments } from './payer.ts'
import { serve } from './serve.ts'
import { openWechat, type RefundEnd, type Wechat, type WechatSimulatorOptions } from './settings.ts'
import { endRefund } from './settlement.ts'
import { closeShares, failReturns } from './sharing/finishing.ts'
import type { ReturnFailure, ShareFailure } from './sharing/standing.ts'
import { listPayerCodes } from './till/payer-codes.ts'
import { CERTIFICATE_PROXY } from './v2/serve.ts'

export type { AccountName } from './accounts.ts'
export type { NewMerchant as Merchant } from './merchants.ts'
export type { RefundEnd, Verification, WechatSimulatorOptions } from './settings.ts'
export type { ReturnFailure, ShareFailure } from './sharing/standing.ts'

export interface WechatSimulator extends Simulator {
  /** Settings of the demo service provider, for one of its two sub-merchants. */
  providerSettings(subMerchant: 0 | 1): DemoSettings
  /** Makes a further merchant known to WeChat, or replaces what is known of one. */
  enrol(merchant: NewMerchant): Promise<void>
  /** Ends the refund of this number now, instead of by the clock. */
  endRefund(outRefundNo: string, end: RefundEnd): Promise<{ readonly refused?: string }>
  /** What a merchant can pay out of one of its accounts, in fen. */
  balance(mchid: string, account: AccountName): Promise<number>
  /** Pays in or takes out what is missing; bills show it. */
  setBalance(mchid: string, account: AccountName, minor: number): Promise<void>
  /** Shares for this merchant or openid are closed from now on, until `undefined` ends that. */
  closeShares(account: string, why: ShareFailure | undefined): Promise<void>
  /** This merchant gives no share back from now on, until `undefined` ends that. */
  failReturns(mchid: string, why: ReturnFailure | undefined): Promise<void>
}

export function createWechatSimulator(
  ports: SimulatorPorts,
  options: WechatSimulatorOptions = {},
): WechatSimulator {
  const wechat = openWechat(ports, options)
  return {
    channel: 'wxpay',
    names: { zh: '微信支付', en: 'WeChat Pay' },
    hosts: HOSTS,
    serve: (request) => serve(wechat, request),
    demoSettings: async () => demoSettings(wechat),
    cast: async () => cast(wechat),
    tick: () => tick(wechat),
    payments: () => listPayments(wechat),
    payerCodes: async () => listPayerCodes(wechat.random, wechat.clock.now()),
    open: (handed) => open(wechat, handed),
    act: (number, action) => act(wechat, number, action),
    misbehave: (faults) => misbehave(wechat, faults),
    providerSettings: (subMerchant) => providerSettings(wechat, subMerchant),
    enrol: (merchant) => enrol(wechat, merchant),
    endRefund: (outRefundNo, end) => endRefundOfNumber(wechat, outRefundNo, end),
    balance: (mchid, account) => balanceOf(wechat, mchid, account),
    setBalance: (mchid, account, minor) => setBalance(wechat, mchid, account, minor),
    closeShares: (account, why) => closeShares(wechat, account, why),
    failReturns: (mchid, why) => failReturns(wechat, mchid, why),
  }
}

/** What is called by merchants; what browsers open; and a proxy that has the merchant's certificate. */
const HOSTS = [
  'api.mch.weixin.qq.com',
  'api2.mch.weixin.qq.com',
  'api.weixin.qq.com',
  'open.weixin.qq.com',
  'wx.tenpay.com',
  CERTIFICATE_PROXY,
]

async function endRefundOfNumber(wechat: Wechat, outRefundNo: string, end: RefundEnd) {
  for (const { mchid } of await listMerchants(wechat)) {
    const id = await refundNumbers(wechat.books).get(orderId(mchid, outRefundNo))
    if (id !== undefined) return endRefund(wechat, id, outRefundNo, end)
  }
  return { refused: `there is no refund ${outRefundNo}` }
}
