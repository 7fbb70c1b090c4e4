import { Hash, Transformer } from 'wechatpay-axios-plugin'
import type {
  ChannelRequest,
  HttpAnswer,
  PayInput,
  SplitId,
  SplitInput,
  SplitReturnId,
  TransferId,
  TransferInput,
} from '../../../core/plugin/api.ts'
import { money } from '../../../core/plugin/api.ts'
import { ATTEMPT, nativePay, SETTINGS, TRANSACTION_ID } from './fake-wechat.ts'

/** A service provider, and one of its sub-merchants. */
export const PARTNER_SETTINGS = { ...SETTINGS, mode: 'partner', subMchid: '1900000209' } as const
export const SUB_APP_SETTINGS = { ...PARTNER_SETTINGS, subAppid: 'wx00000000000000b1' } as const

export const V2_KEY = '192006250b4c09247ec02edce69f6a2d'
export const V2_SETTINGS = { ...SETTINGS, apiV2Key: V2_KEY } as const
export const V3_CODE_SETTINGS = { ...SETTINGS, codePay: 'v3', codePayStore: 'S01' } as const

export const litePay = (changes: Partial<PayInput> = {}) =>
  nativePay({ way: 'WX_LITE', extra: { openid: 'oLiteOpenid0000000000000001' }, ...changes })
export const appPay = (changes: Partial<PayInput> = {}) => nativePay({ way: 'WX_APP', ...changes })
export const h5Pay = (changes: Partial<PayInput> = {}) => nativePay({ way: 'WX_H5', ...changes })
export const barPay = (changes: Partial<PayInput> = {}) =>
  nativePay({ way: 'WX_BAR', extra: { authCode: '134567890123456789' }, ...changes })

export const ASKED_BAR = { attemptId: ATTEMPT, way: 'WX_BAR' } as const

export const TRANSFER = 'T176722560000012345678' as TransferId

export const TRANSFER_INPUT: TransferInput = {
  transferId: TRANSFER,
  entry: 'WX_CASH',
  amount: money(5000, 'CNY'),
  account: 'oSharedOpenid000000000000001',
  description: '活动奖励',
  clientIp: '203.0.113.7',
  callbackUrl: 'https://pay.example.com/api/transfer/notify/wxpay/T1',
  extra: {
    transferSceneReportInfos: [
      { infoType: '活动名称', infoContent: '新会员有礼' },
      { infoType: '奖励说明', infoContent: '注册会员抽奖一等奖' },
    ],
  },
}

/** A transfer as a query answers it. */
export const TRANSFERRED = {
  mch_id: '1900000109',
  out_bill_no: TRANSFER,
  transfer_bill_no: '1330000071100999991182020050700019480001',
  appid: 'wx0000000000000001',
  state: 'SUCCESS',
  transfer_amount: 5000,
  transfer_remark: '活动奖励',
  openid: 'oSharedOpenid000000000000001',
  create_time: '2026-01-01T08:10:00+08:00',
  update_time: '2026-01-01T08:11:00+08:00',
} as const

export const SPLIT = 'S176722560000012345678' as SplitId
export const SPLIT_RETURN = 'B176722560000012345678' as SplitReturnId

export const SHOP = { kind: 'merchant', account: '1900000300', relation: 'STORE' } as const
export const CLERK = {
  kind: 'person',
  account: 'oClerkOpenid0000000000000001',
  name: '张三',
  relation: 'STAFF',
} as const

export const SPLIT_INPUT: SplitInput = {
  splitId: SPLIT,
  attemptId: ATTEMPT,
  channelPaymentNo: TRANSACTION_ID,
  shares: [
    { receiver: SHOP, amount: money(100, 'CNY'), description: '门店分成' },
    { receiver: CLERK, amount: money(23, 'CNY'), description: '店员提成' },
  ],
  finishes: false,
}

const SHARE = {
  create_time: '2026-01-01T08:02:00+08:00',
  finish_time: '2026-01-01T08:03:00+08:00',
  result: 'SUCCESS',
} as const

