/**
 * A simulator of WeChat Pay v3: the merchant's API, what the payer does, and WeChat's callbacks.
 *
 * It shares no code with the plugin beside it: what the plugin signs and reads is checked here by
 * code that was written from the protocol alone.
 */
import type { Json, Simulator, SimulatorPorts } from '../../../core/plugin/simulator.ts'
import { tellWhatIsDue } from './callbacks.ts'
import { misbehave } from './faults.ts'
import { DEMO_MERCHANT, PLATFORM_PUBLIC_KEY } from './keys.ts'
import { enrol, listMerchants, type Merchant } from './merchants.ts'
import { orderId, refundNumbers } from './order.ts'
import { act, listPayments } from './payer.ts'
import { serve } from './serve.ts'
import { openWechat, type RefundEnd, type Wechat, type WechatSimulatorOptions } from './settings.ts'
import { endRefund, settleWhatIsDue } from './settlement.ts'

export type { Merchant } from './merchants.ts'
export type { RefundEnd, Verification, WechatSimulatorOptions } from './settings.ts'

export interface WechatSimulator extends Simulator {
  /** Makes a further merchant known to WeChat, or replaces what is known of one. */
  enrol(merchant: Merchant): Promise<void>
  /** Ends the refund of this number now, instead of by the clock. */
  endRefund(outRefundNo: string, end: RefundEnd): Promise<{ readonly refused?: string }>
}

export function createWechatSimulator(
  ports: SimulatorPorts,
  options: WechatSimulatorOptions = {},
): WechatSimulator {
  const wechat = openWechat(ports, options)
  return {
    channel: 'wxpay',
    names: { zh: '微信支付', en: 'WeChat Pay' },
    hosts: ['api.mch.weixin.qq.com', 'api2.mch.weixin.qq.com'],
    serve: (request) => serve(wechat, request),
    demoSettings: async () => demoSettings(wechat),
    async tick() {
      await settleWhatIsDue(wechat)
      await tellWhatIsDue(wechat)
    },
    payments: () => listPayments(wechat),
    act: (number, action) => act(wechat, number, action),
    misbehave: (faults) => misbehave(wechat, faults),
    enrol: (merchant) => enrol(wechat, merchant),
    endRefund: (outRefundNo, end) => endRefundOfNumber(wechat, outRefundNo, end),
  }
}

/** What the plugin's config fields are to be filled with, to be the demo merchant. */
function demoSettings({ settings }: Wechat): Readonly<Record<string, Json>> {
  const { verification } = settings
  return {
    mchid: DEMO_MERCHANT.mchid,
    appid: DEMO_MERCHANT.appids[0],
    merchantPrivateKey: DEMO_MERCHANT.privateKey,
    merchantSerial: DEMO_MERCHANT.serial,
    apiV3Key: DEMO_MERCHANT.apiV3Key,
    verification,
    ...(verification !== 'certificates' && {
      wechatpayPublicKey: { id: PLATFORM_PUBLIC_KEY.serial, key: PLATFORM_PUBLIC_KEY.publicKey },
    }),
  }
}

async function endRefundOfNumber(wechat: Wechat, outRefundNo: string, end: RefundEnd) {
  for (const { mchid } of await listMerchants(wechat)) {
    const id = await refundNumbers(wechat.books).get(orderId(mchid, outRefundNo))
    if (id !== undefined) return endRefund(wechat, id, outRefundNo, end)
  }
  return { refused: `there is no refund ${outRefundNo}` }
}
