import type { Cast } from '../../../core/plugin/simulator.ts'
import { providerSettings } from './demo-settings.ts'
import { ANYBODY } from './party/payers.ts'
import type { Alipay } from './settings.ts'

/** Who there is beside the demo merchant. Names matter: Alipay knows these people. */
export function cast(alipay: Alipay): Cast {
  const { userId, openId } = ANYBODY
  return {
    payer: { buyerUserId: alipay.settings.payerIds === 'user_id' ? userId : openId },
    payees: {
      ALIPAY_CASH: { account: 'zhang@example.com', accountName: '张三' },
      BANK_CARD: { account: '6222020000000001', accountName: '李四', bankName: '工商银行' },
    },
    receivers: [
      { kind: 'person', account: '2088100000000011', name: '张三', relation: 'STAFF' },
      { kind: 'person', account: '13800000012', name: '李四', relation: 'PARTNER' },
    ],
    belowProvider: [providerSettings(alipay, 0), providerSettings(alipay, 1)],
  }
}
