/**
 * A simulator of Alipay: the merchant's interfaces, what the payer does, callbacks and bills.
 *
 * It shares no code with the plugin beside it: what the plugin signs and reads is checked here by
 * code that was written from the protocol alone.
 */
import type { Simulator, SimulatorPorts } from '../../../core/plugin/simulator.ts'
import { setGateway } from './callback/messages.ts'
import { open } from './cashier/opening.ts'
import { cast } from './cast.ts'
import { type DemoSettings, demoSettings, providerSettings } from './demo-settings.ts'
import { tick } from './due.ts'
import { misbehave } from './faults.ts'
import { type App, enrolApp } from './party/apps.ts'
import { enrolSeller, type Seller } from './party/sellers.ts'
import { type Grant, issueGrant, revokeGrant } from './party/tokens.ts'
import { serve } from './serve.ts'
import { type AlipaySimulatorOptions, openAlipay } from './settings.ts'
import { act, listPayments } from './trade/payer.ts'
import { payerCodes } from './trade/payer-codes.ts'

export type { App } from './party/apps.ts'
export type { Seller } from './party/sellers.ts'
export type { AlipaySimulatorOptions, Mode, PayerIds } from './settings.ts'

export interface AlipaySimulator extends Required<Simulator> {
  /** Makes a further merchant known to Alipay, or replaces what is known of one. */
  enrolSeller(seller: Seller): Promise<void>
  /** Makes a further app known, or replaces what is known of one. */
  enrolApp(app: App): Promise<void>
  /** A merchant authorises a service provider's app. @returns the app_auth_token */
  authorise(given: Pick<Grant, 'appIds' | 'authAppId' | 'sellerId'>): Promise<string>
  /** A merchant withdraws what it had authorised. */
  revoke(appAuthToken: string): Promise<void>
  /** Sets where an app's messages (settlements, transfers) go, as its owner does in the console. */
  setGateway(appId: string, url: string): Promise<void>
  /** Settings of the demo service provider, for one of its two sub-merchants. */
  providerSettings(subMerchant: 0 | 1): DemoSettings
}

export function createAlipaySimulator(
  ports: SimulatorPorts,
  options: AlipaySimulatorOptions = {},
): AlipaySimulator {
  const alipay = openAlipay(ports, options)
  return {
    channel: 'alipay',
    names: { zh: '支付宝', en: 'Alipay' },
    hosts: [
      'openapi.alipay.com',
      'openapi-sandbox.dl.alipaydev.com',
      'openauth.alipay.com',
      'openauth-sandbox.dl.alipaydev.com',
      'dwbillcenter.alipay.com',
    ],
    serve: (request) => serve(alipay, request),
    demoSettings: async () => demoSettings(alipay),
    cast: async () => cast(alipay),
    tick: () => tick(alipay),
    payments: () => listPayments(alipay),
    act: (number, action) => act(alipay, number, action),
    misbehave: (faults) => misbehave(alipay, faults),
    async open(handed) {
      const opened = await open(alipay, handed)
      return opened.ok ? { number: opened.value.outTradeNo } : { refused: opened.refusal }
    },
    payerCodes: () => payerCodes(alipay),
    enrolSeller: (seller) => enrolSeller(alipay, seller),
    enrolApp: (app) => enrolApp(alipay, app),
    authorise: async (given) => (await issueGrant(alipay, given)).token,
    revoke: (token) => revokeGrant(alipay, token),
    setGateway: (appId, url) => setGateway(alipay, appId, url),
    providerSettings: (subMerchant) => providerSettings(alipay, subMerchant),
  }
}
