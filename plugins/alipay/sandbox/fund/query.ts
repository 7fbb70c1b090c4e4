import * as z from 'zod'
import { type Call, type Handler, readContent } from '../door/call.ts'
import { textUpTo, userId } from '../door/fields.ts'
import { accepted, refusal } from '../door/refusals.ts'
import type { Alipay } from '../settings.ts'
import { yuan } from '../yuan.ts'
import { balanceOf } from './account.ts'
import { describeTransfer, type Transfer, transferId, transfers } from './transfer.ts'

const queryTransferBody = z
  .strictObject({
    product_code: textUpTo(64).optional(),
    biz_scene: textUpTo(64).optional(),
    out_biz_no: textUpTo(64).optional(),
    order_id: textUpTo(32).optional(),
    pay_fund_order_id: textUpTo(32).optional(),
  })
  .refine(
    ({ out_biz_no, order_id, pay_fund_order_id }) => out_biz_no ?? order_id ?? pay_fund_order_id,
    { path: ['out_biz_no'], message: '与order_id、pay_fund_order_id不能同时为空' },
  )
  .refine(({ out_biz_no, product_code }) => out_biz_no === undefined || product_code, {
    path: ['product_code'],
    message: '与out_biz_no一起必填',
  })

type Key = z.output<typeof queryTransferBody>

/** `alipay.fund.trans.common.query` */
export const queryTransfer: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, queryTransferBody, 'INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const found = await findTransfer(alipay, call, body.value)
  if (found === undefined) return refusal('ORDER_NOT_EXIST')
  return accepted({ ...describeTransfer(found), order_fee: '0.00' })
}

async function findTransfer(
  { books }: Alipay,
  { seller }: Call,
  { out_biz_no, product_code = '', order_id, pay_fund_order_id }: Key,
): Promise<Transfer | undefined> {
  if (out_biz_no !== undefined) {
    return transfers(books).get(transferId(seller.sellerId, product_code, out_biz_no))
  }
  const own = (await transfers(books).list())
    .map(({ document }) => document)
    .filter(({ sellerId }) => sellerId === seller.sellerId)
  return own.find(
    ({ orderNo, fundOrderNo }) => orderNo === order_id || fundOrderNo === pay_fund_order_id,
  )
}

const accountBody = z.strictObject({
  alipay_user_id: userId.optional(),
  alipay_open_id: textUpTo(128).optional(),
  account_type: z.literal('ACCTRANS_ACCOUNT').optional(),
})

/** `alipay.fund.account.query`: what the merchant's account holds. */
export const queryAccount: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, accountBody, 'INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const { seller } = call
  if ((body.value.alipay_user_id ?? seller.sellerId) !== seller.sellerId) {
    return refusal('INVALID_PARAMETER', 'alipay_user_id')
  }
  const { availableFen, frozenFen } = await balanceOf(alipay, seller)
  return accepted({ available_amount: yuan(availableFen), freeze_amount: yuan(frozenFen) })
}
