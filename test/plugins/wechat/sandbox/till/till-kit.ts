import type { WechatSimulatorOptions } from '../../../../../plugins/wechat/sandbox/index.ts'
import { openWechatKit, queryPath } from '../wechat-kit.ts'

export const NUMBER = 'T20260101000001'
export const CODEPAY = '/v3/pay/transactions/codepay'
export const reversePath = (number = NUMBER) =>
  `/v3/pay/transactions/out-trade-no/${number}/reverse`

export const IDS = { appid: 'wx0000000000000001', mchid: '1900000109' }

export function scanned(auth_code: string, changes: Readonly<Record<string, unknown>> = {}) {
  return {
    ...IDS,
    description: '一杯咖啡',
    out_trade_no: NUMBER,
    payer: { auth_code },
    amount: { total: 100, currency: 'CNY' },
    scene_info: { store_info: { id: 'S1' } },
    ...changes,
  }
}

export function openTill(options: WechatSimulatorOptions = {}) {
  const kit = openWechatKit(options)
  return {
    ...kit,
    /** The code that a phone shows now for this. */
    async code(outcome: string) {
      const codes = (await kit.simulator.payerCodes?.()) ?? []
      const found = codes.find((one) => one.outcome === outcome)
      if (found === undefined) throw new Error(`no code for ${outcome}`)
      return found.code
    },
    charges: (body: unknown) => kit.call('POST', CODEPAY, body),
    sees: async (number = NUMBER) => (await kit.call('GET', queryPath(number))).body,
    reverses: (number = NUMBER) => kit.call('POST', reversePath(number), IDS),
  }
}
