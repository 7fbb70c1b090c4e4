import type { WechatSimulatorOptions } from '../../../../../plugins/wechat/sandbox/index.ts'
import { NAMED } from '../secrets.ts'
import { openWechatKit } from '../wechat-kit.ts'

export const TRANSFERS = '/v3/fund-app/mch-transfer/transfer-bills'
export const NUMBER = 'F20260101000001'

export function transferOf(fen: number, changes: Readonly<Record<string, unknown>> = {}) {
  return {
    appid: 'wx0000000000000001',
    out_bill_no: NUMBER,
    transfer_scene_id: '1000',
    openid: 'oSharedOpenid000000000000001',
    transfer_amount: fen,
    transfer_remark: '新会员有礼',
    notify_url: 'https://pay.example.com/n/wx/transfer',
    transfer_scene_report_infos: [
      { info_type: '活动名称', info_content: '新会员有礼' },
      { info_type: '奖励说明', info_content: '注册会员抽奖一等奖' },
    ],
    ...changes,
  }
}

export function openTransfers(options: WechatSimulatorOptions = {}) {
  const kit = openWechatKit(options)
  return {
    ...kit,
    sends: (body: unknown) => kit.call('POST', TRANSFERS, body, NAMED),
    sees: (number = NUMBER) => kit.call('GET', `${TRANSFERS}/out-bill-no/${number}`),
    cancels: (number = NUMBER) => kit.call('POST', `${TRANSFERS}/out-bill-no/${number}/cancel`),
    balance: () => kit.simulator.balance('1900000109', 'operation'),
  }
}
