import type { Cast } from '../../../core/plugin/simulator.ts'
import { providerSettings } from './demo-settings.ts'
import { ANYBODY } from './openids.ts'
import type { Wechat } from './settings.ts'

/** Who there is beside the demo merchant. */
export function cast(wechat: Wechat): Cast {
  return {
    payer: { openid: ANYBODY },
    payees: {
      WX_CASH: {
        account: ANYBODY,
        extra: {
          transferSceneId: '1000',
          transferSceneReportInfos: [
            { infoType: '活动名称', infoContent: '新会员有礼' },
            { infoType: '奖励说明', infoContent: '注册会员抽奖一等奖' },
          ],
        },
      },
    },
    receivers: [
      { kind: 'person', account: 'oSimulatedStaff0000000000001', relation: 'STAFF' },
      { kind: 'merchant', account: '1900000301', name: '示例门店', relation: 'STORE' },
    ],
    belowProvider: [providerSettings(wechat, 0), providerSettings(wechat, 1)],
  }
}
