import * as z from 'zod'
import type { Core } from '../../core.ts'
import { money } from '../../money.ts'
import type { PaymentAnswer, PaymentRefusal, PaymentRequest } from '../../payment/create.ts'
import { createPayment } from '../../payment/create.ts'
import type { SplitMode } from '../../payment/state.ts'
import { ok, refuse } from '../../result.ts'
import { fingerprintOf } from '../../signing/fingerprint.ts'
import { SECOND_MS } from '../../time.ts'
import { canonicalExtra, readChannelExtra } from './channel-extra.ts'
import { clientIpOf } from './client-ip.ts'
import type { JeepayFailure } from './envelope.ts'
import { fen, optional, privateTargetRefusal, required, webAddress, whole } from './fields.ts'
import { presentationFields } from './presentation.ts'
import { type Caller, type Handled, refusal, type SignedRoute } from './signed.ts'
import { resolveWay } from './ways.ts'
import { answeredStateNumber } from './wire.ts'

const fields = z.object({
  mchOrderNo: required('商户订单号不能为空', 64, 'mchOrderNo'),
  wayCode: required('支付方式不能为空', 20, 'wayCode'),
  amount: fen('支付金额不能为空', 'amount'),
  currency: required('货币代码不能为空', 3, 'currency'),
  subject: required('商品标题不能为空', 128, 'subject'),
  body: required('商品描述信息不能为空', 256, 'body'),
  clientIp: optional(128, 'clientIp'),
  notifyUrl: webAddress('异步通知地址协议仅支持http:// 或 https:// !', 'notifyUrl'),
  returnUrl: webAddress('同步通知地址协议仅支持http:// 或 https:// !', 'returnUrl'),
  expiredTime: whole('参数有误[expiredTime必须是秒数]', 1, 30 * 24 * 3600),
  channelExtra: optional(2048, 'channelExtra'),
  extParam: optional(128, 'extParam'),
  divisionMode: whole('分账模式设置值有误', 0, 2),
})

type Fields = z.output<typeof fields>

const DEFAULT_EXPIRY_SECONDS = 7_200
const SPLIT_MODES = ['none', 'automatic', 'manual'] as const satisfies readonly SplitMode[]

/** POST /api/pay/unifiedOrder. @see reference §6, 7 */
export const unifiedOrder: SignedRoute<typeof fields> = { fields, handle }

async function handle(core: Core, caller: Caller, fields: Fields): Promise<Handled> {
  const extra = readChannelExtra(fields.channelExtra)
  if (!extra.ok) return extra
  const way = resolveWay(fields.wayCode, extra.value)
  if (!way.ok) return way
  const forbidden = privateTargetRefusal(fields.notifyUrl, core.settings.allowsPrivateTargets)
  if (forbidden !== undefined) return refuse(refusal(forbidden))

  const request = await toRequest(core, caller, fields, way.value, extra.value)
  const created = await createPayment(core, caller.app, request)
  if (!created.ok) return refuse(failureOf(created.refusal, fields))
  return ok(await answerData(core, fields, created.value, extra.value))
}

async function toRequest(
  core: Core,
  { app, request }: Caller,
  fields: Fields,
  way: string,
  extra: ReadonlyMap<string, string>,
): Promise<PaymentRequest> {
  const { mchOrderNo, amount, currency, subject, body, expiredTime, divisionMode } = fields
  const { notifyUrl, returnUrl, extParam } = fields
  return {
    merchantPaymentNo: mchOrderNo,
    way,
    amount: money(amount, currency.toUpperCase()),
    currencyAsGiven: currency,
    subject,
    body,
    clientIp: fields.clientIp ?? clientIpOf(request),
    notifyUrl,
    returnUrl,
    extParam,
    expiresInMs: (expiredTime ?? DEFAULT_EXPIRY_SECONDS) * SECOND_MS,
    splitMode: SPLIT_MODES[divisionMode ?? 0] ?? 'none',
    // `codeImgUrl` is our own picture of whatever the way gives.
    wants: extra.get('paydatatype') === 'form' ? 'html_form' : undefined,
    extra: canonicalExtra(extra, inputNames(core, app.passages.get(way)?.channel, way)),
    fingerprint: await fingerprintOf({
      ...fields,
      appId: app.appId,
      channelExtra: JSON.stringify([...extra].sort()),
    }),
  }
}

function inputNames(core: Core, channel: string | undefined, way: string): readonly string[] {
  const input = core.channels.get(channel ?? '')?.manifest.ways[way]?.input
  return input === undefined ? [] : Object.keys(input.shape)
}

async function answerData(
  core: Core,
  { mchOrderNo }: Fields,
  answer: PaymentAnswer,
  extra: ReadonlyMap<string, string>,
) {
  const { paymentId, state, error } = answer
  const shared = {
    payOrderId: paymentId,
    mchOrderNo,
    orderState: answeredStateNumber(state),
  }
  if (state === 'failed') return { ...shared, errCode: error?.code, errMsg: error?.message }
  return { ...shared, ...(await presentationFields(core, answer, extra)) }
}

function failureOf(refused: PaymentRefusal, { mchOrderNo }: Fields): JeepayFailure | 'stale_app' {
  switch (refused.code) {
    case 'stale_app':
      return 'stale_app'
    case 'way_not_offered':
      return refusal('商户应用不支持该支付方式')
    case 'channel_missing':
      return refusal('无此支付通道接口')
    case 'currency_not_taken':
      return refusal(`接口不支持该货币[${refused.currency}]`)
    case 'extra_missing':
      return refusal(
        refused.field === 'authCode'
          ? '用户支付条码[authCode]不可为空'
          : `[${refused.field}]不可为空`,
      )
    case 'extra_wrong':
      return refusal(`[${refused.field}]格式有误`)
    case 'number_taken':
      return refusal(`商户订单[${mchOrderNo}]已存在`)
    case 'not_sent':
      return refusal(`系统：${refused.reason}`)
  }
}
