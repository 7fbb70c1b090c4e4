import type { Json } from '../../../core/plugin/simulator.ts'

/** What a call is answered with, before it is signed. */
export interface Reply {
  readonly status: number
  readonly body: Json | undefined
  /** The internal number at the end of `Request-ID`. */
  readonly suffix: number
}

/**
 * Why WeChat refuses: status and code are what clients decide on, text and suffix are for people.
 *
 * @see reference "APIv3 errors" and the official basic rules, read 2026-09
 */
const REFUSALS = {
  no_user_agent: [400, 'INVALID_REQUEST', 'Http头缺少Accept或User-Agent', 0],
  not_json: [400, 'INVALID_REQUEST', '请求的Content-Type不是application/json', 0],
  authorization_malformed: [
    401,
    'SIGN_ERROR',
    'Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》',
    268443699,
  ],
  timestamp_stale: [
    401,
    'SIGN_ERROR',
    'Http头Authorization中的timestamp与发起请求的时间不得超过5分钟',
    268443699,
  ],
  signature_wrong: [401, 'SIGN_ERROR', '签名错误', 268443699],
  serial_unknown: [400, 'PARAM_ERROR', '平台证书序列号Wechatpay-Serial错误', 268435461],
  not_signer: [400, 'INVALID_REQUEST', '请求中的商户号与签名的商户号不一致', 268447843],
  appid_not_bound: [400, 'APPID_MCHID_NOT_MATCH', 'appid和mchid不匹配', 268445527],
  order_unknown: [404, 'ORDER_NOT_EXIST', '订单不存在', 268512771],
  order_closed: [400, 'ORDER_CLOSED', '订单已关闭', 268447914],
  order_paid: [400, 'ORDERPAID', '该订单已支付', 268449538],
  prepay_differs: [400, 'INVALID_REQUEST', '请求重入时，参数与首次请求时不一致', 268498688],
  not_refundable: [404, 'RESOURCE_NOT_EXISTS', '订单不存在或未支付', 268512771],
  refund_unknown: [404, 'RESOURCE_NOT_EXISTS', '退款单不存在', 268512771],
  refund_differs: [
    400,
    'INVALID_REQUEST',
    '订单金额或退款金额与之前请求不一致，请核实后再试',
    268498688,
  ],
  total_differs: [400, 'INVALID_REQUEST', '订单总金额与原订单不一致', 0],
  refund_exceeds: [400, 'INVALID_REQUEST', '申请退款金额大于订单可退金额', 0],
  refunded_in_full: [400, 'INVALID_REQUEST', '订单已全额退款', 0],
  too_many_refunds: [400, 'INVALID_REQUEST', '订单的退款次数已超过50次', 0],
  too_late_to_refund: [400, 'INVALID_REQUEST', '订单已经超过退款期限', 0],
  no_certificates: [
    404,
    'RESOURCE_NOT_EXISTS',
    '无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥',
    0,
  ],
  system_error: [500, 'SYSTEM_ERROR', '系统异常，请用相同参数重新调用', 0],
  rate_limited: [429, 'FREQUENCY_LIMITED', '请求过于频繁，请降低频率后重试', 268447840],
} as const

export type Refusal = keyof typeof REFUSALS

export function refusal(why: Refusal): Reply {
  const [status, code, message, suffix] = REFUSALS[why]
  return { status, body: { code, message }, suffix }
}

/** What is wrong with one parameter. `field` is a JSON pointer in a body, a name in a query. */
export interface ParameterProblem {
  readonly location: 'body' | 'query'
  readonly field: string
  readonly issue: string
  readonly suffix?: number
}

export function parameterRefusal({ location, field, issue, suffix }: ParameterProblem): Reply {
  return {
    status: 400,
    body: {
      code: 'PARAM_ERROR',
      message: `参数错误: ${field} ${issue}`,
      detail: { location, field, issue },
    },
    suffix: suffix ?? ILLEGAL_PARAMETER,
  }
}

export const ILLEGAL_PARAMETER = 268435461
export const OUT_OF_RANGE = 268435464
export const UNKNOWN_PARAMETER = 270924358
export const JSAPI_WITHOUT_OPENID = 268501013

export function accepted(body: Json): Reply {
  return { status: 200, body, suffix: 0 }
}

export const DONE: Reply = { status: 204, body: undefined, suffix: 0 }
