import * as z from 'zod'
import type { Core } from '../../core.ts'
import { money } from '../../money.ts'
import { ok, refuse } from '../../result.ts'
import { fingerprintOf } from '../../signing/fingerprint.ts'
import { createTransfer, type TransferAnswer, type TransferRefusal } from '../../transfer/create.ts'
import { canonicalExtra, readChannelExtra } from './channel-extra.ts'
import { clientIpOf } from './client-ip.ts'
import type { JeepayData, JeepayFailure } from './envelope.ts'
import { fen, optional, privateTargetRefusal, required, webAddress } from './fields.ts'
import { type Caller, type Handled, refusal, type SignedRoute } from './signed.ts'
import { TRANSFER_STATES } from './wire.ts'

const fields = z.object({
  mchOrderNo: required('商户订单号不能为空', 64, 'mchOrderNo'),
  ifCode: required('支付接口代码不能为空', 20, 'ifCode'),
  entryType: required('入账方式不能为空', 20, 'entryType'),
  amount: fen('转账金额不能为空', 'amount', '转账金额不能小于1分'),
  currency: required('货币代码不能为空', 3, 'currency'),
  accountNo: required('收款账号不能为空', 64, 'accountNo'),
  accountName: optional(64, 'accountName'),
  bankName: optional(64, 'bankName'),
  clientIp: optional(128, 'clientIp'),
  transferDesc: required('转账备注信息不能为空', 128, 'transferDesc'),
  notifyUrl: webAddress('异步通知地址协议仅支持http:// 或 https:// !', 'notifyUrl'),
  channelExtra: optional(2048, 'channelExtra'),
  extParam: optional(128, 'extParam'),
})

type Fields = z.output<typeof fields>

/** POST /api/transferOrder. @see reference §10 */
export const transferOrder: SignedRoute<typeof fields> = { fields, handle }

async function handle(core: Core, { app, request }: Caller, fields: Fields): Promise<Handled> {
  const extra = readChannelExtra(fields.channelExtra)
  if (!extra.ok) return extra
  const forbidden = privateTargetRefusal(fields.notifyUrl, core.settings.allowsPrivateTargets)
  if (forbidden !== undefined) return refuse(refusal(forbidden))
  const { mchOrderNo, ifCode, entryType, amount, currency, accountNo, transferDesc } = fields
  const entry = core.channels.get(ifCode)?.manifest.transfers?.[entryType]
  const created = await createTransfer(core, app, {
    merchantTransferNo: mchOrderNo,
    channel: ifCode,
    entry: entryType,
    amount: money(amount, currency.toUpperCase()),
    currencyAsGiven: currency,
    account: accountNo,
    accountName: fields.accountName,
    bankName: fields.bankName,
    description: transferDesc,
    clientIp: fields.clientIp ?? clientIpOf(request),
    notifyUrl: fields.notifyUrl,
    extParam: fields.extParam,
    extra: canonicalExtra(extra.value, entry === undefined ? [] : Object.keys(entry.input.shape)),
    extraAsGiven: fields.channelExtra,
    fingerprint: await fingerprintOf({
      ...fields,
      appId: app.appId,
      channelExtra: JSON.stringify([...extra.value].sort()),
    }),
  })
  return created.ok
    ? ok(answerData(fields, created.value))
    : refuse(failureOf(created.refusal, fields))
}

function answerData(fields: Fields, answer: TransferAnswer): JeepayData {
  return {
    transferId: answer.transferId,
    mchOrderNo: fields.mchOrderNo,
    amount: fields.amount,
    accountNo: fields.accountNo,
    accountName: fields.accountName,
    bankName: fields.bankName,
    state: TRANSFER_STATES[answer.state],
    channelOrderNo: answer.channelTransferNo,
    channelResData: answer.clientData,
    errCode: answer.error?.code,
    errMsg: answer.error?.message,
  }
}

function failureOf(refused: TransferRefusal, { mchOrderNo }: Fields): JeepayFailure | 'stale_app' {
  switch (refused.code) {
    case 'stale_app':
      return 'stale_app'
    case 'channel_missing':
      return refusal('无此转账通道接口')
    case 'not_offered':
      return refusal('应用未开通此接口配置!')
    case 'entry_unknown':
      return refusal('该接口不支持该入账方式')
    case 'currency_not_taken':
      return refusal(`接口不支持该货币[${refused.currency}]`)
    case 'extra_wrong':
      return refusal(`[${refused.field}]不可为空或格式有误`)
    case 'number_taken':
      return refusal(`商户订单[${mchOrderNo}]已存在`)
  }
}
