import { sendMessage } from '../callback/messages.ts'
import { tell, type tellSoon } from '../callback/tell.ts'
import type { Alipay } from '../settings.ts'
import { describeTransfer, type Transfer, transfers } from './transfer.ts'

/** Ends a transfer to a bank, or takes back what had ended well. */
export async function endTransfer(
  alipay: Alipay,
  transferId: string,
  becomes: Exclude<Transfer['status'], 'DEALING'>,
): Promise<void> {
  const nowMs = alipay.clock.now()
  const ended = await transfers(alipay.books).change(transferId, (transfer) => {
    const from = becomes === 'REFUND' ? 'SUCCESS' : 'DEALING'
    if (transfer?.status !== from) return { document: transfer, outcome: undefined }
    const document = {
      ...transfer,
      status: becomes,
      ...(becomes === 'SUCCESS' && { paidAtMs: nowMs }),
      ...(becomes === 'REFUND' && { returnedAtMs: nowMs }),
    }
    return { document, outcome: document }
  })
  if (ended !== undefined) await tellTransfer(alipay, ended, tell)
}

export function tellTransfer(
  alipay: Alipay,
  transfer: Transfer,
  when: typeof tell | typeof tellSoon,
): Promise<void> {
  const content = {
    ...describeTransfer(transfer),
    action_type: transfer.status === 'SUCCESS' ? 'FINISH' : 'FAIL',
    product_code: transfer.productCode,
    biz_scene: transfer.bizScene,
  }
  return sendMessage(alipay, transfer.appId, 'alipay.fund.trans.order.changed', content, when)
}
