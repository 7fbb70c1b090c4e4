import * as z from 'zod'
import { ok, type Result, refuse } from '../../../../core/plugin/api.ts'
import { plan } from '../agenda.ts'
import { beijingTime } from '../beijing-time.ts'
import { tellSoon } from '../callback/tell.ts'
import { type Call, type Handler, readContent } from '../door/call.ts'
import { amount, anything, refused, requiredTextUpTo, textUpTo } from '../door/fields.ts'
import { accepted, type Refusal, refusal } from '../door/refusals.ts'
import { newOrderNo } from '../numbers.ts'
import { endOfCard, exists, mayBeNamed } from '../party/people.ts'
import type { Alipay } from '../settings.ts'
import { yuan } from '../yuan.ts'
import { balanceOf } from './account.ts'
import { tellTransfer } from './ending.ts'
import { nameTransfer, type Transfer, transferId, transfers } from './transfer.ts'

const payee = z.strictObject({
  identity: requiredTextUpTo(64),
  identity_type: z.enum([
    'ALIPAY_USER_ID',
    'ALIPAY_LOGON_ID',
    'ALIPAY_OPEN_ID',
    'BANKCARD_ACCOUNT',
  ]),
  name: textUpTo(128).optional(),
  bankcard_ext_info: anything.optional(),
})

const transferBody = z.strictObject({
  out_biz_no: requiredTextUpTo(64),
  trans_amount: amount.refine((fen) => fen >= 10, {
    params: refused('EXCEED_LIMIT_SM_MIN_AMOUNT'),
  }),
  product_code: z.enum(['TRANS_ACCOUNT_NO_PWD', 'TRANS_BANKCARD_NO_PWD']),
  biz_scene: z.literal('DIRECT_TRANSFER'),
  order_title: requiredTextUpTo(128),
  payee_info: payee,
  remark: textUpTo(200).optional(),
  business_params: z.union([z.string(), anything]).optional(),
  transfer_scene_name: textUpTo(64).optional(),
  transfer_scene_report_infos: z.array(anything).optional(),
  original_order_id: textUpTo(32).optional(),
  passback_params: textUpTo(512).optional(),
})

type TransferBody = z.output<typeof transferBody>

/**
 * `alipay.fund.trans.uni.transfer`: money out, to an Alipay account at once, to a bank card a while
 * later. The same number with the same parameters is the same transfer.
 */
export const sendTransfer: Handler = async (alipay, call) => {
  const body = readContent(alipay, call, transferBody, 'INVALID_PARAMETER')
  if (!body.ok) return body.refusal
  const asked = newTransfer(alipay, call, body.value)
  const id = transferId(asked.sellerId, asked.productCode, asked.outBizNo)
  const known = (await transfers(alipay.books).get(id)) !== undefined
  const problem = known ? undefined : await problemOf(alipay, call, body.value)
  if (problem !== undefined) return refusal(problem)

  const planned = await transfers(alipay.books).change(id, (current) => {
    const plan = planTransfer(current, asked)
    return { document: plan.ok ? plan.value : current, outcome: plan }
  })
  if (!planned.ok) return refusal(planned.refusal)
  if (planned.value === asked) await arrange(alipay, id, asked, body.value.payee_info.identity)
  return accepted({
    ...nameTransfer(planned.value),
    trans_date: beijingTime(planned.value.askedAtMs),
    amount: yuan(planned.value.fen),
  })
}

function planTransfer(current: Transfer | undefined, asked: Transfer): Result<Transfer, Refusal> {
  if (current === undefined) return ok(asked)
  return current.fingerprint === asked.fingerprint ? ok(current) : refuse('REP_INCONSISTENT')
}

async function arrange(alipay: Alipay, transferId: string, transfer: Transfer, payee: string) {
  if (transfer.status === 'SUCCESS') return tellTransfer(alipay, transfer, tellSoon)
  const end = endOfCard(payee)
  const becomes = end === 'FAIL' ? 'FAIL' : 'SUCCESS'
  const atMs = transfer.askedAtMs + alipay.settings.bankTakesMs
  await plan(alipay, atMs, { what: 'transfer', transferId, becomes })
  // A bank may send money back that had arrived.
  if (end !== 'REFUND') return
  const returnedAtMs = atMs + alipay.settings.bankTakesMs
  await plan(alipay, returnedAtMs, { what: 'transfer', transferId, becomes: 'REFUND' })
}

async function problemOf(
  alipay: Alipay,
  { seller }: Call,
  { payee_info, product_code, trans_amount }: TransferBody,
): Promise<Refusal | undefined> {
  const { identity, identity_type: type, name } = payee_info
  const isCard = type === 'BANKCARD_ACCOUNT'
  if (isCard !== (product_code === 'TRANS_BANKCARD_NO_PWD')) return 'INVALID_PARAMETER'
  if (name === undefined && (isCard || type === 'ALIPAY_LOGON_ID')) return 'INVALID_PARAMETER'
  if (identity === seller.sellerId || identity === seller.email) return 'PAYER_PAYEE_CANNOT_SAME'
  if (type === 'ALIPAY_USER_ID' && !/^2088\d{12}$/.test(identity)) return 'PAYEE_NOT_EXIST'
  if (!exists(identity)) return 'PAYEE_NOT_EXIST'
  if (name !== undefined && !mayBeNamed(identity, name)) return 'PAYEE_USERINFO_ERROR'
  const { availableFen } = await balanceOf(alipay, seller)
  return availableFen < trans_amount ? 'PAYER_BALANCE_NOT_ENOUGH' : undefined
}

function newTransfer(
  { clock, random }: Alipay,
  { seller, app }: Call,
  body: TransferBody,
): Transfer {
  const nowMs = clock.now()
  const isAtOnce = body.product_code === 'TRANS_ACCOUNT_NO_PWD'
  const { identity, identity_type, name } = body.payee_info
  const { out_biz_no, trans_amount, order_title, remark } = body
  return {
    sellerId: seller.sellerId,
    appId: app.appId,
    outBizNo: out_biz_no,
    productCode: body.product_code,
    bizScene: body.biz_scene,
    orderNo: newOrderNo(random, nowMs),
    fundOrderNo: newOrderNo(random, nowMs),
    fen: trans_amount,
    title: order_title,
    payee: identity,
    payeeType: identity_type,
    fingerprint: JSON.stringify([trans_amount, order_title, identity, identity_type, name, remark]),
    askedAtMs: nowMs,
    status: isAtOnce ? 'SUCCESS' : 'DEALING',
    paidAtMs: isAtOnce ? nowMs : null,
    returnedAtMs: null,
  }
}