/** A split as a query answers it, with the row that WeChat adds for what it unfroze. */
export const SPLITTED = {
  transaction_id: TRANSACTION_ID,
  out_order_no: SPLIT,
  order_id: '30001904262026010190349990420',
  state: 'FINISHED',
  receivers: [
    {
      ...SHARE,
      type: 'MERCHANT_ID',
      account: '1900000109',
      amount: 1111,
      description: '解冻给分账方',
      detail_id: '36001904262026010169671591817',
    },
    {
      ...SHARE,
      type: 'PERSONAL_OPENID',
      account: CLERK.account,
      amount: 23,
      description: '店员提成',
      detail_id: '36001904262026010169671591816',
    },
    {
      ...SHARE,
      type: 'MERCHANT_ID',
      account: SHOP.account,
      amount: 100,
      description: '门店分成',
      detail_id: '36001904262026010169671591815',
    },
  ],
} as const

export const RETURN_INPUT = {
  splitReturnId: SPLIT_RETURN,
  splitId: SPLIT,
  channelSplitNo: SPLITTED.order_id,
  channelPaymentNo: TRANSACTION_ID,
  receiver: SHOP,
  amount: money(40, 'CNY'),
  description: '退货',
} as const

export const RETURNED = {
  order_id: SPLITTED.order_id,
  out_order_no: SPLIT,
  out_return_no: SPLIT_RETURN,
  return_id: '30001904262026010190349990421',
  return_mchid: SHOP.account,
  amount: 40,
  description: '退货',
  result: 'SUCCESS',
  create_time: '2026-01-01T08:20:00+08:00',
  finish_time: '2026-01-01T08:21:00+08:00',
} as const

/** A charge as APIv2 answers it. */
export const V2_PAID = {
  return_code: 'SUCCESS',
  return_msg: 'OK',
  result_code: 'SUCCESS',
  appid: 'wx0000000000000001',
  mch_id: '1900000109',
  nonce_str: '5K8264ILTKCH16CQ2502SI8ZNMTM67VS',
  openid: 'oSharedOpenid000000000000001',
  is_subscribe: 'N',
  trade_type: 'MICROPAY',
  bank_type: 'OTHERS',
  total_fee: '1234',
  settlement_total_fee: '1000',
  cash_fee: '1000',
  transaction_id: TRANSACTION_ID,
  out_trade_no: ATTEMPT,
  attach: '',
  time_end: '20260101080009',
} as const

export function v2Error(err_code: string, changes: object = {}) {
  const { return_code, return_msg, appid, mch_id, nonce_str } = V2_PAID
  return {
    ...{ return_code, return_msg, appid, mch_id, nonce_str },
    ...{ result_code: 'FAIL', err_code, err_code_des: '说明' },
    ...changes,
  }
}

type V2Signature = 'HMAC-SHA256' | 'MD5'

/** An answer of APIv2, signed and written by somebody else's client. */
export function signedXml(
  members: object,
  { key = V2_KEY, type = 'HMAC-SHA256' }: { key?: string; type?: V2Signature } = {},
): (request: ChannelRequest) => Promise<HttpAnswer> {
  return plainXml({ ...members, sign: Hash.sign(type, members, key) })
}

export function plainXml(
  members: object | string,
  status = 200,
): (request: ChannelRequest) => Promise<HttpAnswer> {
  const text = typeof members === 'string' ? members : Transformer.toXml(members)
  return async () => ({
    kind: 'answered',
    status,
    headers: new Headers({ 'content-type': 'text/xml' }),
    body: new TextEncoder().encode(text),
  })
}

/** What a request of APIv2 says, read by somebody else's client. */
export function xmlOf(request: ChannelRequest | undefined): Record<string, string> {
  return { ...(Transformer.toObject(String(request?.body)) as Record<string, string>) }
}

export function jsonOf(request: ChannelRequest | undefined): unknown {
  return JSON.parse(String(request?.body))
}
