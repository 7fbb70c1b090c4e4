import { money } from '../../../../core/plugin/api.ts'
import type { PayerAction, SimulatedPayment } from '../../../../core/plugin/simulator.ts'
import type { Wechat } from '../settings.ts'
import { endTransfer, takeTransfer } from './ending.ts'
import { transfers } from './standing.ts'

export async function listTransfers({ books }: Wechat): Promise<readonly SimulatedPayment[]> {
  return (await transfers(books).list()).map(({ document: transfer }) => ({
    number: transfer.outBillNo,
    channelPaymentNo: transfer.transferBillNo,
    way: 'transfer',
    subject: transfer.remark,
    amount: money(transfer.amountMinor, 'CNY'),
    state: transfer.state,
    createdAtMs: transfer.createdAtMs,
    actions: transfer.state === 'WAIT_USER_CONFIRM' ? ['pay', 'cancel', 'fail'] : [],
  }))
}

/** Plays the payee, for whom `pay` is to take the money. */
export async function actAsPayee(
  wechat: Wechat,
  id: string,
  action: PayerAction,
): Promise<{ readonly refused?: string }> {
  const transfer = await transfers(wechat.books).get(id)
  if (transfer?.state !== 'WAIT_USER_CONFIRM') return { refused: `it is ${transfer?.state}` }
  switch (action) {
    case 'pay':
      return takeTransfer(wechat, id)
    case 'fail':
      return endTransfer(wechat, id, 'FAIL', 'PAYEE_ACCOUNT_ABNORMAL')
    case 'cancel':
      return {} // closing the page leaves it waiting
    case 'insufficient_balance':
    case 'password':
      return { refused: 'that is for who pays' }
  }
}
